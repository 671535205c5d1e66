import { expect } from 'chai';
import { join } from 'node:path';
import type { Address } from 'viem';

import { readClaim, type Claim } from '../../../sdk/claims.ts';
import { readGameClock } from '../../../sdk/game.ts';
import type { Verdict } from '../../../sdk/verdicts.ts';
import { traceOwn } from '../../../workers/lib/game/claimant.ts';
import { honestStrategy } from '../../../workers/lib/game/decide.ts';
import type { Rule } from '../../../workers/lib/game/facts.ts';
import type { PlayerParts } from '../../../workers/lib/game/open-player.ts';
import type { Witness } from '../../../workers/lib/game/witness.ts';
import type { Model } from '../../../workers/lib/model.ts';
import { drawSeed } from '../../../sdk/verdict-leaves.ts';
import type { Claimed } from '../../helpers/adversaries/claims.ts';
import { leavesDrawn } from '../../helpers/adversaries/execution.ts';
import { openBooks } from '../../helpers/adversaries/ledger.ts';
import { worldForTests } from '../../helpers/adversaries/stage.ts';
import { openAudit, revealBy, sealBy, verdictOf, type Audit } from '../../helpers/adversaries/verdicts.ts';
import { CHALLENGE_BOND } from '../../helpers/adversaries/world.ts';
import { modelOf, openDesk, playOn, type Desk } from '../../helpers/desks.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { rootOf } from '../../helpers/runs.ts';

const [HONEST, LAZY] = [2, 3];

describe("players of a game on a verdict's leaves", function () {
  this.timeout(120_000);
  const world = worldForTests();
  const folder = freshFolder();
  let model: Model;
  let audit: Audit;

  before(async () => {
    model = await modelOf(world());
  });
  after(() => model.close());
  beforeEach(async () => {
    audit = await openAudit(world());
  });

  const desk = (owner: Address, parts: PlayerParts = {}): Promise<Desk> =>
    openDesk(world(), { owner, folder: join(folder(), owner), model, parts });
  const statusOf = async ({ id }: Claimed): Promise<Claim['status']> =>
    (await readClaim(world().client, world().deployment, id)).status;
  /** Both validators seal and reveal; the honest one says what it has computed. */
  const revealAll = async (lazy: Verdict): Promise<readonly [Claimed, Claimed]> => {
    const right = verdictOf(audit, audit.honest, audit.round);
    for (const verdict of [right, lazy]) await sealBy(world(), verdict.validator, verdict);
    return [await revealBy(world(), audit, right, HONEST), await revealBy(world(), audit, lazy, LAZY)];
  };

  it('convict a validator that lists what a friend has computed, and find nothing in an honest list', async () => {
    const { honest, lazy, round, last, work } = audit;
    const { leaves } = verdictOf(audit, honest, round);
    const [right, copied] = await revealAll({ ...verdictOf(audit, lazy, round), leaves });
    const close = await openBooks(world(), { claimant: lazy, challenger: honest });
    const watcher = await desk(honest);
    await watcher.inspect(right.id);
    await watcher.inspect(copied.id);
    const invoke: Rule = (facts) => {
      const ruling = traceOwn(facts);
      if (ruling?.type !== 'answerTrace') return ruling;
      const children = leavesDrawn(round.steps[last]!, drawSeed(honest, work.id));
      return { ...ruling, trace: { ...ruling.trace, children } };
    };
    const strategy = { ...honestStrategy, claimant: { ...honestStrategy.claimant, invoke } };
    const liar = await desk(lazy, { strategy });
    const done = await playOn({ watcher, liar });
    expect(done).to.deep.equal([
      'watcher announce',
      'watcher open',
      'liar answerTrace',
      'watcher pickNode',
      'liar concede',
    ]);
    await world().pass(await readGameClock(world().client, world().deployment));
    expect(await playOn({ watcher })).to.include('watcher timeOut');
    expect([await statusOf(right), await statusOf(copied)]).to.deep.equal(['standing', 'voided']);
    const { claimant, challenger } = await close();
    expect([claimant.stake, challenger.stake]).to.deep.equal([-CHALLENGE_BOND, CHALLENGE_BOND / 2n]);
  });

  it('leave an honest validator whole, and richer, whatever is said of its list', async () => {
    const { honest, lazy, round } = audit;
    const [right] = await revealAll(verdictOf(audit, lazy, round));
    const close = await openBooks(world(), { claimant: honest, challenger: lazy });
    const lying = (own: Witness): Witness => ({
      ...own,
      async testify(...of) {
        const truth = await own.testify(...of);
        return { ...truth, notes: { ...truth.notes, leaves: truth.notes.leaves!.with(63, rootOf(1)) } };
      },
    });
    const sham = await desk(lazy, { witness: lying });
    sham.player.accuse({ claimId: right.id, subject: 'leaves', segment: 0 });
    const validator = await desk(honest);
    await playOn({ sham, validator });
    expect(await statusOf(right)).to.equal('standing');
    const { claimant, challenger } = await close();
    expect([claimant.stake, challenger.stake]).to.deep.equal([CHALLENGE_BOND / 2n, -CHALLENGE_BOND]);
    expect(claimant.native >= 0n).to.equal(true);
  });
});
