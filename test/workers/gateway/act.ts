import { expect } from 'chai';
import { zeroAddress } from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';
import { act, type GatewayMeans } from '../../../workers/gateway/act.ts';
import type { Sender } from '../../../workers/lib/sender.ts';
import { failsWith } from '../../helpers/errors.ts';
import { silentLog } from '../../helpers/logs.ts';

describe('the settlement of vouchers', () => {
  const settle = (error: Error) => {
    const sender: Sender = {
      address: zeroAddress,
      settle: async () => undefined,
      send: () => Promise.reject(error),
    };
    const cashier = { customers: new Map(), forget: async () => undefined, shelve: async () => undefined };
    const means: GatewayMeans = {
      ...{ sender, cashier, at: { sessions: zeroAddress, credits: zeroAddress } },
      ...{ skipped: new WeakSet(), log: silentLog, readSession: async () => undefined },
    };
    return act(means, { type: 'settle', vouchers: [] }, new AbortController().signal);
  };

  it('is tried again whatever the chain has against it, so that the gateway goes on', async () => {
    for (const code of ['INSUFFICIENT_FUNDS', 'NONCE_CONFLICT', 'RPC_FAILED']) {
      const error = await failsWith('NOT_SETTLED', settle(new SwarmlockError('no', { code, hint: 'do' })));
      expect([error.retryable, error.hint]).to.deep.equal([true, 'do']);
    }
  });

  it('does not hide what is wrong with the gateway itself', async () => {
    const error = await settle(new TypeError('a mistake')).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(TypeError);
  });
});
