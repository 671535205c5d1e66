import { setTimeout as pause } from 'node:timers/promises';
import { isAddressEqual, type Address } from 'viem';

import { programOf } from '../../../cli/demo/actors.ts';
import { fund } from '../../../cli/demo/chain.ts';
import { isRetryable } from '../../../cli/demo/errors.ts';
import { childDied, type Ended } from '../../../cli/demo/fleet.ts';
import { narrator, type ToldGame } from '../../../cli/dispute/narrator.ts';
import { parseClaimId } from '../../../sdk/claims.ts';
import { followRun, type RunEvent } from '../../../sdk/events.ts';
import { join, leave, readSeatOf } from '../../../sdk/membership.ts';
import { approve, deposit, setNode } from '../../../sdk/stake.ts';
import { log } from '../bench.ts';
import { STAKE, type Miner, type Stage } from './stage.ts';
import { tellEvent } from './tell.ts';

/** What the chain tells of a run. */
export type Played = {
  readonly events: readonly RunEvent[];
  readonly games: readonly ToldGame[];
  /** The seats of the script's miners. */
  readonly seats: ReadonlyMap<number, Miner>;
};

const POLL_MS = 400;
/** For games that are still on after the last round. */
const PATIENCE_MS = 300_000;
/** Rounds after which nobody asks anything more of who has left, unless in a game. */
const LINGERS = 3;

/** Plays all rounds, each with what the script has for it, and the games that are on after them. @throws CHILD_DIED */
export async function play(stage: Stage, rounds: number): Promise<Played> {
  const watch = watchRun(stage);
  let prepared = -1;
  let patientUntil = Infinity;
  const isOver = () => watch.round > rounds && (watch.games.every(isDecided) || performance.now() > patientUntil);
  while (!isOver()) {
    for (; prepared < watch.round; prepared += 1) await takeTurns(stage, watch, prepared + 1);
    if (watch.round > rounds) patientUntil = Math.min(patientUntil, performance.now() + PATIENCE_MS);
    await pause(POLL_MS);
    await watch.look();
  }
  return watch;
}

type Watch = Played & {
  readonly round: number;
  /** Takes what has happened since the last time. */
  look(): Promise<void>;
};

function watchRun({ chain, runId, fleet, folder, miners, staff }: Stage): Watch {
  const follower = followRun(chain.client, chain.deployment, runId);
  const teller = narrator(chain.client, chain.deployment);
  const [events, queue] = [[], []] as [RunEvent[], RunEvent[]];
  const seats = new Map<number, Miner>();
  let round = 0;
  let vital: Ended | undefined;
  fleet.onEnd((ended) => {
    if (ended.name === 'node' || ended.name === 'aggregator') vital = ended;
  });
  const take = (event: RunEvent): void => {
    events.push(event);
    if (event.eventName === 'RoundOpened') ({ round } = event.args);
    if (event.eventName === 'Joined') {
      const { seat, owner } = event.args;
      const miner = miners.find((one) => isAddressEqual(one.owner, owner));
      if (miner !== undefined) seats.set(seat, miner);
    }
    const line = tellEvent(event, { seats, games: teller.games, staff });
    if (line !== undefined) log(line);
  };
  const takeAll = async (): Promise<void> => {
    queue.push(...(await follower.next()));
    for (let event = queue[0]; event !== undefined; event = queue[0]) {
      await teller.hear(event);
      queue.shift();
      take(event);
    }
  };
  return {
    events,
    games: teller.games,
    seats,
    get round() {
      return round;
    },
    async look() {
      if (vital !== undefined)
        throw childDied(vital, `${folder}/${vital.name === 'node' ? 'node.log' : 'logs/aggregator.out'}`);
      await takeAll().catch((error: unknown) => {
        if (!isRetryable(error)) throw error;
      });
    },
  };
}

function isDecided({ end }: ToldGame): boolean {
  return end !== undefined;
}

/** What the script has for a round. */
async function takeTurns(stage: Stage, watch: Watch, round: number): Promise<void> {
  const { fleet, venue, miners } = stage;
  for (const miner of miners) {
    const { life, owner, actor } = miner;
    if (life.killed === round) {
      fleet.kill(actor.name, 'SIGKILL');
      log(`round ${round}: ${life.name} is killed${life.returns === undefined ? ' for good' : ''}`);
    }
    if (life.returns === round) {
      fleet.start(programOf(actor, venue));
      log(`round ${round}: ${life.name} comes back`);
    }
    if (life.leaves === round) await giveUp(stage, owner);
    if (life.leaves !== undefined && round >= life.leaves + LINGERS && !isPlaying(watch, miner)) {
      fleet.kill(actor.name, 'SIGTERM');
    }
    if (life.joins === round) await enlist(stage, miner);
  }
}

/** Unless the seat is lost already. */
async function giveUp({ chain, runId }: Stage, owner: Address): Promise<void> {
  const seat = await readSeatOf(chain.client, chain.deployment, runId, owner);
  if (seat?.until === undefined) await chain.send(leave(chain.deployment, runId), owner);
}

function isPlaying({ games, seats }: Played, miner: Miner): boolean {
  return games.some((game) => !isDecided(game) && seats.get(parseClaimId(game.id).number) === miner);
}

/** The owner stakes, names its node and takes a seat. */
async function enlist({ chain, runId, venue, fleet }: Stage, { owner, actor }: Miner): Promise<void> {
  const { deployment } = chain;
  await fund(chain, owner, STAKE);
  await fund(chain, actor.address, 0n);
  const calls = [
    setNode(deployment, actor.address),
    approve(deployment, STAKE),
    deposit(deployment, STAKE),
    join(deployment, runId, 'miner', STAKE),
  ];
  for (const call of calls) await chain.send(call, owner);
  fleet.start(programOf(actor, venue));
}
