import { expect } from 'chai';

import { leafCounts } from '../../engine/leaf-places.ts';
import { isRevert } from '../../sdk/errors.ts';
import { moverIn } from '../../sdk/game.ts';
import { abandon, play } from '../../sdk/game-moves.ts';
import { drawnLeaves, drawSeed } from '../../sdk/verdict-leaves.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { look, move as moveOn, nextTurn, type Match, type NextTurn } from '../helpers/adversaries/match.ts';
import { mutantsOf } from '../helpers/adversaries/mutations.ts';
import { refused } from '../helpers/adversaries/refusals.ts';
import { deviate, programsOf, type MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt, listedLeaf } from '../helpers/adversaries/shams.ts';
import { honestRound, seat, worldForTests } from '../helpers/adversaries/stage.ts';
import { openAudit, revealBy, seatAtVerdict, sealBy, verdictOf } from '../helpers/adversaries/verdicts.ts';
import type { World } from '../helpers/adversaries/world.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';

const dispute = { subject: 'segment', segment: 0 } as const;

/** Only these speak for a side; what the others show is fixed already. */
const BOUND: readonly string[] = ['answerMarks', 'answerTrace', 'mark', 'pick', 'pickNode', 'prove'];

describe('moves that nobody may make', function () {
  this.timeout(120_000);
  const stage = worldForTests();

  const begin = async (claimed: MinerRound, challenger: Partial<Strategy['challenger']> = {}): Promise<Match> => {
    const world = stage();
    const honest = await honestRound(world);
    const claim = await claimRound(world, claimed);
    const by = world.others[0]!;
    return seat(world, { claimed, claim, by, dispute, challengerKnows: knowledgeOf(honest), challenger });
  };
  const lie = async () => deviate(await honestRound(stage()), 2, misstateHead);

  it('at every position one move only is legal, from whom it belongs to, or from anyone if it is fixed', async () => {
    const world = stage();
    const stranger = world.others[2]!;
    const script = await rehearse(world, () => lie().then(begin));
    const match = await begin(await lie());
    for (const turn of script) {
      const { claimant, challenger } = match.sides;
      const mover = moverIn(turn.position.stage) === 'claimant' ? claimant : challenger;
      for (const other of script) {
        for (const from of [claimant.address, challenger.address, stranger]) {
          const isFixed = !BOUND.includes(turn.move.type);
          const isLegal = other === turn && (from === mover.address || isFixed);
          const call = play(world.deployment, match.opened, turn.position, other.move, other.value);
          await expectLegal(isLegal, world.attempt(from, call), `${other.move.type} for ${turn.move.type}`);
          if (other === turn) continue;
          // The same with the position that it once answered: a move kept from before is worth nothing.
          const stale = play(world.deployment, match.opened, other.position, other.move, other.value);
          await refused('PositionMismatch', world.attempt(from, stale));
        }
      }
      const timeOut = play(world.deployment, match.opened, turn.position, { type: 'timeOut' });
      await refused('TimeLeft', world.attempt(stranger, timeOut));
      await refused('ClaimNotVoided', world.attempt(stranger, abandon(world.deployment, match.opened)));
      expect(await moveOn(world, match)).to.equal(true);
    }
    expect((await look(world, match)).end).to.deep.equal({ claimVoided: true, reason: 'element' });
  });

  for (const op of ['matmul_nt', 'gather', 'load_batch', 'concat'] as const) {
    it(`no change of a legal move is legal, on the way to an element of ${op}`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const node = programsOf(world.recipe).training.nodes.findIndex((one) => one?.op === op);
      const match = await begin(honest, aimAt({ node }));
      expect(await refuseChanges(world, match)).to.be.greaterThan(100);
      expect((await look(world, match)).end).to.deep.equal({ claimVoided: false, reason: 'element' });
    });
  }

  it('no change of a legal move is legal, on the way to a leaf that a verdict lists', async () => {
    const world = stage();
    const audit = await openAudit(world);
    const { honest, lazy, round } = audit;
    const verdict = verdictOf(audit, honest, round);
    await sealBy(world, honest, verdict);
    await sealBy(world, lazy, verdictOf(audit, lazy, round));
    const claimed = await revealBy(world, audit, verdict, 2);
    const { program } = round.steps[audit.last]!;
    const drawn = drawnLeaves(drawSeed(honest, audit.work.id), leafCounts(program));
    const number = drawn.findIndex(({ node }) => program.nodes[node] !== null);
    const match = await seatAtVerdict(world, audit, claimed, 'leaves', [honest, round], [lazy, round], {
      challenger: { chooseLeaf: listedLeaf(number) },
    });
    expect(await refuseChanges(world, match)).to.be.greaterThan(40);
    expect((await look(world, match)).end).to.deep.equal({ claimVoided: false, reason: 'leaves' });
  });

  it('a demand that brings one wei too little is refused', async () => {
    const world = stage();
    const match = await begin(await lie());
    let demands = 0;
    for (let turn = await next(world, match); turn !== undefined; turn = await next(world, match)) {
      const { position, move, value } = turn;
      const { address } = match.sides[moverIn(position.stage)!];
      if (value > 0n) {
        const call = play(world.deployment, match.opened, position, move, value - 1n);
        const { args } = await refused('FeeTooLow', world.attempt(address, call));
        expect(args).to.deep.equal([value - 1n, value]);
        demands += 1;
      }
      await moveOn(world, match);
    }
    expect(demands).to.equal(3);
  });
});

/** Plays a game to its end, and tries each move in all its changes before. How many those were. */
async function refuseChanges(world: World, match: Match): Promise<number> {
  let mutants = 0;
  for (let turn = await next(world, match); turn !== undefined; turn = await next(world, match)) {
    const { address } = match.sides[moverIn(turn.position.stage)!];
    for (const { title, move } of mutantsOf(turn.move)) {
      // Nobody looks at what leads to the output where none is claimed.
      if (turn.position.subject === 'leaves' && move.type === 'answerTrace' && move.trace.outputProof.length > 0)
        continue;
      const call = play(world.deployment, match.opened, turn.position, move, turn.value);
      await expectLegal(false, world.attempt(address, call), `${move.type}: ${title}`);
      mutants += 1;
    }
    await moveOn(world, match);
  }
  return mutants;
}

/** The moves of a whole game, which is undone. */
async function rehearse(world: World, begin: () => Promise<Match>): Promise<readonly NextTurn[]> {
  const snapshot = await world.request('evm_snapshot');
  const match = await begin();
  const script: NextTurn[] = [];
  for (let turn = await next(world, match); turn !== undefined; turn = await next(world, match)) {
    script.push(turn);
    await moveOn(world, match);
  }
  await world.request('evm_revert', [snapshot]);
  return script;
}

/** The legal move of whose turn it is; undefined when the game is over. */
async function next(world: World, match: Match): Promise<NextTurn | undefined> {
  const { end, turns } = await look(world, match);
  return end === undefined ? nextTurn(world, match, moverIn(turns.at(-1)!.position.stage)!) : undefined;
}

async function expectLegal(isLegal: boolean, attempt: Promise<void>, what: string): Promise<void> {
  try {
    await attempt;
  } catch (error) {
    if (!isRevert(error)) throw error;
    expect(isLegal, `${what} is refused: ${error.rule}`).to.equal(false);
    return;
  }
  expect(isLegal, `${what} is accepted`).to.equal(true);
}
