import { encodeFunctionData, parseSignature, type Address, type Hex, type TypedDataDomain } from 'viem';

import { creditsAbi, creditsFactoryAbi, ownershipAbi, shareTokenAbi, shareTokenFactoryAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';
import type { Signer } from './signer.ts';

/** The credits of one run as they stand, in units: 1e-6 of a credit. */
export type Credits = {
  /** Fixed for ever: those that are out and those that are pooled. */
  readonly supply: bigint;
  readonly out: bigint;
  readonly pooled: bigint;
  /** The owners' part of what is spent, out of a million. */
  readonly ownersShare: number;
};

/** What one account has of a run's credits, in units. */
export type CreditsHolder = {
  readonly balance: bigint;
  /** What its shares have earned and nobody has claimed for it. */
  readonly claimable: bigint;
  /** What it has served for and not withdrawn. */
  readonly served: bigint;
  /** Of its next signature. */
  readonly nonce: bigint;
};

/** A holder's order to pay its claim to another address. */
export type ClaimOrder = { readonly holder: Address; readonly to: Address; readonly deadline: bigint };

/** An owner's consent that another takes so much of its credits (ERC-2612). */
export type Permit = {
  readonly owner: Address;
  readonly spender: Address;
  readonly value: bigint;
  readonly deadline: bigint;
};

const CLAIM = {
  Claim: [
    { name: 'holder', type: 'address' },
    { name: 'to', type: 'address' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const;

const PERMIT = {
  Permit: [
    { name: 'owner', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'value', type: 'uint256' },
    { name: 'nonce', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
} as const;

/** Where the credits of a run are, or will be once somebody has them made: `create`. */
export async function readCreditsOf(client: Client, { ownership }: Deployment, runId: bigint): Promise<Address> {
  const address = await readShareToken(client, ownership, runId);
  return onChain('ShareToken.credits', client.readContract({ address, abi: shareTokenAbi, functionName: 'credits' }));
}

/** The call that makes the credits of a run, with the split of the run, once. Anyone may send it. */
export async function readCreation(client: Client, { ownership }: Deployment, runId: bigint): Promise<Call> {
  const about = { address: ownership, abi: ownershipAbi, functionName: 'shareTokenFactory' } as const;
  const [shareToken, address] = await Promise.all([
    readShareToken(client, ownership, runId),
    onChain('Ownership.shareTokenFactory', client.readContract(about)),
  ]);
  const to = await onChain(
    'ShareTokenFactory.creditsFactory',
    client.readContract({ address, abi: shareTokenFactoryAbi, functionName: 'creditsFactory' }),
  );
  const data = encodeFunctionData({ abi: creditsFactoryAbi, functionName: 'create', args: [shareToken] });
  return { to, data, name: 'CreditsFactory.create' };
}

async function readShareToken(client: Client, address: Address, runId: bigint): Promise<Address> {
  const about = { address, abi: ownershipAbi, functionName: 'shareTokenOf', args: [runId] } as const;
  return onChain('Ownership.shareTokenOf', client.readContract(about));
}

export async function readCredits(client: Client, credits: Address, at: At = {}): Promise<Credits> {
  const about = { address: credits, abi: creditsAbi, ...at } as const;
  const [supply, out, pooled, ownersShare] = await Promise.all([
    onChain('Credits.supply', client.readContract({ ...about, functionName: 'supply' })),
    onChain('Credits.totalSupply', client.readContract({ ...about, functionName: 'totalSupply' })),
    onChain('Credits.pooled', client.readContract({ ...about, functionName: 'pooled' })),
    onChain('Credits.ownersShare', client.readContract({ ...about, functionName: 'ownersShare' })),
  ]);
  return { supply, out, pooled, ownersShare };
}

export async function readHolder(
  client: Client,
  credits: Address,
  holder: Address,
  at: At = {},
): Promise<CreditsHolder> {
  const about = { address: credits, abi: creditsAbi, args: [holder], ...at } as const;
  const [balance, claimable, served, nonce] = await Promise.all([
    onChain('Credits.balanceOf', client.readContract({ ...about, functionName: 'balanceOf' })),
    onChain('Credits.claimableDown', client.readContract({ ...about, functionName: 'claimableDown' })),
    onChain('Credits.servedOf', client.readContract({ ...about, functionName: 'servedOf' })),
    onChain('Credits.nonces', client.readContract({ ...about, functionName: 'nonces' })),
  ]);
  return { balance, claimable, served, nonce };
}

/** The domain (EIP-712) of what is signed for these credits, as they tell it (ERC-5267). */
export async function readDomain(client: Client, credits: Address): Promise<TypedDataDomain> {
  const about = { address: credits, abi: creditsAbi, functionName: 'eip712Domain' } as const;
  const [, name, version, chainId, verifyingContract] = await onChain(
    'Credits.eip712Domain',
    client.readContract(about),
  );
  return { name, version, chainId, verifyingContract };
}

/** Burns credits of the sender; the servers' part of them is `server`'s. */
export function spend(credits: Address, amount: bigint, server: Address): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'spend', args: [amount, server] });
  return { to: credits, data, name: 'Credits.spend' };
}

/** Lets a holder's shares that were minted since earn from now on. Anyone may send it. */
export function register(credits: Address, holder: Address): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'register', args: [holder] });
  return { to: credits, data, name: 'Credits.register' };
}

/** Mints to a holder what its shares have earned. Anyone may send it. */
export function claim(credits: Address, holder: Address): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'claim', args: [holder] });
  return { to: credits, data, name: 'Credits.claim' };
}

/** @param nonce the holder's: `CreditsHolder.nonce` */
export async function signClaim(
  holder: Signer,
  domain: TypedDataDomain,
  order: ClaimOrder,
  nonce: bigint,
): Promise<Hex> {
  return holder.signTypedData({ domain, types: CLAIM, primaryType: 'Claim', message: { ...order, nonce } });
}

/** Claims to the address that the holder has signed for. Anyone may send it. */
export function claimTo(credits: Address, { holder, to, deadline }: ClaimOrder, signature: Hex): Call {
  const args = [holder, to, deadline, signature] as const;
  return {
    to: credits,
    data: encodeFunctionData({ abi: creditsAbi, functionName: 'claimTo', args }),
    name: 'Credits.claimTo',
  };
}

/** Mints to `to` some of what the sender has served for. */
export function withdrawServed(credits: Address, to: Address, amount: bigint): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'withdrawServed', args: [to, amount] });
  return { to: credits, data, name: 'Credits.withdrawServed' };
}

/** Lets `spender` take so much of the sender's credits: the contract of sessions, or the market. */
export function approve(credits: Address, spender: Address, amount: bigint): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'approve', args: [spender, amount] });
  return { to: credits, data, name: 'Credits.approve' };
}

/** @param nonce the owner's: `CreditsHolder.nonce` */
export async function signPermit(owner: Signer, domain: TypedDataDomain, permit: Permit, nonce: bigint): Promise<Hex> {
  return owner.signTypedData({ domain, types: PERMIT, primaryType: 'Permit', message: { ...permit, nonce } });
}

/** `approve` by the owner's signature. Anyone may send it. */
export function permit(credits: Address, { owner, spender, value, deadline }: Permit, signature: Hex): Call {
  const { r, s, yParity } = parseSignature(signature);
  const args = [owner, spender, value, deadline, 27 + yParity, r, s] as const;
  return {
    to: credits,
    data: encodeFunctionData({ abi: creditsAbi, functionName: 'permit', args }),
    name: 'Credits.permit',
  };
}
