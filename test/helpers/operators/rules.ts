/** Operands, result, attributes, and for integers the bound of the result. */
type Accepted = readonly [operands: string, result: string, attributes?: readonly number[], bound?: number];
type Refused = readonly [why: string, operands: string, result: string, attributes?: readonly number[]];
type Rules = { accepted: readonly Accepted[]; refused: readonly Refused[] };

const binary: Rules = {
  accepted: [
    ['f32[2,3] f32[2,3]', 'f32[2,3]'],
    ['f32[] f32[]', 'f32[]'],
  ],
  refused: [
    ['operands of two shapes', 'f32[2,3] f32[1,3]', 'f32[2,3]'],
    ['another result shape', 'f32[2,3] f32[2,3]', 'f32[3,2]'],
    ['integers', 'f32[2] i32[2]', 'f32[2]'],
    ['an integer result', 'f32[2] f32[2]', 'i32[2]'],
    ['one operand', 'f32[2]', 'f32[2]'],
    ['three operands', 'f32[2] f32[2] f32[2]', 'f32[2]'],
  ],
};

const unary: Rules = {
  accepted: [['f32[2,3]', 'f32[2,3]']],
  refused: [
    ['integers', 'i32[2]', 'f32[2]'],
    ['an integer result', 'f32[2]', 'i32[2]'],
    ['another result shape', 'f32[2]', 'f32[3]'],
    ['no operand', '', 'f32[2]'],
  ],
};

const ofIntegers: Rules = {
  accepted: [['i32[2,3]<=9', 'f32[2,3]']],
  refused: [
    ['floats', 'f32[2]', 'f32[2]'],
    ['bytes', 'i8[2]', 'f32[2]'],
    ['an integer result', 'i32[2]', 'i32[2]'],
    ['another result shape', 'i32[2]', 'f32[1]'],
  ],
};

const quantiser: Rules = {
  accepted: [['f32[2,3] f32[2,3]', 'i8[2,3]', [], 127]],
  refused: [
    ['a scale of another shape', 'f32[2,3] f32[1]', 'i8[2,3]'],
    ['no scale', 'f32[2]', 'i8[2]'],
    ['an f32 result', 'f32[2] f32[2]', 'f32[2]'],
    ['integers', 'i32[2] f32[2]', 'i8[2]'],
  ],
};

/** Instructions as attributes, two in each. */
function line(...words: readonly number[]): number[] {
  return Array.from({ length: 8 }, (_, i) => (words[2 * i] ?? 0) * 65_536 + (words[2 * i + 1] ?? 0));
}

/** So many instructions that negate, each what the one before it gave. */
const chain = (count: number) => Array.from({ length: count }, (_, i) => 0x0800 + (i === 0 ? 0 : 16 * (i + 3)));

/** x0 / (sqrt(x1) + x2). */
const adam = line(0x0510, 0x0142, 0x0405);

