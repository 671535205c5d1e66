import { expect } from 'chai';
import type { Address, Hex } from 'viem';

import type { Node } from '../../engine/graph/program.ts';
import { leafCounts } from '../../engine/leaf-places.ts';
import { readClaim } from '../../sdk/claims.ts';
import { drawnLeaves, drawSeed, leavesRoot } from '../../sdk/verdict-leaves.ts';
import { revealVerdict, sealTree, sealVerdicts, type Verdict } from '../../sdk/verdicts.ts';
import { traceOwn } from '../../workers/lib/game/claimant.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';
import type { Rule } from '../../workers/lib/game/facts.ts';
import { forge, leavesDrawn, plant, type Execution } from '../helpers/adversaries/execution.ts';
import { gasSince, openBooks } from '../helpers/adversaries/ledger.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { listedLeaf } from '../helpers/adversaries/shams.ts';
import { conclude, worldForTests, type Result } from '../helpers/adversaries/stage.ts';
import {
  disputeVerdict,
  openAudit,
  revealBy,
  saltOf,
  sealBy,
  seeLastStep,
  verdictOf,
  type Audit,
} from '../helpers/adversaries/verdicts.ts';
import { CHALLENGE_BOND, RUN, type World } from '../helpers/adversaries/world.ts';
import { failsWith } from '../helpers/errors.ts';

const HONEST = 2;
const LAZY = 3;

/** One bit of the last node that is computed. */
const oneWrongBit = (honest: Execution): Execution => {
  const node = honest.program.nodes.findLastIndex((candidate) => candidate?.type.dtype === 'f32');
  return forge(honest, node, (data) => void (data[0]! += 1));
};
/** Numbers of the leaves of a validator's list for which such a node is drawn. */
const placesOf = (
  { round, last, work, lazy }: Audit,
  isWanted: (node: Node | null) => boolean,
  validator = lazy,
): readonly number[] => {
  const { program } = round.steps[last]!;
  const drawn = drawnLeaves(drawSeed(validator, work.id), leafCounts(program));
  return drawn.flatMap(({ node }, number) => (isWanted(program.nodes[node]!) ? [number] : []));
};
const nobodyKnowsWhat: Hex = `0x${'5e'.repeat(32)}`;

