import { createHasher } from '../../engine/commit/hasher.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import { partsOfPayload } from '../../engine/compress/published.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import {
  aggregate,
  createTrainer,
  parametersState,
  pseudoGradient,
  startState,
  type Trainer,
} from '../../engine/training.ts';
import { hasMember } from '../../sdk/member-set.ts';
import { readRound, type Round } from '../../sdk/round.ts';
import { RUN, type TinyRun } from './tiny-run.ts';

/** States by seat: training states, or payloads, of the members accepted in the round before. */
type Locals = ReadonlyMap<number, State>;

/**
 * The roots of the global states after rounds 1 to `rounds`, from what is public alone: the recipe, the text, and from the
 * chain seeds and accepted members. Written without the workers' code.
 */
export async function recomputeRoots(run: TinyRun, rounds: number): Promise<Hash[]> {
  const { recipe, node, deployment } = run;
  const executor = { kernel: await chooseKernel({ threads: 1 }), threads: 1 };
  const trainer = await createTrainer(recipe, executor);
  const hasher = createHasher({ threads: 1 });
  const roots: Hash[] = [];
  let parameters = initialParameters(recipe);
  let locals: Locals = new Map();
  let befores: Locals = new Map();
  for (let number = 1; number <= rounds; number += 1) {
    const round = await readRound(node.client, deployment, RUN, number);
    if ((number - 1) % recipe.round.epoch === 0) [locals, befores] = [new Map(), new Map()];
    locals = await trainMembers(run, trainer, round, parameters, locals);
    const payloads = new Map<number, State>();
    for (const [seat, end] of locals) {
      const after = parametersState(recipe, end);
      payloads.set(seat, await pseudoGradient(recipe, parameters, after, executor, befores.get(seat)));
    }
    befores = payloads;
    const published = [...payloads.values()].map((payload) => partsOfPayload(recipe, payload).published);
    parameters = await aggregate(recipe, parameters, published, executor);
    roots.push(await hasher.stateRoot(parameters));
  }
  await Promise.all([trainer.close(), hasher.close()]);
  return roots;
}

/** What the accepted members of a round end in, in ascending index. */
async function trainMembers(
  { recipe, dataset }: TinyRun,
  trainer: Trainer,
  { seed, duties, aggregate: accepted }: Round,
  parameters: State,
  locals: Locals,
): Promise<Locals> {
  const ends = new Map<number, State>();
  for (const { seat, index, owner: participant } of duties) {
    if (accepted === undefined || !hasMember(accepted.accepted, index)) continue;
    let state = startState(recipe, parameters, locals.get(seat));
    for (let step = 0; step < recipe.round.steps; step += 1) {
      const { context } = recipe.model;
      state = await trainer.step(state, loadBatch(dataset, { seed, participant, step, rows: recipe.batch, context }));
    }
    ends.set(seat, createState(state.layout, state.bytes));
  }
  return ends;
}
