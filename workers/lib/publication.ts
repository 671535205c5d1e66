import { concatHex, hexToBytes, size, toHex } from 'viem';

import { pendingAfter, publicationOf, publishedState } from '../../engine/commit/publication.ts';
import type { State } from '../../engine/graph/state.ts';
import type { StateLayout } from '../../engine/graph/types.ts';
import { publish, readPieces } from '../../sdk/availability.ts';
import { parseClaimId } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import type { Commitment } from '../../sdk/round.ts';
import type { CommitmentBook } from './commitments.ts';
import type { Hand } from './hand.ts';

export type Publishing = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly book: Pick<CommitmentBook, 'blocksSince'>;
};

/** Bytes of pieces in one transaction: about a million gas. */
const BYTES_PER_CALL = 24_000;

/**
 * Publishes a payload on chain, from where a call before has left it, by whomever. Says whether all of it is there; what a
 * contract refuses ends it.
 */
export async function publishOnChain(
  { client, deployment, book, hand }: Publishing & { readonly hand: Pick<Hand, 'send'> },
  work: bigint,
  commitment: Commitment,
  payload: State,
  signal: AbortSignal,
  bytesPerCall = BYTES_PER_CALL,
): Promise<boolean> {
  const pieces = publicationOf(payload);
  const before = await readPieces(client, deployment, work, await book.blocksSince(parseClaimId(work).round));
  let next = piecesWithin(
    pieces,
    before.reduce((sum, some) => sum + size(some), 0),
  );
  while (next < pieces.length) {
    const end = next + Math.max(1, piecesWithin(pieces.slice(next), bytesPerCall));
    const pending = pendingAfter(commitment.payloadRoot, pieces.slice(0, next));
    const call = publish(deployment, work, commitment, pending, toHex(Buffer.concat(pieces.slice(next, end))));
    if ((await hand.send(call, signal)) === undefined) return false;
    next = end;
  }
  return true;
}

/** How many of the first pieces fit. */
function piecesWithin(pieces: readonly Uint8Array[], bytes: number): number {
  let left = bytes;
  const end = pieces.findIndex((piece) => (left -= piece.length) < 0);
  return end < 0 ? pieces.length : end;
}

/** A payload that is published in full, as its layout has it. @throws PUBLICATION_INVALID when nobody honest committed to it */
export async function readPublished(
  { client, deployment, book }: Publishing,
  work: bigint,
  layout: StateLayout,
): Promise<State> {
  const found = await readPieces(client, deployment, work, await book.blocksSince(parseClaimId(work).round));
  return publishedState(layout, hexToBytes(concatHex(found)));
}
