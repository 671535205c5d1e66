import { zeroHash, type Address, type Hex } from 'viem';

import { rootFromProof } from '../../../engine/commit/tree.ts';
import { encodedOpening, programsRoot, secretOf, type Opening, type RunPrograms } from '../../../sdk/game.ts';
import { GENESIS, root, RUN, type Actor, type Deployment } from './protocol.ts';

const PROGRAM = root(0x91) as Hex;
const SIBLINGS = Array.from({ length: 8 }, () => root(0x92) as Hex);

/** What the run computes: programs that nobody looks into. Two members have the outer step `PROGRAM`. */
const programs: RunPrograms = {
  training: root(0x93) as Hex,
  payload: root(0x94) as Hex,
  aggregates: rootFromProof(PROGRAM, 2, SIBLINGS),
  zeroFirst: root(0x95) as Hex,
  zeroRest: root(0x96) as Hex,
  zeroPayload: zeroHash,
  segmentSteps: 1,
  payloadBytes: 4_000_000n,
  dataset: root(0x33) as Hex,
  continuation: zeroHash,
  context: 1,
};

export const PROGRAMS_ROOT = programsRoot(programs);

/** More than any demand costs at the price that the chain asks. */
const FEE = 10n ** 17n;

/** Announces a challenge with the actor's node, and waits a block. */
async function announce(deployment: Deployment, { owner, node }: Actor, id: bigint, subject: Opening['subject']) {
  const { game, claims, networkHelpers } = deployment;
  const opening: Opening = { id, subject, segment: 0, marks: [], salt: root(0x01) as Hex };
  const word = (await claims.wordOf(id)) as Hex;
  await game.connect(node).announce(secretOf(owner.address as Address, word, opening));
  await networkHelpers.mine();
  return encodedOpening(opening);
}

/** Challenges the payload of a miner's round, which committed to `commitment`. */
export async function challengeWork(deployment: Deployment, actor: Actor, id: bigint, commitment: object) {
  const opening = await announce(deployment, actor, id, 'payload');
  await deployment.game.connect(actor.node).openOnWork(opening, commitment, programs, { value: FEE });
}

/** Challenges an aggregate of the first two members on the first state. */
export async function challengeAggregate(deployment: Deployment, actor: Actor, aggregator: Actor, nextRoot: string) {
  const [{ id }] = (await deployment.runs.roundOf(RUN, 1n)).aggregates;
  const opening = await announce(deployment, actor, id, 'aggregate');
  const claim = { claimant: aggregator.owner.address, parent: GENESIS, accepted: 0b11n, nextRoot };
  const open = deployment.game.connect(actor.node).openOnAggregate;
  await open(opening, claim, programs, PROGRAM, SIBLINGS, { value: FEE });
}
