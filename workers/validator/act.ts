import { randomBytes } from 'node:crypto';

import { parseClaimId } from '../../sdk/claims.ts';
import { hasMember, indicesOf } from '../../sdk/member-set.ts';
import { readMembers } from '../../sdk/membership.ts';
import { readRound, report, type Duty, type Round } from '../../sdk/round.ts';
import { roundOfEpoch } from '../../sdk/run.ts';
import { claimVerdictShares } from '../../sdk/shares.ts';
import { revealVerdict, sealVerdicts } from '../../sdk/verdicts.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import { chainsOn } from '../lib/progress.ts';
import { denounce } from '../lib/service.ts';
import { takeShares } from '../lib/take-shares.ts';
import type { Workshop } from '../lib/workshop.ts';
import { audit, wrongOf, type AuditOptions, type Case, type Finding } from './audit.ts';
import type { ValidatorConfig } from './config.ts';
import type { Outcome, ValidatorAction } from './decide.ts';
import type { ValidatorMemory } from './read.ts';
import type { SealFiles } from './seal-file.ts';

export type ValidatorMeans = {
  readonly shop: Workshop<ValidatorConfig>;
  readonly memory: ValidatorMemory;
  readonly auditing: AuditOptions;
  readonly seals: SealFiles;
  /** Brings accusations to the game. */
  readonly court: { accuse(accusation: Accusation): void };
};

type ActionOf<Type extends ValidatorAction['type']> = Extract<ValidatorAction, { type: Type }>;

