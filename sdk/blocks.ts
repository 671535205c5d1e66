import type { Client } from './client.ts';
import { onChain } from './errors.ts';

/**
 * The first block whose time is not before `instant` (in seconds), by bisection; the block after the latest when there is
 * none yet. Events since an instant are searched from there.
 */
export async function firstBlockAt(client: Client, instant: number): Promise<bigint> {
  const latest = await onChain('reading blocks', client.getBlock());
  if (latest.timestamp < instant) return latest.number + 1n;
  // All blocks before `low` are earlier than the instant; `high` is not.
  let low = 0n;
  let high = latest.number;
  while (low < high) {
    const middle = (low + high) / 2n;
    const { timestamp } = await onChain('reading blocks', client.getBlock({ blockNumber: middle }));
    if (timestamp < instant) low = middle + 1n;
    else high = middle;
  }
  return high;
}
