import { encodeFunctionData, type Address, type ContractFunctionArgs, type Hex } from 'viem';

import { gameAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Deployment } from './deployment.ts';
import {
  encodedOpening,
  encodedPosition,
  type GameName,
  type Opening,
  type Position,
  type RunPrograms,
} from './game.ts';
import type { MemberSet } from './member-set.ts';
import { encodedReceipt, type NamedToken } from './receipts.ts';
import type { Commitment } from './round.ts';
import type { Verdict } from './verdicts.ts';

/** The trace of one invocation, and its first levels; fields as in IGame.Trace. */
export type TraceOpening = {
  readonly root: Hex;
  readonly nodes: number;
  readonly outputStart: number;
  readonly constants: number;
  readonly inputs: number;
  readonly headerProof: readonly Hex[];
  readonly outputProof: readonly Hex[];
  readonly children: readonly Hex[];
};

/** Operands of one element, opened; fields as in IReferee.Evidence. */
export type Evidence = ContractFunctionArgs<typeof gameAbi, 'nonpayable', 'prove'>[6];

/** The claim of the member whose payload an operand of an aggregate is read from. */
export type Source = { readonly seat: number; readonly commitment: Commitment };

/** The preimage of an aggregate claim's word. */
export type AggregateClaim = {
  readonly claimant: Address;
  readonly parent: Hex;
  readonly accepted: MemberSet;
  readonly nextRoot: Hex;
};

/** What an opened challenge is about: all that the claim's word is the hash of. */
export type Target =
  | { readonly kind: 'work'; readonly commitment: Commitment }
  | {
      readonly kind: 'aggregate';
      readonly claim: AggregateClaim;
      /** Of the outer step over as many members as are accepted, and its path to `RunPrograms.aggregates`. */
      readonly program: Hex;
      readonly proof: readonly Hex[];
    }
  | { readonly kind: 'verdict'; readonly verdict: Verdict; readonly commitment: Commitment }
  | ({ readonly kind: 'token' } & NamedToken);

/** A move of an open game; IGame says what each one means. */
export type Move =
  | {
      readonly type: 'answerStart';
      readonly commitment: Commitment;
      readonly first: Hex;
      readonly rest: Hex;
      readonly before: Commitment;
      readonly beforeParameters: Hex;
      readonly programs: RunPrograms;
    }
  | {
      readonly type: 'answerMarks';
      readonly marks: readonly Hex[];
      readonly part: number;
      readonly finish: Hex;
      readonly trace: TraceOpening;
    }
  | { readonly type: 'mark'; readonly marks: readonly Hex[] }
  | { readonly type: 'answerTrace'; readonly trace: TraceOpening }
  | { readonly type: 'split'; readonly children: readonly Hex[] }
  | { readonly type: 'pick'; readonly child: number; readonly root: Hex; readonly siblings: readonly Hex[] }
  | {
      readonly type: 'pickNode';
      readonly child: number;
      readonly root: Hex;
      readonly siblings: readonly Hex[];
      readonly descriptor: Hex;
      readonly descriptorProof: readonly Hex[];
    }
  | {
      readonly type: 'openTensor';
      readonly descriptor: Hex;
      readonly tree: Hex;
      readonly children: readonly Hex[];
    }
  | { readonly type: 'openLeaf'; readonly descriptor: Hex; readonly data: Hex }
  | {
      readonly type: 'openDrawn';
      readonly descriptor: Hex;
      readonly leafProof: readonly Hex[];
      readonly nodeProof: readonly Hex[];
    }
  | {
      readonly type: 'prove';
      readonly descriptor: Hex;
      readonly data: Hex;
      readonly element: number;
      readonly evidence: Evidence;
      readonly sources: readonly Source[];
      readonly programs: RunPrograms;
    }
  | { readonly type: 'timeOut' };

export type MoveType = Move['type'];

/** What stands for the round before where there is none to name. */
export const noCommitment: Commitment = {
  parent: `0x${'00'.repeat(32)}`,
  startRoot: `0x${'00'.repeat(32)}`,
  segmentRoots: [],
  payloadRoot: `0x${'00'.repeat(32)}`,
  payloadBytes: 0n,
};

/** Announces a challenge, so that nobody can take it from the one who opens it a block later. */
export function announce({ game }: Deployment, secret: Hex): Call {
  const data = encodeFunctionData({ abi: gameAbi, functionName: 'announce', args: [secret] });
  return { to: game, data, name: 'Game.announce' };
}

