import type { GraphBuilder, Value } from '../graph/builder.ts';
import { normalise, normaliseGradient } from './norm.ts';
import {
  coarse,
  contract,
  joinedProducts,
  rearranged,
  rowSum,
  slice,
  sliceUnder,
  slicedMatmul,
  type SliceCount,
  type Sliced,
} from './sliced.ts';
import { softmax, TABLE_UNITS } from './softmax.ts';
import { rotaryTables } from './tables.ts';

export type AttentionShape = {
  readonly rows: number;
  /** Successive tokens of each row. */
  readonly context: number;
  readonly width: number;
  readonly heads: number;
};

export type AttentionSlices = {
  /** Queries and keys. */
  readonly scores: SliceCount;
  readonly probabilities: SliceCount;
  readonly values: SliceCount;
  /** Of the gradients of the output and of the scores. */
  readonly gradients: SliceCount;
};

/** Scale of a normalised and rotated query or key: elements rarely pass 8. */
const NORMALISED_SCALE = 2 ** -4;
/** Scale of a value: clamped at 16, some 16 deviations of an untrained model. */
const VALUE_SCALE = 2 ** -3;
/** Scale of probabilities: a probability of one is held as 1 - 2^-14. */
const PROBABILITY_SCALE = 2 ** -7;
const MASKED = -(2 ** 20);

/** What a sequence of each row has been before, and where it goes on. */
export type Before = {
  /** Position of each token in its sequence, u32 [rows, context]: successive ones. Those before the first are cached. */
  readonly positions: Value;
  /** By slice, i8 [rows, heads, head width, length]; whatever lies at later positions is not read. */
  readonly keys: readonly Value[];
  /** By slice, i8 [rows, heads, length, head width]. */
  readonly values: readonly Value[];
};

/** Attention over what was cached and what came now; keys and values of the latter, i8 [rows, heads, context, head width]. */
export type Extended = { readonly o: Value; readonly keys: readonly Value[]; readonly values: readonly Value[] };

/** Columns of qkv with both halves of each query and key beside each other, by their places in the order of the weights. */
export function byHead({ width, heads }: Pick<AttentionShape, 'width' | 'heads'>): Uint32Array<ArrayBuffer> {
  const half = width / heads / 2;
  return Uint32Array.from({ length: 3 * width }, (_, column) => {
    if (column >= 2 * width) return column;
    const isFirst = column % (2 * half) < half;
    return (isFirst ? 0 : width) + Math.floor(column / (2 * half)) * half + (column % half);
  });
}

type Half = { readonly x1: Value; readonly x2: Value };

/**
 * Causal attention with normalised queries and keys and rotary positions: qkv[M, 3 width] -> [M, width].
 *
 * Columns of qkv: first halves of all queries, first halves of all keys, second halves of both in the same order, values.
 * Nothing depends on another sequence, nor on a later token: scales are fixed or a row's own.
 */
export class Attention {
  readonly #graph: GraphBuilder;
  readonly #shape: AttentionShape;
  readonly #slices: AttentionSlices;

  constructor(graph: GraphBuilder, shape: AttentionShape, slices: AttentionSlices) {
    this.#graph = graph;
    this.#shape = shape;
    this.#slices = slices;
  }

