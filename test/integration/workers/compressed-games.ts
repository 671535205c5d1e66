import { expect } from 'chai';
import { join } from 'node:path';
import type { Address } from 'viem';

import { stateRoot } from '../../../engine/commit/reference.ts';
import { createState } from '../../../engine/graph/state.ts';
import { payloadLayout } from '../../../engine/programs.ts';
import { readClaim, type Claim } from '../../../sdk/claims.ts';
import type { PlayerParts } from '../../../workers/lib/game/open-player.ts';
import type { Model } from '../../../workers/lib/model.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../../helpers/adversaries/aggregates.ts';
import { claimRound } from '../../helpers/adversaries/claims.ts';
import { forge, outputRoot, type Execution } from '../../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../../helpers/adversaries/knowledge.ts';
import { nodeOf, placeOf } from '../../helpers/adversaries/lies.ts';
import { nextRounds, SPARSE } from '../../helpers/adversaries/next-rounds.ts';
import { playRound, type MinerRound, type RoundOf } from '../../helpers/adversaries/round.ts';
import { honestRound, worldForTests } from '../../helpers/adversaries/stage.ts';
import { witnessOf } from '../../helpers/adversaries/witness.ts';
import { modelOf, openDesk, playOn, type Desk } from '../../helpers/desks.ts';
import { freshFolder } from '../../helpers/folders.ts';

describe('players of the game on compressed payloads, of which nobody serves anything', function () {
  this.timeout(120_000);
  const world = worldForTests(SPARSE);
  const folder = freshFolder();
  let model: Model;
  let watching: Address;
  let firsts: readonly [MinerRound, MinerRound];

  before(async () => {
    model = await modelOf(world());
    watching = world().others[0]!;
    firsts = [await honestRound(world(), 1), await honestRound(world(), 2)];
  });
  after(() => model.close());

  const desk = (owner: Address, parts: PlayerParts = {}): Promise<Desk> =>
    openDesk(world(), { owner, folder: join(folder(), owner), model, parts });
  const statusOf = async (id: bigint): Promise<Claim['status']> =>
    (await readClaim(world().client, world().deployment, id)).status;

  it('convict who claims an aggregate of something else than the payloads, which they rebuild', async () => {
    await audited(world(), firsts);
    const honest = aggregateOf(world(), firsts);
    const wrong = forge(honest, nodeOf(honest, 'scatter_chunk'), (data) => {
      data[5] = data[5]! + 1;
    });
    const by = world().others[1]!;
    const { id } = await claimNext(world(), by, firsts, outputRoot(wrong));
    const watcher = await desk(watching);
    await watcher.inspect(id);
    const knowledge = aggregateKnowledge(firsts, wrong);
    const aggregator = await desk(by, { witness: (own) => witnessOf(own, knowledge) });
    const done = await playOn({ watcher, aggregator });
    expect(done.at(-1)).to.equal('watcher prove');
    expect(await statusOf(id)).to.equal('voided');
  });

  describe('in a second round', () => {
    let second: RoundOf;

    beforeEach(async () => {
      [second] = await nextRounds(world(), firsts, true);
    });
    const seated = async (owner: Address, parts: PlayerParts = {}): Promise<Desk> => {
      const open = await desk(owner, parts);
      open.witnessing.states.hold({ root: stateRoot(second.parent), state: second.parent });
      return open;
    };
    const withoutError = (): MinerRound => {
      const before = { ...second.before!, payload: createState(payloadLayout(world().recipe)) };
      return playRound({ ...second, before });
    };

    it('convict who forgets the error of the first, which they rebuild', async () => {
      const claimed = withoutError();
      const { id } = await claimRound(world(), claimed, 2);
      const watcher = await seated(watching);
      await watcher.inspect(id);
      const miner = await seated(claimed.participant, { witness: (own) => witnessOf(own, knowledgeOf(claimed)) });
      const done = await playOn({ watcher, miner });
      expect(done.at(-1)).to.equal('watcher prove');
      expect(await statusOf(id)).to.equal('voided');
    });

    it('find nothing wrong with who goes on from it, and stand by it', async () => {
      const honest = playRound(second);
      const { id } = await claimRound(world(), honest, 2);
      const watcher = await seated(watching);
      await watcher.inspect(id);
      expect(await playOn({ watcher })).to.deep.equal([]);
      const payload = (own: Execution) => forge(own, placeOf(own, 'error'), (errors) => void (errors[3]! += 1));
      const knowledge = knowledgeOf(playRound(second, { payload }));
      const sham = await seated(world().others[2]!, { witness: (own) => witnessOf(own, knowledge) });
      sham.player.accuse({ claimId: id, subject: 'payload', segment: 0 });
      const miner = await seated(honest.participant);
      const done = await playOn({ sham, miner });
      expect(done.at(-1)).to.equal('sham prove');
      expect(await statusOf(id)).to.equal('standing');
    });
  });
});
