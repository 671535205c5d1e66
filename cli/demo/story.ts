import { formatEther, type Address } from 'viem';

import { parseClaimId } from '../../sdk/claims.ts';
import type { RunEvent } from '../../sdk/events.ts';
import { hasMember, indicesOf } from '../../sdk/member-set.ts';
import type { RoundStatus } from '../../sdk/run.ts';
import type { Actor } from './actors.ts';
import type { ToldGame } from '../dispute/narrator.ts';
import type { LogEntry } from './log-tail.ts';
import { bonds } from './plan.ts';

/** What a round meant for one miner. */
export type Fate = 'missed' | 'committed' | 'accepted' | 'left out' | 'challenged' | 'convicted';

export type MinerStory = {
  readonly name: string;
  readonly cheats: boolean;
  seat: number | undefined;
  index: number | undefined;
  step: number;
  loss: number | undefined;
  /** By round; a round without one was not served. */
  readonly fates: Map<number, Fate>;
  /** Units of the share token, final or not. */
  accrued: bigint;
  claimed: bigint;
  /** Of the current round. */
  committed: boolean;
  /** That it has committed last. */
  segments: number;
  drawn: boolean;
  verdict: 'match' | 'differs' | 'missing' | undefined;
};

export type ValidatorStory = {
  readonly name: string;
  /** That it was paid for. */
  verdicts: number;
};

/** A claim that was challenged, and the game about it. */
export type Caught = {
  readonly round: number;
  readonly miner: string;
  by: string;
  readonly bond: bigint;
  /** The game that decides, or has decided; undefined until it opens. */
  game: ToldGame | undefined;
};

/** Held-out losses after a settled round. */
export type Measured = {
  readonly round: number;
  readonly tokens: number;
  readonly swarm: number;
  readonly central: number;
};

/** Everything that the live view and the report show, gathered from the chain's events and the workers' logs. */
export type Story = {
  readonly rounds: number;
  readonly stepsPerRound: number;
  round: number;
  status: RoundStatus;
  readonly miners: readonly MinerStory[];
  readonly validators: readonly ValidatorStory[];
  readonly names: ReadonlyMap<string, string>;
  readonly caught: Caught[];
  readonly measured: Measured[];
  readonly settled: { readonly round: number; readonly accepted: readonly string[]; root: `0x${string}` }[];
  audits: number;
  matches: number;
};

export function newStory(cast: readonly Actor[], rounds: number, stepsPerRound: number): Story {
  const miners = cast
    .filter(({ role }) => role === 'miner')
    .map(({ name, cheats }): MinerStory => {
      const quiet = { seat: undefined, index: undefined, loss: undefined, verdict: undefined };
      return {
        name,
        cheats,
        ...quiet,
        step: 0,
        fates: new Map(),
        accrued: 0n,
        claimed: 0n,
        committed: false,
        segments: 0,
        drawn: false,
      };
    });
  const validators = cast.filter(({ role }) => role === 'validator').map(({ name }) => ({ name, verdicts: 0 }));
  const names = new Map(cast.map(({ address, name }) => [address.toLowerCase(), name]));
  const start = { round: 0, status: 'open', audits: 0, matches: 0 } as const;
  return { rounds, stepsPerRound, ...start, miners, validators, names, caught: [], measured: [], settled: [] };
}

/** Who an address is. */
export function nameOf({ names }: Story, address: Address): string {
  return names.get(address.toLowerCase()) ?? address;
}

function minerOf(story: Story, address: Address): MinerStory | undefined {
  const name = nameOf(story, address);
  return story.miners.find((miner) => miner.name === name);
}

/** Takes an event of the chain into the story, and says it in a line for people; undefined when it is not worth one. */
export function tell(story: Story, event: RunEvent): string | undefined {
  const line = take(story, event);
  // The members go on after the last round that is shown.
  return roundOf(event) > story.rounds ? undefined : line;
}

function roundOf({ args }: RunEvent): number {
  if ('round' in args) return args.round;
  if ('work' in args) return parseClaimId(args.work).round;
  return 'id' in args ? parseClaimId(args.id).round : 0;
}

function take(story: Story, event: RunEvent): string | undefined {
  switch (event.eventName) {
    case 'Joined':
      return tellJoined(story, event.args);
    case 'RoundOpened':
      return tellOpened(story, event.args);
    case 'Committed':
      return tellCommitted(story, event.args);
    case 'Sealed':
      story.status = 'sealed';
      return undefined;
    case 'Reported':
      return `round ${story.round}: ${nameOf(story, event.args.validator)} has audited ${auditedBy(story, event.args.audited)}`;
    case 'AuditConcluded':
      story.status = 'audited';
      return undefined;
    case 'Challenged':
      return tellChallenged(story, event.args);
    case 'AggregateClaimed':
      story.status = 'aggregated';
      return `round ${story.round}: aggregate of ${membersOf(story, event.args.accepted).join(', ')} claimed`;
    case 'RoundSettled':
      return tellSettled(story, event.args);
    case 'SharesAccrued':
      return tellAccrued(story, event.args);
    case 'SharesClaimed':
      return tellClaimed(story, event.args);
    case 'VerdictSharesClaimed':
      return tellVerdictPaid(story, event.args);
    default:
      return undefined;
  }
}

type Args<Name extends RunEvent['eventName']> = Extract<RunEvent, { eventName: Name }>['args'];

function tellJoined(story: Story, { owner, seat, index, price }: Args<'Joined'>): string {
  const miner = minerOf(story, owner);
  if (miner !== undefined) Object.assign(miner, { seat, index });
  return `${nameOf(story, owner)} takes seat ${seat} for ${ether(price)} WETH`;
}

