import { hexToBytes, type ContractFunctionArgs, type DecodeFunctionDataReturnType } from 'viem';

import { DESCRIPTOR_BYTES, decodeNode } from '../../engine/graph/descriptor.ts';
import type { DType, TensorType } from '../../engine/graph/types.ts';
import type { gameAbi } from '../../sdk/abi/index.ts';
import type { Position } from '../../sdk/game.ts';

/** A transaction to the game, decoded. */
export type GameCall = DecodeFunctionDataReturnType<typeof gameAbi>;

/** What is known of a move when it is told. */
export type Telling = {
  readonly call: GameCall;
  /** Undefined when the move opened the game. */
  readonly before: Position | undefined;
  /** Undefined when the move ended the game. */
  readonly after: Position | undefined;
  /** For `prove`: what the referee finds; undefined when it was not asked. */
  readonly found: Finding | undefined;
};

export type Finding = { readonly fault: boolean; readonly bits: number };

/** One move in a line for people. */
export function tellMove({ call, before, after, found }: Telling): string {
  switch (call.functionName) {
    case 'announce':
      return `announces a challenge, sealed as ${short(call.args[0])}`;
    case 'openOnWork':
      return tellOpening(call.args[0], after);
    case 'openOnAggregate':
      return 'opens it: the aggregate is wrong';
    case 'openOnVerdict':
      return 'opens it: the verdict is wrong';
    case 'answerStart':
      return 'shows where the round started from';
    case 'mark':
      return `marks its own states inside ${steps(after)}`;
    case 'answerMarks':
      return tellPart(after);
    case 'answerTrace':
      if (after?.subject === 'leaves')
        return `lists its ${count(call.args[3].children.length)} drawn leaves of the trace`;
      return `gives the trace, root ${short(after?.trace ?? '')}, and its first levels`;
    case 'split':
      return `opens ${count(call.args[3].length)} subtrees below it`;
    case 'pick':
      return tellPick(before, after);
    case 'pickNode':
      return before?.stage === 'chooseLeaf' ? tellDrawn(before, after, call) : tellNode(before, after, call.args[6]);
    case 'openTensor':
      return `shows that node's tensor: tree ${short(call.args[4])}, ${count(after?.places ?? 0)} leaves`;
    case 'openLeaf':
      return `shows leaf ${count(before?.index ?? 0)}: ${count((call.args[4].length - 2) / 2)} bytes`;
    case 'openDrawn':
      return `shows that leaf in the trace`;
    case 'prove':
      return tellProof(call.args, found);
    case 'timeOut':
      return 'says that the other side has run out of time';
    case 'abandon':
      return 'takes its bond back: the claim has lost another game';
    default:
      return call.functionName;
  }
}

type PickedNode = Extract<GameCall, { functionName: 'pickNode' }>;
type Opening = ContractFunctionArgs<typeof gameAbi, 'payable', 'openOnWork'>[0];

function tellOpening({ segment, marks }: Opening, after: Position | undefined): string {
  switch (after?.subject) {
    case 'start':
      return 'opens it: the round starts from another state than it says';
    case 'payload':
      return 'opens it: the payload is wrong';
    case 'segment':
      return `opens it: segment ${segment + 1} is wrong; marks ${count(marks.length)} states inside its ${steps(after)}`;
    default:
      return 'opens it';
  }
}

function steps(position: Position | undefined): string {
  if (position === undefined) return 'steps';
  const { first, end } = position;
  return end - first === 1 ? `step ${end}` : `steps ${first + 1} to ${end}`;
}

function tellPart(after: Position | undefined): string {
  if (after === undefined || after.stage === 'mark') return `contests ${steps(after)}`;
  return `contests ${steps(after)}: its trace has the root ${short(after.trace)}`;
}

function tellPick(before: Position | undefined, after: Position | undefined): string {
  if (before === undefined || after === undefined) return 'goes into the padding';
  const what = before.stage === 'chooseNodes' ? 'node' : 'leaf';
  const size = 2 ** after.height;
  const first = after.index * size;
  const last = Math.min(first + size, before.places) - 1;
  const [many, of] = [what === 'node' ? 'nodes' : 'leaves', `of ${count(before.places)}`];
  return size === 1
    ? `${what} ${count(first)} ${of} differs`
    : `${many} ${count(first)} to ${count(last)} ${of} differ`;
}

function tellNode(before: Position | undefined, after: Position | undefined, descriptor: `0x${string}`): string {
  const node = nodeOf(descriptor);
  if (node === undefined || after === undefined) return 'names a place where there must be nothing';
  return `node ${count(after.node)} of ${count(before?.places ?? 0)} differs: ${node.op}, ${typeText(node.type)}`;
}

function tellDrawn(before: Position, after: Position | undefined, { args }: PickedNode): string {
  const listed = `listed leaf ${count(Number(args[3]))} differs`;
  if (after === undefined) return `${listed}, where there must be nothing`;
  return `${listed}: it is leaf ${count(after.index)} of node ${count(after.node)} of ${count(before.places)}`;
}

/** Undefined for padding. */
function nodeOf(descriptor: `0x${string}`) {
  const bytes = hexToBytes(descriptor);
  return bytes.length === DESCRIPTOR_BYTES ? decodeNode(bytes) : undefined;
}

export function typeText({ dtype, shape }: TensorType): string {
  return `${dtype}[${shape.join(', ')}]`;
}

type ProveArgs = Extract<GameCall, { functionName: 'prove' }>['args'];

function tellProof([, , position, descriptor, data, element]: ProveArgs, found: Finding | undefined): string {
  const { dtype } = nodeOf(descriptor)!.type;
  const claimed = bitsAt(dtype, hexToBytes(data), Number(element));
  const where = `element ${count(Number(element))} of leaf ${count(Number(position.index))}`;
  const said = `${where}: claimed ${bitsText(dtype, claimed)}`;
  if (found === undefined) return said;
  return found.fault ? `${said}, where there is no result` : `${said}, recomputed ${bitsText(dtype, found.bits)}`;
}

/** An element of a leaf as 32 bits, as the contract reads it. */
export function bitsAt(dtype: DType, leaf: Uint8Array, element: number): number {
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  return dtype === 'i8' ? view.getInt8(element) >>> 0 : view.getUint32(4 * element, true);
}

/** 0x3e9c4000 (0.3052) */
export function bitsText(dtype: DType, bits: number): string {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  const value = dtype === 'f32' ? Number(view.getFloat32(0).toPrecision(6)) : dtype === 'u32' ? bits : bits | 0;
  return `0x${bits.toString(16).padStart(8, '0')} (${value})`;
}

/** The first bytes of a hash. */
export function short(hash: string): string {
  return hash.length > 18 ? `${hash.slice(0, 10)}…` : hash;
}

export function count(number: number): string {
  return number.toLocaleString('en-US');
}
