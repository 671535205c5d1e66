import {
  concatHex,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  keccak256,
  zeroHash,
  type Address,
  type ContractFunctionArgs,
  type Hex,
} from 'viem';

import { verdictsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import { claimIdOf, parseClaimId } from './claims.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import { inSpans, type Blocks } from './events.ts';
import type { MemberSet } from './member-set.ts';
import type { At } from './run.ts';

/** What a validator found when it re-executed a segment; fields as in IVerdicts.Verdict. */
export type Verdict = ContractFunctionArgs<typeof verdictsAbi, 'nonpayable', 'reveal'>[0];

/** What validators may do with their verdicts on a round; in the order of IVerdicts.Phase. */
export const verdictPhases = ['none', 'sealing', 'standingIn', 'revealing'] as const;
export type VerdictPhase = (typeof verdictPhases)[number];

/** A verdict that was revealed, and the claim that it is. */
export type RevealedVerdict = {
  readonly claimId: bigint;
  /** `verdictWord` of the verdict. */
  readonly word: Hex;
  readonly verdict: Verdict;
};

/** How far a round's verdicts are, in one block. */
export type Sealing = {
  readonly phase: VerdictPhase;
  /** Validators on duty that were there in time. */
  readonly sealers: MemberSet;
  /** What the validator that was asked for has sealed, by why; undefined when it has not. */
  readonly roots: { readonly [Part in VerdictPart]: Hex | undefined };
};

/** Why a validator gives a verdict: the beacon has drawn it, or it stands in for one that was absent. */
export const verdictParts = ['duty', 'standIn'] as const;
export type VerdictPart = (typeof verdictParts)[number];

const [verdictInput, saltInput] = getAbiItem({ abi: verdictsAbi, name: 'reveal' }).inputs;

/** The hash of everything that a verdict claims. */
export function verdictWord(verdict: Verdict): Hex {
  return keccak256(encodeAbiParameters([verdictInput], [verdict]));
}

/** Claim id of the verdict of the validator with this index on the claim of the miner with that one. */
export function verdictIdOf(work: bigint, validator: number, miner: number): bigint {
  return claimIdOf({ ...parseClaimId(work), kind: 'verdict', number: (validator << 8) | miner });
}

/** The tree of a seal. The proofs are in the order of the verdicts. */
export type SealTree = { readonly root: Hex; readonly proofs: readonly (readonly Hex[])[] };

/**
 * Builds the tree over verdicts (one at least) and a salt: leaves hashed twice, pairs sorted, an odd node goes up as it is;
 * as OpenZeppelin's MerkleProof verifies it.
 */
export function sealTree(verdicts: readonly Verdict[], salt: Hex): SealTree {
  const proofs: Hex[][] = verdicts.map(() => []);
  let level = verdicts.map((verdict, index) => ({ hash: leafOf(verdict, salt), under: [index] }));
  while (level.length > 1) {
    const above: typeof level = [];
    for (let at = 0; at < level.length; at += 2) {
      const [one, other] = [level[at]!, level[at + 1]];
      if (other === undefined) above.push(one);
      else {
        for (const index of one.under) proofs[index]!.push(other.hash);
        for (const index of other.under) proofs[index]!.push(one.hash);
        above.push({ hash: hashPair(one.hash, other.hash), under: [...one.under, ...other.under] });
      }
    }
    level = above;
  }
  return { root: level[0]?.hash ?? zeroHash, proofs };
}

function leafOf(verdict: Verdict, salt: Hex): Hex {
  return keccak256(keccak256(encodeAbiParameters([verdictInput, saltInput], [verdict, salt])));
}

function hashPair(a: Hex, b: Hex): Hex {
  return keccak256(concatHex(BigInt(a) < BigInt(b) ? [a, b] : [b, a]));
}

/** Seals the verdicts of the sender's owner on a round: a validator on duty, once, and once more when it stands in. */
export function sealVerdicts({ verdicts }: Deployment, runId: bigint, round: number, root: Hex): Call {
  const data = encodeFunctionData({ abi: verdictsAbi, functionName: 'seal', args: [runId, round, root] });
  return { to: verdicts, data, name: 'Verdicts.seal' };
}

/** Reveals a verdict that was sealed with this salt, and puts a bond behind it. */
export function revealVerdict({ verdicts }: Deployment, verdict: Verdict, salt: Hex, proof: readonly Hex[]): Call {
  const data = encodeFunctionData({ abi: verdictsAbi, functionName: 'reveal', args: [verdict, salt, proof] });
  return { to: verdicts, data, name: 'Verdicts.reveal' };
}

export async function readSealing(
  client: Client,
  { verdicts: address }: Deployment,
  runId: bigint,
  round: number,
  validator: Address,
  at: At = {},
): Promise<Sealing> {
  const about = { address, abi: verdictsAbi, ...at } as const;
  const args = [runId, round] as const;
  const of = [...args, validator] as const;
  const [phase, sealers, duty, standIn] = await Promise.all([
    onChain('Verdicts.phaseOf', client.readContract({ ...about, functionName: 'phaseOf', args })),
    onChain('Verdicts.sealersOf', client.readContract({ ...about, functionName: 'sealersOf', args })),
    onChain('Verdicts.sealOf', client.readContract({ ...about, functionName: 'sealOf', args: of })),
    onChain('Verdicts.standInSealOf', client.readContract({ ...about, functionName: 'standInSealOf', args: of })),
  ]);
  return { phase: verdictPhases[phase]!, sealers, roots: { duty: unlessZero(duty), standIn: unlessZero(standIn) } };
}

function unlessZero(root: Hex): Hex | undefined {
  return root === zeroHash ? undefined : root;
}

/** Shows that the validator with this index was on duty for a claim and has given no verdict; its deposit is burned. */
export function reportAbsent({ verdicts }: Deployment, work: bigint, validator: number): Call {
  const data = encodeFunctionData({ abi: verdictsAbi, functionName: 'reportAbsent', args: [work, validator] });
  return { to: verdicts, data, name: 'Verdicts.reportAbsent' };
}

/** Verdicts that were revealed in these blocks, oldest first: on a round, or by a validator in all of its rounds. */
export async function readVerdicts(
  client: Client,
  { verdicts: address }: Deployment,
  of: { readonly runId: bigint; readonly round?: number; readonly validator?: Address },
  blocks: Blocks,
): Promise<readonly RevealedVerdict[]> {
  const query = { address, abi: verdictsAbi, eventName: 'VerdictRevealed', args: of, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading verdicts', client.getContractEvents({ ...query, ...span })),
  );
  return events.map(({ args: { id, word, verdict } }) => ({ claimId: id, word, verdict }));
}
