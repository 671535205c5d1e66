import { challenge, parseClaimId } from '../../sdk/claims.ts';
import { indicesOf } from '../../sdk/member-set.ts';
import { readRound, report, type Duty, type Round } from '../../sdk/round.ts';
import { roundOfEpoch } from '../../sdk/run.ts';
import { chainsOn } from '../lib/progress.ts';
import type { Workshop } from '../lib/workshop.ts';
import { audit, type AuditOptions, type Case, type Finding } from './audit.ts';
import type { ValidatorConfig } from './config.ts';
import type { Outcome, ValidatorAction } from './decide.ts';
import type { ValidatorMemory } from './read.ts';

export type ValidatorMeans = {
  readonly shop: Workshop<ValidatorConfig>;
  readonly memory: ValidatorMemory;
  readonly auditing: AuditOptions;
};

type ActionOf<Type extends ValidatorAction['type']> = Extract<ValidatorAction, { type: Type }>;

/** Does what was decided: the only part of the validator that signs. */
export async function act(means: ValidatorMeans, action: ValidatorAction, signal: AbortSignal): Promise<void> {
  const { shop } = means;
  switch (action.type) {
    case 'verify':
      return shop.states.verify(action);
    case 'audit':
      return auditClaim(means, action, signal);
    case 'auditAggregate':
      return auditAggregate(means, action);
    case 'challenge':
      return challengeClaim(means, action, signal);
    case 'report':
      return reportAudit(means, action, signal);
    default:
      return shop.hand.act(action, signal);
  }
}

async function auditClaim(means: ValidatorMeans, action: ActionOf<'audit'>, signal: AbortSignal): Promise<void> {
  const { shop, memory, auditing } = means;
  const { round, duty, segments } = action;
  const { claimId, seat, index, owner } = duty;
  const committed = (await shop.book.of(round)).find((found) => found.claimId === claimId);
  if (committed === undefined) return keep(means, duty, round, { outcome: 'missing' }, 0);
  if (!memory.verdicts.has(claimId)) shop.log.info({ event: 'audit', round, seat, index, owner, segments }, 'auditing');
  const started = performance.now();
  const facts = await readRound(shop.client, shop.deployment, shop.config.runId, round);
  const { seed, parent } = facts;
  const before = await localBefore(means, facts, seat);
  const subject = { duty, seed, parent, before, commitment: committed.commitment, segments };
  const finding = await audit(auditing, subject, signal);
  if (finding.localRoot !== undefined) memory.localRoots.set(seat, { round, root: finding.localRoot });
  keep(means, duty, round, finding, performance.now() - started);
}

/** What a seat's local state must be when the round starts. */
async function localBefore({ shop, memory }: ValidatorMeans, { number }: Round, seat: number): Promise<Case['before']> {
  const { client, deployment, config, parameters } = shop;
  if (number === 1 || roundOfEpoch(number, parameters) === 0) return { kind: 'zero' };
  const before = await readRound(client, deployment, config.runId, number - 1);
  if (!chainsOn(before, seat, parameters)) return { kind: 'zero' };
  const known = memory.localRoots.get(seat);
  return known?.round === number - 1 ? { kind: 'root', root: known.root } : { kind: 'unknown' };
}

function keep({ shop, memory }: ValidatorMeans, duty: Duty, round: number, finding: Finding, ms: number): void {
  const { seat, index, owner, claimId } = duty;
  const isNews = memory.verdicts.get(claimId) !== finding.outcome;
  memory.verdicts.set(claimId, finding.outcome);
  if (!isNews) return;
  const { localRoot: _, ...found } = finding;
  const level = finding.outcome === 'match' ? 'info' : 'warn';
  shop.log[level]({ event: 'verdict', round, seat, index, owner, ...found, ms: Math.round(ms) }, finding.outcome);
}

async function auditAggregate({ shop, memory }: ValidatorMeans, action: ActionOf<'auditAggregate'>): Promise<void> {
  const { states, log } = shop;
  const { round, claimId, nextRoot } = action;
  const started = performance.now();
  const recomputed = await states.recompute(action);
  const expected = typeof recomputed === 'object' ? recomputed.root : recomputed;
  const outcome = verdictOn(expected, nextRoot);
  if (typeof recomputed === 'object' && outcome === 'match') states.hold(recomputed);
  const isNews = memory.verdicts.get(claimId) !== outcome;
  memory.verdicts.set(claimId, outcome);
  if (!isNews) return;
  const ms = Math.round(performance.now() - started);
  const fields = { event: 'auditAggregate', round, outcome, expected, actual: nextRoot, ms };
  log[outcome === 'match' ? 'info' : 'warn'](fields, `aggregate: ${outcome}`);
}

function verdictOn(expected: string | undefined, claimed: string): Outcome {
  if (expected === undefined) return 'missing';
  return expected === claimed ? 'match' : 'differs';
}

async function challengeClaim(
  { shop }: ValidatorMeans,
  { claimId, word }: ActionOf<'challenge'>,
  signal: AbortSignal,
): Promise<void> {
  if ((await shop.hand.send(challenge(shop.deployment, claimId, word), signal)) === undefined) return;
  const { kind, round, number } = parseClaimId(claimId);
  const of = kind === 'work' ? { seat: number } : {};
  shop.log.warn({ event: 'challenge', round, claimId: String(claimId), kind, ...of }, 'claim challenged');
}

async function reportAudit(
  { shop }: ValidatorMeans,
  { round, audited }: ActionOf<'report'>,
  signal: AbortSignal,
): Promise<void> {
  const { deployment, config, hand, log } = shop;
  if ((await hand.send(report(deployment, config.runId, round, audited), signal)) === undefined) return;
  log.info({ event: 'report', round, audited: indicesOf(audited) }, 'audit reported');
}
