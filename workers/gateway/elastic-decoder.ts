import { createDecoder, requireRoom, type Decoder, type DecoderOptions } from '../../engine/decoding/decoder.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Recipe } from '../../engine/recipe.ts';

/** A decoder and the sequences that it has room for. */
export type Sized = { readonly decoder: Decoder; readonly slots: number };

/** Each decoder has so many times the slots of the one before. */
const GROWTH = 4;
/** Steps for which a smaller decoder has to be enough before sequences move to it: each has to be read again. */
const PATIENCE = 16;

type Sequence = { readonly tokens: number[]; readonly sampling: SamplingOptions; inner: number | undefined };

/** A decoder of `slots` that is fast with few sequences, too: an invocation costs the same whether its rows are used or not. */
export async function createElasticDecoder(recipe: Recipe, weights: State, options: DecoderOptions): Promise<Decoder> {
  const sized: Sized[] = [];
  for (let slots = 1; slots < options.slots; slots *= GROWTH) {
    sized.push({ slots, decoder: await createDecoder(recipe, weights, { ...options, slots }) });
  }
  return elastic([...sized, { slots: options.slots, decoder: await createDecoder(recipe, weights, options) }]);
}

/**
 * Decodes in the smallest of some decoders that has room. Sequences move from one to another by being read again, which
 * changes none of their tokens. @param sized with ascending slots
 */
export function elastic(sized: readonly Sized[]): Decoder {
  const largest = sized.at(-1)!;
  const sequences: (Sequence | undefined)[] = Array.from({ length: largest.slots });
  let current = sized[0]!;
  let calm = 0;
  const letGo = (sequence: Sequence) => {
    if (sequence.inner !== undefined) current.decoder.release(sequence.inner);
    sequence.inner = undefined;
  };
  const choose = (open: readonly Sequence[]) => {
    const fitting = sized.find(({ slots }) => slots >= open.length)!;
    calm = fitting.slots < current.slots ? calm + 1 : 0;
    const isRead = open.some(({ inner }) => inner !== undefined);
    if (isRead && fitting.slots <= current.slots && calm < PATIENCE) return;
    calm = 0;
    open.forEach(letGo);
    current = fitting;
  };
  return {
    open(prompt, sampling) {
      const slot = sequences.indexOf(undefined);
      requireRoom(slot >= 0, largest.slots);
      sequences[slot] = { tokens: [...prompt], sampling, inner: undefined };
      return slot;
    },
    async step() {
      const open = sequences.filter((sequence) => sequence !== undefined);
      choose(open);
      for (const sequence of open) sequence.inner ??= current.decoder.open(sequence.tokens, sequence.sampling);
      const slotOf = new Map(sequences.map((sequence, slot) => [sequence?.inner, slot]));
      return (await current.decoder.step()).map(({ slot: inner, token, logits }) => {
        const slot = slotOf.get(inner)!;
        sequences[slot]?.tokens.push(token);
        return { slot, token, logits };
      });
    },
    release(slot) {
      const sequence = sequences[slot];
      if (sequence !== undefined) letGo(sequence);
      sequences[slot] = undefined;
    },
    async close() {
      for (const { decoder } of sized) await decoder.close();
    },
  };
}
