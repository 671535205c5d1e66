import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { requireRoom, type DecoderOptions } from '../../engine/decoding/decoder.ts';
import { requireMost, requirePrompt, requireSampling, type SamplingOptions } from '../../engine/decoding/request.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Recipe } from '../../engine/recipe.ts';
import type { TokenSource } from './scheduler.ts';

/** What the thread loads. */
export type Loading = { readonly recipe: Recipe; readonly weights: State; readonly options: DecoderOptions };

/** What the thread is asked. Sequences are numbered from the first on: a slot has many of them. */
export type Asked =
  | {
      readonly what: 'open';
      readonly sequence: number;
      readonly prompt: readonly number[];
      readonly sampling: SamplingOptions;
      readonly most: number;
    }
  | { readonly what: 'release'; readonly sequence: number }
  | { readonly what: 'step' | 'close' };

/** What the thread says: once it is loaded, and after each step. */
export type Told =
  | { readonly what: 'ready' }
  | { readonly what: 'tokens'; readonly tokens: readonly { readonly sequence: number; readonly token: number }[] }
  | { readonly what: 'failed'; readonly message: string; readonly code: string };

/**
 * A decoder in a thread of its own: ONNX Runtime computes where it is called, and while it does requests are
 * read and answers written here. The thread is asked for a step ahead, so that it need not wait while its tokens are taken.
 * What happens to the thread rejects the step that is under way, or a later one.
 */
export async function startDecoderThread(
  recipe: Recipe,
  weights: State,
  options: DecoderOptions,
): Promise<TokenSource> {
  const workerData: Loading = { recipe, weights, options };
  const execArgv = ['--disable-warning=ExperimentalWarning'];
  const worker = new Worker(new URL('./decoder-worker.ts', import.meta.url), { workerData, execArgv });
  await once(worker, 'message');
  const ask = (what: Asked) => worker.postMessage(what);
  const sequences: (number | undefined)[] = Array.from({ length: options.slots });
  /** Steps that the thread was asked for, in order, and what it says to all when it is no more. */
  const asked: PromiseWithResolvers<Told>[] = [];
  let end: Told | undefined;
  const stop = (message: string) => {
    end = { what: 'failed', message, code: 'DECODER_STOPPED' };
    for (const step of asked.splice(0)) step.resolve(end);
  };
  const ended = once(worker, 'exit').then(
    () => stop('The thread that decodes has stopped'),
    ({ message }: Error) => stop(message),
  );
  worker.on('message', (told: Told) => asked.shift()?.resolve(told));
  const askForStep = async (): Promise<Told> => {
    if (end !== undefined) return end;
    const step = Promise.withResolvers<Told>();
    asked.push(step);
    ask({ what: 'step' });
    return step.promise;
  };
  let ahead: Promise<Told> | undefined;
  let opened = 0;
  return {
    open(prompt, sampling, most = recipe.model.context + 1) {
      const slot = sequences.indexOf(undefined);
      requireRoom(slot >= 0, options.slots);
      requirePrompt(prompt, recipe);
      requireMost(most, prompt, recipe);
      requireSampling(sampling);
      sequences[slot] = opened;
      ask({ what: 'open', sequence: opened++, prompt, sampling, most });
      return slot;
    },
    async step() {
      const next = ahead ?? askForStep();
      ahead = askForStep();
      const told = await next;
      if (told.what === 'failed') throw new SwarmlockError(told.message, { code: told.code });
      const tokens = told.what === 'tokens' ? told.tokens : [];
      return tokens.flatMap(({ sequence, token }) => {
        const slot = sequences.indexOf(sequence);
        return slot < 0 ? [] : [{ slot, token }];
      });
    },
    release(slot) {
      const sequence = sequences[slot];
      if (sequence !== undefined) ask({ what: 'release', sequence });
      sequences[slot] = undefined;
    },
    async close() {
      ask({ what: 'close' });
      await ended;
    },
  };
}
