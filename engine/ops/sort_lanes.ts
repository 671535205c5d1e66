import { checkRow, MAX_LANES, placeOf, rowCount, rowOf, rowRange } from './updates.ts';
import { requireInputs, requireType, type Operator } from './operator.ts';

const name = 'sort_lanes';

/** sort_lanes(x[..., R]): every row in ascending order, R <= 256. Contract twin: Updates.sortLanes. */
export const sortLanes: Operator = {
  name,
  opcode: 83,
  check(inputs, application) {
    requireInputs(name, inputs, ['f32']);
    const { shape } = inputs[0]!;
    checkRow(name, shape, MAX_LANES);
    requireType(name, application, 'f32', shape);
    return undefined;
  },
  reads: (element, [x], application) => [rowRange(x!, placeOf(element, application).row)],
  evaluate([x], output) {
    for (let row = 0; row < rowCount(x!); row++) rowOf(output, row).set(rowOf(x!, row).toSorted((a, b) => a - b));
  },
  lower(to, { type: { shape } }) {
    return to.emit('TopK', [to.value(0), to.axes([shape.at(-1)!])], { axis: -1, largest: 0, sorted: 1 });
  },
};
