import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { State } from '../../engine/graph/state.ts';
import { stateBytes } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { modelLayout } from '../../engine/nn/decoder.ts';
import { blobsOf, type Actor } from './actors.ts';
import { heldOutLoss } from './central.ts';
import type { Fleet } from './fleet.ts';
import { sellInference, type Owner, type PaidInference } from './inference.ts';
import type { DemoOptions } from './options.ts';
import { readPays, type Pays } from './pay.ts';
import { lossPlot } from './plot.ts';
import { reportLines, reportObject, type Report } from './report.ts';
import { sampleText } from './sample.ts';
import type { Screen } from './screen.ts';
import { setStage, type Stage } from './stage.ts';
import { isDecided } from './story-game.ts';
import { newStory, type Story } from './story.ts';
import { stateReader } from './swarm-state.ts';
import { renderStory } from './view.ts';
import { watchRun } from './watch.ts';

const SAMPLE_LENGTH = { small: 280, tiny: 40 } as const;
/** For the last epoch to become final, and for its pay to vest while later rounds are played. */
const PAY_PATIENCE_MS = 240_000;
/** For a game that is still on. */
const GAME_PATIENCE_MS = 120_000;
const SHORT_LIVED = ['blobs', 'checkpoints', 'chain', 'logs', 'text.txt', 'build.log', 'node.log'];

/** The whole demo: sets the stage, watches the rounds, measures, and reports. */
export async function runDemo(options: DemoOptions, folder: string, fleet: Fleet, screen: Screen): Promise<Report> {
  const started = performance.now();
  const elapsed = () => (performance.now() - started) / 1_000;
  const stage = await setStage(options, folder, fleet, screen);
  const story = newStory(stage.cast, stage.rounds, stage.recipe.round.steps);
  if (stage.rounds !== options.rounds) {
    screen.line(`${stage.rounds} rounds instead of ${options.rounds}: pay is final with whole epochs.`);
  }
  const final = await playRounds(stage, story, fleet, screen, elapsed);
  const { chain, runId, cast } = stage;
  const addressOf = (name: string) => cast.find((actor) => actor.name === name)!.address;
  const pays = await readPays(chain.client, chain.deployment, runId, story, addressOf);
  await endActors(cast, fleet);
  const inference = await playInference(stage, pays, { fleet, seed: options.seed }, screen);
  await fleet.stop();
  const report = await finish(options, stage, story, { final, pays, inference, elapsed }, screen);
  if (!options.keep)
    await Promise.all(SHORT_LIVED.map((name) => rm(join(stage.folder, name), { recursive: true, force: true })));
  return report;
}

/** Until the last round is settled, measured and paid. Returns the state that the swarm has trained. */
async function playRounds(
  stage: Stage,
  story: Story,
  fleet: Fleet,
  screen: Screen,
  elapsed: () => number,
): Promise<State> {
  const measure = measurer(stage, story, screen);
  let last = measure(0, 0, undefined);
  const watch = watchRun({ ...stage, fleet, screen }, story, (event) => {
    if (event.eventName !== 'SharesAccrued') return;
    const { round, verifiedTokens } = event.args;
    const root = story.settled.at(-1)?.root;
    if (round <= story.rounds) last = last.then(() => measure(round, Number(verifiedTokens), root));
    last.catch(() => undefined);
  });
  screen.live(() => renderStory(story, elapsed()));
  await watch.until(() => story.round > story.rounds);
  screen.live(() => [...renderStory(story, elapsed()), 'the last epoch becomes final, and its pay vests ...']);
  const since = performance.now();
  const isPatient = (ms: number) => performance.now() - since < ms;
  await watch.until(() => isPaid(story) || !isPatient(PAY_PATIENCE_MS));
  await watch.until(() => story.caught.every(isDecided) || !isPatient(GAME_PATIENCE_MS));
  const final = await last;
  for (const line of screen.isLive ? renderStory(story, elapsed()) : []) screen.line(line);
  screen.live(undefined);
  return final;
}

