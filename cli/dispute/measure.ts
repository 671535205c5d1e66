import { decodeFunctionData, encodeFunctionData } from 'viem';

import { placedSlots, type Node, type Program, type Ref } from '../../engine/graph/program.ts';
import { elementCount, type DType, type TensorType } from '../../engine/graph/types.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import { gameAbi, refereeAbi } from '../../sdk/abi/index.ts';
import type { Side } from '../../sdk/game.ts';
import type { Arena } from './arena.ts';
import { lieAboutSlot, lyingWitness, type Edit, type Lie } from './lies.ts';
import { claimRound, playMatch, type Match } from './match.ts';
import { questionOf } from './recompute.ts';
import { playFalsely } from './round.ts';
import { typeText } from './tell.ts';

/** What one game has cost, every transaction of both sides counted. */
export type Figures = {
  /** Why this node. */
  readonly what: string;
  readonly node: number;
  readonly operator: string;
  readonly type: string;
  readonly moves: number;
  readonly gasTotal: number;
  /** Of the transaction with the final check. */
  readonly gasFinal: number;
  /** Of a transaction that puts the same question to the referee, and does nothing else. */
  readonly refereeGas: number;
  readonly answererGas: number;
  readonly challengerGas: number;
};

/** A node to lie about. */
export type Subject = { readonly what: string; readonly node: number };

const SLOT = 'head';
const spoil: Edit = (data) => void (data[0]! += 1 / 16);

/** Plays a game for each of several nodes of a real training step, one of whose elements the miner has changed. */
export async function measureGames(
  arena: Arena,
  chosen: (program: Program) => readonly Subject[],
  onGame: (figures: Figures) => void,
): Promise<readonly Figures[]> {
  const round = await playFalsely(arena, (end) => spoil(end.tensors.get(SLOT)!));
  const claimed = await claimRound(arena, round.commitment);
  const all: Figures[] = [];
  const last = arena.recipe.round.steps - 1;
  for (const subject of chosen(round.program)) {
    const snapshot = await arena.chain.request('evm_snapshot');
    const lie = lieAbout(round.program, subject.node);
    const cheat = lyingWitness(round.honest, last, () => lie);
    const match = await playMatch(arena, claimed, { claimant: cheat, challenger: round.honest });
    const figures = { ...figuresOf(match, round.program, subject), refereeGas: await refereeGas(arena, match) };
    onGame(figures);
    all.push(figures);
    await arena.chain.request('evm_revert', [snapshot]);
  }
  await round.close();
  return all;
}

/** One element of a node, and the state that was claimed: nothing in between follows from the one, or leads to the other. */
function lieAbout(program: Program, node: number): Lie {
  const [output] = lieAboutSlot(program, SLOT, spoil);
  return new Map([output!, [node, changeLast(program.nodes[node]!.type.dtype)]]);
}

/** Changes the last element into another one that may be committed to. */
function changeLast(dtype: DType): Edit {
  return (data: Tensor['data']) => {
    const at = data.length - 1;
    const value = data[at]!;
    data[at] = dtype === 'f32' ? value / 2 || 1 : value > 0 ? value - 1 : value + 1;
  };
}

function figuresOf({ sent, played }: Match, program: Program, { what, node }: Subject): Omit<Figures, 'refereeGas'> {
  const isFound = played.end?.claimVoided === true && played.turns.at(-1)!.position.node === node;
  if (!isFound) throw new RangeError(`the game has not led to node ${node}`);
  const { op, type } = program.nodes[node]!;
  const gasOf = (...sides: readonly Side[]) =>
    sent.filter(({ side }) => sides.includes(side)).reduce((sum, { gas }) => sum + gas, 0);
  return {
    what,
    node,
    operator: op,
    type: typeText(type),
    moves: sent.length,
    gasTotal: gasOf('claimant', 'challenger'),
    gasFinal: sent.at(-1)!.gas,
    answererGas: gasOf('claimant'),
    challengerGas: gasOf('challenger'),
  };
}

async function refereeGas({ chain }: Arena, { sent }: Match): Promise<number> {
  const { client, deployment, accounts } = chain;
  const { input } = await client.getTransaction({ hash: sent.at(-1)!.transaction });
  const call = decodeFunctionData({ abi: gameAbi, data: input });
  if (call.functionName !== 'prove') throw new RangeError('the game has not ended with a proof');
  const { address: to, args } = await questionOf(client, deployment, call);
  const data = encodeFunctionData({ abi: refereeAbi, functionName: 'evaluate', args });
  return Number((await chain.send(accounts[0]!, { to, data, name: 'Referee.evaluate' })).gasUsed);
}

/** The nodes of a training step whose games cost most, each for another reason. */
export function dearNodes(program: Program): readonly Subject[] {
  const largest = (what: string, ...wanted: readonly ((node: Node) => number)[]): Subject => {
    let best = -1;
    const isBetter = (node: Node) =>
      best < 0 || compare(wanted.map((size) => size(node) - size(program.nodes[best]!))) > 0;
    program.nodes.slice(0, program.outputStart).forEach((node, index) => {
      if (node !== null && wanted[0]!(node) >= 0 && isBetter(node)) best = index;
    });
    return { what, node: best };
  };
  const size = ({ type }: Node) => elementCount(type.shape);
  const only = (op: string) => (node: Node) => (node.op === op ? 0 : -1);
  const contraction = (node: Node) => (node.op === 'matmul_nt' ? typeOf(program, node.inputs[0]!).shape.at(-1)! : -1);
  return [
    largest('the longest contraction', contraction, size),
    largest('the sum of two parts of a contraction', only('add_i32'), size),
    largest("the largest weight's gradient", only('matmul_nt'), size),
    largest('an update of the largest weight', only('div'), size),
    largest('the batch', only('load_batch')),
  ].filter(({ node }) => node >= 0);
}

/** The sign of the first difference that is none. */
function compare(differences: readonly number[]): number {
  return differences.find((difference) => difference !== 0) ?? 0;
}

function typeOf(program: Program, ref: Ref): TensorType {
  if (ref.kind === 'constant') return program.constants[ref.index]!;
  if (ref.kind === 'node') return program.nodes[ref.index]!.type;
  return placedSlots(program.inputs[ref.state]!)[ref.place]!;
}
