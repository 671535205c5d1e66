import type { Hash } from '../../engine/commit/hash.ts';
import { createDataset, type Dataset } from '../../engine/data/dataset.ts';
import type { State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import type { RecipeInput } from '../../engine/recipe.ts';
import { createTrainer, type Trainer } from '../../engine/training.ts';
import { claimIdOf } from '../../sdk/claims.ts';
import type { Committed } from '../../sdk/events.ts';
import type { Commitment } from '../../sdk/round.ts';
import type { CommitmentBook } from '../../workers/lib/commitments.ts';
import { modelOf, type Model } from '../../workers/lib/model.ts';
import { programsOf } from '../../workers/lib/programs.ts';
import { createPace } from '../../workers/miner/pace.ts';
import type { Extent, TrainingOptions } from '../../workers/miner/training.ts';
import { tinyRecipe } from './recipes.ts';
import { ownerOf, rootOf } from './runs.ts';

/** A model that trains in milliseconds, with all that a worker needs to train it. */
export type TinyModel = {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly genesis: { readonly root: Hash; readonly state: State };
};

/** Made once for the tests of the enclosing `describe`. */
export function tinyModelForTests(fields: Partial<RecipeInput> = {}): () => TinyModel {
  let tiny: TinyModel;
  before(async function () {
    this.timeout(30_000);
    const dataset = createDataset('the quick brown fox jumps over the lazy dog, '.repeat(60), { context: 16 });
    const { root, train, heldOut } = dataset;
    const recipe = tinyRecipe({
      model: { depth: 1, width: 32, heads: 2, context: 16, vocabulary: 256 },
      dataset: { root, trainTokens: train.length, heldOutTokens: heldOut.length },
      ...fields,
    });
    const executor = { kernel: await chooseKernel({ threads: 1 }), threads: 1 };
    const model = modelOf(recipe, programsOf(recipe, 16), executor);
    const state = initialParameters(recipe);
    const genesis = { root: await model.rootOf(state), state };
    tiny = { model, dataset, trainer: await createTrainer(recipe, executor), genesis };
  });
  after(async () => {
    await tiny.trainer.close();
    await tiny.model.close();
  });
  return () => tiny;
}

/** The whole round of a tiny recipe. */
export const wholeRound: Extent = { least: 2, most: 2, until: Infinity };

/** A miner for whom there is always time, and that has done whole rounds. */
export function unhurried(): Pick<TrainingOptions, 'segmentsOf' | 'pace' | 'look'> {
  return { segmentsOf: async () => 2, pace: createPace(), look: async () => ({ time: 0, isOpen: true }) };
}

/** What members with these indices have committed, whatever the round. */
export function bookOf(commitments: ReadonlyMap<number, Partial<Commitment>>): CommitmentBook {
  const page = [...commitments].map(([index, commitment]): Committed => {
    const seat = index + 1;
    const claimId = claimIdOf({ kind: 'work', runId: 1n, round: 1, number: seat });
    const nothing = {
      parent: rootOf(0),
      startRoot: rootOf(0),
      segmentRoots: [],
      payloadRoot: rootOf(0),
      payloadBytes: 0n,
    };
    return { claimId, seat, index, owner: ownerOf(seat), word: rootOf(0), commitment: { ...nothing, ...commitment } };
  });
  return { of: async () => page, blocksSince: async () => ({ fromBlock: 0n, toBlock: 0n }) };
}
