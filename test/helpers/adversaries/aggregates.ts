import type { Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { abovePublished, partsOfPayload } from '../../../engine/compress/published.ts';
import { merkleProof } from '../../../engine/commit/tree.ts';
import { aggregateProgram } from '../../../engine/programs.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import { memberSet } from '../../../sdk/member-set.ts';
import { claimAggregate } from '../../../sdk/round.ts';
import { readRun } from '../../../sdk/run.ts';
import { claimRound, wordOf, type Claimed } from './claims.ts';
import { execute, outputRoot, outputState, type Execution } from './execution.ts';
import type { Knowledge } from './knowledge.ts';
import type { MinerRound } from './round.ts';
import { attestAll, RUN, tickAll, type World } from './world.ts';

/** Commits these rounds, all that are awaited, and lets the audit pass. */
export async function audited(world: World, rounds: readonly MinerRound[], number = 1): Promise<readonly Claimed[]> {
  const claims: Claimed[] = [];
  for (const round of rounds) claims.push(await claimRound(world, round, number));
  await tickAll(world);
  await attestAll(world);
  await world.pass(1_000);
  return claims;
}

/** The outer step over these rounds, in ascending index. */
export function aggregateOf({ recipe }: World, rounds: readonly MinerRound[]): Execution {
  const payloads = rounds.map(({ payload }) => partsOfPayload(recipe, outputState(payload)).published);
  return execute(aggregateProgram(recipe, rounds.length), [rounds[0]!.parent, ...payloads]);
}

/** Claims the next state; the accepted members are the first so many. */
export async function claimNext(
  world: World,
  by: Address,
  rounds: readonly MinerRound[],
  nextRoot: Hash,
  attempt = 1,
): Promise<Claimed> {
  const { deployment, aggregates } = world;
  const { round } = await readRun(world.client, deployment, RUN);
  const accepted = memberSet(rounds.keys());
  await world.send(by, claimAggregate(deployment, RUN, round, accepted, nextRoot));
  const id = claimIdOf({ kind: 'aggregate', runId: RUN, round, number: attempt });
  const claim = { claimant: by, parent: stateRoot(rounds[0]!.parent), accepted, nextRoot };
  const members = rounds.length;
  const target = { kind: 'aggregate', claim, program: aggregates[members]!, proof: merkleProof(aggregates, members) };
  return { id, word: await wordOf(world, id), target: target as Claimed['target'] };
}

/** Applies the honest aggregate of these rounds, and opens the next round. */
export async function settled(world: World, rounds: readonly MinerRound[], number = 1): Promise<Execution> {
  await audited(world, rounds, number);
  const aggregate = aggregateOf(world, rounds);
  await claimNext(world, world.others[0]!, rounds, outputRoot(aggregate));
  await world.pass(1_000);
  await tickAll(world);
  return aggregate;
}

/** What follows from the payloads of some members; their seats are 1, 2, ... */
export function aggregateKnowledge(rounds: readonly MinerRound[], execution: Execution): Knowledge {
  const members = rounds.map(({ commitment }, index) => ({ seat: index + 1, commitment }));
  const [parent, ...payloads] = execution.inputs;
  const opened = payloads.map((state, at) => ({ state, above: aboveIn(rounds[at]!) }));
  return {
    root: () => outputRoot(execution),
    invocation: () => ({ execution, sources: { inputs: [parent!, ...opened] }, members }),
  };
}

/** What leads from the published part of a round's payload to its root. */
function aboveIn({ recipe, payload }: MinerRound): readonly Hash[] {
  const { published, feedback } = partsOfPayload(recipe, outputState(payload));
  return abovePublished(recipe, { payload: published, feedback: feedback && stateRoot(feedback) });
}
