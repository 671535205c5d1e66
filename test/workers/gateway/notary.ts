import { expect } from 'chai';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { isReceiptOf, parseReceipt } from '../../../sdk/receipts.ts';
import type { Signer } from '../../../sdk/signer.ts';
import { gatewayConfig } from '../../../workers/gateway/config.ts';
import { createNotary } from '../../../workers/gateway/notary.ts';
import { needed } from '../../helpers/gateway.ts';
import { rootOf } from '../../helpers/runs.ts';

const account = privateKeyToAccount(generatePrivateKey());
const deployment = { receipts: account.address } as Parameters<typeof createNotary>[0]['deployment'];
const sampling = { temperature: 0.7, topP: 1, seed: rootOf(2) };

describe('the notary of a gateway', () => {
  const notaryWith = (signer: Signer) =>
    createNotary({ config: gatewayConfig.parse(needed), deployment, clock, signer }, 7n, { root: rootOf(1), round: 3 });
  const clock = { now: () => 5_000, sleep: () => Promise.resolve() };

  it('signs for the tokens that there were when it was asked', async () => {
    const tokens = [104, 105];
    const signed = notaryWith(account).sign({ session: 4n, drawn: 9, prompt: 1, sampling, tokens });
    tokens.push(33);
    const receipt = parseReceipt(await signed);
    const about = { pledge: 7n, session: 4n, drawn: 9, round: 3, root: rootOf(1), prompt: 1, ...sampling };
    expect(receipt).to.deep.include({ ...about, tokens: '0x6869', expiresAt: 86_405 });
    expect(await isReceiptOf(account.address, { chainId: 1, receipts: account.address }, receipt)).to.equal(true);
  });

  it('lets all else that is to be done come between two signatures', async () => {
    const events: string[] = [];
    const slow: Signer = {
      address: account.address,
      signTypedData(data) {
        events.push('signature');
        setImmediate(() => events.push('turn'));
        return account.signTypedData(data);
      },
    };
    const { sign } = notaryWith(slow);
    await Promise.all([1, 2, 3].map((drawn) => sign({ session: 4n, drawn, prompt: 1, sampling, tokens: [1] })));
    expect(events.slice(0, 5)).to.deep.equal(['signature', 'turn', 'signature', 'turn', 'signature']);
  });
});
