import { elementCount, sameShape, type Tensor } from '../graph/types.ts';
import { checkKept, checkRow, MAX_CHUNK, placeOf, rowCount, rowOf, rowRange } from './updates.ts';
import { fault, none, one, requireInputs, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'scatter_chunk';

/** Positions below this are integers that binary32 holds. */
const MAX_POSITIONS = 2 ** 24;

/** Whether the positions of each row are ascending integers in [0, n), none of them twice. */
function areAscending({ data }: Tensor, k: number, n: number): boolean {
  let last = -1;
  for (let i = 0; i < data.length; i++) {
    const position = data[i]!;
    if (!(position > (i % k === 0 ? -1 : last) && position < n && Number.isInteger(position))) return false;
    last = position;
  }
  return true;
}

/**
 * scatter_chunk(values[..., k], positions f32 [..., k]; n): rows of n zeros with the values at their positions. Positions
 * of a row that are not ascending integers in [0, n) are a fault. k <= 1,024, n <= 2^24. Contract twin:
 * Updates.scatterChunk.
 */
export const scatterChunk: Operator = {
  name,
  opcode: 82,
  check(inputs, application) {
    requireInputs(name, inputs, ['f32', 'f32']);
    const [values, positions] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
    rule(sameShape(values, positions), name, `shapes ${showShape(values)} and ${showShape(positions)} differ`);
    const [n = 0] = application.attributes;
    rule(n <= MAX_POSITIONS, name, `n = ${n} is above ${MAX_POSITIONS}`);
    checkKept(name, checkRow(name, values, MAX_CHUNK), n);
    requireType(name, application, 'f32', values.with(-1, n));
    return undefined;
  },
  attributeCount: () => 1,
  domain([, positions], _, [n = 0]) {
    const k = positions!.shape.at(-1)!;
    if (!areAscending(positions!, k, n)) throw fault(name, `positions are not ascending integers in [0, ${n})`);
  },
  // Positions that a broadcast repeats are not there in rows.
  isSurelyDefined: ([, positions], _, [n = 0]) =>
    positions!.data.length === elementCount(positions!.shape) && areAscending(positions!, positions!.shape.at(-1)!, n),
  reads(element, [values, positions], application) {
    const { row, column } = placeOf(element, application);
    const whole = rowRange(positions!, row);
    const found = rowOf(positions!, row).findIndex((position) => position === column);
    return [found < 0 ? none : one(rowRange(values!, row).start + found), whole];
  },
  evaluate([values, positions], output) {
    for (let row = 0; row < rowCount(values!); row++) {
      const into = rowOf(output, row);
      rowOf(positions!, row).forEach((position, i) => (into[position] = rowOf(values!, row)[i]!));
    }
  },
  lower(to, { type: { shape } }) {
    const zeros = to.emit('Expand', [to.scalar('f32', 0), to.axes(shape)]);
    const positions = to.emit('Cast', [to.value(1)], { to: 6 });
    return to.emit('ScatterElements', [zeros, positions, to.value(0)], { axis: -1 });
  },
};
