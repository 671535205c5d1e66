import { sameShape, type Tensor } from '../graph/types.ts';
import { checkKept, checkRow, MAX_CHUNK, placeOf, rowCount, rowOf, rowRange } from './updates.ts';
import { areWithin, fault, one, requireInputs, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'pack_chunk';

/** The positions of a row, those that the mask sets first, both in ascending order. */
function order(mask: Tensor['data']): readonly number[] {
  const all = Array.from(mask.keys());
  return [...all.filter((position) => mask[position] !== 0), ...all.filter((position) => mask[position] === 0)];
}

/**
 * pack_chunk(x[..., n], mask i8 [..., n]; k): the first k elements of each row, taking those first that the mask sets; in
 * the order in which they stand. A mask of anything but 0 and 1 is a fault. n <= 1,024. Contract twin: Updates.packChunk.
 */
export const packChunk: Operator = {
  name,
  opcode: 81,
  check(inputs, application) {
    requireInputs(name, inputs, ['f32', 'i8']);
    const [x, mask] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
    rule(sameShape(x, mask), name, `shapes ${showShape(x)} and ${showShape(mask)} differ`);
    const [k = 0] = application.attributes;
    checkKept(name, k, checkRow(name, x, MAX_CHUNK));
    requireType(name, application, 'f32', x.with(-1, k));
    return undefined;
  },
  attributeCount: () => 1,
  domain([, mask]) {
    for (const set of mask!.data) if (set !== 0 && set !== 1) throw fault(name, `${set} is neither 0 nor 1`);
  },
  isSurelyDefined: ([, mask]) => areWithin(mask!, 0, 1),
  reads(element, [x, mask], application) {
    const { row, column } = placeOf(element, application);
    const whole = rowRange(x!, row);
    return [one(whole.start + order(rowOf(mask!, row))[column]!), whole];
  },
  evaluate([x, mask], output, [k = 0]) {
    for (let row = 0; row < rowCount(x!); row++) {
      const taken = order(rowOf(mask!, row)).slice(0, k);
      taken.forEach((position, column) => (rowOf(output, row)[column] = rowOf(x!, row)[position]!));
    }
  },
  lower(to, { attributes: [k = 0] }) {
    // Equal ones come in ascending order.
    const set = to.emit('Cast', [to.value(1, 'i8')], { to: 1 });
    const positions = to.emit('TopK', [set, to.axes([k])], { axis: -1, largest: 1, sorted: 1 }, '', 1);
    return to.emit('GatherElements', [to.value(0), positions], { axis: -1 });
  },
};
