/** What the share of hashing in a round depends on. */
export type RoundCost = {
  /** Bytes of the whole training state: parameters, moments, scalars. */
  readonly stateBytes: number;
  /** Bytes of the pseudo-gradient: the parameters in f32. */
  readonly payloadBytes: number;
  /** Segment roots that a miner posts in a round. */
  readonly segments: number;
  /** Inner steps of a round. */
  readonly innerSteps: number;
  readonly secondsPerStep: number;
  readonly gbPerSecond: number;
};

/**
 * Share of a miner's round that goes into hashing: the state it starts from, the state after each segment, and the
 * payload, none of which overlaps with training.
 */
export function segmentShare(cost: RoundCost): number {
  const bytes = (1 + cost.segments) * cost.stateBytes + cost.payloadBytes;
  const hashing = bytes / (cost.gbPerSecond * 1e9);
  return hashing / (hashing + cost.innerSteps * cost.secondsPerStep);
}
