import type { Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import type { Wallet } from '../../sdk/wallet.ts';
import { systemClock } from '../../workers/lib/clock.ts';
import { createLog } from '../../workers/lib/log.ts';
import { createSender } from '../../workers/lib/sender.ts';
import type { DemoChain } from './chain.ts';

const timing = { pollMs: 50, resendAfterMs: 45_000, giveUpAfterMs: 60_000 } as const;

/** Signs and sends by a key that no process of the demo uses, or none any more. */
export function walletOf({ client }: DemoChain, key: Hex): Wallet {
  const account = privateKeyToAccount(key);
  const log = createLog({ name: 'demo', level: 'silent' });
  const sender = createSender({ client, account, clock: systemClock, log, ...timing });
  return {
    address: account.address,
    signTypedData: (data) => account.signTypedData(data),
    send: (call) => sender.send(call, new AbortController().signal),
  };
}
