import type { Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { loadBatch } from '../../../engine/data/batch.ts';
import { abovePublished, type Published } from '../../../engine/compress/published.ts';
import { continuationRequest } from '../../../engine/decoding/request.ts';
import { evidenceOf, type EvidenceSources } from '../../../engine/evidence.ts';
import type { Program } from '../../../engine/graph/program.ts';
import type { State } from '../../../engine/graph/state.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import { faultElement, type Trace } from '../../../engine/trace.ts';
import { parametersState } from '../../../engine/training.ts';
import { noCommitment, type Source } from '../../../sdk/game-moves.ts';
import { tokensBefore } from '../../../sdk/receipts.ts';
import { drawnLeaves, drawSeed } from '../../../sdk/verdict-leaves.ts';
import type { Disputed, DisputedToken } from './dispute.ts';
import type { StartNotes } from './facts.ts';
import { groupRoots } from './groups.ts';
import { payloadBefore, publishedPayload } from './payload-chain.ts';
import type { Replay, ReplayOptions } from './replay.ts';
import { globalState, unavailable, unshowable } from './settled.ts';
import type { Tracers } from './tracers.ts';
import type { Testimony, Witness } from './witness.ts';
import type { Work } from './work.ts';

export type WitnessMeans = Omit<ReplayOptions, 'trainer' | 'log' | 'owner'> & {
  readonly replay: Replay;
  readonly tracers: Tracers;
};

/** Says what the rules give, from what is public. */
export function honestWitness(means: WitnessMeans, disputed: Disputed): Witness {
  const { replay, model } = means;
  return {
    start: (signal) => showStart(means, workOf(disputed), signal),
    async roots(steps, signal) {
      const work = workOf(disputed);
      const roots = new Map<number, Hash>();
      // From before the first of them: where a segment ends, the state that is claimed is what may be in dispute.
      const before = steps[0]! - 1;
      let at = { step: before, state: await replay.stateAt(work, before, signal) };
      for (const step of steps) {
        at = { step, state: await replay.advance(work, at.state, at.step, step, signal) };
        roots.set(step, await model.rootOf(at.state));
      }
      return roots;
    },
    testify({ subject }, first, signal) {
      if (disputed.kind === 'token') return continuation(means, disputed);
      if (disputed.kind === 'aggregate') return aggregation(means, disputed, signal);
      if (subject === 'payload') return compression(means, disputed, signal);
      const listedBy = subject === 'leaves' && disputed.kind === 'verdict' ? disputed.verdict.validator : undefined;
      return training(means, workOf(disputed), { step: first, listedBy }, signal);
    },
  };
}

function workOf(disputed: Disputed): Work {
  if (disputed.kind !== 'aggregate' && disputed.kind !== 'token') return disputed.work;
  throw new TypeError(`a claim on ${disputed.kind === 'token' ? 'a token' : 'an aggregate'} has no inner steps`);
}

async function training(means: WitnessMeans, work: Work, of: TracedStep, signal: AbortSignal): Promise<Testimony> {
  const { dataset, replay } = means;
  const { step, listedBy } = of;
  const state = await replay.stateAt(work, step, signal);
  const trace = await traceOfStep(means, work, of, state);
  const batch = { seed: work.seed, participant: work.owner, step };
  const { notes, ...answers } = testimony(trace, step, { inputs: [state], dataset, batch });
  return { ...answers, notes: listedBy === undefined ? notes : { ...notes, leaves: trace.leaves } };
}

/** One inner step of a round, and which validator's leaves of it are wanted. */
type TracedStep = { readonly step: number; readonly listedBy: Address | undefined };

/** The trace of one inner step of a round. */
export async function traceOfStep(
  { model, dataset, tracers }: Pick<WitnessMeans, 'model' | 'dataset' | 'tracers'>,
  work: Work,
  { step, listedBy }: TracedStep,
  state: State,
): Promise<Trace> {
  if (dataset === undefined) throw unavailable(work.commitment.startRoot);
  const { batch: rows, model: shape } = model.recipe;
  const batch = { seed: work.seed, participant: work.owner, step };
  const places = (program: Program) =>
    listedBy === undefined ? [] : drawnLeaves(drawSeed(listedBy, work.claimId), leafCounts(program));
  return tracers.trace('training', [state], loadBatch(dataset, { ...batch, rows, context: shape.context }), places);
}

/**
 * The payload is made of the parameters before and after, and of the error feedback in the payload before. The parameters
 * after lie in the whole state after the round.
 */
async function compression(means: WitnessMeans, disputed: Disputed, signal: AbortSignal): Promise<Testimony> {
  const { model, states, replay, tracers } = means;
  const work = workOf(disputed);
  const parent = await globalState(states, work.commitment.parent);
  const end = await replay.endOf(work, signal);
  const before = await payloadBefore(means, work, signal);
  const feedback = before === undefined ? [] : [before.payload];
  const trace = await tracers.trace('payload', [parent, parametersState(model.recipe, end), ...feedback]);
  const sourcesOf = (node: number) => sourcesIn(trace.program, node, [undefined, before?.of]);
  return testimony(trace, 0, { inputs: [parent, end, ...feedback] }, sourcesOf);
}

async function aggregation(
  means: WitnessMeans,
  { claim, members }: Extract<Disputed, { kind: 'aggregate' }>,
  signal: AbortSignal,
): Promise<Testimony> {
  const parent = await globalState(means.states, claim.parent);
  const payloads: Published[] = [];
  for (const member of members) payloads.push(await publishedPayload(means, member, signal));
  const trace = await means.tracers.trace(members.length, [parent, ...payloads.map(({ payload }) => payload)]);
  const { recipe } = means.model;
  const inputs = [parent, ...payloads.map((one) => ({ state: one.payload, above: abovePublished(recipe, one) }))];
  const sourcesOf = (node: number) => sourcesIn(trace.program, node, members);
  return testimony(trace, 0, { inputs }, sourcesOf);
}

/** The token after a sequence, which the receipt has all of. */
async function continuation({ model, states, tracers }: WitnessMeans, disputed: DisputedToken): Promise<Testimony> {
  const { root, temperature, topP, seed } = disputed.receipt;
  const state = await globalState(states, root);
  const request = continuationRequest(model.recipe, tokensBefore(disputed), { temperature, topP, seed });
  return testimony(await tracers.trace('continuation', [state, request]), 0, { inputs: [state, request] });
}

/** The operands of a node that are read from payloads, with the claims that bind those: by input state, from 1 on. */
function sourcesIn({ nodes }: Program, node: number, claims: readonly (Work | undefined)[]): readonly Source[] {
  return nodes[node]!.inputs.flatMap((ref) => {
    const claim = ref.kind === 'input' && ref.state > 0 ? claims[ref.state - 1] : undefined;
    return claim === undefined ? [] : [{ seat: claim.seat, commitment: claim.commitment }];
  });
}

/** What a trace says in a game. */
export function testimony(
  trace: Trace,
  first: number,
  sources: EvidenceSources,
  sourcesOf: (node: number) => readonly Source[] = () => [],
): Testimony {
  const { program, nodes, faultAt } = trace;
  return {
    notes: { first, program, nodes, faultAt },
    tensor: async (node) => (node === faultAt ? undefined : trace.tensor(node)),
    faultElement: (node) => faultElement(trace, node),
    async proof(node, element, path) {
      const evidence = await evidenceOf(trace, { ...sources, path }, node, element);
      return { evidence, sources: sourcesOf(node) };
    },
  };
}

async function showStart({ replay }: WitnessMeans, work: Work, signal: AbortSignal): Promise<StartNotes> {
  const { commitment } = work;
  const starts = await replay.startsOf(work, signal);
  if (starts === undefined) throw unavailable(commitment.startRoot);
  const start = starts.find(({ root }) => root === commitment.startRoot);
  if (start === undefined) throw unshowable(commitment.startRoot);
  const { first, rest } = groupRoots(start.state);
  if (start.before === undefined) {
    return { commitment, first, rest, before: noCommitment, beforeParameters: noCommitment.parent };
  }
  const before = start.before.work;
  const end = await replay.endOf(before, signal);
  return { commitment, first, rest, before: before.commitment, beforeParameters: groupRoots(end).parameters };
}
