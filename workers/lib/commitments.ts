import type { Client } from '../../sdk/client.ts';
import { firstBlockAt } from '../../sdk/blocks.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { onChain } from '../../sdk/errors.ts';
import { readCommitments, type Blocks, type Committed } from '../../sdk/events.ts';
import { readRound } from '../../sdk/round.ts';
import { readParameters } from '../../sdk/run.ts';

/** What miners have committed, round by round. */
export type CommitmentBook = {
  /** The commitments of a round after its commit window, in ascending member index. */
  of(round: number): Promise<readonly Committed[]>;
  /** The blocks since a round was opened. */
  blocksSince(round: number): Promise<Blocks>;
};

/** How many rounds are remembered: the current one and those that workers look back to. */
const KEPT = 4;

/** Reads each round's commitments once, from the events of the chain. */
export function commitmentBook(client: Client, deployment: Deployment, runId: bigint): CommitmentBook {
  const pages = new Map<number, readonly Committed[]>();
  const opened = new Map<number, bigint>();
  const book: CommitmentBook = {
    async of(round) {
      const known = pages.get(round);
      if (known !== undefined) return known;
      const found = await readCommitments(client, deployment, runId, round, await book.blocksSince(round));
      const page = found.toSorted((a, b) => a.index - b.index);
      remember(pages, round, page);
      return page;
    },
    async blocksSince(round) {
      const fromBlock = opened.get(round) ?? (await openingBlock(client, deployment, runId, round));
      remember(opened, round, fromBlock);
      return { fromBlock, toBlock: await onChain('reading the latest block', client.getBlockNumber()) };
    },
  };
  return book;
}

/** A round opens in the block that settles the one before it. */
async function openingBlock(client: Client, deployment: Deployment, runId: bigint, round: number): Promise<bigint> {
  if (round === 0) return 0n;
  const { settledAt } = await readRound(client, deployment, runId, round - 1);
  const { opensAt } = await readParameters(client, deployment, runId);
  return firstBlockAt(client, settledAt ?? opensAt);
}

function remember<T>(pages: Map<number, T>, round: number, page: T): void {
  pages.set(round, page);
  for (const old of pages.keys()) if (pages.size > KEPT && old !== round) pages.delete(old);
}
