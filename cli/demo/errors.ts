import { SwarmlockError } from '../../engine/errors.ts';

/** Whether the same may work a moment later. */
export function isRetryable(error: unknown): boolean {
  return error instanceof SwarmlockError && error.retryable;
}
