import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEther, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { createHasher } from '../../engine/commit/hasher.ts';
import { loadDataset, type Dataset } from '../../engine/data/dataset.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { recipeRoot, tokensPerRound, tokensPerSegment, type Recipe } from '../../engine/recipe.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { createRun, type RunParameters } from '../../sdk/run.ts';
import { approve, deposit, setNode } from '../../sdk/stake.ts';
import { programsOf } from '../../workers/lib/programs.ts';
import type { Sender } from '../../workers/lib/sender.ts';
import { deployProtocol, senderOf, wrapEther } from './deployment.ts';
import { CHAIN_ID, type TestNode } from './node.ts';
import { tinyRecipe, tinyRecipeInput } from './recipes.ts';

export const RUN = 1n;

/** A run of a tiny recipe on a chain, and what its workers have to be told. */
export type TinyRun = {
  readonly node: TestNode;
  readonly deployment: Deployment;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly settings: Readonly<Record<string, string>>;
  /** The key of an account with ether and stake tokens. */
  fundedKey(): Promise<Hex>;
};

const MAX_MEMBERS = 16;
const CONTEXT = 16;

const text = Array.from({ length: 400 }, (_, i) => `${i} times ${i} makes ${i * i}, says the ${i % 7}th daughter.\n`);

/** The recipe of the run, by default over a text that there is not. */
export function tinyRunRecipe(dataset: Partial<Recipe['dataset']> = {}): Recipe {
  return tinyRecipe({
    model: { depth: 1, width: 32, heads: 2, context: CONTEXT, vocabulary: 256 },
    round: { steps: 96, segments: 4, epoch: 2 },
    compression: { name: 'sparseloco', chunk: 1024, k: 32 },
    dataset: { ...tinyRecipeInput.dataset, ...dataset },
  });
}

/** Deploys the protocol, creates the run, with `changes` where it is to be another one, and keeps the chain's clock going. */
export async function createTinyRun(
  node: TestNode,
  folder: string,
  changes: Partial<RunParameters> = {},
): Promise<TinyRun> {
  const deployment = await deployProtocol(node, join(folder, 'ignition'));
  const files = {
    data: join(folder, 'text.txt'),
    recipe: join(folder, 'recipe.json'),
    addresses: join(folder, 'at.json'),
  };
  writeFileSync(files.data, text.join(''));
  writeFileSync(files.addresses, JSON.stringify({ protocol: deployment.protocol, lens: deployment.lens }));
  const dataset = await loadDataset(files.data, { context: CONTEXT });
  const { root, train, heldOut } = dataset;
  const recipe = tinyRunRecipe({ root, trainTokens: train.length, heldOutTokens: heldOut.length });
  writeFileSync(files.recipe, JSON.stringify(recipe));
  await openRun(node, deployment, recipe, changes);
  await node.control.setIntervalMining({ interval: 1 });
  return {
    node,
    deployment,
    recipe,
    dataset,
    settings: {
      SWARMLOCK_RPC_URL: node.rpcUrl,
      SWARMLOCK_CHAIN_ID: String(CHAIN_ID),
      SWARMLOCK_DEPLOYMENT: files.addresses,
      SWARMLOCK_RUN_ID: String(RUN),
      SWARMLOCK_BLOBS: join(folder, 'blobs'),
      SWARMLOCK_RECIPE: files.recipe,
      SWARMLOCK_DATA: files.data,
      SWARMLOCK_MAX_JOINING_PRICE: String(parseEther('5')),
      SWARMLOCK_RESERVE: String(parseEther('50')),
      SWARMLOCK_THREADS: '1',
      SWARMLOCK_POLL_MS: '100',
    },
    async fundedKey() {
      const key = generatePrivateKey();
      const account = privateKeyToAccount(key);
      await node.control.setBalance({ address: account.address, value: parseEther('200') });
      await wrapEther(deployment, senderOf(node, account), parseEther('100'));
      return key;
    },
  };
}

async function openRun(
  node: TestNode,
  deployment: Deployment,
  recipe: Recipe,
  changes: Partial<RunParameters>,
): Promise<void> {
  const hasher = createHasher({ threads: 1 });
  const genesisRoot = await hasher.stateRoot(initialParameters(recipe));
  await hasher.close();
  const { timestamp } = await node.client.getBlock();
  const parameters = { ...parametersOf(recipe), genesisRoot, opensAt: Number(timestamp) + 1, ...changes };
  const creator = senderOf(node, await node.fundedAccount());
  const call = createRun(deployment, parameters, { name: 'Tiny', symbol: 'TINY', uri: '' });
  await creator.send(call, new AbortController().signal);
}

/** All rounds are audited whole as far as draws go, and what is unchallenged for four seconds after its epoch is final. */
function parametersOf(recipe: Recipe): Omit<RunParameters, 'genesisRoot' | 'opensAt'> {
  return {
    recipeRoot: recipeRoot(recipe),
    programsRoot: programsOf(recipe, MAX_MEMBERS).root,
    datasetRoot: recipe.dataset.root as Hex,
    plannedTokens: BigInt(100 * tokensPerRound(recipe)),
    lambda: parseEther('1'),
    shareSupply: parseEther('1000000'),
    ownersShare: 570_000,
    royalty: 0,
    tokensPerSegment: BigInt(tokensPerSegment(recipe)),
    commitWindow: 60,
    auditWindow: 120,
    aggregateWindow: 60,
    challengeWindow: 4,
    aggregateChallengeWindow: 4,
    segments: recipe.round.segments,
    epochRounds: recipe.round.epoch,
    probationRounds: 255,
    minSegments: recipe.round.segments,
    auditRate: 10_000,
    maxMembers: MAX_MEMBERS,
    minMiners: 1,
    committeeSeats: 24,
    committeeNeeded: 16,
    parent: 0n,
    minerBond: parseEther('2'),
    serviceDeposit: parseEther('3'),
    dutyDeposit: parseEther('3'),
    aggregateBond: parseEther('2'),
    challengeBond: parseEther('1'),
    joinFloor: parseEther('1'),
    joinMultiplier: parseEther('1.1'),
    joinHalfLife: 60,
  };
}

/** A key with stake enough to claim an aggregate. */
export async function claimant({ node, deployment, fundedKey }: TinyRun): Promise<Sender> {
  const sender = senderOf(node, privateKeyToAccount(await fundedKey()));
  const amount = parseEther('50');
  for (const call of [setNode(deployment, sender.address), approve(deployment, amount), deposit(deployment, amount)]) {
    await sender.send(call, new AbortController().signal);
  }
  return sender;
}
