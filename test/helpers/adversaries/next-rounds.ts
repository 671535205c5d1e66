import type { RecipeInput } from '../../../engine/recipe.ts';
import { readRun } from '../../../sdk/run.ts';
import { settled } from './aggregates.ts';
import { outputState } from './execution.ts';
import type { MinerRound, RoundOf } from './round.ts';
import { RUN, SMALL, type World } from './world.ts';

/** A world whose payloads are compressed, with error feedback. */
export const SPARSE: Partial<RecipeInput> = { ...SMALL, compression: { name: 'sparseloco', chunk: 512, k: 16 } };

/** The payload of a round that the next one goes on from. */
export function beforeOf({ payload, commitment }: MinerRound, seat: number): NonNullable<RoundOf['before']> {
  return { payload: outputState(payload), source: { seat, commitment } };
}

/** What both miners have to compute after these rounds, which are settled: in the same epoch, or as from nothing. */
export async function nextRounds(
  world: World,
  rounds: readonly MinerRound[],
  goOn: boolean,
  number = 1,
): Promise<readonly [RoundOf, RoundOf]> {
  const parent = outputState(await settled(world, rounds, number));
  const { seed } = await readRun(world.client, world.deployment, RUN);
  const { recipe, dataset, miners } = world;
  const [first, second] = rounds.map((round, at): RoundOf => {
    const bare = { recipe, dataset, seed, parent, participant: miners[at]! };
    return goOn ? { ...bare, local: round.states.at(-1)!, before: beforeOf(round, at + 1) } : bare;
  });
  return [first!, second!];
}
