import type { Dataset } from '../../engine/data/dataset.ts';
import { tokensPerRound, type Recipe } from '../../engine/recipe.ts';
import type { Curve } from './curves.ts';
import { centralRecipe } from './recipe-files.ts';

/** What a swarm whose members come and go is held against: others that train on as many tokens. */
export type EqualTokens = {
  /** Of a member. */
  readonly steps: number;
  /** AdamW on one machine, in as many steps as a member takes. */
  readonly alone: Recipe;
  /** Members of a swarm of which nobody comes or goes. */
  readonly miners: number;
};

export async function onEqualTokens(
  recipe: Recipe,
  dataset: Dataset,
  { rounds, tokens }: { readonly rounds: number; readonly tokens: number },
): Promise<EqualTokens> {
  const steps = rounds * recipe.round.steps;
  const batch = Math.round(tokens / (steps * recipe.model.context));
  const seed = recipe.seed as `0x${string}`;
  const alone = await centralRecipe({ steps, seed, model: recipe.model, dataset }, batch);
  return { steps, alone, miners: Math.max(1, Math.round(tokens / (rounds * tokensPerRound(recipe)))) };
}

/** How far a loss is above those of one machine and of a calm swarm. */
export function comparison(loss: number, { alone, miners }: EqualTokens, central: Curve, calm: Curve) {
  return {
    centralLoss: central.loss,
    centralBatch: alone.batch,
    gapPercent: 100 * (loss / central.loss - 1),
    calmMiners: miners,
    calmLoss: calm.loss,
    churnPercent: 100 * (loss / calm.loss - 1),
  };
}
