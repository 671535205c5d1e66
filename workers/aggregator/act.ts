import { SwarmlockError } from '../../engine/errors.ts';
import { publishedLayout } from '../../engine/programs.ts';
import { aggregate } from '../../engine/training.ts';
import { hasMember, indicesOf, memberSet, without, type MemberSet } from '../../sdk/member-set.ts';
import { readAvailability } from '../../sdk/availability.ts';
import { claimAggregate } from '../../sdk/round.ts';
import type { Library } from '../lib/game/library.ts';
import { tensorsOf } from '../lib/global-states.ts';
import { readPublished } from '../lib/publication.ts';
import { isFiniteState } from '../lib/steps.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { AggregatorConfig } from './config.ts';
import type { AggregatorAction } from './decide.ts';
import type { AggregatorMemory } from './read.ts';

export type AggregatorMeans = {
  readonly shop: Workshop<AggregatorConfig>;
  readonly memory: AggregatorMemory;
  /** Own copies for as long as the aggregate can be disputed: what members serve may be gone by then. */
  readonly library: Pick<Library, 'keepPublished'>;
};

type ActionOf<Type extends AggregatorAction['type']> = Extract<AggregatorAction, { type: Type }>;

/** Does what was decided: the only part of the aggregator that signs. */
export async function act(means: AggregatorMeans, action: AggregatorAction, signal: AbortSignal): Promise<void> {
  const { shop } = means;
  switch (action.type) {
    case 'verify':
      return shop.states.verify(action);
    case 'aggregate':
      return compute(means, action);
    case 'claim':
      return claim(means, action, signal);
    default:
      return shop.hand.act(action, signal);
  }
}

/** All of the candidates' payloads are needed: those that are not served yet are waited for. */
async function compute({ shop, memory, library }: AggregatorMeans, action: ActionOf<'aggregate'>): Promise<void> {
  const { model, states, blobs, book, log } = shop;
  const { round, parent: root, candidates } = action;
  const started = performance.now();
  const parent = await states.get(root);
  const served = await states.payloads({ round, parent: root, accepted: candidates });
  if (parent === undefined || served.size < indicesOf(candidates).length) {
    await adoptPublished(shop, round, without(candidates, memberSet(served.keys())));
    return;
  }
  const state = await aggregate(model.recipe, parent, tensorsOf(served), model.executor);
  if (!isFiniteState(state)) throw notFinite(round);
  for (const { index, commitment } of await book.of(round)) {
    const published = served.get(index);
    if (published !== undefined) await library.keepPublished(round, commitment.payloadRoot, published);
  }
  const nextRoot = await model.rootOf(state);
  await blobs.put(nextRoot, state.bytes);
  states.hold({ root: nextRoot, state });
  memory.computed = [...memory.computed.filter((one) => one.round === round), { round, candidates, nextRoot }];
  const fields = { round, ...told(candidates), nextRoot };
  log.info({ event: 'aggregate', ...fields, ms: Math.round(performance.now() - started) }, 'aggregated');
}

/** What is published on chain alone is put where it is looked for. */
async function adoptPublished(shop: AggregatorMeans['shop'], round: number, missing: MemberSet): Promise<void> {
  const { client, deployment, config, model, blobs, book, log } = shop;
  const { published } = await readAvailability(client, deployment, config.runId, round);
  for (const { index, claimId, commitment } of await book.of(round)) {
    if (!hasMember(missing & published, index)) continue;
    const payload = await readPublished(shop, claimId, publishedLayout(model.recipe));
    // Otherwise it is of another kind: it has error feedback, which is served and not published.
    if (BigInt(payload.bytes.length) !== commitment.payloadBytes) continue;
    await blobs.put(commitment.payloadRoot, payload.bytes);
    log.info({ event: 'adoptPublished', round, index }, 'a payload was read from the chain');
  }
}

/** Payloads that are finite and still too large to add: to be challenged, not to be claimed. */
function notFinite(round: number): SwarmlockError {
  return new SwarmlockError(`the payloads of round ${round} add up to values that are not finite`, {
    code: 'FAULT',
    argument: 'payload',
    hint: 'A member sent values that no training gives; its claim has to be challenged before the round can be aggregated.',
    retryable: true,
  });
}

async function claim({ shop }: AggregatorMeans, action: ActionOf<'claim'>, signal: AbortSignal): Promise<void> {
  const { deployment, config, hand, log } = shop;
  const { round, accepted, nextRoot } = action;
  const call = claimAggregate(deployment, config.runId, round, accepted, nextRoot);
  if ((await hand.send(call, signal)) === undefined) return;
  log.info({ event: 'claim', round, ...told(accepted), nextRoot }, 'aggregate claimed');
}

function told(accepted: MemberSet): { accepted: number[] } {
  return { accepted: indicesOf(accepted) };
}
