import { payloadRootOf, type Published } from '../../../engine/compress/published.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { payloadLayout } from '../../../engine/programs.ts';
import { parametersState, pseudoGradient, startState } from '../../../engine/training.ts';
import { publishedOf } from '../payloads.ts';
import type { Replay, ReplayOptions } from './replay.ts';
import { globalState, unavailable } from './settled.ts';
import type { Work } from './work.ts';

/** What it takes to follow a miner's error feedback from payload to payload. */
export type PayloadMeans = Pick<ReplayOptions, 'model' | 'states' | 'library' | 'works'> & { readonly replay: Replay };

/** The payload whose error feedback a round went on from, and the claim that binds it: none for that of zeros. */
export type PayloadBefore = { readonly payload: State; readonly of: Work | undefined };

/**
 * Error feedback goes the way of the local state: a round that starts from zero has zeros before it, any other one the
 * payload of the round before. Undefined without error feedback. @throws STATE_UNAVAILABLE (retryable)
 */
export async function payloadBefore(
  means: PayloadMeans,
  work: Work,
  signal: AbortSignal,
): Promise<PayloadBefore | undefined> {
  const { model, states, works } = means;
  const { recipe } = model;
  if (recipe.compression.name === 'none') return undefined;
  const { parent, startRoot } = work.commitment;
  const zero = startState(recipe, await globalState(states, parent));
  if ((await model.rootOf(zero)) === startRoot) return { payload: createState(payloadLayout(recipe)), of: undefined };
  const before = await works.before(work);
  if (before === undefined) throw unavailable(startRoot);
  return { payload: await claimedPayload(means, before.work, signal), of: before.work };
}

/** What the payload of a round must be, from the state in which it ended. @throws STATE_UNAVAILABLE (retryable) */
export async function payloadAfter(means: PayloadMeans, work: Work, end: State, signal: AbortSignal): Promise<State> {
  const { recipe, executor } = means.model;
  const start = await globalState(means.states, work.commitment.parent);
  const before = await payloadBefore(means, work, signal);
  return pseudoGradient(recipe, start, parametersState(recipe, end), executor, before?.payload);
}

/** What a member has published, or what its round gives: a payload that is withheld can be rebuilt. */
export async function publishedPayload(means: PayloadMeans, work: Work, signal: AbortSignal): Promise<Published> {
  const served = await means.library.published(work.round, work.commitment);
  return served ?? publishedOf(means.model, await rebuilt(means, work, signal));
}

async function claimedPayload(means: PayloadMeans, work: Work, signal: AbortSignal): Promise<State> {
  return (await means.library.payload(work.round, work.commitment)) ?? rebuilt(means, work, signal);
}

/** @throws STATE_UNAVAILABLE (retryable) when the rules give another payload than the claimed one */
async function rebuilt(means: PayloadMeans, work: Work, signal: AbortSignal): Promise<State> {
  const { model, library, replay } = means;
  const { payloadRoot } = work.commitment;
  const end = await replay.endOf(work, signal);
  const payload = await payloadAfter(means, work, end, signal);
  const published = await publishedOf(model, payload);
  const root = payloadRootOf(model.recipe, published, await model.rootOf(published.payload));
  if (root !== payloadRoot) throw unavailable(payloadRoot);
  await library.keepPayload(work.round, payloadRoot, payload);
  return payload;
}
