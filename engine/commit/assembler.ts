/**
 * As much of an assembler for WebAssembly as hashing needs: a piece of code is its bytes, an operator a function of the
 * pieces that compute its operands. https://webassembly.github.io/spec/core/binary/
 */
export type Code = readonly number[];

export const valueTypes = { i32: 0x7f, v128: 0x7b } as const;
const NO_RESULT = 0x40;

const unsigned = (value: number): Code => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]);
const signed = (value: number): Code =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)];

/** Opcodes of SIMD follow a prefix, and are LEB128 themselves. */
const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];
/** An operator of two operands, of more from left to right. */
const operator =
  (opcode: Code) =>
  (first: Code, ...rest: readonly Code[]): Code => [...first, ...rest.flatMap((operand) => [...operand, ...opcode])];

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, value: Code): Code => [...value, 0x21, local];
/** Sets a local and has its value. */
export const tee = (local: number, value: Code): Code => [...value, 0x22, local];
export const call = (callee: number): Code => [0x10, callee];

export const i32 = (value: number): Code => [0x41, ...signed(value)];
export const addI32 = operator([0x6a]);
export const isLess = operator([0x49]);

/** Does `body` as long as `condition`, which is computed behind it, holds. */
export const loop = (body: Code, condition: Code): Code => [0x03, NO_RESULT, ...body, ...condition, 0x0d, 0, 0x0b];

export const load = (address: Code, offset = 0): Code => [...address, ...simd(0), 2, ...unsigned(offset)];
/** Four times the word at an address. */
export const loadSplat = (address: Code, offset = 0): Code => [...address, ...simd(9), 2, ...unsigned(offset)];
export const store = (address: Code, value: Code, offset = 0): Code => [
  ...address,
  ...value,
  ...simd(11),
  2,
  ...unsigned(offset),
];
/** Four times the same word. */
export const splat = (word: number): Code => [...i32(word), ...simd(17)];
/** Four words, by their numbers, of the eight of two vectors. */
export const shuffle = (first: Code, second: Code, words: readonly number[]): Code => [
  ...first,
  ...second,
  ...simd(13),
  ...words.flatMap((word) => [4 * word, 4 * word + 1, 4 * word + 2, 4 * word + 3]),
];
export const equal = operator(simd(55));
export const and = operator(simd(78));
/** The bits of the first that the second does not have. */
export const andNot = operator(simd(79));
export const or = operator(simd(80));
export const xor = operator(simd(81));
export const add = operator(simd(174));
export const anyTrue = (vector: Code): Code => [...vector, ...simd(83)];
export const shiftLeft = (vector: Code, bits: number): Code => [...vector, ...i32(bits), ...simd(171)];
export const shiftRight = (vector: Code, bits: number): Code => [...vector, ...i32(bits), ...simd(173)];

type ValueType = (typeof valueTypes)[keyof typeof valueTypes];

/** A function of i32; its locals, which are vectors, follow the parameters. */
export type Definition = {
  readonly name: string;
  readonly parameters: number;
  readonly results: readonly ValueType[];
  readonly vectors: number;
  readonly body: Code;
};

/** The part of the WebAssembly interface that is used here; Node's types leave it out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => {
    readonly exports: { readonly memory: { readonly buffer: ArrayBuffer } } & Record<string, unknown>;
  };
};

/** Functions over one memory of 64 KiB, called by their names, and by one another by their numbers. */
export function assemble<Functions>(definitions: readonly Definition[]): Functions & { readonly memory: ArrayBuffer } {
  const sized = (content: Code): Code => [...unsigned(content.length), ...content];
  const vector = (entries: readonly Code[]): Code => [...unsigned(entries.length), ...entries.flat()];
  const section = (id: number, content: Code): Code => [id, ...sized(content)];
  const named = (name: string, kind: number, index: number): Code => [...sized([...Buffer.from(name)]), kind, index];
  const parameters = (count: number): Code => sized(Array<number>(count).fill(valueTypes.i32));
  const types = definitions.map(({ parameters: count, results }) => [0x60, ...parameters(count), ...sized(results)]);
  const bodies = definitions.map(({ vectors, body }) =>
    sized([...vector([[...unsigned(vectors), valueTypes.v128]]), ...body, 0x0b]),
  );
  const module = [
    [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    section(1, vector(types)),
    section(3, vector(definitions.map((_, index) => [index]))),
    section(5, vector([[0, 1]])),
    section(7, vector([named('memory', 2, 0), ...definitions.map(({ name }, index) => named(name, 0, index))])),
    section(10, vector(bodies)),
  ].flat();
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.from(module)));
  return { ...exports, memory: exports.memory.buffer } as Functions & { readonly memory: ArrayBuffer };
}
