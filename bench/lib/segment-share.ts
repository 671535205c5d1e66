/** Times of one round, in milliseconds where they are times. */
export type RoundCost = {
  readonly stepMs: number;
  /** The root of a training state. */
  readonly rootMs: number;
  /** The root of the pseudo-gradient. */
  readonly payloadMs: number;
  readonly steps: number;
  readonly segments: number;
  /** What a round waits for in full besides, the challenge window; 0 to leave it out. */
  readonly waitMs?: number;
};

/**
 * Share of a miner's round that goes into hashing: the state it starts from, the state after each segment, and the
 * payload, none of which overlaps with training.
 */
export function segmentShare({ stepMs, rootMs, payloadMs, steps, segments, waitMs = 0 }: RoundCost): number {
  const hashing = (1 + segments) * rootMs + payloadMs;
  return hashing / (hashing + steps * stepMs + waitMs);
}
