import ort from 'onnxruntime-node';
import { SwarmlockError } from '../../engine/errors.ts';
import { parametersOf } from '../../engine/nn/decoder.ts';
import { encodeModel, type OnnxValue } from '../../engine/onnx/proto.ts';
import { ratesOf, type AdamWOptions } from '../../engine/optim/adamw.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { decoder, oneHot } from './decoder.ts';
import { Tape, type Tensor } from './tape.ts';

export type Fp32State = Map<string, ort.Tensor>;

/** A training step in plain fp32, through the same runtime with its full graph optimisation. */
export type Fp32Trainer = {
  step(state: Fp32State, next: Fp32State, batch: Uint32Array, step: number): Promise<number>;
};

type Graph = { tape: Tape; inputs: OnnxValue[]; outputs: (Tensor & { label: string })[] };

function lossOf(tape: Tape, logits: Tensor, targets: Tensor): { loss: Tensor; gradient: Tensor } {
  const [n = 0, vocabulary = 0] = logits.shape;
  const hot = oneHot(tape, targets, vocabulary);
  const p = tape.node('Softmax', [logits], logits.shape, { axis: -1 });
  const logP = tape.node('LogSoftmax', [logits], logits.shape, { axis: -1 });
  const picked = tape.sumLast(tape.reshape(tape.mul(hot, logP), [1, n * vocabulary]));
  return { loss: tape.reshape(tape.mul(picked, -1 / n), [1]), gradient: tape.mul(tape.sub(p, hot), 1 / n) };
}

/** The options of a recipe's AdamW, the only optimiser of the baseline. @throws OPTIMIZER_UNKNOWN */
function adamWOf({ optimizer }: Recipe): AdamWOptions {
  if (optimizer.name === 'adamw') return optimizer;
  throw new SwarmlockError(`plain fp32 does not train by ${optimizer.name}`, { code: 'OPTIMIZER_UNKNOWN' });
}

function batchOf(tape: Tape, recipe: Recipe, rows: number) {
  const { context } = recipe.model;
  const tokens = { name: 'batch', shape: [rows, context + 1] };
  const part = (start: number) => tape.reshape(tape.slice(tokens, 1, start, context), [rows * context]);
  return { inputs: part(0), targets: part(1), value: { ...tokens, dtype: 'i32' as const } };
}

function trainingGraph(recipe: Recipe): Graph {
  const tape = new Tape();
  const inputs: OnnxValue[] = [];
  const input = (name: string, shape: readonly number[]): Tensor => {
    inputs.push({ name, shape, dtype: 'f32' });
    return { name, shape };
  };
  const parameters = parametersOf(recipe.model).map(({ name, shape }) => input(name, shape));
  const byName = new Map(parameters.map((tensor) => [tensor.name, tensor]));
  const batch = batchOf(tape, recipe, recipe.batch);
  inputs.push(batch.value);
  const logits = decoder(tape, recipe, batch.inputs, recipe.batch, (name) => byName.get(name)!);
  const { loss, gradient } = lossOf(tape, logits, batch.targets);
  tape.accumulate(logits, gradient);
  tape.backward();
  const [update, epsilon, keep] = ['update', 'epsilon', 'keep'].map((name) => input(name, [])) as [
    Tensor,
    Tensor,
    Tensor,
  ];
  const outputs = [{ ...loss, label: 'loss' }];
  const { beta1, beta2 } = adamWOf(recipe);
  for (const parameter of parameters) {
    const g = tape.gradient(parameter);
    const [m, v] = ['first', 'second'].map((order) => input(`${order}.${parameter.name}`, parameter.shape)) as [
      Tensor,
      Tensor,
    ];
    const first = tape.add(tape.mul(m, beta1), tape.mul(g, 1 - beta1));
    const second = tape.add(tape.mul(v, beta2), tape.mul(tape.mul(g, g), 1 - beta2));
    const direction = tape.div(first, tape.add(tape.unary('Sqrt', second), epsilon));
    const next = tape.sub(tape.mul(parameter, keep), tape.mul(direction, update));
    outputs.push({ ...next, label: parameter.name }, { ...first, label: m.name }, { ...second, label: v.name });
  }
  return { tape, inputs, outputs };
}