/** All but the node: keys of owners are free then, and so is the processor. */
async function endActors(cast: readonly Actor[], fleet: Fleet): Promise<void> {
  for (const { name } of cast) fleet.kill(name, 'SIGKILL');
  await Promise.all(cast.map(({ name }) => fleet.end(name)));
}

/** What the trained model is good for. The one with the most shares sells. */
async function playInference(
  stage: Stage,
  { miners, validators }: Pays,
  means: Parameters<typeof sellInference>[2],
  screen: Screen,
): Promise<PaidInference | undefined> {
  const paid = [...miners, ...validators].filter(({ balance }) => balance > 0n);
  const [first, ...others] = paid
    .toSorted((a, b) => (a.balance > b.balance ? -1 : 1))
    .map(({ name }): Owner => stage.cast.find((actor) => actor.name === name)!);
  if (first !== undefined) {
    const title = 'selling credits, and paying a gateway of the trained model with them';
    return screen.stage(title, () => sellInference(stage, [first, ...others], means));
  }
  screen.line('Nobody has been paid shares yet, so there are no credits to sell.');
  return undefined;
}

/** Every miner that nobody has challenged has collected what it has earned. */
function isPaid({ miners }: Story): boolean {
  return miners.every(({ accrued, claimed, fates }) => {
    const isInDoubt = [...fates.values()].some((fate) => fate === 'challenged' || fate === 'convicted');
    return isInDoubt || claimed >= accrued;
  });
}

/** Measures a settled state, and the baseline once it has seen as many tokens. */
function measurer({ recipe, dataset, executor, central, folder }: Stage, story: Story, screen: Screen) {
  const evaluate = heldOutLoss(recipe, dataset, executor);
  const read = stateReader(recipe, blobsOf(folder));
  return async (round: number, tokens: number, root: `0x${string}` | undefined): Promise<State> => {
    const state = root === undefined ? initialParameters(recipe) : await read(root);
    const swarm = await evaluate(state);
    const baseline = root === undefined ? swarm : await evaluate(await central.reach(tokens));
    story.measured.push({ round, tokens, swarm, central: baseline });
    const what = round === 0 ? 'before training' : `after round ${round}, ${tokens.toLocaleString('en-US')} tokens`;
    screen.note(
      `held-out loss ${what}: ${swarm.toFixed(3)}${round === 0 ? '' : ` (one machine ${baseline.toFixed(3)})`}`,
    );
    return state;
  };
}

type Outcome = { final: State; pays: Pays; inference: PaidInference | undefined; elapsed: () => number };

async function finish(
  options: DemoOptions,
  { recipe, dataset, executor, folder, rounds, central }: Stage,
  { measured, caught, audits, matches }: Story,
  { final, pays, inference, elapsed }: Outcome,
  screen: Screen,
): Promise<Report> {
  await central.close();
  const sampling = { seed: options.seed, length: SAMPLE_LENGTH[options.size], executor };
  const text = await screen.stage('writing a sample', () => sampleText(recipe, final, dataset, sampling));
  const plot = join(folder, 'loss.svg');
  const points = (of: 'swarm' | 'central') => measured.map((one) => ({ tokens: one.tokens, loss: one[of] }));
  const curves = [
    { name: `swarm of ${options.miners} miners and a cheat`, colour: '#2563eb', points: points('swarm') },
    { name: 'one machine, equal tokens', colour: '#d97706', points: points('central') },
  ];
  await writeFile(plot, lossPlot(`Held-out loss, ${rounds} rounds`, curves));
  const parameters = stateBytes(modelLayout(recipe.model)) / 4;
  const tokens = measured.at(-1)?.tokens ?? 0;
  const seconds = elapsed();
  const report: Report = {
    rounds,
    parameters,
    tokens,
    measured,
    pays,
    caught,
    audits,
    matches,
    ...text,
    inference,
    plot,
    folder,
    seconds,
  };
  await writeFile(join(folder, 'report.json'), `${JSON.stringify(reportObject(report), undefined, 2)}\n`);
  await writeFile(join(folder, 'report.txt'), `${reportLines(report).join('\n').trim()}\n`);
  return report;
}
