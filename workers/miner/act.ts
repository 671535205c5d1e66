import { decodePublished } from '../../engine/compress/published.ts';
import { commit, type Commitment } from '../../sdk/round.ts';
import { claimShares } from '../../sdk/shares.ts';
import { publishOnChain } from '../lib/publication.ts';
import { takeShares } from '../lib/take-shares.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { MinerConfig } from './config.ts';
import type { MinerAction } from './decide.ts';
import { playGhostRound } from './ghost.ts';
import type { MinerMemory } from './read.ts';
import type { RoundFiles } from './round-files.ts';
import { feedbackOf, type Finished, type Train, type TrainingOptions } from './training.ts';

export type MinerMeans = {
  readonly shop: Workshop<MinerConfig>;
  readonly memory: MinerMemory;
  readonly files: RoundFiles;
  readonly training: TrainingOptions;
  readonly train: Train;
};

/** Does what was decided: the only part of the miner that signs. */
export async function act(means: MinerMeans, action: MinerAction, signal: AbortSignal): Promise<void> {
  const { shop, memory, training } = means;
  switch (action.type) {
    case 'verify':
      return shop.states.verify(action);
    case 'train':
      memory.finished = await trainRound(means, action, signal);
      return;
    case 'playGhost':
      await playGhostRound(training, await training.workOf(action.round, []), signal);
      memory.ghost = action.round;
      return;
    case 'commit':
      return commitRound(means, finishedOf(memory, action.round), signal);
    case 'publishPayload':
      return publishPayload(means, finishedOf(memory, action.round));
    case 'publishOnChain':
      return publishLeftOut(means, finishedOf(memory, action.round), signal);
    case 'publishSegments':
      return publishSegments(means, finishedOf(memory, action.round), action.segments, signal);
    case 'receive':
      return shop.reception.look(action);
    case 'claimShares':
      memory.collected = true;
      return takeShares(
        shop,
        claimShares(shop.deployment, shop.config.runId, action.seat, action.rounds),
        { rounds: action.rounds },
        signal,
      );
    case 'release':
      memory.collected = true;
      return shop.hand.act(action, signal);
    default:
      return shop.hand.act(action, signal);
  }
}

async function trainRound(
  { train, training }: MinerMeans,
  { round, lineage, extent }: MinerAction & { type: 'train' },
  signal: AbortSignal,
): Promise<Finished | undefined> {
  return train(training, await training.workOf(round, lineage), extent, signal);
}

function finishedOf({ finished }: MinerMemory, round: number): Finished {
  if (finished?.facts.round === round) return finished;
  throw new TypeError(`round ${round} is not trained`);
}

function commitmentOf({ facts, payloadRoot, payload }: Finished): Commitment {
  const { parent, startRoot, segmentRoots } = facts;
  return { parent, startRoot, segmentRoots, payloadRoot, payloadBytes: BigInt(payload.length) };
}

async function commitRound({ shop }: MinerMeans, finished: Finished, signal: AbortSignal): Promise<void> {
  const { deployment, config, hand, log } = shop;
  const { round, owner } = finished.facts;
  const commitment = commitmentOf(finished);
  if ((await hand.send(commit(deployment, config.runId, round, commitment), signal)) === undefined) return;
  const fields = { event: 'committed', round, owner, ...commitment, payloadBytes: String(commitment.payloadBytes) };
  log.info(fields, 'committed');
}

async function publishPayload({ shop, memory }: MinerMeans, finished: Finished): Promise<void> {
  const { round } = finished.facts;
  const { payloadRoot: root, payload } = finished;
  await shop.blobs.put(root, payload);
  memory.published = { ...publishedIn(memory, round), payload: true };
  shop.log.info({ event: 'payload', round, root, bytes: payload.length }, 'payload published');
}

/** Tried once in a process: what it has begun, the next one goes on with. */
async function publishLeftOut({ shop, memory }: MinerMeans, finished: Finished, signal: AbortSignal): Promise<void> {
  const { config, log } = shop;
  const { round } = finished.facts;
  memory.published = { ...publishedIn(memory, round), onChain: true };
  const bytes = finished.payload.length;
  const { payload, feedback } = decodePublished(shop.model.recipe, finished.payload);
  if (bytes > config.publishOnChain || feedback !== undefined) {
    log.warn({ event: 'leftOut', round, bytes }, 'the committee has not received the payload, and it is not published');
    return;
  }
  const committed = (await shop.book.of(round)).find(({ owner }) => owner === finished.facts.owner);
  if (committed === undefined) return;
  const isDone = await publishOnChain(shop, committed.claimId, commitmentOf(finished), payload, signal);
  log.warn({ event: 'publishOnChain', round, bytes, isDone }, 'the committee has not received the payload');
}

/**
 * With the error feedback that the round went on from. A state that is damaged on disk takes the whole round with it, which
 * is then trained again: it comes out the same.
 */
async function publishSegments(
  { shop, memory, files, training }: MinerMeans,
  { facts }: Finished,
  segments: readonly number[],
  signal: AbortSignal,
): Promise<void> {
  const { round, startRoot, segmentRoots, lineage } = facts;
  let bytes = 0;
  for (const segment of segments) {
    const saved = await files.at(round, segment);
    if (saved === undefined) {
      await files.discard(round);
      memory.finished = undefined;
      return;
    }
    await shop.blobs.put(segment === 0 ? startRoot : segmentRoots[segment - 1]!, saved.state);
    bytes += saved.state.length;
  }
  const feedback = await feedbackOf(training, lineage, signal);
  if (feedback !== undefined) {
    await shop.blobs.put(feedback.root, feedback.state.bytes);
    bytes += feedback.state.bytes.length;
  }
  const published = publishedIn(memory, round);
  memory.published = { ...published, segments: [...published.segments, ...segments] };
  shop.log.info({ event: 'segments', round, segments, bytes }, 'drawn segments published');
}

function publishedIn({ published }: MinerMemory, round: number): MinerMemory['published'] {
  return published.round === round ? published : { round, payload: false, onChain: false, segments: [] };
}
