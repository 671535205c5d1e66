import { checkKept, checkRow, MAX_CHUNK, placeOf, rowCount, rowOf, rowRange } from './updates.ts';
import { requireInputs, requireType, type Operator } from './operator.ts';

const name = 'topk_chunk';

/**
 * topk_chunk(x[..., n]; k): i8, 1 where an element is one of the k of its row that are largest in magnitude, of equal ones
 * those of lower index; else 0. n <= 1,024. Contract twin: Updates.topkChunk.
 */
export const topkChunk: Operator = {
  name,
  opcode: 80,
  check(inputs, application) {
    requireInputs(name, inputs, ['f32']);
    const { shape } = inputs[0]!;
    checkKept(name, application.attributes[0]!, checkRow(name, shape, MAX_CHUNK));
    requireType(name, application, 'i8', shape);
    return 1;
  },
  attributeCount: () => 1,
  reads: (element, [x], application) => [rowRange(x!, placeOf(element, application).row)],
  evaluate([x], output, [k = 0]) {
    for (let row = 0; row < rowCount(x!); row++) {
      const magnitudes = rowOf(x!, row).map(Math.abs);
      const order = Array.from(magnitudes.keys()).sort((i, j) => magnitudes[j]! - magnitudes[i]! || i - j);
      for (const index of order.slice(0, k)) rowOf(output, row)[index] = 1;
    }
  },
  lower(to, { type: { shape }, attributes: [k = 0], form }) {
    const held = form === 'u8' ? 'u8' : 'i8';
    const offset = form === 'u8' ? 128 : 0;
    const filled = (value: number, into: readonly number[]) =>
      to.emit('Expand', [to.scalar(held, value), to.axes(into)]);
    const largest = { axis: -1, largest: 1, sorted: 0 };
    const chosen = to.emit('TopK', [to.emit('Abs', [to.value(0)]), to.axes([k])], largest, '', 1);
    const updates = [filled(offset, shape), chosen, filled(offset + 1, shape.with(-1, k))];
    return to.emit('ScatterElements', updates, { axis: -1 });
  },
};
