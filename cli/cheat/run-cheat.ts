// A miner that cheats: an honest one in everything but what it is told to do otherwise. Disputed, it stands by what it did.
import { isAddressEqual, type Address, type Hash } from 'viem';

import {
  decodePublished,
  encodePublished,
  feedbackLayout,
  payloadRootOf,
  wholePayload,
} from '../../engine/compress/published.ts';
import type { Batch } from '../../engine/data/batch.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { copyTensors, createTrainer, parametersState, startState, type Trainer } from '../../engine/training.ts';
import { readCommitments } from '../../sdk/events.ts';
import { takeSteps } from '../../workers/lib/steps.ts';
import { fetchPublished } from '../../workers/lib/payloads.ts';
import type { Workshop } from '../../workers/lib/workshop.ts';
import type { MinerConfig } from '../../workers/miner/config.ts';
import { runMiner } from '../../workers/miner/main.ts';
import type { Work } from '../../workers/miner/round-files.ts';
import { train, type Finished, type TrainingOptions } from '../../workers/miner/training.ts';
import { standingBy } from '../dispute/lies.ts';

/** The end of a round, as an honest miner has it. */
export type RoundEnd = {
  readonly round: number;
  /** The global state that everybody started from, and this miner's after its inner steps. */
  readonly start: State;
  readonly end: State;
  /** Where other miners end that have no local state: whoever has the text can compute it. */
  endsOf(others: readonly Address[]): Promise<readonly State[]>;
};

/** What a cheat does otherwise. */
export type Deceit = {
  /** Another batch than the rules give. */
  batch?(honest: Batch): Batch;
  /** The global state that it says its steps led to. Asked for in every round, so that it can remember. */
  end?(round: RoundEnd): State | Promise<State>;
  /** Changes the published part of its payload. */
  payload?(published: State): void;
  /** Commits to what another has committed to. */
  readonly copies?: true;
  /** Serves nothing of what it commits to. */
  readonly withholds?: true;
};

/** Runs a miner that cheats in some rounds as the whole of this process, configured as a miner is. */
export async function runCheat(deceit: Deceit, cheatsIn: (round: number) => boolean): Promise<never> {
  const said = new Map<Hash, State>();
  let [withholds, steps] = [false, 0];
  return runMiner({
    blobs: (honest) => ({
      ...honest,
      put: async (root, bytes) => (withholds ? undefined : honest.put(root, bytes)),
    }),
    train: (shop) => async (options, work, extent, signal) => {
      ({ steps } = shop.model.recipe.round);
      const cheats = cheatsIn(work.round);
      withholds = cheats && deceit.withholds === true;
      if (cheats && deceit.copies) return copied(shop, options, work, signal);
      const trainer = await poisoned(options, work, { deceit, cheats, said }, signal);
      const finished = await train({ ...options, trainer }, work, extent, signal);
      if (finished === undefined || !cheats || deceit.payload === undefined) return finished;
      return withPayload(options, work, finished, deceit.payload, said);
    },
    witness: (honest, disputed) => standingBy(honest, disputed, { said, steps }),
  });
}

type Poison = {
  readonly deceit: Deceit;
  readonly cheats: boolean;
  /** Where states are kept that are not what the rules give. */
  readonly said: Map<Hash, State>;
};

async function poisoned(
  options: TrainingOptions,
  work: Work,
  { deceit, cheats, said }: Poison,
  signal: AbortSignal,
): Promise<Trainer> {
  const { model, trainer: honest, files } = options;
  const { steps, segments } = model.recipe.round;
  const length = steps / segments;
  const saved = await files.latest(work, segments);
  let taken = length * (saved?.facts.segmentRoots.length ?? 0);
  return {
    async step(state, batch) {
      const next = await honest.step(state, cheats && deceit.batch ? deceit.batch(Uint32Array.from(batch)) : batch);
      taken += 1;
      if (taken === steps && deceit.end !== undefined) {
        const end = await deceit.end(await roundEnd(options, work, next, signal));
        if (cheats) copyTensors(end, next);
      }
      if (cheats && taken % length === 0) said.set(await model.rootOf(next), createState(next.layout, next.bytes));
      return next;
    },
    close: () => honest.close(),
  };
}

async function roundEnd(
  { model, dataset, states }: TrainingOptions,
  work: Work,
  end: State,
  signal: AbortSignal,
): Promise<RoundEnd> {
  const { recipe, executor } = model;
  const { round, seed, parent } = work;
  const start = (await states.get(parent))!;
  return {
    round,
    start,
    end: parametersState(recipe, end),
    async endsOf(others) {
      const trainer = await createTrainer(recipe, executor);
      const ends: State[] = [];
      for (const participant of others) {
        const span = { seed, participant, first: 0, end: recipe.round.steps };
        const state = await takeSteps({ recipe, dataset, trainer }, startState(recipe, start), span, signal);
        ends.push(parametersState(recipe, state));
      }
      await trainer.close();
      return ends;
    },
  };
}

async function withPayload(
  { model, files }: TrainingOptions,
  work: Work,
  finished: Finished,
  change: NonNullable<Deceit['payload']>,
  said: Map<Hash, State>,
): Promise<Finished> {
  const { recipe, rootOf } = model;
  const published = decodePublished(recipe, finished.payload);
  change(published.payload);
  const payloadRoot = payloadRootOf(recipe, published, await rootOf(published.payload));
  const layout = feedbackLayout(recipe);
  const feedback = await files.feedback(work);
  const whole = layout && feedback && wholePayload(recipe, published, createState(layout, feedback.state));
  said.set(payloadRoot, whole ?? published.payload);
  return { ...finished, payloadRoot, payload: encodePublished(recipe, published) };
}

/** Waits for others to commit and to publish, and takes what it finds first; what it has taken once it goes on with. */
async function copied(
  { client, deployment, config, book, blobs, model, clock }: Workshop<MinerConfig>,
  { look }: TrainingOptions,
  work: Work,
  signal: AbortSignal,
): Promise<Finished | undefined> {
  const { runId, pollMs } = config;
  while ((await look(work.round)) !== undefined) {
    signal.throwIfAborted();
    const found = await readCommitments(client, deployment, runId, work.round, await book.blocksSince(work.round));
    const own = found.find(({ owner }) => isAddressEqual(owner, work.owner));
    for (const { commitment } of own === undefined ? found : [own]) {
      const published = await fetchPublished(blobs, model, commitment);
      if (published === undefined) continue;
      const { startRoot, segmentRoots, payloadRoot } = commitment;
      const facts = { ...work, startRoot, segmentRoots: [...segmentRoots] };
      return { facts, payloadRoot, payload: encodePublished(model.recipe, published) };
    }
    await clock.sleep(pollMs, signal);
  }
  return undefined;
}
