import { elementCount } from '../graph/types.ts';
import { checkMovement } from './movement.ts';
import { areWithin, fault, none, one, requireType, rule, type Operator } from './operator.ts';

const name = 'gather';

/** gather(table[n, ...], index): the table's rows at the indices; an index outside [0, n) is a fault. */
export const gather: Operator = {
  name,
  opcode: 53,
  check(inputs, application) {
    const bound = checkMovement(name, inputs, application);
    const [table, index] = inputs as [(typeof inputs)[0], (typeof inputs)[0] | undefined];
    rule(index !== undefined && (index.dtype === 'u32' || index.dtype === 'i32'), name, 'the index must be u32 or i32');
    rule(inputs.length === 2 && table.shape.length >= 1, name, 'takes a table of rank 1 or more, and an index');
    requireType(name, application, table.dtype, [...index.shape, ...table.shape.slice(1)]);
    return bound;
  },
  domain([table, index]) {
    const rows = table!.shape[0]!;
    for (const row of index!.data) if (row < 0 || row >= rows) throw fault(name, `index ${row} is not in [0, ${rows})`);
  },
  isSurelyDefined: ([table, index]) => areWithin(index!, 0, table!.shape[0]! - 1),
  reads(element, [table, index]) {
    const width = elementCount(table!.shape.slice(1));
    const position = Math.floor(element / width);
    const row = index!.data[position]!;
    const isInside = row >= 0 && row < table!.shape[0]!;
    return [isInside ? one(row * width + (element % width)) : none, one(position)];
  },
  evaluate([table, index], output) {
    const width = elementCount(table!.shape.slice(1));
    index!.data.forEach((row, position) => {
      output.data.set(table!.data.subarray(row * width, (row + 1) * width), position * width);
    });
  },
  lower(to, { type, form }) {
    if (to.rank(0) === 1) {
      // A third of the time that Gather takes for single elements.
      const places = to.emit('Reshape', [to.index(1), to.axes([-1])]);
      const taken = to.emit('GatherElements', [to.value(0, form), places], { axis: 0 });
      return to.emit('Reshape', [taken, to.axes(type.shape)]);
    }
    return to.emit('Gather', [to.value(0, form), to.index(1)], { axis: 0 });
  },
};