/** Does what was decided: the only part of the validator that signs. */
export async function act(means: ValidatorMeans, action: ValidatorAction, signal: AbortSignal): Promise<void> {
  const { shop, memory } = means;
  switch (action.type) {
    case 'verify':
      return shop.states.verify(action);
    case 'audit':
      return auditClaim(means, action, signal);
    case 'auditAggregate':
      return auditAggregate(means, action);
    case 'accuse':
      return accuse(means, action);
    case 'prepareSeal':
      return prepareSeal(means, action);
    case 'seal':
      return seal(means, action, signal);
    case 'reveal':
      return reveal(means, action, signal);
    case 'report':
      return reportAudit(means, action, signal);
    case 'reportUnserved':
      return denounce(shop, action, signal);
    case 'reportAbsent':
      memory.denounced.add(action.validator);
      return denounce(shop, action, signal);
    case 'claimVerdictShares':
      return takeVerdictShares(shop, action, signal);
    case 'receive':
      return shop.reception.look(action);
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
  if (!memory.judgements.has(claimId))
    shop.log.info({ event: 'audit', round, seat, index, owner, segments }, 'auditing');
  const started = performance.now();
  const facts = await readRound(shop.client, shop.deployment, shop.config.runId, round);
  const { seed, parent } = facts;
  const before = await localBefore(means, facts, seat);
  const earlier = round === 1 ? [] : await shop.book.of(round - 1);
  const committedBefore = earlier.find((found) => found.seat === seat)?.commitment;
  const members = await readMembers(shop.client, shop.deployment, shop.config.runId);
  const others = members.filter(({ role }) => role === 'validator').map(({ owner: validator }) => validator);
  const validators = [...new Set([shop.owner, ...others])];
  const { commitment } = committed;
  const subject = { duty, seed, parent, before, commitment, committedBefore, segments, validators };
  const finding = await audit(auditing, subject, signal);
  if (finding.localRoot !== undefined) memory.localRoots.set(seat, { round, root: finding.localRoot });
  keep(means, duty, round, finding, performance.now() - started);
}

/** What a seat's local state must be when the round starts. */
async function localBefore({ shop, memory }: ValidatorMeans, { number }: Round, seat: number): Promise<Case['before']> {
  const { client, deployment, config, parameters } = shop;
  if (number === 1 || roundOfEpoch(number, parameters) === 0) return { kind: 'zero' };
  const before = await readRound(client, deployment, config.runId, number - 1);
  if (isOpen(before, seat)) return { kind: 'unknown' };
  if (!chainsOn(before, seat, parameters)) return { kind: 'zero' };
  const known = memory.localRoots.get(seat);
  return known?.round === number - 1 ? { kind: 'root', root: known.root } : { kind: 'unknown' };
}

/** Accepted, and voided before or after the miner went on from it: then both starts are right. */
function isOpen({ duties, aggregate }: Round, seat: number): boolean {
  const duty = duties.find((candidate) => candidate.seat === seat);
  return duty?.status === 'voided' && hasMember(aggregate?.accepted ?? 0n, duty.index);
}

function keep({ shop, memory }: ValidatorMeans, duty: Duty, round: number, finding: Finding, ms: number): void {
  const { seat, index, owner, claimId } = duty;
  const { localRoot: _, found, ...judged } = finding;
  const wrong = wrongOf(finding);
  const isNews = memory.judgements.get(claimId)?.outcome !== finding.outcome;
  memory.judgements.set(claimId, { outcome: finding.outcome, ...(wrong && { wrong }), ...(found && { found }) });
  if (!isNews) return;
  const level = finding.outcome === 'match' ? 'info' : 'warn';
  shop.log[level](
    { event: 'verdict', round, seat, index, owner, ...judged, trace: found?.trace, ms: Math.round(ms) },
    finding.outcome,
  );
}

async function auditAggregate({ shop, memory }: ValidatorMeans, action: ActionOf<'auditAggregate'>): Promise<void> {
  const { states, log } = shop;
  const { round, claimId, nextRoot } = action;
  const started = performance.now();
  const recomputed = await states.recompute(action);
  const expected = typeof recomputed === 'object' ? recomputed.root : recomputed;
  const outcome = verdictOn(expected, nextRoot);
  if (typeof recomputed === 'object' && outcome === 'match') states.hold(recomputed);
  const isNews = memory.judgements.get(claimId)?.outcome !== outcome;
  const wrong = outcome === 'differs' ? ({ subject: 'aggregate', segment: 0 } as const) : undefined;
  memory.judgements.set(claimId, { outcome, ...(wrong && { wrong }) });
  if (!isNews) return;
  const ms = Math.round(performance.now() - started);
  const fields = { event: 'auditAggregate', round, outcome, expected, actual: nextRoot, ms };
  log[outcome === 'match' ? 'info' : 'warn'](fields, `aggregate: ${outcome}`);
}

function verdictOn(expected: string | undefined, claimed: string): Outcome {
  if (expected === undefined) return 'missing';
  return expected === claimed ? 'match' : 'differs';
}

function accuse({ shop, memory, court }: ValidatorMeans, { accusation }: ActionOf<'accuse'>): void {
  const { claimId, subject, segment } = accusation;
  court.accuse(accusation);
  memory.accused.add(claimId);
  const { kind, round } = parseClaimId(claimId);
  shop.log.warn({ event: 'accuse', round, claimId: String(claimId), kind, subject, segment }, 'claim accused');
}

/** On disk before anyone hears of it: what is sealed can be revealed by whichever process comes after this one. */
async function prepareSeal({ shop, seals }: ValidatorMeans, action: ActionOf<'prepareSeal'>): Promise<void> {
  const { round, part, verdicts } = action;
  const { beacon } = await readRound(shop.client, shop.deployment, shop.config.runId, round);
  if (beacon === undefined || (await seals[part].load(beacon)) !== undefined) return;
  await seals[part].save(beacon, { salt: `0x${randomBytes(32).toString('hex')}`, verdicts });
}

async function seal({ shop }: ValidatorMeans, { round, root }: ActionOf<'seal'>, signal: AbortSignal): Promise<void> {
  const { deployment, config, hand, log } = shop;
  if ((await hand.send(sealVerdicts(deployment, config.runId, round, root), signal)) === undefined) return;
  log.info({ event: 'seal', round, root }, 'verdicts sealed');
}

async function reveal(
  { shop }: ValidatorMeans,
  { round, verdict, salt, proof }: ActionOf<'reveal'>,
  signal: AbortSignal,
): Promise<void> {
  const { deployment, hand, log } = shop;
  if ((await hand.send(revealVerdict(deployment, verdict, salt, proof), signal)) === undefined) return;
  const { number: seat } = parseClaimId(verdict.work);
  const { segment, before, trace, leaves } = verdict;
  log.info({ event: 'reveal', round, seat, segment, before, trace, leaves }, 'verdict revealed');
}

async function takeVerdictShares(
  shop: ValidatorMeans['shop'],
  { claimIds }: ActionOf<'claimVerdictShares'>,
  signal: AbortSignal,
): Promise<void> {
  await takeShares(shop, claimVerdictShares(shop.deployment, claimIds), { verdicts: claimIds.map(String) }, signal);
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
