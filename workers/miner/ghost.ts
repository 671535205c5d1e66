import { createState } from '../../engine/graph/state.ts';
import { payloadLayout } from '../../engine/programs.ts';
import { parametersState, pseudoGradient, startState } from '../../engine/training.ts';
import { stepsIn, takeSteps } from '../lib/steps.ts';
import type { Work } from './round-files.ts';
import { globalState, type TrainingOptions } from './training.ts';

export type GhostOptions = Pick<TrainingOptions, 'model' | 'dataset' | 'trainer' | 'states' | 'pace' | 'look' | 'log'>;

/**
 * Plays a round as one who serves in it would, without keeping or committing anything, as long as it is open: the state is
 * fetched, the programs are compiled, and the pace is known when the first round of one's own begins.
 * @throws FAULT when a value stops being finite; STATE_UNAVAILABLE (retryable)
 */
export async function playGhostRound(options: GhostOptions, work: Work, signal: AbortSignal): Promise<void> {
  const { model, pace, log } = options;
  const { recipe, executor } = model;
  const { round, seed, owner: participant, parent } = work;
  log.info({ event: 'ghost', round, parent }, 'playing a round without committing, to be warm in the next');
  const before = await globalState(options, parent);
  let state = startState(recipe, before);
  let step = 0;
  const started = performance.now();
  let warm = started;
  while (step < recipe.round.steps && (await options.look(round))?.isOpen === true) {
    state = await takeSteps({ recipe, ...options }, state, { seed, participant, first: step, end: step + 1 }, signal);
    step += 1;
    if (step === 1) warm = performance.now();
  }
  const seconds = step > 1 ? ((performance.now() - warm) / 1_000 / (step - 1)) * stepsIn(recipe, 1) : undefined;
  if (seconds !== undefined) pace.note(seconds);
  const payload = createState(payloadLayout(recipe));
  await model.rootOf(await pseudoGradient(recipe, before, parametersState(recipe, state), executor, payload));
  const fields = { round, steps: step, segmentSeconds: seconds, ms: Math.round(performance.now() - started) };
  log.info({ event: 'ghostPlayed', ...fields }, 'ready for a round of its own');
}
