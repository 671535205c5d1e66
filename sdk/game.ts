import {
  decodeFunctionResult,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  keccak256,
  zeroHash,
  type Address,
  type ContractFunctionArgs,
  type Hex,
} from 'viem';

import { gameAbi } from './abi/index.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

/** What a challenger says is wrong; in the order of IGame.Subject. */
const subjects = ['start', 'size', 'segment', 'payload', 'aggregate', 'before', 'trace', 'leaves', 'token'] as const;
export type Subject = (typeof subjects)[number];

/** Whose turn it is, and for which move; in the order of IGame.Stage. */
export const stages = [
  'none',
  'start',
  'marks',
  'mark',
  'invoke',
  'nodes',
  'chooseNodes',
  'tensor',
  'chunks',
  'chooseChunks',
  'leaf',
  'prove',
  'chooseLeaf',
  'drawn',
] as const;
export type Stage = (typeof stages)[number];

export type Side = 'claimant' | 'challenger';

/** A game is named by its claim and its challenger. */
export type GameName = { readonly id: bigint; readonly challenger: Address };

/** Where a game stands; fields as in IGame.Position. */
export type Position = {
  readonly subject: Subject;
  readonly stage: Stage;
  /** Inner steps of the round that are in dispute: from `first` to before `end`. */
  readonly first: number;
  readonly end: number;
  readonly program: Hex;
  readonly start: Hex;
  readonly second: Hex;
  readonly finish: Hex;
  readonly marks: Hex;
  readonly trace: Hex;
  /** Of the tree in which the walk stands, before padding. */
  readonly places: number;
  readonly subtree: Hex;
  /** Levels below the subtree. */
  readonly height: number;
  /** Of the subtree among those of its height. */
  readonly index: number;
  readonly node: number;
  readonly descriptor: Hex;
};

/** What the contract keeps of a game. */
export type Game = {
  /** `positionHash` of where it stands; undefined when there is no game, or it is over. */
  readonly position: Hex | undefined;
  /** Of the last move, in seconds. */
  readonly movedAt: number;
  /** Seconds left at that moment. */
  readonly claimantLeft: number;
  readonly challengerLeft: number;
  readonly mover: Side;
  readonly moves: number;
  /** Native coin that waits for the answer, in wei. */
  readonly escrow: bigint;
};

/** How a challenge opens. */
export type Opening = {
  readonly id: bigint;
  readonly subject: Subject;
  readonly segment: number;
  readonly marks: readonly Hex[];
  readonly salt: Hex;
};

/** What a run computes; `programsRoot` is what `RunParameters` binds. */
export type RunPrograms = ContractFunctionArgs<typeof gameAbi, 'nonpayable' | 'payable', 'openOnWork'>[2];

type RawPosition = ContractFunctionArgs<typeof gameAbi, 'nonpayable' | 'payable', 'split'>[2];
type RawOpening = ContractFunctionArgs<typeof gameAbi, 'nonpayable' | 'payable', 'openOnWork'>[0];

const [openingInput, , programsInput] = getAbiItem({ abi: gameAbi, name: 'openOnWork' }).inputs;
const [, , positionInput] = getAbiItem({ abi: gameAbi, name: 'split' }).inputs;

export function encodedPosition(position: Position): RawPosition {
  const { subject, stage, places, index, ...same } = position;
  const numbers = { places: BigInt(places), index: BigInt(index) };
  return { ...same, ...numbers, subject: subjects.indexOf(subject), stage: stages.indexOf(stage) };
}

export function decodedPosition({ subject, stage, places, index, ...same }: RawPosition): Position {
  const numbers = { places: Number(places), index: Number(index) };
  return { ...same, ...numbers, subject: subjects[subject]!, stage: stages[stage]! };
}

export function encodedOpening({ subject, ...same }: Opening): RawOpening {
  return { ...same, subject: subjects.indexOf(subject) };
}

export function decodedOpening({ subject, ...same }: RawOpening): Opening {
  return { ...same, subject: subjects[subject]! };
}

/** As the contract keeps a position, so that every move names the one it answers. */
export function positionHash(position: Position): Hex {
  return keccak256(encodeAbiParameters([positionInput], [encodedPosition(position)]));
}

