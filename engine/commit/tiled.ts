import { bytesPerElement, elementCount, typedArray, type TensorType, type TypedArray } from '../graph/types.ts';
import { joinRoots, sourceRoot, subtreeRoot, tensorSource, type Source } from './fast.ts';
import { LEAF_BYTES, leafGeometry, leafSpan, treeDepth } from './format.ts';

/**
 * Root of the tree of a tensor whose content is `block`, each element `stretch` times in succession, repeated until the
 * tensor is full. Leaves repeat too, so only one period of them is hashed, and one period of the nodes of each level.
 */
export function tiledRoot(type: TensorType, block: TypedArray, stretch: number): Uint8Array {
  const size = bytesPerElement[type.dtype];
  const geometry = leafGeometry(type);
  // Rows that do not fill their last leaf repeat by rows, all others by leaves.
  const isCut = geometry.leavesPerRow < geometry.leaves && geometry.rowBytes % LEAF_BYTES !== 0;
  const unit = isCut ? geometry.rowBytes : LEAF_BYTES;
  const period = leastCommonMultiple(block.length * stretch * size, unit);
  const bytes = elementCount(type.shape) * size;
  if (period >= bytes) return sourceRoot(tensorSource({ ...type, data: filled(type, block, stretch, bytes / size) }));
  const leaves = (period / unit) * (isCut ? geometry.leavesPerRow : 1);
  const data = filled(type, block, stretch, period / size);
  const first = { dtype: type.dtype, shape: isCut ? [period / unit, unit / size] : [period / size], data };
  return repeated(tensorSource(first), leaves, geometry.leaves, leafSpan(geometry, geometry.leaves - 1).length);
}

/** Root over `total` leaves of which those of `source` are one period; the last one may be shorter. */
function repeated(source: Source, period: number, total: number, lastLength: number): Uint8Array {
  const known = new Map<string, Uint8Array>();
  const depth = treeDepth(total);
  const regular = leafSpan(source.geometry, (total - 1) % period).length === lastLength ? total : total - 1;
  const leaf = (index: number): Uint8Array => {
    const from = index % period;
    if (index < regular) return subtreeRoot(source, from, 1, 0);
    const { start } = leafSpan(source.geometry, from);
    const bytes = source.bytes.subarray(start, start + lastLength);
    const words = source.words?.subarray(start / 4, (start + lastLength) / 4);
    const geometry = { rowBytes: lastLength, leavesPerRow: 1, leaves: 1 };
    return subtreeRoot({ bytes, words, origin: 0, geometry }, 0, 1, 0);
  };
  const root = (level: number, index: number, cycle: number): Uint8Array => {
    const from = index * 2 ** level;
    if (from >= total) return subtreeRoot(source, 0, 0, level);
    const isWhole = from + 2 ** level <= regular;
    const key = `${level} ${isWhole ? index % cycle : `edge ${index}`}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const below = (child: number) => root(level - 1, child, cycles[level - 1]!);
    const made = level === 0 ? leaf(index) : joinRoots(below(2 * index), below(2 * index + 1));
    known.set(key, made);
    return made;
  };
  // A level repeats after half as many nodes as the one below, or after as many when those are odd.
  const cycles = [period];
  for (let level = 1; level <= depth; level += 1) {
    const below = cycles[level - 1]!;
    cycles.push(below % 2 === 0 ? below / 2 : below);
  }
  return root(depth, 0, cycles[depth]!);
}

/** The first `length` elements of the repeated content. */
export function filled({ dtype }: TensorType, block: TypedArray, stretch: number, length: number): TypedArray {
  const data = typedArray(dtype, length);
  const once = Math.min(length, block.length * stretch);
  for (let i = 0; i < once; i += stretch) data.fill(block[i / stretch]!, i, Math.min(i + stretch, once));
  for (let end = once; end < length; end *= 2) data.copyWithin(end, 0, Math.min(end, length - end));
  return data;
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return (a / x) * b;
}
