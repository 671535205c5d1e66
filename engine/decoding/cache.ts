import { createState, slotsOf, type State, type Tensors } from '../graph/state.ts';
import { elementCount } from '../graph/types.ts';
import type { Recipe } from '../recipe.ts';
import { cacheLayout, isKeySlot } from './programs.ts';

/** Tokens that an invocation has computed: those of row `source` of its result, of which `count` are wanted. */
export type NewTokens = {
  readonly result: State;
  /** Tokens of each row of the result. */
  readonly length: number;
  readonly source: number;
  readonly count: number;
  /** Of the first of them. */
  readonly position: number;
};

/** Keys and values of sequences, one in each row. */
export type Cache = {
  /** Some successive rows, as a program takes them. */
  view(first: number, rows: number): Tensors;
  /** Puts keys and values of new tokens into a row. */
  keep(row: number, tokens: NewTokens): void;
  /** Copies a row over another. */
  move(from: number, to: number): void;
};

export function createCache(recipe: Recipe, rows: number): Cache {
  const { context, heads, width } = recipe.model;
  const headWidth = width / heads;
  const whole = createState(cacheLayout(recipe, rows));
  const slots = slotsOf(whole.layout).map(({ name }) => {
    // Keys lie [head width, context], values [context, head width].
    const [element, token] = isKeySlot(name) ? [context, 1] : [1, headWidth];
    return { name, element, token, all: whole.tensors.get(name) as Int8Array<ArrayBuffer> };
  });
  const views = new Map<string, Tensors>();
  return {
    view(first, count) {
      const name = `${first} ${count}`;
      const view = views.get(name) ?? part(whole, cacheLayout(recipe, count), first / rows);
      views.set(name, view);
      return view;
    },
    keep(row, { result, length, source, count, position }) {
      for (const { name, element, token, all } of slots) {
        const computed = result.tensors.get(name)!;
        for (let head = 0; head < heads; head++) {
          let at = (source * heads + head) * length * headWidth;
          const start = (row * heads + head) * headWidth * context + position * token;
          for (let i = 0; i < count; i++)
            for (let d = 0; d < headWidth; d++) all[start + i * token + d * element] = computed[at++]!;
        }
      }
    },
    move(from, to) {
      for (const { all } of slots) {
        const size = all.length / rows;
        all.copyWithin(to * size, from * size, (from + 1) * size);
      }
    },
  };
}

/** The tensors of a layout with fewer rows, in the memory of one with all. @param start where they begin, as a part of all */
function part({ tensors }: Tensors, layout: Tensors['layout'], start: number): Tensors {
  const within = slotsOf(layout).map(({ name, shape }) => {
    const all = tensors.get(name)!;
    return [name, all.subarray(start * all.length, start * all.length + elementCount(shape))] as const;
  });
  return { layout, tensors: new Map(within) };
}