describe('a lazy validator', function () {
  this.timeout(120_000);
  const stage = worldForTests();

  /** Both seal and reveal, the lazy one what it says to have seen; then the honest one challenges it. */
  const convict = async (
    scenario: string,
    subject: 'before' | 'trace' | 'leaves',
    see: (audit: Audit) => MinerRound,
    rules: Partial<Strategy['claimant']> = {},
    say: (audit: Audit) => Partial<Verdict> = () => ({}),
  ): Promise<{ world: World; result: Result; audit: Audit }> => {
    const world = stage();
    const audit = await openAudit(world);
    const { honest, lazy, round } = audit;
    const seen = see(audit);
    const made = { ...verdictOf(audit, lazy, seen), ...say(audit) };
    await sealBy(world, honest, verdictOf(audit, honest, round));
    await sealBy(world, lazy, made);
    await revealBy(world, audit, verdictOf(audit, honest, round), HONEST);
    const claimed = await revealBy(world, audit, made, LAZY);
    const from = world.spent.length;
    const close = await openBooks(world, { claimant: lazy, challenger: honest });
    const played = await disputeVerdict(world, audit, claimed, subject, [lazy, seen], [honest, round], {
      claimant: rules,
    });
    const books = { ...(await close()), gas: gasSince(world, from) };
    return { world, audit, result: await conclude(world, scenario, played, books) };
  };
  const expectLoss = ({ played, status, claimant, challenger }: Result, reason: string): void => {
    expect(played.end).to.deep.equal({ claimVoided: true, reason });
    expect([status, claimant.stake, challenger.stake]).to.deep.equal(['voided', -CHALLENGE_BOND, CHALLENGE_BOND / 2n]);
    expect(challenger.stake + challenger.native > 0n, 'the prize outweighs the cost').to.equal(true);
  };

  it('that makes up a trace in which one number is wrong loses its bond', async () => {
    const { result, world, audit } = await convict("a verdict's trace with one wrong number", 'trace', (audit) =>
      seeLastStep(audit, oneWrongBit),
    );
    expectLoss(result, 'element');
    // Its miner's claim is another matter.
    expect((await readClaim(world.client, world.deployment, audit.work.id)).status).to.equal('standing');
  });

  it('that puts a hash where there is no node loses its bond', async () => {
    const { result } = await convict("a verdict's trace with something in its padding", 'trace', (audit) =>
      seeLastStep(audit, (honest) => plant(honest, honest.program.nodes.lastIndexOf(null), nobodyKnowsWhat)),
    );
    expectLoss(result, 'padding');
  });

  it('that makes up a hash has nothing to answer, and loses by the clock', async () => {
    const { result } = await convict(
      "a verdict's trace of nobody knows what",
      'trace',
      (audit) => seeLastStep(audit, (honest) => plant(honest, 0, nobodyKnowsWhat)),
      { invoke: () => undefined },
    );
    expectLoss(result, 'clock');
  });

  it('that took a wrong step on the way to the last one loses its bond', async () => {
    const { result } = await convict("a verdict's state after a wrong step", 'before', ({ round }) =>
      deviate(round, 1, misstateHead),
    );
    expectLoss(result, 'element');
  });

  /** A validator that has a right trace from a friend, and stands by a list of leaves that is not its own. */
  const convictOfList = (scenario: string, listOf: (audit: Audit) => readonly Hex[]) => {
    let listed: readonly Hex[] = [];
    const invoke: Rule = (facts) => {
      const ruling = traceOwn(facts);
      return ruling?.type === 'answerTrace' ? { ...ruling, trace: { ...ruling.trace, children: listed } } : ruling;
    };
    return convict(
      scenario,
      'leaves',
      ({ round }) => round,
      { invoke },
      (audit) => {
        listed = listOf(audit);
        return { leaves: leavesRoot(listed) };
      },
    );
  };
  const drawnBy = ({ round, last, work }: Audit, validator: Address): readonly Hex[] =>
    leavesDrawn(round.steps[last]!, drawSeed(validator, work.id));

  it('that copies all that a friend has computed lists the leaves of another, and loses by the clock', async () => {
    const { result, world, audit } = await convictOfList("a friend's verdict in its own name", (audit) =>
      drawnBy(audit, audit.honest),
    );
    expectLoss(result, 'clock');
    expect((await readClaim(world.client, world.deployment, audit.work.id)).status).to.equal('standing');
  });

  it('that makes one of its leaves up loses its bond', async () => {
    const { result } = await convictOfList('a verdict with one leaf made up', (audit) => {
      const [number] = placesOf(audit, (node) => node !== null);
      return drawnBy(audit, audit.lazy).with(number!, nobodyKnowsWhat);
    });
    expectLoss(result, 'clock');
  });

  it('that lists a leaf where padding is drawn loses its bond at once', async () => {
    const { result } = await convictOfList('a verdict with a leaf of padding', (audit) => {
      const [number] = placesOf(audit, (node) => node === null);
      return drawnBy(audit, audit.lazy).with(number!, nobodyKnowsWhat);
    });
    expectLoss(result, 'padding');
  });

  for (const [what, isAimedAt] of [
    ['leaves', (node: Node | null) => node !== null],
    ['padding', (node: Node | null) => node === null],
  ] as const) {
    it(`that challenges the ${what} of an honest list loses its own bond`, async () => {
      const world = stage();
      const audit = await openAudit(world);
      const { honest, lazy, round } = audit;
      const [number] = placesOf(audit, isAimedAt, honest);
      const verdict = verdictOf(audit, honest, round);
      await sealBy(world, honest, verdict);
      await sealBy(world, lazy, verdictOf(audit, lazy, round));
      const claimed = await revealBy(world, audit, verdict, HONEST);
      const chooseLeaf = listedLeaf(number!);
      const from = world.spent.length;
      const close = await openBooks(world, { claimant: honest, challenger: lazy });
      const sides = [
        [honest, round],
        [lazy, round],
      ] as const;
      const played = await disputeVerdict(world, audit, claimed, 'leaves', ...sides, { challenger: { chooseLeaf } });
      const books = { ...(await close()), gas: gasSince(world, from) };
      const { status, claimant, challenger } = await conclude(
        world,
        `a sham challenge of a verdict's ${what}`,
        played,
        books,
      );
      expect(played.end).to.deep.equal({ claimVoided: false, reason: what });
      expect([status, claimant.stake, challenger.stake]).to.deep.equal([
        'standing',
        CHALLENGE_BOND / 2n,
        -CHALLENGE_BOND,
      ]);
      expect(claimant.native >= 0n).to.equal(true);
    });
  }

  it('gains nothing by sealing what another has sealed', async () => {
    const world = stage();
    const { deployment, send } = world;
    const audit = await openAudit(world);
    const { honest, lazy, round } = audit;
    const verdict = verdictOf(audit, honest, round);
    await sealBy(world, honest, verdict);
    await send(lazy, sealVerdicts(deployment, RUN, 2, sealTree([verdict], saltOf(honest)).root));
    await revealBy(world, audit, verdict, HONEST);
    const copies = [verdict, { ...verdict, validator: lazy }];
    const rules = ['NotOwnVerdict', 'SealMismatch'];
    for (const [index, copy] of copies.entries()) {
      const reveal = send(lazy, revealVerdict(deployment, copy, saltOf(honest), []));
      expect((await failsWith('CONTRACT_REVERTED', reveal)).argument).to.equal(rules[index]);
    }
  });

  it('cannot take over what another has revealed', async () => {
    const world = stage();
    const audit = await openAudit(world);
    const { honest, lazy, round } = audit;
    await sealBy(world, honest, verdictOf(audit, honest, round));
    await sealBy(world, lazy, { ...verdictOf(audit, lazy, round), trace: nobodyKnowsWhat });
    await revealBy(world, audit, verdictOf(audit, honest, round), HONEST);
    const reveal = revealBy(world, audit, verdictOf(audit, lazy, round), LAZY);
    expect((await failsWith('CONTRACT_REVERTED', reveal)).argument).to.equal('SealMismatch');
  });

  for (const subject of ['before', 'trace'] as const) {
    it(`that challenges the ${subject} of an honest verdict loses its own bond`, async () => {
      const world = stage();
      const audit = await openAudit(world);
      const { honest, lazy, round } = audit;
      const seen = subject === 'trace' ? seeLastStep(audit, oneWrongBit) : deviate(round, 1, misstateHead);
      await sealBy(world, honest, verdictOf(audit, honest, round));
      await sealBy(world, lazy, verdictOf(audit, lazy, seen));
      const claimed = await revealBy(world, audit, verdictOf(audit, honest, round), HONEST);
      const from = world.spent.length;
      const close = await openBooks(world, { claimant: honest, challenger: lazy });
      const played = await disputeVerdict(world, audit, claimed, subject, [honest, round], [lazy, seen]);
      const scenario = `a sham challenge of a verdict's ${subject}`;
      const { status, claimant, challenger } = await conclude(world, scenario, played, {
        ...(await close()),
        gas: gasSince(world, from),
      });
      expect(played.end?.claimVoided).to.equal(false);
      expect([status, claimant.stake, challenger.stake]).to.deep.equal([
        'standing',
        CHALLENGE_BOND / 2n,
        -CHALLENGE_BOND,
      ]);
      expect(claimant.native >= 0n).to.equal(true);
    });
  }
});
