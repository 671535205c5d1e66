import type { Call } from '../../sdk/call.ts';
import { readShares } from '../../sdk/shares.ts';
import type { Workshop, WorkshopConfig } from './workshop.ts';

/** Sends a claim of shares, and logs what the owner has got by it. */
export async function takeShares(
  { client, deployment, config, owner, hand, log }: Workshop<WorkshopConfig>,
  call: Call,
  of: { readonly rounds: readonly number[] } | { readonly verdicts: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  const balance = () => readShares(client, deployment, config.runId, owner);
  const before = await balance();
  if ((await hand.send(call, signal)) === undefined) return;
  const after = await balance();
  log.info({ event: 'shares', ...of, amount: String(after - before), balance: String(after) }, 'shares claimed');
}
