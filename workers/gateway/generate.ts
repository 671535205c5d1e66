import type { SamplingOptions } from '../../engine/decoding/request.ts';
import type { Tokenizer } from '../../engine/data/tokenizer.ts';
import type { GenerationRequest } from './request.ts';
import type { Scheduler, Sequence } from './scheduler.ts';
import { textStream } from './text.ts';

export type GenerationOptions = {
  readonly request: Pick<GenerationRequest, 'prompt' | 'maxTokens' | 'stops'> & { readonly sampling: SamplingOptions };
  readonly tokenizer: Tokenizer;
  /** Gets what each token completes, which may be nothing, and all tokens so far, the prompt's too. */
  onToken(text: string, sequence: readonly number[]): void;
  /** What has to happen before the next token, if anything; when it rejects, no more tokens come. */
  awaited(): Promise<void> | undefined;
  readonly signal: AbortSignal;
};

export type Generated = {
  readonly finish: 'stop' | 'length';
  /** Tokens that were decoded. */
  readonly tokens: number;
  /** The prompt, and behind it what was decoded. */
  readonly sequence: readonly number[];
  /** What is left of the text at the end. */
  readonly rest: string;
};

/** Decodes one completion. @throws QUEUE_FULL, DRAINING, the signal's reason, and what `awaited` rejects with */
export function generate(scheduler: Scheduler, options: GenerationOptions): Promise<Generated> {
  const { request, tokenizer, onToken, awaited, signal } = options;
  const { promise, resolve, reject } = Promise.withResolvers<Generated>();
  const text = textStream(tokenizer, request.stops);
  let tokens = 0;
  const abandon = (error: unknown) => {
    scheduler.cancel(sequence);
    reject(error as Error);
  };
  const onAbort = () => abandon(signal.reason);
  const sequence: Sequence = {
    tokens: [...request.prompt],
    sampling: request.sampling,
    most: request.prompt.length + request.maxTokens,
    take(token) {
      tokens += 1;
      onToken(text.push(token), sequence.tokens);
      if (text.isStopped || tokens === request.maxTokens) {
        const rest = text.end();
        resolve({ finish: text.isStopped ? 'stop' : 'length', tokens, sequence: sequence.tokens, rest });
        return 'done';
      }
      const waiting = awaited();
      if (waiting === undefined) return 'more';
      waiting.then(() => scheduler.resume(sequence), abandon);
      return 'wait';
    },
    fail: reject,
  };
  if (signal.aborted) onAbort();
  else scheduler.submit(sequence);
  signal.addEventListener('abort', onAbort, { once: true });
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}
