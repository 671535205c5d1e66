import { SwarmlockError } from '../errors.ts';
import { rowsAt, type Batch } from './batch.ts';
import type { Dataset } from './dataset.ts';

/** Number of held-out windows: `context` inputs side by side, each row with the token after it. */
export function heldOutWindows(dataset: Dataset, context: number): number {
  return Math.max(0, Math.floor((dataset.heldOut.length - 1) / context));
}

/**
 * Batches of exactly `rows` held-out windows, from the first on, the same for everybody. What does not fill a batch at
 * the end is left out; when there are fewer windows than rows, the one batch repeats them in order.
 * @throws HELD_OUT_EMPTY when there is no window.
 */
export function* heldOutBatches(
  dataset: Dataset,
  { rows, context, limit = Infinity }: { rows: number; context: number; limit?: number },
): Generator<Batch> {
  const windows = heldOutWindows(dataset, context);
  if (windows === 0) {
    throw new SwarmlockError(`${dataset.heldOut.length} held-out tokens hold no window of ${context}`, {
      code: 'HELD_OUT_EMPTY',
      argument: 'context',
      hint: 'Hold out more text or shorten the context.',
    });
  }
  const batches = Math.min(limit, Math.max(1, Math.floor(windows / rows)));
  for (let batch = 0; batch < batches; batch += 1) {
    const starts = Array.from({ length: rows }, (_, row) => ((batch * rows + row) % windows) * context);
    yield rowsAt(dataset.heldOut, starts, context);
  }
}
