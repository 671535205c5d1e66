/**
 * Writes ONNX models: the few messages of onnx.proto (protobuf wire format, github.com/onnx/onnx) that the lowering
 * needs.
 */
export const elementTypes = { f32: 1, u8: 2, i8: 3, u16: 4, i32: 6, i64: 7 } as const;
export type ElementType = keyof typeof elementTypes;

export type OnnxTensor = { name: string; dtype: ElementType; shape: readonly number[]; bytes: Uint8Array };
export type OnnxValue = { name: string; dtype: ElementType; shape: readonly number[] };
export type OnnxNode = {
  op: string;
  domain: string;
  inputs: readonly string[];
  output: string;
  /** Which of its outputs is taken, by default the first; the others go nowhere. */
  place?: number;
  attributes: Readonly<Record<string, number | readonly number[]>>;
};
export type OnnxGraph = {
  nodes: readonly OnnxNode[];
  inputs: readonly OnnxValue[];
  outputs: readonly OnnxValue[];
  initializers: readonly OnnxTensor[];
};

const IR_VERSION = 10;
const OPSET = 26;
const MICROSOFT_OPSET = 1;

/** Operators that give more than one output. */
const outputCounts: Readonly<Record<string, number>> = { TopK: 2 };

type Part = Uint8Array;

function varint(n: number | bigint): Part {
  let rest = BigInt.asUintN(64, BigInt(n));
  const bytes: number[] = [];
  while (rest > 127n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

function join(parts: readonly Part[]): Part {
  return new Uint8Array(Buffer.concat(parts));
}

const integer = (field: number, value: number): Part => join([varint(field << 3), varint(value)]);
const bytes = (field: number, value: Part): Part => join([varint((field << 3) | 2), varint(value.length), value]);
const text = (field: number, value: string): Part => bytes(field, new TextEncoder().encode(value));
const message = (field: number, parts: readonly Part[]): Part => bytes(field, join(parts));

function attribute(name: string, value: number | readonly number[]): Part {
  const INT = 2;
  const INTS = 7;
  if (typeof value === 'number') return join([text(1, name), integer(3, value), integer(20, INT)]);
  return join([text(1, name), ...value.map((item) => integer(8, item)), integer(20, INTS)]);
}

function node({ op, domain, inputs, output, place = 0, attributes }: OnnxNode): Part {
  return join([
    ...inputs.map((input) => text(1, input)),
    ...Array.from({ length: outputCounts[op] ?? 1 }, (_, i) => text(2, i === place ? output : `${output}_${i}`)),
    text(3, output),
    text(4, op),
    ...Object.entries(attributes).map(([name, value]) => bytes(5, attribute(name, value))),
    ...(domain === '' ? [] : [text(7, domain)]),
  ]);
}

function tensor({ name, dtype, shape, bytes: raw }: OnnxTensor): Part {
  return join([
    ...shape.map((extent) => integer(1, extent)),
    integer(2, elementTypes[dtype]),
    text(8, name),
    bytes(9, raw),
  ]);
}

function valueInfo({ name, dtype, shape }: OnnxValue): Part {
  const dimensions = message(
    2,
    shape.map((extent) => message(1, [integer(1, extent)])),
  );
  return join([text(1, name), message(2, [message(1, [integer(1, elementTypes[dtype]), dimensions])])]);
}

/** The bytes of a ModelProto. */
export function encodeModel({ nodes, inputs, outputs, initializers }: OnnxGraph): Uint8Array {
  const graph = [
    ...nodes.map((item) => bytes(1, node(item))),
    text(2, 'program'),
    ...initializers.map((item) => bytes(5, tensor(item))),
    ...inputs.map((item) => bytes(11, valueInfo(item))),
    ...outputs.map((item) => bytes(12, valueInfo(item))),
  ];
  const opset = (domain: string, version: number) => message(8, [text(1, domain), integer(2, version)]);
  return join([
    integer(1, IR_VERSION),
    text(2, 'swarmlock'),
    message(7, graph),
    opset('', OPSET),
    opset('com.microsoft', MICROSOFT_OPSET),
  ]);
}
