import { dtypeCodes } from '../commit/format.ts';
import { SwarmlockError } from '../errors.ts';
import { operators } from '../ops/index.ts';
import { rule } from '../ops/operator.ts';
import type { Node, Ref } from './program.ts';
import type { DType, TensorType } from './types.ts';

/**
 * One node in 96 bytes, big-endian, so that node i of a program is the same place of the same tree in every language:
 *
 *      0  u16 opcode
 *      2  u8 element type (f32 1, i8 2, i32 3, u32 4)
 *      3  u8 rank
 *      4  6 x u32 extents of the result
 *     28  8 x i32 attributes
 *     60  4 x operand: u8 kind (none 0, node 1, input 2, constant 3), u8 state, u16 zero, u32 index
 *     92  u32 zero
 *
 * The index is that of a node or a constant, or the place of a tensor in the tree of its state, so that whoever knows the
 * state's root can follow an operand without knowing its layout. What is not used is zero, so a node has one descriptor. The number of attributes follows from the operator and the rank.
 */
export const DESCRIPTOR_BYTES = 96;
export const MAX_RANK = 6;
export const MAX_ATTRIBUTES = 8;
export const MAX_OPERANDS = 4;

/** A node but for its bound, which follows from its operands. */
export type Described = Omit<Node, 'bound'>;

const EXTENTS = 4;
const ATTRIBUTES = 28;
const OPERANDS = 60;
const kinds = { node: 1, input: 2, constant: 3 } as const;

const byOpcode = new Map([...operators.values()].map((operator) => [operator.opcode, operator]));
const dtypes = new Map((Object.keys(dtypeCodes) as DType[]).map((dtype) => [dtypeCodes[dtype], dtype]));

/** Throws GRAPH_INVALID, with the operator's name, for a node that has no descriptor. */
export function requireDescribable({ op, type, attributes, inputs }: Described): void {
  const operator = operators.get(op);
  rule(operator !== undefined, op, 'is not in the closed set of operators');
  const count = attributeCount(op, type);
  rule(type.shape.length <= MAX_RANK, op, `rank ${type.shape.length} exceeds ${MAX_RANK}`);
  rule(type.shape.every(isExtent), op, `the extents ${type.shape.join(', ')} are not all in [1, 2^32)`);
  rule(attributes.length <= MAX_ATTRIBUTES, op, `${attributes.length} attributes exceed ${MAX_ATTRIBUTES}`);
  rule(attributes.length === count, op, `has ${count} attributes, not ${attributes.length}`);
  rule(attributes.every(isI32), op, `the attributes ${attributes.join(', ')} are not all i32`);
  rule(inputs.length <= MAX_OPERANDS, op, `${inputs.length} inputs exceed ${MAX_OPERANDS}`);
}

/** Throws GRAPH_INVALID when the node exceeds what a descriptor can hold. */
export function encodeNode(node: Described): Uint8Array {
  requireDescribable(node);
  const { op, type, attributes, inputs } = node;
  const bytes = Buffer.alloc(DESCRIPTOR_BYTES);
  bytes.writeUInt16BE(operators.get(op)!.opcode, 0);
  bytes.set([dtypeCodes[type.dtype], type.shape.length], 2);
  type.shape.forEach((extent, axis) => bytes.writeUInt32BE(extent, EXTENTS + 4 * axis));
  attributes.forEach((value, i) => bytes.writeInt32BE(value, ATTRIBUTES + 4 * i));
  inputs.forEach((ref, i) => {
    const index = ref.kind === 'input' ? ref.place : ref.index;
    rule(isExtent(index + 1), op, `operand ${i} has the index ${index}`);
    rule(ref.kind !== 'input' || ref.state < 256, op, 'a program reads at most 256 states');
    bytes.set([kinds[ref.kind], ref.kind === 'input' ? ref.state : 0], OPERANDS + 8 * i);
    bytes.writeUInt32BE(index, OPERANDS + 8 * i + 4);
  });
  return new Uint8Array(bytes);
}

/**
 * The node of a descriptor. Whether the operator accepts its operands is for `decodeProgram` to say. Throws
 * DESCRIPTOR_INVALID for bytes that `encodeNode` never writes.
 */
export function decodeNode(descriptor: Uint8Array): Described {
  requireDescriptor(descriptor.length === DESCRIPTOR_BYTES, `${descriptor.length} bytes, not ${DESCRIPTOR_BYTES}`);
  const bytes = Buffer.from(descriptor);
  const operator = byOpcode.get(bytes.readUInt16BE(0));
  const dtype = dtypes.get(bytes[2]!);
  const rank = bytes[3]!;
  requireDescriptor(operator !== undefined, `unknown opcode ${bytes.readUInt16BE(0)}`);
  requireDescriptor(dtype !== undefined && rank <= MAX_RANK, 'unknown element type or rank');
  const shape = Array.from({ length: rank }, (_, axis) => bytes.readUInt32BE(EXTENTS + 4 * axis));
  const type = { dtype, shape };
  const count = attributeCount(operator.name, type);
  const attributes = Array.from({ length: count }, (_, i) => bytes.readInt32BE(ATTRIBUTES + 4 * i));
  const inputs: Ref[] = [];
  for (let i = 0; i < MAX_OPERANDS; i++) {
    const ref = operand(bytes.subarray(OPERANDS + 8 * i, OPERANDS + 8 * (i + 1)));
    if (ref !== undefined) inputs.push(ref);
  }
  const node = { op: operator.name, attributes, inputs, type };
  requireDescriptor(shape.every(isExtent), 'an extent is zero');
  requireDescriptor(bytes.equals(encodeNode(node)), 'bytes that mean nothing are not zero');
  return node;
}

function operand(bytes: Buffer): Ref | undefined {
  const [kind, state = 0] = bytes;
  const index = bytes.readUInt32BE(4);
  if (kind === kinds.node) return { kind: 'node', index };
  if (kind === kinds.constant) return { kind: 'constant', index };
  if (kind === kinds.input) return { kind: 'input', state, place: index };
  requireDescriptor(kind === 0, `unknown kind of operand ${kind}`);
  return undefined;
}

function attributeCount(op: string, type: TensorType): number {
  return operators.get(op)!.attributeCount?.(type) ?? 0;
}

function isExtent(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value < 2 ** 32;
}

function isI32(value: number): boolean {
  return Number.isInteger(value) && value >= -(2 ** 31) && value < 2 ** 31;
}

export function requireDescriptor(holds: boolean, message: string): asserts holds {
  if (!holds)
    throw new SwarmlockError(`descriptor: ${message}`, { code: 'DESCRIPTOR_INVALID', argument: 'descriptor' });
}
