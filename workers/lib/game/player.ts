import type { Duty } from '../loop.ts';
import { decideAccusation, type Accusation, type AccusationAction } from './accusation.ts';
import { actor, type ActorOptions } from './act.ts';
import { decideGame, honestStrategy, type GameAction, type Strategy } from './decide.ts';
import { createPatience } from './patience.ts';
import { playerReader, type PlayerFacts, type PlayerReaderOptions } from './read.ts';
import { emptyTable } from './table.ts';

export type PlayerAction = GameAction | AccusationAction | { readonly type: 'withdraw' };

export type PlayerOptions = PlayerReaderOptions &
  ActorOptions & {
    /** How it plays; honestly when not given. */
    readonly strategy?: Strategy;
  };

/** Plays all games of a worker: those on its claims, and those that it has opened. A loop of its own runs its duty. */
export type Player = {
  readonly duty: Duty<PlayerFacts, PlayerAction>;
  /** Takes a claim that was found wrong to the game. Saying it again changes nothing. */
  accuse(accusation: Accusation): void;
};

export function createPlayer(options: PlayerOptions): Player {
  const table = emptyTable();
  const { read } = playerReader(options, table);
  return {
    duty: {
      read,
      decide: (facts) => decide(facts, options.strategy ?? honestStrategy),
      act: actor(options, table),
    },
    accuse(accusation) {
      const { claimId } = accusation;
      if (table.pending.has(claimId)) return;
      const patience = createPatience(options.clock, options.log);
      table.pending.set(claimId, { accusation, patience, opening: undefined, announced: false, seen: undefined });
    },
  };
}

/** Answers before demands: a clock that runs is this worker's own. Pure. */
export function decide({ games, accusations, owed }: PlayerFacts, strategy: Strategy): readonly PlayerAction[] {
  return [
    ...games.flatMap((game) => decideGame(game, strategy)),
    ...accusations.flatMap(decideAccusation),
    ...(owed > 0n ? [{ type: 'withdraw' } as const] : []),
  ];
}