/** As `RunParameters.programsRoot` binds what a run computes. */
export function programsRoot(programs: RunPrograms): Hex {
  return keccak256(encodeAbiParameters([programsInput], [programs]));
}

/** What is announced, so that nobody can take the challenge from its author: `word` is that of the claim. */
export function secretOf(challenger: Address, word: Hex, opening: Opening): Hex {
  const types = [{ type: 'address' }, { type: 'bytes32' }, openingInput] as const;
  return keccak256(encodeAbiParameters(types, [challenger, word, encodedOpening(opening)]));
}

/** Parts into which a span of inner steps is cut by marks, at most 64 of equal length; twin of IGame.marksOf. */
export function partsOf(first: number, end: number): readonly { readonly first: number; readonly end: number }[] {
  const steps = end - first;
  const length = Math.ceil(steps / Math.min(steps, MOST_PARTS));
  return Array.from({ length: Math.ceil(steps / length) }, (_, part) => {
    const start = first + part * length;
    return { first: start, end: Math.min(start + length, end) };
  });
}

const MOST_PARTS = 64;
const MOST_LEVELS = 7;

/** Levels that one move opens below a subtree: at most 7, the rounds as even as can be; twin of IGame.levelsOf. */
export function levelsOf(height: number): number {
  return height === 0 ? 0 : Math.ceil(height / Math.ceil(height / MOST_LEVELS));
}

export async function readGame(
  client: Client,
  { game }: Deployment,
  { id, challenger }: GameName,
  at: At = {},
): Promise<Game> {
  const { position, claimantMoves, ...same } = await onChain(
    'Game.gameOf',
    client.readContract({ address: game, abi: gameAbi, functionName: 'gameOf', args: [id, challenger], ...at }),
  );
  const mover = claimantMoves ? 'claimant' : 'challenger';
  return { ...same, mover, position: position === zeroHash ? undefined : position };
}

/** Seconds that each side has for all of its moves in one game. */
export async function readGameClock(client: Client, { game }: Deployment): Promise<number> {
  return onChain('Game.clock', client.readContract({ address: game, abi: gameAbi, functionName: 'clock' }));
}

/** Native coin that a sender may `withdraw`, in wei. */
export async function readOwed(client: Client, { game }: Deployment, account: Address, at: At = {}): Promise<bigint> {
  return onChain(
    'Game.owedTo',
    client.readContract({ address: game, abi: gameAbi, functionName: 'owedTo', args: [account], ...at }),
  );
}

/**
 * What a demand must bring that leads to this stage and height, in wei, if its transaction pays at most `gasPrice` for gas.
 */
export async function readFee(
  client: Client,
  { game }: Deployment,
  demand: { readonly stage: Stage; readonly height: number },
  { account, gasPrice }: { readonly account: Address; readonly gasPrice: bigint },
): Promise<bigint> {
  const args = [stages.indexOf(demand.stage), demand.height] as const;
  const data = encodeFunctionData({ abi: gameAbi, functionName: 'feeOf', args });
  const { data: result } = await onChain(
    'Game.feeOf',
    client.call({ to: game, data, account, gas: GAS_OF_FEE, gasPrice }),
  );
  return decodeFunctionResult({ abi: gameAbi, functionName: 'feeOf', data: result ?? '0x' });
}

/** A call that names a price has to be covered by the balance of its account, so it asks for little gas. */
const GAS_OF_FEE = 200_000n;

/** Whose turn it is in a stage; nobody's once the game is over. */
export function moverIn(stage: Stage): Side | undefined {
  if (stage === 'none') return undefined;
  const ofChallenger: readonly Stage[] = ['mark', 'chooseNodes', 'chooseChunks', 'prove', 'chooseLeaf'];
  return ofChallenger.includes(stage) ? 'challenger' : 'claimant';
}

/** Seconds that the side to move has left at an instant; none when its clock has run out. */
export function secondsLeft({ mover, movedAt, claimantLeft, challengerLeft }: Game, now: number): number {
  const left = mover === 'claimant' ? claimantLeft : challengerLeft;
  return Math.max(0, movedAt + left - now);
}
