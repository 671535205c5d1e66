import { readFile } from 'node:fs/promises';

import type { BaseContract, BaseContractMethod } from 'ethers';
import { network } from 'hardhat';
import type { Abi, ContractFunctionName } from 'viem';

import ProtocolModule from '../../../deploy/modules/Protocol.ts';
import type {
  availabilityAbi,
  claimsAbi,
  developmentTokenAbi,
  gameAbi,
  ownershipAbi,
  runLensAbi,
  runsAbi,
} from '../../../sdk/abi/index.ts';
import type { shareTokenAbi, stakeManagerAbi, verdictsAbi } from '../../../sdk/abi/index.ts';

/** Seconds; as in the parameters of the run below. */
export const WINDOWS = { commit: 60, audit: 60, aggregate: 60, challenge: 120 } as const;

/** Round statuses, steps, roles, claim and pay statuses, as the contracts number them. */
export const STATUS = { open: 0n, sealed: 1n, audited: 2n, aggregated: 3n, settled: 4n } as const;
export const STEP = { none: 0n, request: 1n, draw: 2n, settle: 3n } as const;
export const ROLE = { miner: 0, validator: 1 } as const;
export const CLAIM = { standing: 1n, frozen: 2n, final: 3n } as const;
export const PAY = { unearned: 0n, pending: 1n, frozen: 2n, claimable: 3n, paid: 4n } as const;

export const ETHER = 10n ** 18n;
export const RUN = 1n;
export const SUPPLY = 1_000_000n * ETHER;
export const PLANNED_TOKENS = 14_400n;
export const TOKENS_PER_CLAIM = 1_600n;

/** A root that is recognised in a trace: the byte repeated. */
export const root = (byte: number): string => `0x${byte.toString(16).padStart(2, '0').repeat(32)}`;

/** An account of the network. */
export type Signer = Awaited<ReturnType<Ethers['getSigners']>>[number];
type Ethers = Awaited<ReturnType<typeof network.create>>['ethers'];

/** A contract whose functions have the names of the generated ABI. */
type Bound<abi extends Abi> = Omit<BaseContract, 'connect'> &
  Record<ContractFunctionName<abi>, BaseContractMethod> & { connect(key: Signer): Bound<abi> };

/** Everything deployed by the module that deploys it elsewhere, with the development parameters. */
export async function deployProtocol() {
  const { ethers, ignition, networkHelpers } = await network.create();
  const file = new URL('../../../deploy/parameters/development.json', import.meta.url);
  const parameters = JSON.parse(await readFile(file, 'utf8'));
  const contracts = await ignition.deploy(ProtocolModule, { parameters });
  return {
    token: contracts.token as BaseContract as Bound<typeof developmentTokenAbi>,
    stakeManager: contracts.stakeManager as BaseContract as Bound<typeof stakeManagerAbi>,
    claims: contracts.claims as BaseContract as Bound<typeof claimsAbi>,
    runs: contracts.runs as BaseContract as Bound<typeof runsAbi>,
    game: contracts.game as BaseContract as Bound<typeof gameAbi>,
    ownership: contracts.ownership as BaseContract as Bound<typeof ownershipAbi>,
    availability: contracts.availability as BaseContract as Bound<typeof availabilityAbi>,
    verdicts: contracts.verdicts as BaseContract as Bound<typeof verdictsAbi>,
    runLens: contracts.runLens as BaseContract as Bound<typeof runLensAbi>,
    signers: await ethers.getSigners(),
    ethers,
    networkHelpers,
  };
}

export type Deployment = Awaited<ReturnType<typeof deployProtocol>>;

/** The share token of the run. */
export async function shareTokenOf({ ethers, ownership }: Deployment): Promise<Bound<typeof shareTokenAbi>> {
  const contract = await ethers.getContractAt('ShareToken', await ownership.shareTokenOf(RUN));
  return contract as BaseContract as Bound<typeof shareTokenAbi>;
}

/** A member: the key that holds stake and shares, and the key that signs work. */
export interface Actor {
  readonly owner: Signer;
  readonly node: Signer;
}

/** Of the run's first state. */
export const GENESIS = root(0x22);

