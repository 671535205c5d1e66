import { encodeFunctionData, zeroAddress, zeroHash } from 'viem';

import { stateRoot } from '../../engine/commit/reference.ts';
import { descriptorOf, evidenceOf } from '../../engine/evidence.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { programRoot } from '../../engine/graph/encode.ts';
import type { Program } from '../../engine/graph/program.ts';
import { createState } from '../../engine/graph/state.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { createTracer } from '../../engine/trace.ts';
import { gameAbi, refereeAbi } from '../../sdk/abi/index.ts';
import type { Arena } from './arena.ts';

const SHAPE = [1024, 1024] as const;
/** By name, what is built on a large tensor. `floor` is in training steps, too. */
const built: Readonly<Record<string, (graph: GraphBuilder, x: Value) => Value>> = {
  floor: (graph, x) => graph.floor(x),
  rint: (graph, x) => graph.rint(x),
  exp2i: (graph, x) => graph.exp2i(graph.toFixed(x, 0, 2 ** 10)),
};

/**
 * Gas by which the referee's work on operators that no training step has differs from its work on `floor`, with everything
 * that has to be shown for them.
 */
export async function moreThanFloor(arena: Arena): Promise<Readonly<Record<string, number>>> {
  const gas = new Map<string, number>();
  for (const name of Object.keys(built)) gas.set(name, await refereeGas(arena, programOf(name), name));
  const floor = gas.get('floor')!;
  return Object.fromEntries([...gas].filter(([name]) => name !== 'floor').map(([name, of]) => [name, of - floor]));
}

function programOf(name: string): Program {
  const graph = new GraphBuilder([{ groups: [[{ name: 'x', dtype: 'f32', shape: SHAPE }]] }]);
  const { dtype, shape, ref } = built[name]!(graph, graph.input('x'));
  return graph.finish({ groups: [[{ name: 'y', dtype, shape }]] }, new Map([['y', { dtype, shape, ref }]]));
}

/** Of a transaction that has the referee compute the last element of an operator's node, and nothing else. */
async function refereeGas({ chain, miner }: Arena, program: Program, name: string): Promise<number> {
  const { client, deployment } = chain;
  const state = createState(program.inputs[0]!);
  state.tensors.get('x')!.forEach((_, i, all) => (all[i] = (i % 1_000) + 0.5));
  const tracer = await createTracer(program, { kernel: await chooseKernel() });
  const trace = await tracer.trace([state]);
  const node = program.nodes.findIndex((one) => one?.op === name);
  const element = SHAPE[0] * SHAPE[1] - 1;
  const evidence = await evidenceOf(trace, { inputs: [state] }, node, element);
  const inputs = program.nodes[node]!.inputs.map(({ kind }) => (kind === 'input' ? stateRoot(state) : zeroHash));
  const nothing = { dataset: zeroHash, seed: zeroHash, participant: zeroAddress, step: 0 };
  const context = { program: programRoot(program), trace: trace.root, inputs, ...nothing };
  await tracer.close();
  const to = await client.readContract({ address: deployment.game, abi: gameAbi, functionName: 'referee' });
  const args = [descriptorOf(program, node), BigInt(element), context, evidence] as const;
  const data = encodeFunctionData({ abi: refereeAbi, functionName: 'evaluate', args });
  return Number((await chain.send(miner, { to, data, name: 'Referee.evaluate' })).gasUsed);
}