/** What `check` must take and refuse, operator by operator; `i32[3,4]<=100` is a value of at most 100 in magnitude. */
export const ruleTable: Record<string, Rules> = {
  ...Object.fromEntries(['add', 'sub', 'mul', 'div', 'max', 'min'].map((op) => [op, binary])),
  ...Object.fromEntries(['sqrt', 'neg', 'abs', 'floor', 'rint', 'pow2ceil'].map((op) => [op, unary])),
  exp2i: ofIntegers,
  from_i32: ofIntegers,
  quantize: quantiser,
  residual: quantiser,
  to_fixed: {
    accepted: [
      ['f32[2]', 'i32[2]', [126, 1], 1],
      ['f32[2]', 'i32[2]', [-126, 2 ** 31 - 1], 2 ** 31 - 1],
    ],
    refused: [
      ['a shift above 126', 'f32[2]', 'i32[2]', [127, 1]],
      ['a shift below -126', 'f32[2]', 'i32[2]', [-127, 1]],
      ['a bound of zero', 'f32[2]', 'i32[2]', [0, 0]],
      ['a bound above i32', 'f32[2]', 'i32[2]', [0, 2 ** 31]],
      ['an f32 result', 'f32[2]', 'f32[2]', [0, 1]],
    ],
  },
  matmul_nt: {
    accepted: [
      ['i8[2,2048] i8[3,2048]', 'i32[2,3]', [], 2048 * 127 * 127],
      ['i8[4,5,2,7] i8[4,5,3,7]', 'i32[4,5,2,3]', [], 7 * 127 * 127],
    ],
    refused: [
      ['a contraction of 2,049', 'i8[2,2049] i8[3,2049]', 'i32[2,3]'],
      ['contracted extents that differ', 'i8[2,7] i8[3,8]', 'i32[2,3]'],
      ['batch extents that differ', 'i8[4,2,7] i8[5,3,7]', 'i32[4,2,3]'],
      ['ranks that differ', 'i8[2,7] i8[1,3,7]', 'i32[2,3]'],
      ['vectors', 'i8[7] i8[7]', 'i32[]'],
      ['floats', 'f32[2,7] f32[3,7]', 'i32[2,3]'],
      ['a transposed result', 'i8[2,7] i8[3,7]', 'i32[3,2]'],
    ],
  },
  add_i32: {
    accepted: [['i32[2]<=2147483646 i32[2]<=1', 'i32[2]', [], 2 ** 31 - 1]],
    refused: [
      ['a sum that could overflow', 'i32[2]<=2147483647 i32[2]<=1', 'i32[2]'],
      ['operands of unknown size', 'i32[2] i32[2]<=1', 'i32[2]'],
      ['operands of two shapes', 'i32[2]<=1 i32[1]<=1', 'i32[2]'],
    ],
  },
  sum_i32: {
    accepted: [
      ['i32[3,1024]<=2097151', 'i32[3,1]', [], 1024 * 2097151],
      ['i32[1]', 'i32[1]', [], 2 ** 31 - 1],
    ],
    refused: [
      ['a row of 1,025', 'i32[3,1025]<=1', 'i32[3,1]'],
      ['a sum that could overflow', 'i32[3,1024]<=2097152', 'i32[3,1]'],
      ['a scalar', 'i32[]<=1', 'i32[]'],
      ['a result without its last axis', 'i32[3,4]<=1', 'i32[3]'],
    ],
  },
  reduce_max: {
    accepted: [
      ['f32[3,1024]', 'f32[3,1]'],
      ['f32[1]', 'f32[1]'],
    ],
    refused: [
      ['a row of 1,025', 'f32[3,1025]', 'f32[3,1]'],
      ['an empty row', 'f32[3,0]', 'f32[3,1]'],
      ['a scalar', 'f32[]', 'f32[]'],
      ['integers', 'i32[3,4]', 'i32[3,1]'],
    ],
  },
  reduce_absmax: {
    accepted: [
      ['f32[3,1024]', 'f32[3,1]'],
      ['f32[1]', 'f32[1]'],
    ],
    refused: [
      ['a row of 1,025', 'f32[3,1025]', 'f32[3,1]'],
      ['an empty row', 'f32[3,0]', 'f32[3,1]'],
      ['a scalar', 'f32[]', 'f32[]'],
      ['integers', 'i32[3,4]', 'i32[3,1]'],
    ],
  },
  fused: {
    accepted: [
      ['f32[2,3]', 'f32[2,3]', line(0x0500)],
      ['f32[] f32[] f32[] f32[]', 'f32[]', line(0x0101, 0x0123, 0x0345)],
      ['i32[2]<=2147483646 i32[2]<=1', 'f32[2]', line(0x2101, 0x1540)],
      ['f32[2]', 'f32[2]', line(...chain(12))],
      ['f32[2] f32[2] f32[2]', 'f32[2]', adam],
      ['f32[2] i32[2]', 'f32[2]', line(0x1510, 0x0604)],
    ],
    refused: [
      ['no operand', '', 'f32[2]', line(0x0500)],
      ['five operands', 'f32[2] f32[2] f32[2] f32[2] f32[2]', 'f32[2]', line(0x0101, 0x0123, 0x0345)],
      ['operands of two shapes', 'f32[2] f32[1]', 'f32[2]', line(0x0101)],
      ['another result shape', 'f32[2]', 'f32[3]', line(0x0500)],
      ['an integer result', 'i32[2]<=1 i32[2]<=1', 'i32[2]', line(0x2101)],
      ['an integer as last result', 'i32[2]<=1 i32[2]<=1', 'f32[2]', line(0x2101)],
      ['an empty line', 'f32[2]', 'f32[2]', line()],
      ['seven attributes', 'f32[2]', 'f32[2]', line(0x0500).slice(1)],
      ['thirteen instructions', 'f32[2]', 'f32[2]', line(...chain(12), 0x05f0)],
      ['an instruction behind the end', 'f32[2]', 'f32[2]', line(0x0500, 0, 0x0540)],
      ['an opcode that is no operator', 'f32[2]', 'f32[2]', line(0x0c00)],
      ['an operator that no line applies', 'f32[2]', 'f32[2]', line(0x1000)],
      ['sources without an operator', 'f32[2]', 'f32[2]', line(0x0001)],
      ['a second source of an operator of one', 'f32[2] f32[2]', 'f32[2]', line(0x0501)],
      ['an operand that is not there', 'f32[2]', 'f32[2]', line(0x0101)],
      ['its own result', 'f32[2]', 'f32[2]', line(0x0104)],
      ['a later result', 'f32[2]', 'f32[2]', line(0x0105, 0x0104)],
      ['an operand that is not used', 'f32[2] f32[2]', 'f32[2]', line(0x0500)],
      ['a result that is not used', 'f32[2]', 'f32[2]', line(0x0500, 0x0800)],
      ['integers where floats are read', 'i32[2]', 'f32[2]', line(0x0500)],
      ['floats where integers are read', 'f32[2]', 'f32[2]', line(0x1500)],
      ['bytes', 'i8[2]', 'f32[2]', line(0x1500)],
      ['a sum that could overflow', 'i32[2]<=2147483647 i32[2]<=1', 'f32[2]', line(0x2101, 0x1540)],
      ['a sum that could overflow after another', 'i32[2]<=1073741824', 'f32[2]', line(0x2100, 0x1540)],
      ['a denominator that could be infinite', 'f32[2] f32[2]', 'f32[2]', line(0x0301, 0x0404)],
      ['a root of what could be infinite as denominator', 'f32[2] f32[2]', 'f32[2]', line(0x0301, 0x0540, 0x0405)],
      ['two finite values added as denominator', 'f32[2] f32[2]', 'f32[2]', line(0x0101, 0x0404)],
      ['the larger of what could be infinite', 'f32[2] f32[2]', 'f32[2]', line(0x0301, 0x0604)],
      ['the smaller of what could be no number', 'f32[2] f32[2]', 'f32[2]', line(0x0510, 0x0704)],
    ],
  },
  reshape: {
    accepted: [['i32[2,3]<=7', 'i32[6,1]', [], 7]],
    refused: [
      ['another number of elements', 'f32[2,3]', 'f32[7]'],
      ['another element type', 'i8[2,3]', 'i32[6]'],
    ],
  },
  transpose: {
    accepted: [['i32[2,3,4]<=7', 'i32[4,2,3]', [2, 0, 1], 7]],
    refused: [
      ['an axis twice', 'f32[2,2]', 'f32[2,2]', [0, 0]],
      ['an axis too many', 'f32[2,2]', 'f32[2,2]', [0, 1, 2]],
      ['an axis that is not there', 'f32[2,2]', 'f32[2,2]', [1, 2]],
      ['the shape of another permutation', 'f32[2,3]', 'f32[2,3]', [1, 0]],
    ],
  },
  slice: {
    accepted: [
      ['i32[2,5]<=7', 'i32[2,3]', [1, 2, 3], 7],
      ['f32[2,5]', 'f32[2,5]', [1, 0, 5]],
    ],
    refused: [
      ['a part that ends outside', 'f32[2,5]', 'f32[2,3]', [1, 3, 3]],
      ['a part that starts outside', 'f32[2,5]', 'f32[2,3]', [1, -1, 3]],
      ['an empty part', 'f32[2,5]', 'f32[2,0]', [1, 0, 0]],
      ['an axis that is not there', 'f32[2,5]', 'f32[2,5]', [2, 0, 1]],
      ['another length', 'f32[2,5]', 'f32[2,3]', [1, 0, 4]],
    ],
  },
  concat: {
    accepted: [['i32[2,5]<=7 i32[2,1]<=9', 'i32[2,6]', [1], 9]],
    refused: [
      ['other extents that differ', 'f32[2,5] f32[3,5]', 'f32[2,10]', [1]],
      ['element types that differ', 'i32[2] u32[2]', 'i32[4]', [0]],
      ['ranks that differ', 'f32[2] f32[2,1]', 'f32[4]', [0]],
      ['an axis that is not there', 'f32[2] f32[2]', 'f32[4]', [1]],
      ['one operand', 'f32[2]', 'f32[2]', [0]],
      ['another extent', 'f32[2] f32[2]', 'f32[5]', [0]],
    ],
  },
  broadcast: {
    accepted: [
      ['i32[3,1]<=7', 'i32[2,3,4]', [], 7],
      ['f32[]', 'f32[2,3]'],
      ['f32[1,3]', 'f32[2,3]'],
    ],
    refused: [
      ['an extent that is not 1', 'f32[2,3]', 'f32[4,3]'],
      ['a smaller rank', 'f32[1,3]', 'f32[3]'],
      ['alignment at the left', 'f32[3]', 'f32[3,4]'],
    ],
  },
  gather: {
    accepted: [
      ['i32[5,3]<=7 u32[2,4]', 'i32[2,4,3]', [], 7],
      ['f32[5] i32[]', 'f32[]'],
    ],
    refused: [
      ['an index of floats', 'f32[5,3] f32[2]', 'f32[2,3]'],
      ['a scalar table', 'f32[] u32[2]', 'f32[2]'],
      ['no index', 'f32[5,3]', 'f32[5,3]'],
      ['another shape', 'f32[5,3] u32[2]', 'f32[3,2]'],
    ],
  },
  one_hot: {
    accepted: [
      ['u32[2,3]', 'f32[2,3,5]', [5]],
      ['i32[2]', 'i8[2,1]', [1], 1],
    ],
    refused: [
      ['no classes', 'u32[2]', 'f32[2,0]', [0]],
      ['another number of classes', 'u32[2]', 'f32[2,4]', [5]],
      ['an index of floats', 'f32[2]', 'f32[2,5]', [5]],
      ['an index of rank 0', 'u32[]', 'f32[5]', [5]],
      ['a result of i32', 'u32[2]', 'i32[2,5]', [5]],
    ],
  },
  topk_chunk: {
    accepted: [
      ['f32[3,1024]', 'i8[3,1024]', [1024], 1],
      ['f32[5]', 'i8[5]', [1], 1],
    ],
    refused: [
      ['a row of 1,025', 'f32[3,1025]', 'i8[3,1025]', [1]],
      ['a scalar', 'f32[]', 'i8[]', [1]],
      ['more than there are', 'f32[3,4]', 'i8[3,4]', [5]],
      ['none', 'f32[3,4]', 'i8[3,4]', [0]],
      ['integers', 'i32[3,4]', 'i8[3,4]', [2]],
      ['an f32 result', 'f32[3,4]', 'f32[3,4]', [2]],
      ['another shape', 'f32[3,4]', 'i8[3,2]', [2]],
    ],
  },
  pack_chunk: {
    accepted: [
      ['f32[3,1024] i8[3,1024]', 'f32[3,1024]', [1024]],
      ['f32[5] i8[5]', 'f32[1]', [1]],
    ],
    refused: [
      ['a row of 1,025', 'f32[3,1025] i8[3,1025]', 'f32[3,2]', [2]],
      ['scalars', 'f32[] i8[]', 'f32[]', [1]],
      ['more than there are', 'f32[3,4] i8[3,4]', 'f32[3,5]', [5]],
      ['none', 'f32[3,4] i8[3,4]', 'f32[3,0]', [0]],
      ['a mask of another shape', 'f32[3,4] i8[1,4]', 'f32[3,2]', [2]],
      ['a mask of floats', 'f32[3,4] f32[3,4]', 'f32[3,2]', [2]],
      ['no mask', 'f32[3,4]', 'f32[3,2]', [2]],
      ['another length', 'f32[3,4] i8[3,4]', 'f32[3,3]', [2]],
    ],
  },
  scatter_chunk: {
    accepted: [
      ['f32[3,1024] f32[3,1024]', 'f32[3,1024]', [1024]],
      ['f32[5] f32[5]', 'f32[16777216]', [2 ** 24]],
    ],
    refused: [
      ['a row of 1,025', 'f32[3,1025] f32[3,1025]', 'f32[3,2000]', [2000]],
      ['scalars', 'f32[] f32[]', 'f32[]', [1]],
      ['more than there is room for', 'f32[3,4] f32[3,4]', 'f32[3,3]', [3]],
      ['positions that f32 does not hold', 'f32[5] f32[5]', 'f32[16777217]', [2 ** 24 + 1]],
      ['positions of another shape', 'f32[3,4] f32[1,4]', 'f32[3,9]', [9]],
      ['positions of integers', 'f32[3,4] i32[3,4]', 'f32[3,9]', [9]],
      ['no positions', 'f32[3,4]', 'f32[3,9]', [9]],
      ['another length', 'f32[3,4] f32[3,4]', 'f32[3,9]', [8]],
    ],
  },
  sort_lanes: {
    accepted: [
      ['f32[3,256]', 'f32[3,256]'],
      ['f32[1]', 'f32[1]'],
    ],
    refused: [
      ['a row of 257', 'f32[3,257]', 'f32[3,257]'],
      ['a scalar', 'f32[]', 'f32[]'],
      ['integers', 'i32[3,4]', 'f32[3,4]'],
      ['another shape', 'f32[3,4]', 'f32[4,3]'],
    ],
  },
  load_batch: {
    accepted: [['', 'u32[1,2]', [1, 2]]],
    refused: [
      ['no rows', '', 'u32[0,2]', [0, 2]],
      ['rows without a target', '', 'u32[1,1]', [1, 1]],
      ['an operand', 'u32[1]', 'u32[1,2]', [1, 2]],
      ['another element type', '', 'i32[1,2]', [1, 2]],
    ],
  },
};
