import { abs } from './abs.ts';
import { add } from './add.ts';
import { addI32 } from './add_i32.ts';
import { broadcast } from './broadcast.ts';
import { concat } from './concat.ts';
import { div } from './div.ts';
import { exp2i } from './exp2i.ts';
import { floor } from './floor.ts';
import { fromI32 } from './from_i32.ts';
import { fused } from './fused.ts';
import { gather } from './gather.ts';
import { loadBatch } from './load_batch.ts';
import { matmulNt } from './matmul_nt.ts';
import { max } from './max.ts';
import { min } from './min.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { oneHot } from './one_hot.ts';
import type { Operator } from './operator.ts';
import { packChunk } from './pack_chunk.ts';
import { pow2ceil } from './pow2ceil.ts';
import { quantize } from './quantize.ts';
import { reduceAbsmax } from './reduce_absmax.ts';
import { reduceMax } from './reduce_max.ts';
import { reshape } from './reshape.ts';
import { residual } from './residual.ts';
import { rint } from './rint.ts';
import { scatterChunk } from './scatter_chunk.ts';
import { slice } from './slice.ts';
import { sortLanes } from './sort_lanes.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';
import { sumI32 } from './sum_i32.ts';
import { toFixed } from './to_fixed.ts';
import { topkChunk } from './topk_chunk.ts';
import { transpose } from './transpose.ts';

const elementwise = [add, sub, mul, div, sqrt, max, min, neg, abs, floor, rint];
const conversion = [pow2ceil, exp2i, quantize, residual, toFixed, fromI32, fused];
const exact = [matmulNt, addI32, reduceMax, sumI32, reduceAbsmax];
const movement = [reshape, transpose, slice, concat, broadcast, gather, oneHot];
const updates = [topkChunk, packChunk, scatterChunk, sortLanes];

/** The closed set, by name. */
export const operators: ReadonlyMap<string, Operator> = new Map(
  [...elementwise, ...conversion, ...exact, ...movement, loadBatch, ...updates].map((operator) => [
    operator.name,
    operator,
  ]),
);