function tellOpened(story: Story, { round, activeMiners }: Args<'RoundOpened'>): string | undefined {
  Object.assign(story, { round, status: 'open' });
  for (const miner of story.miners) {
    Object.assign(miner, { step: 0, committed: false, drawn: false, verdict: undefined });
    if (round > 0 && miner.index !== undefined && hasMember(activeMiners, miner.index))
      miner.fates.set(round, 'missed');
  }
  return round === 0 || round > story.rounds ? undefined : `round ${round} of ${story.rounds} opens`;
}

function tellCommitted(story: Story, { owner, round, commitment }: Args<'Committed'>): string {
  const miner = minerOf(story, owner);
  if (miner !== undefined) {
    miner.committed = true;
    miner.segments = commitment.segmentRoots.length;
    miner.step = story.stepsPerRound;
    miner.fates.set(round, 'committed');
  }
  const loss = miner?.loss === undefined ? '' : `, loss ${miner.loss.toFixed(3)}`;
  return `round ${round}: ${nameOf(story, owner)} commits${loss}`;
}

function tellChallenged(story: Story, { id, challenger }: Args<'Challenged'>): string | undefined {
  const { kind, round, number } = parseClaimId(id);
  // The workers go on until the last round's pay is final: what happens then is not part of the story.
  if (round > story.rounds) return undefined;
  const by = nameOf(story, challenger);
  const miner = story.miners.find(({ seat }) => seat === number);
  if (kind !== 'work' || miner === undefined)
    return `round ${round}: ${by} challenges ${kind === 'verdict' ? 'a verdict' : 'an aggregate'}`;
  if (miner.fates.get(round) !== 'challenged')
    story.caught.push({ round, miner: miner.name, by, bond: bonds.minerBond, game: undefined });
  miner.fates.set(round, 'challenged');
  miner.verdict = 'differs';
  return `round ${round}: ${by} challenges ${miner.name}: its work differs. Its bond of ${ether(bonds.minerBond)} WETH is frozen`;
}

function tellSettled(story: Story, { round, root, accepted }: Args<'RoundSettled'>): string | undefined {
  if (round === 0) return undefined;
  const names = membersOf(story, accepted);
  for (const miner of story.miners) {
    const fate = miner.fates.get(round);
    if (names.includes(miner.name)) miner.fates.set(round, 'accepted');
    else if (fate === 'committed') miner.fates.set(round, 'left out');
  }
  story.status = 'settled';
  story.settled.push({ round, accepted: names, root });
  return undefined;
}

function tellAccrued(story: Story, { round, payPerSegment, payPerVerdict, budget }: Args<'SharesAccrued'>): string {
  const accepted = story.settled.find((settled) => settled.round === round)?.accepted ?? [];
  // What is earned after the last round of the story is not told.
  const earning = round <= story.rounds ? story.miners.filter(({ name }) => accepted.includes(name)) : [];
  for (const miner of earning) miner.accrued += payPerSegment * BigInt(miner.segments);
  return `round ${round} settles: ${shares(budget)} shares, ${shares(payPerSegment)} for each segment of ${accepted.join(', ')}, ${shares(payPerVerdict)} for each verdict`;
}

function tellClaimed(story: Story, { owner, round, amount }: Args<'SharesClaimed'>): string {
  const miner = minerOf(story, owner);
  if (miner !== undefined && round <= story.rounds) miner.claimed += amount;
  return `${nameOf(story, owner)} is paid ${shares(amount)} shares for round ${round}`;
}

function tellVerdictPaid(story: Story, { validator, round, amount }: Args<'VerdictSharesClaimed'>): string | undefined {
  const name = nameOf(story, validator);
  const paid = story.validators.find((candidate) => candidate.name === name);
  if (paid !== undefined) paid.verdicts += 1;
  return `${name} is paid ${shares(amount)} shares for a verdict on round ${round}`;
}

/** Takes a line of a worker's log into the story. */
export function hear(story: Story, name: string, { event, ...fields }: LogEntry): void {
  const number = (field: string): number | undefined => {
    const value = fields[field];
    return typeof value === 'number' ? value : undefined;
  };
  const miner = story.miners.find((candidate) => candidate.name === name);
  if (event === 'step' && miner !== undefined && number('round') === story.round) {
    miner.step = number('step') ?? miner.step;
    miner.loss = number('loss') ?? miner.loss;
  }
  if (number('round') !== story.round || story.round > story.rounds) return;
  const audited = story.miners.find(({ seat }) => seat !== undefined && seat === number('seat'));
  if (event === 'audit' && audited !== undefined) audited.drawn = true;
  if (event === 'verdict' && audited !== undefined) tellVerdict(story, audited, fields['outcome']);
}

function tellVerdict(story: Story, miner: MinerStory, outcome: unknown): void {
  if (outcome !== 'match' && outcome !== 'differs' && outcome !== 'missing') return;
  if (outcome !== 'missing') story.audits += 1;
  if (outcome === 'match') story.matches += 1;
  if (miner.verdict !== 'differs') miner.verdict = outcome;
}

function membersOf({ miners }: Story, set: bigint): string[] {
  const indices = indicesOf(set);
  return miners.filter(({ index }) => index !== undefined && indices.includes(index)).map(({ name }) => name);
}

function auditedBy(story: Story, set: bigint): string {
  const names = membersOf(story, set);
  return names.length === 0 ? 'nobody (nobody was drawn)' : names.join(', ');
}

/** Whole shares, with thousands set off. */
export function shares(amount: bigint): string {
  return Math.round(Number(formatEther(amount))).toLocaleString('en-US');
}

export function ether(amount: bigint): string {
  return Number(formatEther(amount)).toFixed(2);
}
