import {
  encodeLine,
  FIRST_RESULT,
  firstHiding,
  lineOperator,
  MAX_INSTRUCTIONS,
  MAX_LINE_OPERANDS,
  type Instruction,
} from '../ops/line.ts';
import { finalCheckGasOf } from './final_check.ts';
import { alignOutputs, type Node, type Program, type Ref } from './program.ts';
import { sameShape } from './types.ts';

/**
 * Joins nodes whose results nobody else reads, so that a trace has less to compute and to commit: scalar operators over
 * one shape become `fused` nodes whose final check costs at most `mostGas`, an `abs` and the `reduce_max` over it a
 * `reduce_absmax`.
 *
 * Every client makes the same program of the same nodes. Lines are made from the last node to the first; each takes in
 * the nearest node before it that fits, until none does.
 */
export function fuse(program: Program, mostGas: number): Program {
  const fusion = new Fusion(program, mostGas);
  return fusion.fused();
}

class Fusion {
  readonly #program: Program;
  readonly #mostGas: number;
  readonly #nodes: (Node | null)[];
  /** The nodes that read each node. */
  readonly #readers: ReadonlySet<number>[];

  constructor(program: Program, mostGas: number) {
    this.#program = program;
    this.#mostGas = mostGas;
    this.#nodes = [...program.nodes];
    this.#readers = program.nodes.map(() => new Set<number>());
    program.nodes.forEach((node, index) => {
      for (const ref of node?.inputs ?? [])
        if (ref.kind === 'node') (this.#readers[ref.index] as Set<number>).add(index);
    });
  }

  fused(): Program {
    const { outputStart } = this.#program;
    for (let index = outputStart - 1; index >= 0; index--) {
      this.#takeAbs(index);
      this.#takeLine(index);
    }
    const places = new Map<number, number>();
    const kept: Node[] = [];
    const renumbered = (node: Node): Node => {
      const inputs = node.inputs.map((ref): Ref =>
        ref.kind === 'node' ? { kind: 'node', index: places.get(ref.index)! } : ref,
      );
      return { ...node, inputs };
    };
    this.#nodes.slice(0, outputStart).forEach((node, index) => {
      if (node !== null) places.set(index, kept.push(renumbered(node)) - 1);
    });
    const outputs = this.#nodes.slice(outputStart).map((node) => node && renumbered(node));
    return { ...this.#program, ...alignOutputs(kept, outputs) };
  }

  /** Makes a reduce_max one of magnitudes if it is all that reads an `abs`. */
  #takeAbs(index: number): void {
    const node = this.#nodes[index]!;
    const ref = node?.op === 'reduce_max' ? node.inputs[0]! : undefined;
    if (ref?.kind !== 'node') return;
    const magnitude = this.#nodes[ref.index]!;
    if (magnitude.op !== 'abs' || this.#readers[ref.index]!.size > 1) return;
    this.#nodes[index] = { ...node!, op: 'reduce_absmax', inputs: magnitude.inputs };
    this.#nodes[ref.index] = null;
  }

  /** Makes a node the end of a line of all that fits. */
  #takeLine(end: number): void {
    const isEnd = this.#isScalar(end) && this.#nodes[end]!.type.dtype === 'f32';
    if (!isEnd) return;
    let members: ReadonlySet<number> = new Set([end]);
    let line: Node | undefined;
    for (let grown = this.#grown(members); grown !== undefined; grown = this.#grown(members))
      ({ members, line } = grown);
    if (line === undefined) return;
    for (const index of members) this.#nodes[index] = null;
    this.#nodes[end] = line;
  }

  /** The line with one more node, or with one and what it is computed from, where that alone would hide a fault. */
  #grown(members: ReadonlySet<number>): { members: ReadonlySet<number>; line: Node } | undefined {
    for (const candidate of this.#candidates(members)) {
      const one = new Set([...members, candidate]);
      const line = this.#lineOf(one);
      if (line !== undefined) return { members: one, line };
      const behind = this.#candidates(one, candidate);
      const both = new Set([...one, ...behind]);
      const longer = behind.length === 0 ? undefined : this.#lineOf(both);
      if (longer !== undefined) return { members: both, line: longer };
    }
    return undefined;
  }

  /** What `readers`, by default all members, read and only members read, the last first. */
  #candidates(members: ReadonlySet<number>, ...readers: readonly number[]): readonly number[] {
    const { shape } = this.#nodes[Math.max(...members)]!.type;
    const found = new Set<number>();
    for (const reader of readers.length > 0 ? readers : members) {
      for (const ref of this.#nodes[reader]!.inputs) {
        if (ref.kind !== 'node' || members.has(ref.index) || !this.#isScalar(ref.index)) continue;
        const isRead = [...this.#readers[ref.index]!].every((other) => members.has(other));
        if (isRead && sameShape(this.#nodes[ref.index]!.type.shape, shape)) found.add(ref.index);
      }
    }
    return [...found].toSorted((a, b) => b - a);
  }

  #isScalar(index: number): boolean {
    const node = this.#nodes[index] ?? null;
    return node !== null && lineOperator(node.op) !== undefined;
  }

  /** The fused node of some nodes, if a line can hold them. */
  #lineOf(members: ReadonlySet<number>): Node | undefined {
    if (members.size > MAX_INSTRUCTIONS) return undefined;
    const order = [...members].toSorted((a, b) => a - b);
    const inputs: Ref[] = [];
    const sourceOf = (ref: Ref): number => {
      const result = ref.kind === 'node' ? order.indexOf(ref.index) : -1;
      if (result >= 0) return FIRST_RESULT + result;
      const known = inputs.findIndex((input) => JSON.stringify(input) === JSON.stringify(ref));
      return known >= 0 ? known : inputs.push(ref) - 1;
    };
    const line = order.map((index): Instruction => {
      const node = this.#nodes[index]!;
      return { operator: lineOperator(node.op)!, sources: node.inputs.map(sourceOf) };
    });
    if (inputs.length > MAX_LINE_OPERANDS || firstHiding(line) !== undefined) return undefined;
    const end = order.at(-1)!;
    const node = { op: 'fused', attributes: encodeLine(line), inputs, type: this.#nodes[end]!.type };
    // In the program as it was given, which has more nodes than the fused one and no shorter path.
    return finalCheckGasOf(this.#program, node) <= this.#mostGas ? node : undefined;
  }
}
