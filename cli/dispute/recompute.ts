import { hexToBytes, zeroAddress, zeroHash, type Hex } from 'viem';

import { decodeNode } from '../../engine/graph/descriptor.ts';
import { gameAbi, refereeAbi } from '../../sdk/abi/index.ts';
import { parseClaimId } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { onChain } from '../../sdk/errors.ts';
import { readRound } from '../../sdk/round.ts';
import { firstElementOf } from '../../workers/lib/game/elements.ts';
import type { Finding, GameCall } from './tell.ts';

export type Proof = Extract<GameCall, { functionName: 'prove' }>;

/** Asks the referee what an element of a miner's work must be, as the game has asked it. */
export async function recompute(client: Client, deployment: Deployment, proof: Proof): Promise<Finding> {
  const { address, args } = await questionOf(client, deployment, proof);
  const query = { address, abi: refereeAbi, functionName: 'evaluate', args } as const;
  return onChain('Referee.evaluate', client.readContract(query));
}

/** Where the referee is, and what a proof has it asked. */
export async function questionOf(client: Client, deployment: Deployment, { args }: Proof) {
  const [id, , position, descriptor, , element, evidence, , programs] = args;
  const { type } = decodeNode(hexToBytes(descriptor));
  const number = BigInt(firstElementOf(type, Number(position.index))) + element;
  const { runId, round, number: seat } = parseClaimId(id);
  const { duties, seed } = await readRound(client, deployment, runId, round);
  const context = {
    program: position.program,
    trace: position.trace,
    inputs: inputsOf(args),
    dataset: programs.dataset,
    seed,
    participant: duties.find((duty) => duty.seat === seat)?.owner ?? zeroAddress,
    step: position.first,
  };
  const about = { address: deployment.game, abi: gameAbi, functionName: 'referee' } as const;
  const address = await onChain('Game.referee', client.readContract(about));
  return { address, args: [descriptor, number, context, evidence] as const };
}

/** For each operand that is read from a state, the state's root: as Rules finds them. */
function inputsOf([, , { start, second }, descriptor, , , , sources]: Proof['args']): readonly Hex[] {
  const payloads = sources.map(({ commitment }) => commitment.payloadRoot);
  return decodeNode(hexToBytes(descriptor)).inputs.map((ref) => {
    if (ref.kind !== 'input') return zeroHash;
    return ref.state === 0 ? start : (payloads.shift() ?? second);
  });
}
