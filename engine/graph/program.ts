import type { State } from './state.ts';
import type { StateLayout, StateSlot, Tensor, TensorType } from './types.ts';

/** Where an operand comes from. */
export type Ref =
  | { readonly kind: 'node'; readonly index: number }
  /** A tensor of an input state, by its place in that state's tree (`placedSlots`). */
  | { readonly kind: 'input'; readonly state: number; readonly place: number }
  | { readonly kind: 'constant'; readonly index: number };

/** One application of an operator. Its index in the program is its place in the execution and in the trace. */
export type Node = {
  readonly op: string;
  readonly attributes: readonly number[];
  readonly inputs: readonly Ref[];
  readonly type: TensorType;
  /** Integers: the largest magnitude of any element, derived from the operands. */
  readonly bound?: number;
};

/**
 * A static graph over the closed set of operators. It reads one or more states and, if it has a `load_batch`, a batch, and
 * produces one state.
 *
 * The last nodes are the slots of the output state, in the layout of its commitment: they start at a multiple of their
 * number rounded up to a power of two, so that the root of the output state is a subtree of the root of the trace.
 * `null` is padding.
 */
export type Program = {
  readonly nodes: readonly (Node | null)[];
  readonly constants: readonly Tensor[];
  readonly inputs: readonly StateLayout[];
  readonly output: StateLayout;
  /** Index of the first output node. */
  readonly outputStart: number;
};

/** The tensor that a reference names, given the input states and the values of earlier nodes. */
export function tensorOf(
  program: Program,
  inputs: readonly State[],
  values: readonly (Tensor | null)[],
  ref: Ref,
): Tensor {
  if (ref.kind === 'constant') return program.constants[ref.index]!;
  if (ref.kind === 'node') return values[ref.index]!;
  const { layout, tensors } = inputs[ref.state]!;
  const { name, dtype, shape } = placedSlots(layout)[ref.place]!;
  return { dtype, shape, data: tensors.get(name)! };
}

/** The smallest power of two that is not below n. */
export function nextPowerOfTwo(n: number): number {
  let power = 1;
  while (power < n) power *= 2;
  return power;
}

const placed = new WeakMap<StateLayout, readonly (StateSlot | null)[]>();

/** The slots of a layout at their places in its commitment: each group padded to one power of two, `null` for padding. */
export function placedSlots(layout: StateLayout): readonly (StateSlot | null)[] {
  const known = placed.get(layout);
  if (known !== undefined) return known;
  const width = nextPowerOfTwo(Math.max(1, ...layout.groups.map((group) => group.length)));
  const places = layout.groups.flatMap((group) => Array.from({ length: width }, (_, i) => group[i] ?? null));
  while (places.length < nextPowerOfTwo(places.length)) places.push(null);
  placed.set(layout, places);
  return places;
}

/** Drops nodes that no output needs. Gives the rest, and what references to them become. */
export function prune(nodes: readonly Node[], outputs: readonly Ref[]): { kept: Node[]; renumber: (ref: Ref) => Ref } {
  const needed = new Set<number>();
  for (const ref of outputs) if (ref.kind === 'node') needed.add(ref.index);
  for (let index = nodes.length - 1; index >= 0; index--) {
    if (!needed.has(index)) continue;
    for (const ref of nodes[index]!.inputs) if (ref.kind === 'node') needed.add(ref.index);
  }
  const order = [...needed].sort((a, b) => a - b);
  const places = new Map(order.map((index, place) => [index, place]));
  const renumber = (ref: Ref): Ref => (ref.kind === 'node' ? { kind: 'node', index: places.get(ref.index)! } : ref);
  const kept = order.map((index) => ({ ...nodes[index]!, inputs: nodes[index]!.inputs.map(renumber) }));
  return { kept, renumber };
}

/** Puts the slots of an output state behind other nodes, where their root is a subtree of the trace's. */
export function alignOutputs(
  nodes: readonly Node[],
  outputs: readonly (Node | null)[],
): Pick<Program, 'nodes' | 'outputStart'> {
  const outputStart = Math.ceil(nodes.length / outputs.length) * outputs.length;
  const padding = Array<null>(outputStart - nodes.length).fill(null);
  return { nodes: [...nodes, ...padding, ...outputs], outputStart };
}
