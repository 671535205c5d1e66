import { expand } from './expand.ts';
import { alignOutputs, placedSlots, prune, type Node, type Program, type Ref } from './program.ts';
import type { State } from './state.ts';
import type { StateLayout, StateSlot, Tensor } from './types.ts';

/** A program in two, for when one of its input states stays the same. */
export type Bound = {
  /** Computes what follows from that state and constants alone, as far as anything else needs it. */
  readonly settled: Program;
  /** The rest, with that state and what `settled` made of it as constants. Its inputs are those of the whole program. */
  rest(fixed: State, settled: State): Program;
};

/** Separates what follows from input state `state` and constants alone. */
export function bind(program: Program, state: number): Bound {
  const whole = expand(program);
  const isSettled = settledNodes(whole, state);
  const needed = new Set<number>();
  // A repetition stays where it is read: written out it would only take memory.
  const need = (ref: Ref): void => {
    if (ref.kind !== 'node' || !isSettled[ref.index]) return;
    const { op, inputs } = whole.nodes[ref.index]!;
    if (op === 'broadcast') inputs.forEach(need);
    else needed.add(ref.index);
  };
  whole.nodes.forEach((node, index) => {
    if (node !== null && !isSettled[index]) node.inputs.forEach(need);
  });
  const layout = layoutOf(whole, [...needed]);
  return {
    settled: settledPart(whole, layout),
    rest: (fixed, settled) => restOf(whole, (ref) => heldBy(whole, ref, { state, fixed, needed, settled })),
  };
}

const slotName = (node: number) => `n${node}`;
const nodeOf = (name: string) => Number(name.slice(1));

/** Whether each node reads the state and constants at most. Outputs stay where they are. */
function settledNodes({ nodes, outputStart }: Program, state: number): readonly boolean[] {
  const settled: boolean[] = [];
  const isKnown = (ref: Ref) =>
    ref.kind === 'node' ? settled[ref.index]! : ref.kind === 'constant' || ref.state === state;
  nodes.forEach((node, index) => {
    const isComputed = node !== null && node.op !== 'load_batch' && index < outputStart;
    settled.push(isComputed && node.inputs.every(isKnown));
  });
  return settled;
}

/** Bytes last, so that all other slots are aligned. */
function layoutOf({ nodes }: Program, places: readonly number[]): StateLayout {
  const slots = places.map((place): StateSlot => ({ ...nodes[place]!.type, name: slotName(place) }));
  return { groups: [slots.toSorted((a, b) => Number(a.dtype === 'i8') - Number(b.dtype === 'i8'))] };
}

function settledPart(whole: Program, output: StateLayout): Program {
  const refOf = (slot: StateSlot): Ref => ({ kind: 'node', index: nodeOf(slot.name) });
  const slots = placedSlots(output);
  const { kept, renumber } = prune(
    whole.nodes as readonly Node[],
    slots.flatMap((slot) => (slot === null ? [] : [refOf(slot)])),
  );
  const outputs = slots.map((slot): Node | null => {
    if (slot === null) return null;
    const node = whole.nodes[nodeOf(slot.name)]!;
    return { ...node, op: 'reshape', attributes: [], inputs: [renumber(refOf(slot))] };
  });
  return { ...whole, output, ...alignOutputs(kept, outputs) };
}

type Held = {
  readonly state: number;
  readonly fixed: State;
  readonly needed: ReadonlySet<number>;
  readonly settled: State;
};

/** What is known of a reference once the state is. */
function heldBy({ nodes, inputs }: Program, ref: Ref, { state, fixed, needed, settled }: Held): Tensor | undefined {
  if (ref.kind === 'input' && ref.state === state) {
    const { name, dtype, shape } = placedSlots(inputs[state]!)[ref.place]!;
    return { dtype, shape, data: fixed.tensors.get(name)! };
  }
  if (ref.kind !== 'node' || !needed.has(ref.index)) return undefined;
  return { ...nodes[ref.index]!.type, data: settled.tensors.get(slotName(ref.index))! };
}

function restOf(whole: Program, held: (ref: Ref) => Tensor | undefined): Program {
  const constants = [...whole.constants];
  const known = new Map<string, Ref>();
  const replaced = (ref: Ref): Ref => {
    const key = JSON.stringify(ref);
    const tensor = known.has(key) ? undefined : held(ref);
    if (tensor !== undefined) known.set(key, { kind: 'constant', index: constants.push(tensor) - 1 });
    return known.get(key) ?? ref;
  };
  const nodes = whole.nodes.map((node) => node && { ...node, inputs: node.inputs.map(replaced) });
  const outputs = nodes.slice(whole.outputStart);
  const { kept, renumber } = prune(
    nodes as readonly Node[],
    outputs.flatMap((node) => node?.inputs ?? []),
  );
  const placed = outputs.map((node) => node && { ...node, inputs: node.inputs.map(renumber) });
  return { ...whole, constants, ...alignOutputs(kept, placed) };
}
