import { openArena } from '../cli/dispute/arena.ts';
import { dearNodes, measureGames, type Figures } from '../cli/dispute/measure.ts';
import { demoRecipe } from '../cli/demo/plan.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import type { Recipe } from '../engine/recipe.ts';
import { log } from './lib/bench.ts';
import { measuredRecipe } from './lib/recipes.ts';

export const description = 'games about wrong elements of a real training step: moves and gas';

const text = Array.from({ length: 400 }, (_, i) => `${i} times ${i} makes ${i * i}.\n`).join('');

/** One layer whose contractions are up to 4,096 long, and little else; a segment is as long as the demo's. */
const wide = (dataset: Dataset): Recipe =>
  measuredRecipe(
    { depth: 1, width: 1024, heads: 16, context: 16 },
    { batch: 1, round: { steps: 15, segments: 1 } },
    dataset,
  );

const demo = (dataset: Dataset): Recipe => demoRecipe({ seed: 1, size: 'small', rounds: 10 }, dataset);

/** The worst over several nodes of what a game takes, of the wide model, and of the demo's. */
export async function run(): Promise<object> {
  const games = await gamesOf('contractions of 4,096', 16, wide);
  const small = await gamesOf("the demo's model", 64, demo);
  const dearest = worstOf(games, 'gasTotal');
  const parts = games.slice(0, 2);
  return {
    moves: worstOf(games, 'moves').moves,
    gasTotal: dearest.gasTotal,
    gasFinal: worstOf(games, 'gasFinal').gasFinal,
    k4096GasFinal: worstOf(parts, 'gasFinal').gasFinal,
    answererGas: dearest.answererGas,
    challengerGas: dearest.challengerGas,
    games,
    demo: {
      moves: worstOf(small, 'moves').moves,
      gasTotal: worstOf(small, 'gasTotal').gasTotal,
      gasFinal: worstOf(small, 'gasFinal').gasFinal,
      games: small,
    },
  };
}

async function gamesOf(
  title: string,
  context: number,
  recipe: (dataset: Dataset) => Recipe,
): Promise<readonly Figures[]> {
  log(`${title}:`);
  const arena = await openArena({ text, context, recipe });
  const games = await measureGames(arena, dearNodes, ({ what, operator, type, moves, gasTotal, gasFinal }) => {
    const gas = `${gasTotal.toLocaleString('en-US')} gas, ${gasFinal.toLocaleString('en-US')} at the end`;
    log(`  ${what} (${operator}, ${type}): ${moves} moves, ${gas}`);
  });
  await arena.close();
  return games;
}

function worstOf(games: readonly Figures[], key: 'moves' | 'gasTotal' | 'gasFinal'): Figures {
  return games.reduce((worst, one) => (one[key] > worst[key] ? one : worst));
}
