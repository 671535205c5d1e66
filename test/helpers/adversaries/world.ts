import type {} from '@nomicfoundation/hardhat-ignition-ethers';
import { network } from 'hardhat';
import {
  encodeFunctionData,
  erc20Abi,
  keccak256,
  numberToHex,
  parseEther,
  toHex,
  type Address,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import protocolModule from '../../../deploy/modules/Protocol.ts';
import parameters from '../../../deploy/parameters/development.json' with { type: 'json' };
import { stateRoot } from '../../../engine/commit/reference.ts';
import { createDataset, type Dataset } from '../../../engine/data/dataset.ts';
import type { State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { recipeRoot, tokensPerRound, tokensPerSegment, type Recipe, type RecipeInput } from '../../../engine/recipe.ts';
import { runPrograms } from '../../../engine/run-programs.ts';
import { claimsAbi, developmentTokenAbi, gameAbi, stakeManagerAbi } from '../../../sdk/abi/index.ts';
import { attest } from '../../../sdk/availability.ts';
import type { Call } from '../../../sdk/call.ts';
import type { Client } from '../../../sdk/client.ts';
import type { Deployment } from '../../../sdk/deployment.ts';
import { programsRoot, type RunPrograms } from '../../../sdk/game.ts';
import { hasMember } from '../../../sdk/member-set.ts';
import { join, readMembers } from '../../../sdk/membership.ts';
import { readRound } from '../../../sdk/round.ts';
import { createRun, readRun, tick, type RunParameters } from '../../../sdk/run.ts';
import { approve, deposit, setNode } from '../../../sdk/stake.ts';
import { tinyRecipe } from '../recipes.ts';
import { attempt, clientOf, send, type Connection, type Request } from './chain.ts';

export const RUN = 1n;
export const MAX_MEMBERS = 4;
export const BOND = parseEther('2');
export const CHALLENGE_BOND = parseEther('1');
/** Everything deployed in this process, and a run of a real recipe whose first round is open. */
export type World = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly programs: RunPrograms;
  /** Program roots of the outer step, by members. */
  readonly aggregates: readonly Hex[];
  readonly genesis: State;
  /** Two miners, with seats 1 and 2. */
  readonly miners: readonly [Address, Address];
  /** Who stakes, and has no seat. */
  readonly others: readonly Address[];
  /** Sends a transaction; throws what the contract says when it refuses. */
  send(from: Address, call: Call, gas?: bigint): Promise<TransactionReceipt>;
  /** What would become of a transaction: nothing, or an error. */
  attempt(from: Address, call: Call): Promise<void>;
  /** Gas of the transactions that were sent so far, by what they were. */
  readonly spent: { readonly name: string; readonly gas: bigint }[];
  /** A new account with stake. */
  newcomer(name: string): Promise<Address>;
  readonly request: Request;
  /** Lets as much time pass. Else every transaction is in a block of its own, one second after the one before. */
  pass(seconds: number): Promise<void>;
};

const text = Array.from({ length: 120 }, (_, i) => `${i} times ${i} makes ${i * i}, says the ${i % 7}th daughter.\n`);
export const TEXT = text.join('');

/** The smallest transformer that has every kind of operator that training needs. */
export const SMALL: Partial<RecipeInput> = {
  model: { depth: 1, width: 8, heads: 2, context: 3, vocabulary: 256 },
  batch: 1,
  round: { steps: 8, segments: 2, epoch: 2 },
};

export async function createWorld(fields: Partial<RecipeInput> = SMALL): Promise<World> {
  const connection = await network.create({ override: { initialDate: '2030-01-01T00:00:00Z', loggingEnabled: false } });
  const request: Request = (method, params = []) => connection.provider.request({ method, params });
  const client = clientOf(connection);
  const deployment = await deploy(connection, client);
  const { context } = tinyRecipe(fields).model;
  const dataset = createDataset(TEXT, { context });
  const { root, train, heldOut } = dataset;
  const recipe = tinyRecipe({
    ...fields,
    dataset: { root, trainTokens: train.length, heldOutTokens: heldOut.length },
  });
  const { aggregates, ...known } = runPrograms(recipe, MAX_MEMBERS);
  const programs = { ...known, aggregates: aggregates.root };
  const accounts = (await request('eth_accounts')) as Address[];
  const [first, second, ...others] = accounts as [Address, Address, ...Address[]];
  const world: World = {
    ...{ client, deployment, recipe, dataset, programs, request, miners: [first, second], others, spent: [] },
    aggregates: aggregates.leaves,
    genesis: initialParameters(recipe),
    async send(from, call, gas) {
      await passTo(world, 1);
      const receipt = await send(client, request, from, call, gas);
      world.spent.push({ name: call.name, gas: receipt.gasUsed });
      return receipt;
    },
    async attempt(from, call) {
      await passTo(world, 1);
      await attempt(request, from, call);
    },
    newcomer: (name) => newcomer(world, name),
    async pass(seconds) {
      await passTo(world, seconds);
      await request('evm_mine');
    },
  };
  await openRun(world);
  return world;
}

async function deploy({ ignition }: Connection, client: Client): Promise<Deployment> {
  const contracts = await ignition.deploy(protocolModule, { parameters });
  const at = async (contract: { getAddress(): Promise<string> }) => (await contract.getAddress()) as Address;
  return {
    protocol: await at(contracts.protocol),
    lens: await at(contracts.runLens),
    stake: await at(contracts.stakeManager),
    claims: await at(contracts.claims),
    runs: await at(contracts.runs),
    ownership: await at(contracts.ownership),
    availability: await at(contracts.availability),
    token: await at(contracts.token),
    game: await client.readContract({ address: await at(contracts.claims), abi: claimsAbi, functionName: 'game' }),
    verdicts: await client.readContract({ address: await at(contracts.game), abi: gameAbi, functionName: 'verdicts' }),
    receipts: await at(contracts.receipts),
  };
}

/** Fixes when the next block is, whatever the clock of this machine says. */
async function passTo({ client, request }: World, seconds: number): Promise<void> {
  const { timestamp } = await client.getBlock();
  await request('evm_setNextBlockTimestamp', [Number(timestamp) + seconds]);
}

async function newcomer(world: World, name: string): Promise<Address> {
  const address: Address = `0x${keccak256(toHex(name)).slice(-40)}`;
  await world.request('hardhat_impersonateAccount', [address]);
  await world.request('hardhat_setBalance', [address, numberToHex(parseEther('1000'))]);
  await stake(world, address, parseEther('20'));
  return address;
}

async function stake({ deployment, send: sendOf }: World, account: Address, amount: bigint): Promise<void> {
  const wrap = encodeFunctionData({ abi: developmentTokenAbi, functionName: 'deposit' });
  await sendOf(account, { to: deployment.token, data: wrap, value: amount, name: 'DevelopmentToken.deposit' });
  await sendOf(account, approve(deployment, amount));
  await sendOf(account, deposit(deployment, amount));
}

async function openRun(world: World): Promise<void> {
  const { client, deployment, recipe, genesis, programs, miners, others } = world;
  const { timestamp } = await client.getBlock();
  const opensAt = Number(timestamp) + 200;
  const about = { genesisRoot: stateRoot(genesis), programsRoot: programsRoot(programs), opensAt };
  await world.send(
    miners[0],
    createRun(deployment, { ...parametersOf(recipe), ...about }, { name: 'Tiny', symbol: 'T', uri: '' }),
  );
  for (const account of [...miners, ...others]) await stake(world, account, parseEther('50'));
  for (const miner of miners) {
    await world.send(miner, setNode(deployment, miner));
    await world.send(miner, join(deployment, RUN, 'miner', parseEther('5')));
  }
  await world.pass(200);
  await tickAll(world);
}

/** Takes every step of the run that is due. */
export async function tickAll({ client, deployment, send: sendOf, miners, request }: World): Promise<void> {
  for (let due = await dueIn(client, deployment); due !== 'none'; due = await dueIn(client, deployment)) {
    await sendOf(miners[0], tick(deployment, RUN));
    await request('evm_mine');
    if (due === 'settle') return;
  }
}

/** Everyone in the committee of the current round says that all payloads were received. */
export async function attestAll({ client, deployment, send: sendOf }: World): Promise<void> {
  const { round } = await readRun(client, deployment, RUN);
  const { committed, availability } = await readRound(client, deployment, RUN, round);
  for (const { index, node } of await readMembers(client, deployment, RUN)) {
    if (hasMember(availability.committee, index)) await sendOf(node, attest(deployment, RUN, round, committed));
  }
}

async function dueIn(client: Client, deployment: Deployment) {
  return (await readRun(client, deployment, RUN)).due;
}

function parametersOf(recipe: Recipe): Omit<RunParameters, 'genesisRoot' | 'programsRoot' | 'opensAt'> {
  return {
    recipeRoot: recipeRoot(recipe),
    datasetRoot: recipe.dataset.root as Hex,
    plannedTokens: BigInt(100 * tokensPerRound(recipe)),
    lambda: parseEther('1'),
    shareSupply: parseEther('1000000'),
    ownersShare: 570_000,
    royalty: 0,
    tokensPerSegment: BigInt(tokensPerSegment(recipe)),
    commitWindow: 1_000,
    auditWindow: 1_000,
    aggregateWindow: 1_000,
    challengeWindow: 1_000,
    aggregateChallengeWindow: 1_000,
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
    minerBond: BOND,
    serviceDeposit: BOND,
    dutyDeposit: BOND,
    aggregateBond: BOND,
    challengeBond: CHALLENGE_BOND,
    joinFloor: parseEther('0.01'),
    joinMultiplier: parseEther('1.1'),
    joinHalfLife: 60,
  };
}

/** All that an account has staked, locked or not. */
export async function stakeOf({ client, deployment }: World, owner: Address): Promise<bigint> {
  const { free, locked, unbonding } = await client.readContract({
    ...{ address: deployment.stake, abi: stakeManagerAbi, functionName: 'accountOf', args: [owner] },
  } as const);
  return free + locked + unbonding;
}

/** Stake tokens of all accounts together, burned ones included: what the vault holds. */
export async function vaultOf({ client, deployment: { token, stake: vault } }: World): Promise<bigint> {
  return client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [vault] });
}