/** A run that opens at `opensAt`; epochs of one round, everybody audited. */
export const runParameters = (opensAt: number, programsRoot: string) => ({
  recipeRoot: root(0x11),
  genesisRoot: GENESIS,
  datasetRoot: root(0x33),
  programsRoot,
  opensAt,
  plannedTokens: PLANNED_TOKENS,
  shareSupply: SUPPLY,
  ownersShare: 570_000,
  royalty: 0,
  lambda: ETHER,
  joinHalfLife: 3_600,
  joinMultiplier: (ETHER * 11n) / 10n,
  tokensPerSegment: TOKENS_PER_CLAIM / 16n,
  commitWindow: WINDOWS.commit,
  auditWindow: WINDOWS.audit,
  aggregateWindow: WINDOWS.aggregate,
  challengeWindow: WINDOWS.challenge,
  aggregateChallengeWindow: WINDOWS.challenge,
  segments: 16,
  epochRounds: 1,
  probationRounds: 1,
  minSegments: 16,
  auditRate: 10_000,
  maxMembers: 255,
  minMiners: 1,
  committeeSeats: 24,
  committeeNeeded: 16,
  parent: 0n,
  joinFloor: ETHER / 100n,
  minerBond: ETHER,
  serviceDeposit: ETHER,
  dutyDeposit: ETHER,
  aggregateBond: ETHER,
  challengeBond: ETHER,
});

export const METADATA = { name: 'Run One', symbol: 'ONE', uri: 'ipfs://run-one' } as const;

/** What a miner commits; `miner` makes its roots its own. */
export const commitment = (parent: string, miner: number) => ({
  parent,
  startRoot: root(0x40 + miner),
  segmentRoots: Array.from({ length: 16 }, (_, segment) => root(0x80 + segment)),
  payloadRoot: root(0x50 + miner),
  payloadBytes: 4_000_000n,
});

/** Wraps ether, stakes it by permit-free deposit, names the node key. */
export async function fund(deployment: Deployment, { owner, node }: Actor, amount: bigint): Promise<void> {
  const { token, stakeManager } = deployment;
  await token.connect(owner).deposit({ value: amount });
  await token.connect(owner).approve(await stakeManager.getAddress(), amount);
  await stakeManager.connect(owner).deposit(amount);
  await stakeManager.connect(owner).setNode(node);
}

/** Lets `seconds` pass and mines a block. */
export async function pass({ networkHelpers }: Deployment, seconds: number): Promise<void> {
  await networkHelpers.time.increase(seconds);
}

/** Ticks while a step is due; the steps that were taken. */
export async function tickAll(deployment: Deployment): Promise<readonly bigint[]> {
  const { runs, networkHelpers } = deployment;
  const steps: bigint[] = [];
  for (;;) {
    const { due } = await runs.runOf(RUN);
    if (due === STEP.none || steps.at(-1) === STEP.settle) return steps;
    await runs.tick(RUN);
    await networkHelpers.mine();
    steps.push(due);
  }
}

/** A deployment with a run in round 1: miners have seats 1 to n, validators the following. */
export async function openRun(minerCount: number, validatorCount: number, programsRoot: string = root(0x34)) {
  const deployment = await deployProtocol();
  const { runs, signers, networkHelpers } = deployment;
  const actors = Array.from({ length: minerCount + validatorCount }, (_, i): Actor => {
    const [owner, node] = signers.slice(2 * i, 2 * i + 2);
    if (owner === undefined || node === undefined) throw new RangeError('more members than accounts');
    return { owner, node };
  });
  const opensAt = (await networkHelpers.time.latest()) + 100;
  await runs.createRun(runParameters(opensAt, programsRoot), METADATA);
  for (const [i, actor] of actors.entries()) {
    await fund(deployment, actor, 20n * ETHER);
    await runs.connect(actor.owner).join(RUN, i < minerCount ? ROLE.miner : ROLE.validator, ETHER);
  }
  await networkHelpers.time.increaseTo(opensAt);
  await tickAll(deployment);
  return { deployment, miners: actors.slice(0, minerCount), validators: actors.slice(minerCount) };
}
