import { SwarmlockError } from '../../engine/errors.ts';
import { parseClaimId } from '../../sdk/claims.ts';
import type { DisputedClaim } from '../lib/game/dispute.ts';
import type { WitnessMeans } from '../lib/game/honest-witness.ts';
import type { Player } from '../lib/game/player.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ChallengerConfig } from './config.ts';
import type { ChallengerAction } from './decide.ts';
import { judge, type Found } from './judge.ts';
import type { ChallengerMemory } from './read.ts';

export type ChallengerMeans = {
  readonly shop: Workshop<ChallengerConfig>;
  readonly memory: ChallengerMemory;
  readonly player: Pick<Player, 'accuse'>;
  readonly witnessing: WitnessMeans;
  disputedOf(claimId: bigint): Promise<DisputedClaim | undefined>;
};

/** Does what was decided; what is brought to the game is signed by the player. */
export async function act(means: ChallengerMeans, action: ChallengerAction, signal: AbortSignal): Promise<void> {
  const { shop, memory, player } = means;
  switch (action.type) {
    case 'verify':
      return shop.states.verify(action);
    case 'judge':
      return judgeClaim(means, action.claimId, signal);
    case 'accuse':
      player.accuse(action.accusation);
      memory.accused.add(action.accusation.claimId);
      return;
    default:
      return shop.hand.act(action, signal);
  }
}

async function judgeClaim(
  { shop, memory, witnessing, disputedOf }: ChallengerMeans,
  claimId: bigint,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const disputed = await disputedOf(claimId);
  const found = disputed === undefined ? 'missing' : await judge(witnessing, disputed, signal).catch(unlessMissing);
  const isNews = !memory.judgements.has(claimId) || found !== 'missing';
  const wrong = found === 'missing' ? undefined : found;
  memory.judgements.set(claimId, { claimId, wrong, missing: found === 'missing' });
  if (!isNews) return;
  const { kind, round, number } = parseClaimId(claimId);
  const outcome = typeof found === 'object' ? 'differs' : (found ?? 'match');
  const ms = Math.round(performance.now() - started);
  const fields = { event: 'judgement', claimId: String(claimId), kind, round, number, outcome, ms };
  shop.log[outcome === 'match' ? 'info' : 'warn']({ ...fields, ...wrongIn(found) }, outcome);
}

function wrongIn(found: Found): object {
  return typeof found === 'object' ? { subject: found.subject, segment: found.segment } : {};
}

/** What nobody serves may be served later: other claims are judged in the meantime. */
function unlessMissing(error: unknown): 'missing' {
  if (error instanceof SwarmlockError && error.code === 'STATE_UNAVAILABLE') return 'missing';
  throw error;
}