/** Opens an announced challenge. @param value the fee of its answer, in wei */
export function openGame(
  { game: to }: Deployment,
  opening: Opening,
  target: Target,
  programs: RunPrograms,
  value: bigint,
): Call {
  const raw = encodedOpening(opening);
  switch (target.kind) {
    case 'work': {
      const args = [raw, target.commitment, programs] as const;
      const data = encodeFunctionData({ abi: gameAbi, functionName: 'openOnWork', args });
      return { to, data, value, name: 'Game.openOnWork' };
    }
    case 'aggregate': {
      const args = [raw, target.claim, programs, target.program, target.proof] as const;
      const data = encodeFunctionData({ abi: gameAbi, functionName: 'openOnAggregate', args });
      return { to, data, value, name: 'Game.openOnAggregate' };
    }
    case 'verdict': {
      const args = [raw, target.verdict, target.commitment, programs] as const;
      const data = encodeFunctionData({ abi: gameAbi, functionName: 'openOnVerdict', args });
      return { to, data, value, name: 'Game.openOnVerdict' };
    }
    case 'token': {
      const { receipt, index } = target;
      const args = [raw, encodedReceipt(receipt), receipt.tokens, BigInt(index), programs] as const;
      const data = encodeFunctionData({ abi: gameAbi, functionName: 'openOnToken', args });
      return { to, data, value, name: 'Game.openOnToken' };
    }
  }
}

/** Makes a move that answers `position`. @param value the fee of the answer that it demands, in wei; none for most */
export function play({ game: to }: Deployment, name: GameName, position: Position, move: Move, value = 0n): Call {
  const data = encodeMove(name, position, move);
  return { to, data, value, name: `Game.${move.type}` };
}

function encodeMove({ id, challenger }: GameName, position: Position, move: Move): Hex {
  const at = [id, challenger, encodedPosition(position)] as const;
  const abi = gameAbi;
  switch (move.type) {
    case 'answerStart': {
      const { commitment, first, rest, before, beforeParameters, programs } = move;
      const args = [...at, commitment, first, rest, before, beforeParameters, programs] as const;
      return encodeFunctionData({ abi, functionName: 'answerStart', args });
    }
    case 'answerMarks': {
      const args = [...at, move.marks, BigInt(move.part), move.finish, move.trace] as const;
      return encodeFunctionData({ abi, functionName: 'answerMarks', args });
    }
    case 'mark':
      return encodeFunctionData({ abi, functionName: 'mark', args: [...at, move.marks] });
    case 'answerTrace':
      return encodeFunctionData({ abi, functionName: 'answerTrace', args: [...at, move.trace] });
    case 'split':
      return encodeFunctionData({ abi, functionName: 'split', args: [...at, move.children] });
    case 'openTensor': {
      const args = [...at, move.descriptor, move.tree, move.children] as const;
      return encodeFunctionData({ abi, functionName: 'openTensor', args });
    }
    case 'openLeaf':
      return encodeFunctionData({ abi, functionName: 'openLeaf', args: [...at, move.descriptor, move.data] });
    case 'openDrawn': {
      const args = [...at, move.descriptor, move.leafProof, move.nodeProof] as const;
      return encodeFunctionData({ abi, functionName: 'openDrawn', args });
    }
    case 'timeOut':
      return encodeFunctionData({ abi, functionName: 'timeOut', args: at });
    default:
      return encodeChoice(at, move);
  }
}

type Choice = Extract<Move, { type: 'pick' | 'pickNode' | 'prove' }>;

function encodeChoice(at: readonly [bigint, Address, ReturnType<typeof encodedPosition>], move: Choice): Hex {
  const abi = gameAbi;
  switch (move.type) {
    case 'pick': {
      const args = [...at, BigInt(move.child), move.root, move.siblings] as const;
      return encodeFunctionData({ abi, functionName: 'pick', args });
    }
    case 'pickNode': {
      const { child, root, siblings, descriptor, descriptorProof } = move;
      const args = [...at, BigInt(child), root, siblings, descriptor, descriptorProof] as const;
      return encodeFunctionData({ abi, functionName: 'pickNode', args });
    }
    case 'prove': {
      const { descriptor, data, element, evidence, sources, programs } = move;
      const args = [...at, descriptor, data, BigInt(element), evidence, sources, programs] as const;
      return encodeFunctionData({ abi, functionName: 'prove', args });
    }
  }
}

/** Ends a game on a claim that another game has voided: bond and escrow go back. Anyone may send it. */
export function abandon({ game }: Deployment, { id, challenger }: GameName): Call {
  const data = encodeFunctionData({ abi: gameAbi, functionName: 'abandon', args: [id, challenger] });
  return { to: game, data, name: 'Game.abandon' };
}

/** Sends the caller what it is owed in the native coin. */
export function withdrawOwed({ game }: Deployment): Call {
  return { to: game, data: encodeFunctionData({ abi: gameAbi, functionName: 'withdraw' }), name: 'Game.withdraw' };
}
