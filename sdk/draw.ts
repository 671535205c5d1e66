import { encodeAbiParameters, keccak256, type Hex } from 'viem';

import type { Round } from './round.ts';
import type { RunParameters } from './run.ts';

/** Whether a seat is audited in a round, and which segment besides the last one. */
export type Draw = { readonly drawn: boolean; readonly segment: number };

/** A seat in a round whose beacon is drawn; `since` is the first round that it serves in. */
export type Drawn = Pick<Round, 'runId' | 'number' | 'beaconLost'> & {
  readonly beacon: Hex;
  readonly seat: number;
  readonly since: number;
};

const words = [{ type: 'bytes32' }, { type: 'uint64' }, { type: 'uint32' }, { type: 'uint32' }] as const;

/**
 * The draw of the contracts, `Runs.drawn`, from the beacon alone: anyone can check who had to be audited. `segments` are
 * those that the seat has committed.
 */
export function drawOf(
  { beacon, beaconLost, runId, number, seat, since }: Drawn,
  { auditRate, probationRounds, segments }: Pick<RunParameters, 'auditRate' | 'probationRounds' | 'segments'>,
): Draw {
  const draw = BigInt(keccak256(encodeAbiParameters(words, [beacon, runId, number, seat])));
  const chance = BigInt.asUintN(128, draw) % 10_000n;
  return {
    drawn: beaconLost || number < since + probationRounds || chance < BigInt(auditRate),
    segment: segments > 1 ? Number((draw >> 128n) % BigInt(segments - 1)) : 0,
  };
}

/** The segments of a drawn seat that validators take again: the random one, and always the last. */
export function auditedSegments({ segment }: Draw, { segments }: Pick<RunParameters, 'segments'>): readonly number[] {
  const last = segments - 1;
  return segment === last ? [last] : [segment, last];
}
