import { expect } from 'chai';

import { stateRoot } from '../../../engine/commit/reference.ts';
import { payloadLayout } from '../../../engine/programs.ts';
import { readAvailability } from '../../../sdk/availability.ts';
import { memberSet } from '../../../sdk/member-set.ts';
import { commitmentBook } from '../../../workers/lib/commitments.ts';
import { publishOnChain, readPublished } from '../../../workers/lib/publication.ts';
import { claimRound, type Claimed } from '../../helpers/adversaries/claims.ts';
import { outputState } from '../../helpers/adversaries/execution.ts';
import { honestRound, worldForTests } from '../../helpers/adversaries/stage.ts';
import { RUN, tickAll } from '../../helpers/adversaries/world.ts';

const { signal } = new AbortController();

describe('a payload on chain', function () {
  this.timeout(120_000);
  const world = worldForTests();

  it('is available though no committee has received it, goes on where it was left, and can be read by anyone', async () => {
    const { client, deployment, recipe, miners, others } = world();
    const rounds = [await honestRound(world(), 1), await honestRound(world(), 2)];
    const claims: Claimed[] = [];
    for (const round of rounds) claims.push(await claimRound(world(), round));
    await tickAll(world());

    const book = commitmentBook(client, deployment, RUN);
    const sender = (by: `0x${string}`, most: number) => {
      let sent = 0;
      return {
        send: async (call: Parameters<ReturnType<typeof world>['send']>[1]) =>
          ++sent > most ? undefined : world().send(by, call),
      };
    };
    const payload = outputState(rounds[1]!.payload);
    const publishBy = (hand: ReturnType<typeof sender>) =>
      publishOnChain({ client, deployment, book, hand }, claims[1]!.id, rounds[1]!.commitment, payload, signal, 6_000);
    // The miner goes away in the middle of it, and a stranger ends it.
    expect(await publishBy(sender(miners[1], 1))).to.equal(false);
    expect((await readAvailability(client, deployment, RUN, 1)).published).to.equal(0n);
    expect(await publishBy(sender(others[0]!, 1_000))).to.equal(true);

    const { published, available, said } = await readAvailability(client, deployment, RUN, 1);
    expect([published, available, said]).to.deep.equal([memberSet([1]), memberSet([1]), 0n]);
    const read = await readPublished({ client, deployment, book }, claims[1]!.id, payloadLayout(recipe));
    expect(stateRoot(read)).to.equal(rounds[1]!.commitment.payloadRoot);
  });
});
