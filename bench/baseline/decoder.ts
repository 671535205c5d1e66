import { rotaryTables } from '../../engine/nn/tables.ts';
import type { Recipe } from '../../engine/recipe.ts';
import type { Tape, Tensor } from './tape.ts';

/** y = x W^T with W[out, in]. */
function linear(tape: Tape, x: Tensor, w: Tensor): Tensor {
  return tape.record(tape.matmul(x, tape.transposeLast(w)), (g) => {
    tape.accumulate(x, tape.matmul(g, w));
    tape.accumulate(w, tape.matmul(tape.transposeLast(g), x));
  });
}

export function rmsNorm(tape: Tape, x: Tensor): Tensor {
  const n = x.shape.at(-1)!;
  const mean = tape.mul(tape.sumLast(tape.mul(x, x)), 1 / n);
  const rate = tape.div({ ...tape.scalar(1), shape: mean.shape }, tape.unary('Sqrt', tape.add(mean, 1e-12)));
  const y = tape.mul(x, rate);
  return tape.record(y, (g) => {
    const dot = tape.mul(tape.sumLast(tape.mul(g, y)), 1 / n);
    tape.accumulate(x, tape.mul(tape.sub(g, tape.mul(y, dot)), rate));
  });
}

/** [rows, context, heads, width] turned by position; backward by the opposite angle. */
function rotary(tape: Tape, x: Tensor): Tensor {
  const [, context = 0, , width = 0] = x.shape;
  const half = width / 2;
  const { cosine, sine } = rotaryTables(context, half);
  const c = tape.constant([context, 1, half], cosine);
  const s = tape.constant([context, 1, half], sine);
  const turn = (v: Tensor, back: boolean) => {
    const [a, b] = [tape.slice(v, 3, 0, half), tape.slice(v, 3, half, half)];
    const [first, second] = back ? (['add', 'sub'] as const) : (['sub', 'add'] as const);
    return tape.concat([tape[first](tape.mul(a, c), tape.mul(b, s)), tape[second](tape.mul(b, c), tape.mul(a, s))], 3);
  };
  return tape.record(turn(x, false), (g) => tape.accumulate(x, turn(g, true)));
}

/** A view with another shape or order of axes, differentiable. */
function view(tape: Tape, x: Tensor, forward: (x: Tensor) => Tensor, backward: (g: Tensor) => Tensor): Tensor {
  return tape.record(forward(x), (g) => tape.accumulate(x, backward(g)));
}

function attention(tape: Tape, { model }: Recipe, qkv: readonly Tensor[], rows: number): Tensor {
  const { context, heads, width } = model;
  const headWidth = width / heads;
  const split = (x: Tensor) =>
    view(
      tape,
      x,
      (v) => tape.reshape(v, [rows, context, heads, headWidth]),
      (g) => tape.reshape(g, x.shape),
    );
  const order = (x: Tensor) =>
    view(
      tape,
      x,
      (v) => tape.transpose(v, [0, 2, 1, 3]),
      (g) => tape.transpose(g, [0, 2, 1, 3]),
    );
  const [q, k] = qkv.slice(0, 2).map((x) => order(rotary(tape, rmsNorm(tape, split(x))))) as [Tensor, Tensor];
  const v = order(split(qkv[2]!));
  const mask = Float32Array.from({ length: context ** 2 }, (_, i) =>
    i % context > Math.floor(i / context) ? -1e4 : 0,
  );
  const scale = 1 / Math.sqrt(headWidth);
  const scores = tape.mul(tape.matmul(q, tape.transposeLast(k)), scale);
  const p = tape.node('Softmax', [tape.add(scores, tape.constant([context, context], mask))], scores.shape, {
    axis: -1,
  });
  const o = tape.record(tape.matmul(p, v), (g) => {
    const dp = tape.matmul(g, tape.transposeLast(v));
    tape.accumulate(v, tape.matmul(tape.transposeLast(p), g));
    const mean = tape.sumLast(tape.mul(g, o));
    const ds = tape.mul(tape.mul(p, tape.sub(dp, mean)), scale);
    tape.accumulate(q, tape.matmul(ds, k));
    tape.accumulate(k, tape.matmul(tape.transposeLast(ds), q));
  });
  const merged = order(o);
  const flat = [rows * context, width];
  return view(
    tape,
    merged,
    (x) => tape.reshape(x, flat),
    (g) => tape.reshape(g, merged.shape),
  );
}

function squaredRelu(tape: Tape, u: Tensor): Tensor {
  const r = tape.unary('Relu', u);
  return tape.record(tape.mul(r, r), (g) => tape.accumulate(u, tape.mul(g, tape.mul(r, 2))));
}

function sum(tape: Tape, a: Tensor, b: Tensor): Tensor {
  return tape.record(tape.add(a, b), (g) => {
    tape.accumulate(a, g);
    tape.accumulate(b, g);
  });
}

function embedding(tape: Tape, table: Tensor, tokens: Tensor): Tensor {
  const [vocabulary = 0, width = 0] = table.shape;
  return tape.record(tape.node('Gather', [table, tokens], [...tokens.shape, width], { axis: 0 }), (g) => {
    const hot = oneHot(tape, tokens, vocabulary);
    tape.accumulate(table, tape.matmul(tape.transposeLast(hot), g));
  });
}

export function oneHot(tape: Tape, index: Tensor, n: number): Tensor {
  const values = tape.constant([2], Float32Array.of(0, 1));
  return tape.node('OneHot', [index, tape.emitter.scalar('i32', n), values], [...index.shape, n], { axis: -1 });
}

/** The forward definition of `engine/nn/decoder.ts` in plain fp32, with the columns of qkv in their natural order. */
export function decoder(
  tape: Tape,
  recipe: Recipe,
  tokens: Tensor,
  rows: number,
  parameter: (name: string) => Tensor,
): Tensor {
  const { model } = recipe;
  let x = embedding(tape, parameter('embedding'), tokens);
  for (let block = 0; block < model.depth; block++) {
    const weight = (name: string) => parameter(`block${block}.${name}`);
    const qkv = linear(tape, rmsNorm(tape, x), weight('qkv'));
    x = sum(tape, x, linear(tape, attention(tape, recipe, tape.split(qkv, 3), rows), weight('out')));
    const hidden = squaredRelu(tape, linear(tape, rmsNorm(tape, x), weight('up')));
    x = sum(tape, x, linear(tape, hidden, weight('down')));
  }
  return linear(tape, rmsNorm(tape, x), parameter('head'));
}