async function createSession({ tape, inputs, outputs }: Graph, threads: number): Promise<ort.InferenceSession> {
  const reachable = tape.emitter.reachable(outputs.map(({ name }) => name));
  const values = outputs.map(({ name, shape }) => ({ name, shape, dtype: 'f32' as const }));
  return ort.InferenceSession.create(encodeModel({ ...reachable, inputs, outputs: values }), {
    graphOptimizationLevel: 'all',
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: { session: { force_spinning_stop: '1' } },
  });
}

/** Rows of qkv in the exact program, [q1 | k1 | q2 | k2 | v] by halves of heads, for each row in the natural order. */
function naturalRows({ width, heads }: Recipe['model']): number[] {
  const half = width / heads / 2;
  return Array.from({ length: 3 * width }, (_, row) => {
    if (row >= 2 * width) return row;
    const isKey = row >= width ? 1 : 0;
    const column = row % width;
    const head = Math.floor(column / (2 * half));
    const isSecond = column % (2 * half) >= half ? 1 : 0;
    return isSecond * width + isKey * (width / 2) + head * half + (column % half);
  });
}

/** A zero training state, with parameters copied from an exact one when given. */
export function fp32State(recipe: Recipe, parameters?: ReadonlyMap<string, ArrayLike<number>>): Fp32State {
  const state: Fp32State = new Map();
  for (const { name, shape } of parametersOf(recipe.model)) {
    const [rows = 0, columns = 0] = shape;
    const order = name.endsWith('.qkv') ? naturalRows(recipe.model) : undefined;
    const source = parameters?.get(name);
    const data = new Float32Array(rows * columns);
    data.forEach((_, i) => {
      const row = Math.floor(i / columns);
      if (source) data[i] = source[(order?.[row] ?? row) * columns + (i % columns)]!;
    });
    state.set(name, new ort.Tensor('float32', data, shape));
    for (const order_ of ['first', 'second']) {
      state.set(`${order_}.${name}`, new ort.Tensor('float32', new Float32Array(data.length), shape));
    }
  }
  return state;
}

export async function createFp32Trainer(recipe: Recipe, threads = 0): Promise<Fp32Trainer> {
  const graph = trainingGraph(recipe);
  const session = await createSession(graph, threads);
  const { context } = recipe.model;
  const loss = new ort.Tensor('float32', new Float32Array(1), [1]);
  const options = adamWOf(recipe);
  const rates = ratesOf(options);
  return {
    async step(state, next, batch, step) {
      const feeds: Record<string, ort.Tensor> = Object.fromEntries(state);
      feeds['batch'] = new ort.Tensor('int32', new Int32Array(batch), [recipe.batch, context + 1]);
      const at = Math.min(step, options.steps - 1);
      for (const [name, table] of Object.entries(rates))
        feeds[name] = new ort.Tensor('float32', table.slice(at, at + 1), []);
      const fetches = Object.fromEntries(
        graph.outputs.map(({ name, label }) => [name, label === 'loss' ? loss : next.get(label)!]),
      );
      await session.run(feeds, fetches);
      return loss.data[0] as number;
    },
  };
}

/** The mean loss of a state's parameters on a batch of `rows` sequences. */
export async function createFp32Evaluation(recipe: Recipe, rows: number, threads = 0) {
  const tape = new Tape();
  const inputs: OnnxValue[] = parametersOf(recipe.model).map(({ name, shape }) => ({
    name,
    shape,
    dtype: 'f32' as const,
  }));
  const batch = batchOf(tape, recipe, rows);
  const byName = new Map(inputs.map((input) => [input.name, input]));
  const logits = decoder(tape, recipe, batch.inputs, rows, (name) => byName.get(name)!);
  const { loss } = lossOf(tape, logits, batch.targets);
  const graph = { tape, inputs: [...inputs, batch.value], outputs: [{ ...loss, label: 'loss' }] };
  const session = await createSession(graph, threads);
  return async (state: Fp32State, tokens: Uint32Array): Promise<number> => {
    const feeds = Object.fromEntries(inputs.map(({ name }) => [name, state.get(name)!]));
    const value = new ort.Tensor('int32', new Int32Array(tokens), [rows, recipe.model.context + 1]);
    const result = await session.run({ ...feeds, batch: value });
    return result[loss.name]!.data[0] as number;
  };
}
