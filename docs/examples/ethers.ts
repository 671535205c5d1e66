import type { Signer } from 'ethers';
import { ethersActions, type Deployment, type Serving } from 'swarmlock';

/** Spends credits of a run by a signer of ethers, for who serves, and says how many are out then. */
export async function spendCredits(
  signer: Signer,
  deployment: Deployment & Serving,
  { runId, amount, server }: { runId: bigint; amount: bigint; server: `0x${string}` },
): Promise<bigint> {
  const { credits } = await ethersActions(signer, deployment);
  const address = await credits.of(runId);
  await credits.spend(address, amount, server);
  const { out } = await credits.read(address);
  return out;
}
