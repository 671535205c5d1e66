import { encodeFunctionData } from 'viem';

import { demoRecipe } from '../cli/demo/plan.ts';
import { openArena, type Arena } from '../cli/dispute/arena.ts';
import { dearNodes, measureGames, type Figures } from '../cli/dispute/measure.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import { operators } from '../engine/ops/index.ts';
import type { Recipe } from '../engine/recipe.ts';
import { gameAbi, refereeAbi } from '../sdk/abi/index.ts';
import { largestCheckOf } from '../test/helpers/referee/largest.ts';
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

/** The worst over several nodes of what a game takes: of the wide model, and of the demo's. */
export async function run(): Promise<object> {
  const arena = await openWith(wide, 16);
  const games = await gamesOf('contractions of 4,096', arena);
  const perOperator = await finalByOperator(arena, games);
  await arena.close();
  const other = await openWith(demo, 64);
  const small = await gamesOf("the demo's model", other);
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

async function gamesOf(title: string, arena: Arena): Promise<readonly Figures[]> {
  log(`${title}:`);
  return measureGames(arena, dearNodes, ({ what, operator, type, moves, gasTotal, gasFinal }) => {
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

/**
 * Gas of the final check of each operator at its largest: the referee's own work on operands of 2^18 leaves in a trace of
 * 2^13 nodes, and the most that the game has been seen to add to it.
 */
async function finalByOperator({ chain }: Arena, games: readonly Figures[]): Promise<Record<string, number>> {
  const { client, deployment, accounts } = chain;
  const around = Math.max(...games.map(({ gasFinal, refereeGas }) => gasFinal - refereeGas));
  log(`  the game adds ${around.toLocaleString('en-US')} gas at most to what the referee takes`);
  const to = await client.readContract({ address: deployment.game, abi: gameAbi, functionName: 'referee' });
  const found: Record<string, number> = {};
  for (const name of operators.keys()) {
    const { descriptor, element, context, evidence } = largestCheckOf(name);
    const args = [descriptor, element, context, evidence] as const;
    const data = encodeFunctionData({ abi: refereeAbi, functionName: 'evaluate', args });
    const { gasUsed } = await chain.send(accounts[0]!, { to, data, name: 'Referee.evaluate' });
    found[name] = Number(gasUsed) + around;
  }
  return found;
}

function worstOf(games: readonly Figures[], key: 'moves' | 'gasTotal' | 'gasFinal'): Figures {
  return games.reduce((worst, one) => (one[key] > worst[key] ? one : worst));
}