  apply(qkv: Value): Value {
    const graph = this.#graph;
    const { context } = this.#shape;
    const { q, k, v, halves, normalised } = this.#project(qkv, () => this.#tables(context, false));
    const p = softmax(graph, graph.add(slicedMatmul(graph, q, k, this.#scoreFactor().power), this.#mask()));
    const cut = sliceUnder(graph, p, graph.scalar(PROBABILITY_SCALE), this.#slices.probabilities);
    const swapped = rearranged(v, (x) => graph.transposeLast(x));
    const o = this.#merge(slicedMatmul(graph, cut, swapped));
    return graph.differentiable(o, {
      inputs: [qkv],
      gradients: (g) => {
        const { dq, dk, dv } = this.#productGradients({ q, k, v, p, cut, o }, g);
        const turned = this.#rotate(this.#joinGradients(dq, dk), this.#tables(context, true), -1);
        const [d1, d2] = normaliseGradient(graph, normalised, [turned.x1, turned.x2]) as [Value, Value];
        const flat = [d1, d2].map((d) => graph.reshape(d, halves.x1.shape)) as [Value, Value];
        return [graph.concat(graph.concat(flat[0], flat[1], 1), this.#merge(dv), 1)];
      },
    });
  }

  /**
   * The same for rows that go on from cached keys and values: sums of integers do not mind where their parts lie.
   * @param qkv its columns of queries and keys in the order `byHead`
   */
  extend(qkv: Value, { positions, keys, values }: Before): Extended {
    const graph = this.#graph;
    const { rows, context, heads, width } = this.#shape;
    const length = keys[0]!.shape.at(-1)!;
    const turned = this.#turned(this.#columns(qkv, 0, 2 * width), positions, length);
    const cutOf = (x: Value) => sliceUnder(graph, x, graph.scalar(NORMALISED_SCALE), this.#slices.scores);
    const [q, k] = [0, heads].map((start) => cutOf(graph.slice(turned, 1, start, heads))) as [Sliced, Sliced];
    const v = this.#values(this.#columns(qkv, 2 * width, width));
    const swap = (x: Value) => graph.transposeLast(x);
    const { power } = this.#scoreFactor();
    const first = graph.reshape(graph.slice(positions, 1, 0, 1), [rows]);
    const isBefore = graph.reshape(graph.gather(this.#beforeMask(length), first), [rows, 1, 1, length]);
    const cached = graph.add(slicedMatmul(graph, q, { slices: keys.map(swap), scale: k.scale }, power), isBefore);
    const among = slicedMatmul(graph, q, k, power);
    const own = context === 1 ? among : graph.add(among, this.#mask());
    const p = softmax(graph, graph.concat(cached, own, 3));
    const o = this.#weighted(p, { slices: values.map(swap), scale: v.scale }, rearranged(v, swap));
    return { o: this.#merge(o), keys: k.slices, values: v.slices };
  }

  /** Values under probabilities p, of those before and those that came: all slices of p in one product, as rows of it. */
  #weighted(p: Value, before: Sliced, own: Sliced): Value {
    const graph = this.#graph;
    const { context } = this.#shape;
    const cut = sliceUnder(graph, p, graph.scalar(PROBABILITY_SCALE), this.#slices.probabilities);
    const rows = cut.slices.reduce((a, b) => graph.concat(a, b, 2));
    const length = before.slices[0]!.shape.at(-1)!;
    const part = (start: number, count: number) => graph.slice(rows, 3, start, count);
    const [p0, p1] = [part(0, length), part(length, context)];
    const products = before.slices.map((slice, i) =>
      graph.fromI32(graph.addI32(contract(graph, p0, slice), contract(graph, p1, own.slices[i]!))),
    );
    return joinedProducts(graph, cut, before, (i, j) => graph.slice(products[j]!, 2, i * context, context));
  }

  /** Normalised and rotated queries and keys [rows, 2 heads, context, head width], from columns in the order `byHead`. */
  #turned(x: Value, positions: Value, length: number): Value {
    const graph = this.#graph;
    const { rows, context, heads, width } = this.#shape;
    const half = width / heads / 2;
    const perHead = (y: Value) => graph.transpose(graph.reshape(y, [rows, context, 2 * heads, 2 * half]), [0, 2, 1, 3]);
    const [y] = normalise(graph, [perHead(x)], 2).outputs as [Value];
    const swapped = graph.concat(graph.slice(y, 3, half, half), graph.slice(y, 3, 0, half), 3);
    const [own, other] = this.#tablesByHead(length).map((table) => perHead(graph.gather(table, positions))) as [
      Value,
      Value,
    ];
    return graph.add(graph.mul(y, own), graph.mul(swapped, other));
  }

  /** Rotary tables [length, 2 width] in the order `byHead`: by what an element is multiplied, and by what its other half. */
  #tablesByHead(length: number): readonly [Value, Value] {
    const { width, heads } = this.#shape;
    const half = width / heads / 2;
    const { cosine, sine } = rotaryTables(length, half);
    const { ratio } = this.#scoreFactor();
    const spread = (table: Float32Array, sign: 1 | -1) => {
      const data = Float32Array.from({ length: length * 2 * width }, (_, index) => {
        const column = index % (2 * width);
        const natural = table[Math.floor(index / (2 * width)) * half + (column % half)]!;
        return natural * (column < width ? ratio : 1) * (column % (2 * half) < half ? sign : 1);
      });
      return this.#graph.constant('f32', [length, 2 * width], data);
    };
    return [spread(cosine, 1), spread(sine, -1)];
  }

  /** Queries, keys and values of every head, under fixed scales. */
  #project(qkv: Value, tables: () => { cosine: Value; sine: Value }) {
    const { width } = this.#shape;
    const halves = { x1: this.#columns(qkv, 0, width), x2: this.#columns(qkv, width, width) };
    const normalised = normalise(this.#graph, [this.#perHead(halves.x1), this.#perHead(halves.x2)]);
    const [x1, x2] = normalised.outputs as [Value, Value];
    const [q, k] = this.#queriesAndKeys(this.#rotate({ x1, x2 }, tables(), 1));
    return { q, k, v: this.#values(this.#columns(qkv, 2 * width, width)), halves, normalised };
  }

  /**
   * Scores come in the softmax's table units: log2(e) GRID / sqrt(head width) = ratio 2^power with ratio in [0.5, 1). The
   * ratio is folded into the rotary tables of the queries, the power of two into the scale of the product.
   */
  #scoreFactor(): { ratio: number; power: number } {
    const { width, heads } = this.#shape;
    const factor = TABLE_UNITS / Math.sqrt(width / heads);
    const power = 2 ** Math.ceil(Math.log2(factor));
    return { ratio: factor / power, power };
  }

  #columns(x: Value, start: number, length: number): Value {
    return this.#graph.slice(x, 1, start, length);
  }

  /** [M, width] of queries and keys -> [rows, context, 2 heads, half]. */
  #perHead(x: Value): Value {
    const { rows, context, heads, width } = this.#shape;
    return this.#graph.reshape(x, [rows, context, 2 * heads, width / heads / 2]);
  }

  /**
   * Rotary tables over the columns of queries and keys, [length, width] each. Backward they carry the factor between the
   * gradient of a natural score and of one in table units, 1 / TABLE_UNITS.
   */
  #tables(length: number, backward: boolean): { cosine: Value; sine: Value } {
    const { width, heads } = this.#shape;
    const half = width / heads / 2;
    const { cosine, sine } = rotaryTables(length, half);
    const { ratio } = this.#scoreFactor();
    const spread = (table: Float32Array) =>
      this.#graph.constant(
        'f32',
        [length, width],
        Float32Array.from({ length: length * width }, (_, index) => {
          const column = index % width;
          const isQuery = column < width / 2;
          const natural = table[Math.floor(index / width) * half + (column % half)]!;
          return natural * (isQuery ? ratio : 1) * (backward ? this.#scoreFactor().power / TABLE_UNITS : 1);
        }),
      );
    return { cosine: spread(cosine), sine: spread(sine) };
  }

  /** Turns each pair (x1, x2) by its angle; by the opposite angle with `direction` -1. */
  #rotate({ x1, x2 }: Half, { cosine, sine }: { cosine: Value; sine: Value }, direction: 1 | -1): Half {
    const graph = this.#graph;
    const { rows, context, width } = this.#shape;
    const wide = (x: Value) => graph.reshape(x, [rows, context, width]);
    const [a, b] = [wide(x1), wide(x2)];
    const [ac, bs, bc, as] = [graph.mul(a, cosine), graph.mul(b, sine), graph.mul(b, cosine), graph.mul(a, sine)];
    const turned = direction === 1 ? [graph.sub(ac, bs), graph.add(bc, as)] : [graph.add(ac, bs), graph.sub(bc, as)];
    const back = (x: Value) => graph.reshape(x, x1.shape);
    return { x1: back(turned[0]!), x2: back(turned[1]!) };
  }

  /** Quantises both halves, joins them, and separates queries from keys: [rows, heads, context, head width] each. */
  #queriesAndKeys({ x1, x2 }: Half): [Sliced, Sliced] {
    const graph = this.#graph;
    const { heads } = this.#shape;
    const scale = graph.scalar(NORMALISED_SCALE);
    const [s1, s2] = [x1, x2].map((x) => sliceUnder(graph, x, scale, this.#slices.scores)) as [Sliced, Sliced];
    const pick = (start: number): Sliced => ({
      scale,
      slices: s1.slices.map((q1, i) => {
        const parts = [q1, s2.slices[i]!].map((q) => graph.slice(q, 2, start, heads)) as [Value, Value];
        return graph.transpose(graph.concat(parts[0], parts[1], 3), [0, 2, 1, 3]);
      }),
    });
    return [pick(0), pick(heads)];
  }

  #values(x: Value): Sliced {
    const cut = sliceUnder(this.#graph, x, this.#graph.scalar(VALUE_SCALE), this.#slices.values);
    return rearranged(cut, (q) => this.#split(q));
  }

  /** [M, width] -> [rows, heads, context, head width]. */
  #split(x: Value): Value {
    const { rows, context, heads, width } = this.#shape;
    return this.#graph.transpose(this.#graph.reshape(x, [rows, context, heads, width / heads]), [0, 2, 1, 3]);
  }

  /** [rows, heads, context, head width] -> [M, width]. */
  #merge(x: Value): Value {
    const { rows, context, width } = this.#shape;
    return this.#graph.reshape(this.#graph.transpose(x, [0, 2, 1, 3]), [rows * context, width]);
  }

  #mask(): Value {
    const { context } = this.#shape;
    const later = (index: number) => index % context > Math.floor(index / context);
    const data = Float32Array.from({ length: context * context }, (_, index) => (later(index) ? MASKED : 0));
    return this.#graph.constant('f32', [context, context], data);
  }

  /** Row n leaves the first n of `length` positions. */
  #beforeMask(length: number): Value {
    const data = Float32Array.from({ length: length * length }, (_, i) =>
      i % length < Math.floor(i / length) ? 0 : MASKED,
    );
    return this.#graph.constant('f32', [length, length], data);
  }

  /** Gradients of queries, keys (in units of their rotated tables) and values, from the gradient g[M, width] of o. */
  #productGradients(
    { q, k, v, p, cut, o }: { q: Sliced; k: Sliced; v: Sliced; p: Value; cut: Sliced; o: Value },
    g: Value,
  ): { dq: Value; dk: Value; dv: Value } {
    const graph = this.#graph;
    const { rows, context, heads, width } = this.#shape;
    const swap = (x: Value) => graph.transposeLast(x);
    const sliced = rearranged(slice(graph, g, this.#slices.gradients), (x) => this.#split(x));
    const dv = slicedMatmul(graph, rearranged(coarse(cut), swap), rearranged(sliced, swap));
    const dp = slicedMatmul(graph, sliced, coarse(v));
    // sum_j p_ij dp_ij = sum_c do_ic o_ic: over the head's width instead of over the context.
    const perHead = graph.reshape(graph.mul(g, o), [rows, context, heads, width / heads]);
    const mean = graph.transpose(rowSum(graph, perHead), [0, 2, 1, 3]);
    const ds = slice(graph, graph.mul(graph.sub(dp, mean), p), this.#slices.gradients);
    const dq = slicedMatmul(graph, ds, rearranged(coarse(k), swap));
    const dk = slicedMatmul(graph, rearranged(ds, swap), rearranged(coarse(q), swap));
    return { dq, dk, dv };
  }

  /** Gradients of queries and keys back in the layout of `#perHead`, in halves. */
  #joinGradients(dq: Value, dk: Value): Half {
    const graph = this.#graph;
    const joined = graph.transpose(graph.concat(dq, dk, 1), [0, 2, 1, 3]);
    const half = joined.shape.at(-1)! / 2;
    return { x1: graph.slice(joined, 3, 0, half), x2: graph.slice(joined, 3, half, half) };
  }
}
