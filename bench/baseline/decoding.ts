import ort from 'onnxruntime-node';
import { rotaryTables } from '../../engine/nn/tables.ts';
import { encodeModel, type OnnxValue } from '../../engine/onnx/proto.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { rmsNorm } from './decoder.ts';
import { Tape, type Tensor } from './tape.ts';
import { fp32State } from './training.ts';

/** Decodes greedily in plain fp32, one token of every row in each step. */
export type Fp32Decoder = {
  /** The token after each of `tokens`, all of which are at `position`; keys and values are kept. */
  step(tokens: readonly number[], position: number): Promise<number[]>;
  close(): Promise<void>;
};

/**
 * The same model in the same runtime with its full graph optimisation: weights are constants, as in the exact decoder, and
 * keys and values lie in memory, of which nothing but the new ones is copied.
 */
export async function createFp32Decoder(
  recipe: Recipe,
  parameters: ReadonlyMap<string, ArrayLike<number>>,
  rows: number,
  threads = 0,
): Promise<Fp32Decoder> {
  const { model } = recipe;
  const graph = stepGraph(recipe, parameters, rows);
  const session = await ort.InferenceSession.create(graph.bytes, {
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  });
  const caches = new Map(
    graph.caches.map(({ name, shape }) => [
      name,
      new ort.Tensor('float32', new Float32Array(shape.reduce((a, b) => a * b)), shape),
    ]),
  );
  return {
    async step(tokens, position) {
      const int32 = (values: readonly number[]) => new ort.Tensor('int32', Int32Array.from(values), [rows]);
      const positions = int32(tokens.map(() => position));
      const results = await session.run({ tokens: int32(tokens), positions, ...Object.fromEntries(caches) });
      for (const [name, from] of graph.kept) {
        const [into, source] = [caches.get(name)!.data as Float32Array, results[from]!.data as Float32Array];
        put(model, into, source, rows * model.heads, position, name.startsWith('keys'));
      }
      const logits = results[graph.logits]!.data as Float32Array;
      return tokens.map((_, row) => likeliest(logits.subarray(row * model.vocabulary, (row + 1) * model.vocabulary)));
    },
    close: () => session.release(),
  };
}

function put(
  { width, heads, context }: Recipe['model'],
  into: Float32Array,
  source: Float32Array,
  count: number,
  position: number,
  isKey: boolean,
): void {
  const headWidth = width / heads;
  for (let head = 0; head < count; head++) {
    const row = source.subarray(head * headWidth, (head + 1) * headWidth);
    if (isKey) for (let d = 0; d < headWidth; d++) into[(head * headWidth + d) * context + position] = row[d]!;
    else into.set(row, (head * context + position) * headWidth);
  }
}

function likeliest(logits: Float32Array): number {
  let best = 0;
  for (let i = 1; i < logits.length; i++) if (logits[i]! > logits[best]!) best = i;
  return best;
}

