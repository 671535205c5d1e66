import { setTimeout as pause } from 'node:timers/promises';

import { SwarmlockError } from '../../engine/errors.ts';
import { followRun, type RunEvent } from '../../sdk/events.ts';
import { isRetryable } from './errors.ts';
import { logOf, type Actor } from './actors.ts';
import { narrator } from '../dispute/narrator.ts';
import type { DemoChain } from './chain.ts';
import { childDied, type Ended, type Fleet } from './fleet.ts';
import { tailLog } from './log-tail.ts';
import type { Screen } from './screen.ts';
import { tellGame } from './story-game.ts';
import { hear, tell, type Story } from './story.ts';

const POLL_MS = 400;

export type Watch = {
  /** Looks at chain and logs until `isOver`; throws when the run cannot go on. */
  until(isOver: () => boolean): Promise<void>;
};

/** Follows the run and the workers' logs into the story. `onEvent` sees each event after the story has taken it. */
export function watchRun(
  place: { chain: DemoChain; runId: bigint; cast: readonly Actor[]; folder: string; fleet: Fleet; screen: Screen },
  story: Story,
  onEvent: (event: RunEvent) => void,
): Watch {
  const { chain, runId, cast, folder, fleet, screen } = place;
  const follower = followRun(chain.client, chain.deployment, runId);
  const tails = cast.map((actor) => ({ name: actor.name, next: tailLog(logOf(folder, actor)) }));
  const teller = narrator(chain.client, chain.deployment);
  const lost = losses(cast, folder, fleet, screen);
  const queue: RunEvent[] = [];
  const look = async (): Promise<void> => {
    queue.push(...(await follower.next()));
    for (let event = queue[0]; event !== undefined; event = queue[0]) {
      const told = await teller.hear(event);
      queue.shift();
      const line = tell(story, event);
      const isNews = event.eventName === 'Challenged';
      if (line !== undefined) (isNews ? screen.line : screen.note)(line);
      if (told !== undefined) for (const move of tellGame(story, told.game, told.moves)) screen.line(move);
      onEvent(event);
    }
    for (const { name, next } of tails) for (const entry of await next()) hear(story, name, entry);
  };
  return {
    async until(isOver) {
      while (!isOver()) {
        lost.check();
        await look().catch((error: unknown) => {
          if (!isRetryable(error)) throw error;
        });
        if (!isOver()) await pause(POLL_MS);
      }
    },
  };
}

/**
 * Reports each process that has ended, when asked. The run goes on without a miner or a validator, as it is meant to; without the node, the
 * aggregator or any honest miner it cannot.
 */
function losses(cast: readonly Actor[], folder: string, fleet: Fleet, screen: Screen): { check(): void } {
  let fatal: SwarmlockError | undefined;
  const news: string[] = [];
  const alive = new Set(cast.filter(({ role, cheats }) => role === 'miner' && !cheats).map(({ name }) => name));
  fleet.onEnd((ended: Ended) => {
    const actor = cast.find(({ name }) => name === ended.name);
    const output = actor === undefined ? `${ended.name}.log` : `logs/${ended.name.replace(' ', '-')}.out`;
    const error = childDied(ended, `${folder}/${output}`);
    alive.delete(ended.name);
    const isVital = ended.name === 'node' || ended.name === 'aggregator' || alive.size === 0;
    if (isVital) fatal ??= error;
    else news.push(`! ${error.message}; the run goes on without it. ${error.hint ?? ''}`);
  });
  return {
    check() {
      for (const line of news.splice(0)) screen.line(line);
      if (fatal !== undefined) throw fatal;
    },
  };
}
