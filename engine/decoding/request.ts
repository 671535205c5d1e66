import { createHash } from 'node:crypto';
import type { Hash } from '../commit/hash.ts';
import { SwarmlockError } from '../errors.ts';
import { createState, type State } from '../graph/state.ts';
import { DRAW_BITS } from '../nn/sampling.ts';
import type { Recipe } from '../recipe.ts';
import { continuationRequestLayout } from './programs.ts';

/** How the tokens of a sequence are chosen. */
export type SamplingOptions = {
  /** 0 takes the likeliest token, 1 samples from the model's distribution; at most `MOST_TEMPERATURE`. */
  readonly temperature: number;
  /** Only the likeliest tokens that together have this part are sampled. */
  readonly topP: number;
  /** Committed to before the first token. */
  readonly seed: Hash;
};

const MOST_TEMPERATURE = 100;

/**
 * The number in [0, 2^24) by which the token at a position is drawn: the first bits of
 * SHA-256("swarmlock/draw" || seed || u32 position), so that a contract can compute it.
 */
export function drawAt(seed: Hash, position: number): number {
  const at = Buffer.alloc(4);
  at.writeUInt32BE(position);
  const hash = createHash('sha256')
    .update('swarmlock/draw')
    .update(Buffer.from(seed.slice(2), 'hex'))
    .update(at);
  return hash.digest().readUInt32BE(0) >>> (32 - DRAW_BITS);
}

/** What `continuationProgram` is asked for the token after a sequence. @throws PROMPT_LENGTH, PROMPT_TOKEN, SAMPLING_INVALID */
export function continuationRequest(recipe: Recipe, tokens: readonly number[], sampling: SamplingOptions): State {
  requirePrompt(tokens, recipe);
  requireSampling(sampling);
  const request = createState(continuationRequestLayout(recipe));
  request.tensors.get('tokens')!.set(tokens);
  const set = (name: string, value: number) => request.tensors.get(name)!.fill(value);
  set('last', tokens.length - 1);
  set('temperature', sampling.temperature);
  set('topP', sampling.topP);
  set('draw', drawAt(sampling.seed, tokens.length));
  return request;
}

/** @throws PROMPT_LENGTH, PROMPT_TOKEN */
export function requirePrompt(prompt: readonly number[], { model: { context, vocabulary } }: Recipe): void {
  if (prompt.length < 1 || prompt.length > context) {
    throw new SwarmlockError(`a prompt of ${prompt.length} tokens is not 1 to ${context} long`, {
      code: 'PROMPT_LENGTH',
      argument: 'prompt',
    });
  }
  if (!prompt.every((token) => Number.isInteger(token) && token >= 0 && token < vocabulary)) {
    throw new SwarmlockError(`a token is not in [0, ${vocabulary})`, { code: 'PROMPT_TOKEN', argument: 'prompt' });
  }
}

/** The last token of a sequence is never read, so that it may have one more than the context. @throws SEQUENCE_LENGTH */
export function requireMost(most: number, prompt: readonly number[], { model: { context } }: Recipe): void {
  if (Number.isInteger(most) && most > prompt.length && most <= context + 1) return;
  throw new SwarmlockError(
    `a sequence of ${prompt.length} tokens cannot come to ${most}, nor any to more than ${context + 1}`,
    {
      code: 'SEQUENCE_LENGTH',
      argument: 'most',
    },
  );
}

/** @throws SAMPLING_INVALID */
export function requireSampling({ temperature, topP }: SamplingOptions): void {
  requireWithin('temperature', temperature, MOST_TEMPERATURE);
  requireWithin('topP', topP, 1);
}

function requireWithin(argument: string, value: number, most: number): void {
  if (value >= 0 && value <= most) return;
  throw new SwarmlockError(`${argument} ${value} is not in [0, ${most}]`, { code: 'SAMPLING_INVALID', argument });
}