function stepGraph(recipe: Recipe, parameters: ReadonlyMap<string, ArrayLike<number>>, rows: number) {
  const { depth, width, heads, context, vocabulary } = recipe.model;
  const headWidth = width / heads;
  const tape = new Tape();
  const weights = fp32State(recipe, parameters);
  const inputs: OnnxValue[] = [];
  const input = (name: string, dtype: 'f32' | 'i32', shape: readonly number[]): Tensor => {
    inputs.push({ name, dtype, shape });
    return { name, shape };
  };
  const tokens = input('tokens', 'i32', [rows]);
  const positions = input('positions', 'i32', [rows]);
  const linear = (x: Tensor, name: string) => tape.matmul(x, swapped(tape, weights.get(name)!));
  const half = headWidth / 2;
  const tables = rotaryTables(context, half);
  const turns = [tables.cosine, tables.sine].map((table) =>
    tape.node('Gather', [tape.constant([context, 1, half], table), positions], [rows, 1, half], { axis: 0 }),
  ) as [Tensor, Tensor];
  const mask = tape.reshape(
    tape.node('Gather', [tape.constant([context, context], maskOf(context)), positions], [rows, context], { axis: 0 }),
    [rows, 1, 1, context],
  );
  const caches: Tensor[] = [];
  const kept: [cache: string, value: Tensor][] = [];
  const attention = (qkv: Tensor, block: number): Tensor => {
    const perHead = (at: number) => tape.reshape(tape.slice(qkv, 1, at * width, width), [rows, heads, headWidth]);
    const [q, k] = [0, 1].map((at) => {
      const turned = turn(tape, rmsNorm(tape, perHead(at)), turns);
      return tape.reshape(turned, [rows, heads, 1, headWidth]);
    }) as [Tensor, Tensor];
    const v = tape.reshape(perHead(2), [rows, heads, 1, headWidth]);
    const keys = input(`keys${block}`, 'f32', [rows, heads, headWidth, context]);
    const values = input(`values${block}`, 'f32', [rows, heads, context, headWidth]);
    caches.push(keys, values);
    kept.push([keys.name, k], [values.name, v]);
    const scaled = tape.mul(q, 1 / Math.sqrt(headWidth));
    const before = tape.add(tape.matmul(scaled, keys), mask);
    const scores = tape.concat([before, tape.matmul(scaled, tape.transposeLast(k))], 3);
    const p = tape.node('Softmax', [scores], scores.shape, { axis: -1 });
    const own = tape.mul(v, tape.slice(p, 3, context, 1));
    const o = tape.add(tape.matmul(tape.slice(p, 3, 0, context), values), own);
    return tape.reshape(o, [rows, width]);
  };
  const table = tape.constant([vocabulary, width], weights.get('embedding')!.data as Float32Array);
  let x = tape.node('Gather', [table, tokens], [rows, width], { axis: 0 });
  for (let block = 0; block < depth; block++) {
    const name = (part: string) => `block${block}.${part}`;
    x = tape.add(x, linear(attention(linear(rmsNorm(tape, x), name('qkv')), block), name('out')));
    const r = tape.unary('Relu', linear(rmsNorm(tape, x), name('up')));
    x = tape.add(x, linear(tape.mul(r, r), name('down')));
  }
  const logits = linear(rmsNorm(tape, x), 'head');
  const outputs = [logits, ...kept.map(([, value]) => value)];
  const bytes = encodeModel({
    ...tape.emitter.reachable(outputs.map(({ name }) => name)),
    inputs,
    outputs: outputs.map(({ name, shape }) => ({ name, shape, dtype: 'f32' as const })),
  });
  return { bytes, caches, kept: kept.map(([cache, { name }]) => [cache, name] as const), logits: logits.name };
}

/** Row n leaves the first n positions. */
function maskOf(context: number): Float32Array {
  return Float32Array.from({ length: context ** 2 }, (_, i) => (i % context < Math.floor(i / context) ? 0 : -1e4));
}

function turn(tape: Tape, x: Tensor, [cosine, sine]: readonly [Tensor, Tensor]): Tensor {
  const half = x.shape.at(-1)! / 2;
  const [a, b] = [tape.slice(x, 2, 0, half), tape.slice(x, 2, half, half)];
  const first = tape.sub(tape.mul(a, cosine), tape.mul(b, sine));
  return tape.concat([first, tape.add(tape.mul(b, cosine), tape.mul(a, sine))], 2);
}

/** A weight [out, in] as a constant [in, out]. */
function swapped(tape: Tape, { dims, data }: ort.Tensor): Tensor {
  const [rows = 0, columns = 0] = dims;
  const turned = new Float32Array(data.length);
  (data as Float32Array).forEach((value, i) => (turned[(i % columns) * rows + Math.floor(i / columns)] = value));
  return tape.constant([columns, rows], turned);
}
