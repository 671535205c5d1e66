import { demoRecipe } from '../cli/demo/plan.ts';
import { moreThanFloor } from '../cli/dispute/alone.ts';
import { openArena, type Arena } from '../cli/dispute/arena.ts';
import { dearNodes, measureGames, nodesByOperator, type Figures } from '../cli/dispute/measure.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import type { Program } from '../engine/graph/program.ts';
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

/**
 * The worst over many nodes of what a game takes: of the wide model, where each operator has a game of its own, and of the
 * demo's model.
 */
export async function run(): Promise<object> {
  const chosen = (program: Program) => [...dearNodes(program), ...nodesByOperator(program)];
  const arena = await openWith(wide, 16);
  const games = await gamesOf('contractions of 4,096', arena, chosen);
  const perOperator = finalByOperator(games);
  for (const [name, more] of Object.entries(await moreThanFloor(arena)))
    perOperator[name] = perOperator['floor']! + more;
  await arena.close();
  const other = await openWith(demo, 64);
  const small = await gamesOf("the demo's model", other, dearNodes);
  await other.close();
  // The parts of a contraction of 4,096, and their sum.
  const parts = games.slice(0, 2);
  return {
    ...summary(games),
    k4096GasFinal: worstOf(parts, 'gasFinal').gasFinal,
    perOperator,
    demo: summary(small),
    games: { wide: games, demo: small },
  };
}

async function openWith(recipe: (dataset: Dataset) => Recipe, context: number): Promise<Arena> {
  return openArena({ text, context, recipe });
}

type Chosen = Parameters<typeof measureGames>[1];

async function gamesOf(title: string, arena: Arena, chosen: Chosen): Promise<readonly Figures[]> {
  log(`${title}:`);
  return measureGames(arena, chosen, ({ what, operator, type, moves, gasTotal, gasFinal }) => {
    const gas = `${gasTotal.toLocaleString('en-US')} gas, ${gasFinal.toLocaleString('en-US')} at the end`;
    log(`  ${what} (${operator}, ${type}): ${moves} moves, ${gas}`);
  });
}

/** The worst of each figure; the gas of the sides is that of the dearest game. */
function summary(games: readonly Figures[]) {
  const dearest = worstOf(games, 'gasTotal');
  return {
    moves: worstOf(games, 'moves').moves,
    gasTotal: dearest.gasTotal,
    dearest: `${dearest.what} (${dearest.operator}, ${dearest.type})`,
    gasFinal: worstOf(games, 'gasFinal').gasFinal,
    answererGas: dearest.answererGas,
    challengerGas: dearest.challengerGas,
  };
}

function finalByOperator(games: readonly Figures[]): Record<string, number> {
  const most: Record<string, number> = {};
  for (const { operator, gasFinal } of games) most[operator] = Math.max(gasFinal, most[operator] ?? 0);
  return most;
}

function worstOf(games: readonly Figures[], key: 'moves' | 'gasTotal' | 'gasFinal'): Figures {
  return games.reduce((worst, one) => (one[key] > worst[key] ? one : worst));
}
