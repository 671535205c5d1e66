import { encodeFunctionData, type ContractFunctionReturnType, type Hex } from 'viem';

import { runsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { MemberSet } from './member-set.ts';

export const roundStatuses = ['open', 'sealed', 'audited', 'aggregated', 'settled'] as const;
export type RoundStatus = (typeof roundStatuses)[number];

/** What `tick` would do now. */
export const steps = ['none', 'request', 'draw', 'settle'] as const;
export type Step = (typeof steps)[number];

/** Everything a run is, fixed for ever; fields as in contracts/run/RunParameters.sol. */
export type RunParameters = ContractFunctionReturnType<typeof runsAbi, 'view', 'parametersOf'>;

/** What the share token is called, and where the recipe and other documents are found. */
export type RunMetadata = { readonly name: string; readonly symbol: string; readonly uri: string };

/** A run as it stands in one block. */
export type Run = {
  readonly id: bigint;
  /** The current round. */
  readonly round: number;
  readonly status: RoundStatus;
  readonly due: Step;
  /** Of the current global state. */
  readonly root: Hex;
  /** Of the current round's batches. */
  readonly seed: Hex;
  /** Enlisted: active from the next round on. */
  readonly miners: MemberSet;
  readonly validators: MemberSet;
  /** Frozen when the current round opened. */
  readonly activeMiners: MemberSet;
  readonly activeValidators: MemberSet;
  /** How many seats were ever given. */
  readonly seats: number;
  readonly joiningPrice: bigint;
  /** Of the block, in seconds. */
  readonly time: number;
};

/** Which block to read; the latest when not given. */
export type At = { readonly blockNumber?: bigint };

export async function readRun(client: Client, { runs }: Deployment, id: bigint, at: At = {}): Promise<Run> {
  const view = await onChain(
    'Runs.runOf',
    client.readContract({ address: runs, abi: runsAbi, functionName: 'runOf', args: [id], ...at }),
  );
  return { ...view, id, status: roundStatuses[view.status]!, due: steps[view.due]! };
}

export async function readParameters(client: Client, { runs }: Deployment, id: bigint): Promise<RunParameters> {
  return onChain(
    'Runs.parametersOf',
    client.readContract({ address: runs, abi: runsAbi, functionName: 'parametersOf', args: [id] }),
  );
}

/** How many runs there are; ids count from 1. */
export async function readRunCount(client: Client, { runs }: Deployment, at: At = {}): Promise<bigint> {
  return onChain(
    'Runs.runCount',
    client.readContract({ address: runs, abi: runsAbi, functionName: 'runCount', ...at }),
  );
}

/** Rounds of one epoch chain their local state; this is the position in it, and zero means that it starts from nothing. */
export function roundOfEpoch(round: number, { epochRounds }: Pick<RunParameters, 'epochRounds'>): number {
  return (round - 1) % epochRounds;
}

/** A new run with parameters fixed for ever; its id is in the `RunCreated` event. Anyone may send it. */
export function createRun({ runs }: Deployment, parameters: RunParameters, metadata: RunMetadata): Call {
  const data = encodeFunctionData({ abi: runsAbi, functionName: 'createRun', args: [parameters, metadata] });
  return { to: runs, data, name: 'Runs.createRun' };
}

/** Moves the run one step when one is due (`Run.due`). Anyone may send it. */
export function tick({ runs }: Deployment, id: bigint): Call {
  return { to: runs, data: encodeFunctionData({ abi: runsAbi, functionName: 'tick', args: [id] }), name: 'Runs.tick' };
}
