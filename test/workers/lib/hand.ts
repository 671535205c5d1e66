import { expect } from 'chai';
import type { TransactionReceipt } from 'viem';

import type { Call } from '../../../sdk/call.ts';
import type { Client } from '../../../sdk/client.ts';
import type { Deployment } from '../../../sdk/deployment.ts';
import { ContractRevert } from '../../../sdk/errors.ts';
import { SwarmlockError } from '../../../engine/errors.ts';
import { createHand } from '../../../workers/lib/hand.ts';
import { failsWith } from '../../helpers/errors.ts';
import { recordingLog } from '../../helpers/logs.ts';
import { ownerOf } from '../../helpers/runs.ts';

const call: Call = { to: ownerOf(1), data: '0x', name: 'Runs.commit' };
const tick: Call = { ...call, name: 'Runs.tick' };
const { signal } = new AbortController();

describe('the hand of a worker', () => {
  /** Sends nothing; fails each time as it is told. */
  const handThat = (outcomes: readonly (Error | 'mined')[], client = {} as Client) => {
    const { log, lines } = recordingLog();
    const rest = [...outcomes];
    const sender = {
      address: ownerOf(1),
      settle: async () => undefined,
      async send() {
        const outcome = rest.shift();
        if (outcome instanceof Error) throw outcome;
        return { status: 'success' } as TransactionReceipt;
      },
    };
    const deployment = {} as Deployment;
    return { hand: createHand({ client, deployment, runId: 1n, sender, log }), lines };
  };

  it('takes a refusal as news, and tells the same one loudly only once', async () => {
    const refused = new ContractRevert('InsufficientStake', [1n, 2n], 'Runs.commit');
    const { hand, lines } = handThat([refused, refused, 'mined']);
    expect(await hand.send(call, signal)).to.equal(undefined);
    expect(await hand.send(call, signal)).to.equal(undefined);
    expect(await hand.send(call, signal)).to.deep.equal({ status: 'success' });
    expect(lines.map(({ level, event, rule, args }) => [level, event, rule, args])).to.deep.equal([
      [40, 'refused', 'InsufficientStake', ['1', '2']],
      [20, 'refused', 'InsufficientStake', ['1', '2']],
    ]);
  });

  it('is quiet when another worker was faster, and not when a commit comes too late', async () => {
    const late = new ContractRevert('WrongStatus', [1n, 2, 1], 'Runs.commit');
    const { hand, lines } = handThat([new ContractRevert('NothingDue', [1n, 2, 0], 'Runs.tick'), late]);
    expect(await hand.send(tick, signal)).to.equal(undefined);
    expect(await hand.send(call, signal)).to.equal(undefined);
    expect(lines.map(({ level }) => level)).to.deep.equal([20, 40]);
  });

  it('tells what stake is lacking once for each amount', async () => {
    const { hand, lines } = handThat([]);
    for (const available of [1n, 1n, 2n]) await hand.act({ type: 'lackStake', needed: 5n, available }, signal);
    expect(lines.map(({ level, available }) => [level, available])).to.deep.equal([
      [40, '1'],
      [20, '1'],
      [40, '2'],
    ]);
  });

  it('tells once that it stays out', async () => {
    const { hand, lines } = handThat([]);
    for (let i = 0; i < 2; i++) await hand.act({ type: 'stayOut', last: 3 }, signal);
    expect(lines.map(({ level, event, last }) => [level, event, last])).to.deep.equal([
      [40, 'stayOut', '3'],
      [20, 'stayOut', '3'],
    ]);
  });

  it('goes on with its duties when a proof cannot be found, and tells why once', async () => {
    const down = new SwarmlockError('down', { code: 'RPC_UNREACHABLE', retryable: true });
    const { hand, lines } = handThat([], { readContract: () => Promise.reject(down) } as unknown as Client);
    for (const ticket of [7n, 7n]) await hand.act({ type: 'prove', ticket }, signal);
    expect(lines.map(({ level, ticket }) => [level, ticket])).to.deep.equal([
      [40, '7'],
      [20, '7'],
    ]);
  });

  it('passes on what is not a refusal', async () => {
    const { hand } = handThat([new SwarmlockError('down', { code: 'RPC_UNREACHABLE', retryable: true })]);
    await failsWith('RPC_UNREACHABLE', hand.send(call, signal));
  });
});
