import { availableParallelism } from 'node:os';
import { keccak256, toHex, zeroAddress } from 'viem';

import type { Deceit } from '../../../cli/cheat/run-cheat.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { checkFinite, createExecutor, type Executor, type ExecutorOptions } from '../../../engine/onnx/executor.ts';
import { aggregateProgram } from '../../../engine/programs.ts';
import type { Recipe } from '../../../engine/recipe.ts';
import { createTrainer, type Trainer } from '../../../engine/training.ts';
import { deceitOf } from '../churn/deceits.ts';
import { createAuditor, type Auditor } from './auditor.ts';
import { createCrowd, type Member, type Plot } from './crowd.ts';
import { createLedger, isConviction, type Ledger } from './ledger.ts';
import { isAvailable, openTools, workOn, type Earlier, type OpenRound, type Tools, type Work } from './work.ts';

export type Setting = {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly plot: Plot;
  /** Probability that a member is drawn in a round after its probation. */
  readonly auditRate: number;
  readonly executor: ExecutorOptions;
};

export type Played = Ledger & { readonly global: State };

/**
 * All rounds of a run whose members come and go, in one process: the real programs, commitments, draw and audits, without a
 * chain. A work that an audit finds wrong is challenged before the aggregate is claimed, so it is left out; its member has lost
 * its bond, and goes. @throws FAULT
 */
export async function playRun(
  setting: Setting,
  afterRound: (round: number, global: State) => Promise<void> = async () => undefined,
): Promise<Played> {
  const { recipe, plot } = setting;
  const shop = await openShop(setting);
  const crowd = createCrowd(plot);
  const ledger = createLedger(recipe, crowd);
  let earlier: ReadonlyMap<Member, Earlier> = new Map();
  let global = initialParameters(recipe);
  for (let number = 1; number <= plot.rounds; number += 1) {
    const seed = keccak256(toHex(`round ${number} of ${recipe.seed}`));
    const round = { number, seed, global, parent: await shop.tools.model.rootOf(global) };
    const judged = new Map<Member, Earlier>();
    for (const [member, work] of await worksOf(shop, round, crowd.meet(), earlier)) {
      const finding = await shop.auditor.look(round, member, work, earlier.get(member));
      const isConvicted = isConviction(finding);
      const stands = isAvailable(work) && !isConvicted;
      if (isConvicted) crowd.expel(member);
      judged.set(member, { work, stands });
      ledger.note({ round: number, member, work, stands, finding });
    }
    global = await shop.aggregate(
      global,
      [...judged.values()].filter(({ stands }) => stands).map(({ work }) => work.payload),
    );
    earlier = judged;
    await afterRound(number, global);
  }
  await shop.close();
  return { ...ledger.sums(), global };
}

/** What it takes to play all members' parts. */
type Shop = {
  readonly tools: Tools;
  readonly auditor: Auditor;
  readonly trainers: readonly Trainer[];
  deceitOf(member: Member): Deceit | undefined;
  /** The next global state; the same one where nobody's work is accepted. */
  aggregate(global: State, payloads: readonly State[]): Promise<State>;
  close(): Promise<void>;
};

async function openShop({ recipe, dataset, plot, auditRate, executor }: Setting): Promise<Shop> {
  const tools = await openTools(recipe, dataset, plot.honest + plot.cheats, executor);
  const auditor = await createAuditor(tools, { auditRate, probation: plot.probation });
  const trainers = await Promise.all(
    Array.from({ length: availableParallelism() }, () => createTrainer(recipe, executor)),
  );
  const aggregators = new Map<number, Executor>();
  const deceits = new Map<Member, Deceit>();
  const known = Array.from({ length: plot.honest }, () => zeroAddress);
  return {
    tools,
    auditor,
    trainers,
    deceitOf(member) {
      if (member.cheats === undefined) return undefined;
      const deceit = deceits.get(member) ?? deceitOf(member.cheats.kind, known, plot.cheats);
      deceits.set(member, deceit);
      return deceit;
    },
    async aggregate(global, payloads) {
      const members = payloads.length;
      if (members === 0) return global;
      const aggregator =
        aggregators.get(members) ?? (await createExecutor(aggregateProgram(recipe, members), executor));
      aggregators.set(members, aggregator);
      const next = createState(tools.model.globalLayout);
      await aggregator.run([global, ...payloads], next);
      checkFinite(next);
      return next;
    },
    async close() {
      const opened = [...trainers, ...aggregators.values(), auditor, tools];
      await Promise.all(opened.map((one) => one.close()));
    },
  };
}

/** What all commit to, by ascending seat: cheats look at what others have done. */
async function worksOf(
  { tools, trainers, deceitOf: deceit }: Shop,
  round: OpenRound,
  members: readonly Member[],
  earlier: ReadonlyMap<Member, Earlier>,
): Promise<ReadonlyMap<Member, Work>> {
  const works = new Map<Member, Work>();
  const workAll = async (some: readonly Member[], others: readonly Work[]): Promise<void> => {
    const waiting = [...some];
    const takeTurns = async (trainer: Trainer): Promise<void> => {
      for (let member = waiting.shift(); member !== undefined; member = waiting.shift()) {
        const { owner, cheats } = member;
        const means = deceit(member);
        const cheating = means && { deceit: means, now: round.number >= cheats!.first, others };
        works.set(member, await workOn(tools, trainer, round, owner, earlier.get(member), cheating));
      }
    };
    await Promise.all(trainers.map(takeTurns));
  };
  await workAll(
    members.filter(({ cheats }) => cheats === undefined),
    [],
  );
  const honest = [...works.values()];
  await workAll(
    members.filter(({ cheats }) => cheats !== undefined),
    honest,
  );
  return new Map(members.map((member) => [member, works.get(member)!]));
}
