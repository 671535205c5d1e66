import { placedSlots, type Node, type Program, type Ref } from './program.ts';
import { elementCount, type TensorType } from './types.ts';

/**
 * A value that repeats the elements of another one in order: every element of `base` `stretch` times in succession, and
 * the whole of that `tile` times. So reshapes and nearly all broadcasts need neither memory nor an invocation.
 */
export type Derived = { readonly base: Ref; readonly stretch: number; readonly tile: number };

/** How a value follows from one that is computed, held or constant; `stretch` and `tile` are 1 for such a value itself. */
export function derivationOf(program: Program, ref: Ref): Derived {
  const itself = { base: ref, stretch: 1, tile: 1 };
  const node = ref.kind === 'node' ? program.nodes[ref.index]! : undefined;
  if (node?.op !== 'reshape' && node?.op !== 'broadcast') return itself;
  const source = derivationOf(program, node.inputs[0]!);
  if (node.op === 'reshape') return source;
  if (node.type.dtype !== 'f32') return itself;
  const repeated = repetition(typeOf(program, node.inputs[0]!), node.type);
  if (repeated === undefined || (repeated.stretch > 1 && source.tile > 1)) return itself;
  return { base: source.base, stretch: source.stretch * repeated.stretch, tile: source.tile * repeated.tile };
}

/** Whether a node is computed, rather than derived from another. */
export function isComputed(program: Program, index: number): boolean {
  if (program.nodes[index] === null) return false;
  const { base } = derivationOf(program, { kind: 'node', index });
  return base.kind === 'node' && base.index === index;
}

/** Element type and shape of what a reference names. */
export function typeOf({ constants, inputs, nodes }: Pick<Program, 'constants' | 'inputs' | 'nodes'>, ref: Ref) {
  if (ref.kind === 'constant') return constants[ref.index]! as TensorType;
  if (ref.kind === 'input') return placedSlots(inputs[ref.state]!)[ref.place]! as TensorType;
  return (nodes[ref.index] as Node).type;
}

/** A broadcast as repetitions, unless it repeats an axis between two others. */
function repetition(from: TensorType, into: TensorType): { stretch: number; tile: number } | undefined {
  const lead = into.shape.length - from.shape.length;
  const extents = into.shape.map((extent, axis) => ({ extent, held: axis < lead ? 1 : from.shape[axis - lead]! }));
  const first = extents.findIndex(({ held }) => held > 1);
  const last = extents.findLastIndex(({ held }) => held > 1);
  if (first < 0) return { stretch: 1, tile: elementCount(into.shape) };
  const isWhole = extents.slice(first, last + 1).every(({ extent, held }) => extent === held);
  if (!isWhole) return undefined;
  const repeats = (part: typeof extents) => elementCount(part.map(({ extent }) => extent));
  return { stretch: repeats(extents.slice(last + 1)), tile: repeats(extents.slice(0, first)) };
}
