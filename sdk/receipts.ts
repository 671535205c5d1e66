import {
  concatHex,
  encodeAbiParameters,
  encodeFunctionData,
  getAbiItem,
  hexToBytes,
  isAddressEqual,
  isHex,
  keccak256,
  parseEventLogs,
  sha256,
  size,
  stringToHex,
  type Address,
  type ContractFunctionArgs,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { gameAbi, receiptsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { compactParts, compactSignature, signerOfTypedData } from './compact-signature.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';
import type { Signer } from './signer.ts';

/** What a gateway says that the model of a run has answered; fields as in IReceipts.Receipt. */
export type Receipt = {
  /** Id of the claim that answers for it. */
  readonly pledge: bigint;
  /** 0 when nobody has paid. */
  readonly session: bigint;
  /** What the voucher said that came with the request. */
  readonly drawn: number;
  /** The weights are the state that this round starts from, and `root` its root. */
  readonly round: number;
  readonly root: Hex;
  readonly seed: Hex;
  readonly temperature: number;
  readonly topP: number;
  /** How many of the tokens were asked. */
  readonly prompt: number;
  /** Of prompt and answer, one byte each. */
  readonly tokens: Hex;
  /** In seconds. */
  readonly expiresAt: number;
};

/** With the signature of the pledge's key, in the compact form of ERC-2098. */
export type SignedReceipt = Receipt & { readonly signature: Hex };

/** One token of an answer, counted from 0. */
export type NamedToken = { readonly receipt: SignedReceipt; readonly index: number };

/** Where receipts count. */
export type ReceiptDomain = { readonly chainId: number; readonly receipts: Address };

type EncodedReceipt = ContractFunctionArgs<typeof gameAbi, 'payable', 'openOnToken'>[1];
const [, receiptInput] = getAbiItem({ abi: gameAbi, name: 'openOnToken' }).inputs;

/** What the pledge's key signs (EIP-712). */
export function receiptTypedData({ chainId, receipts }: ReceiptDomain, receipt: Receipt) {
  return {
    domain: { name: 'Swarmlock Receipts', version: '1', chainId, verifyingContract: receipts },
    types: {
      Receipt: [
        { name: 'pledge', type: 'uint256' },
        { name: 'session', type: 'uint64' },
        { name: 'drawn', type: 'uint48' },
        { name: 'round', type: 'uint32' },
        { name: 'root', type: 'bytes32' },
        { name: 'seed', type: 'bytes32' },
        { name: 'temperature', type: 'uint32' },
        { name: 'topP', type: 'uint32' },
        { name: 'prompt', type: 'uint32' },
        { name: 'tokens', type: 'bytes32' },
        { name: 'expiresAt', type: 'uint48' },
      ],
    },
    primaryType: 'Receipt',
    message: signedFields(receipt),
  } as const;
}

/** @param key of the pledge */
export async function signReceipt(key: Signer, domain: ReceiptDomain, receipt: Receipt): Promise<SignedReceipt> {
  return { ...receipt, signature: compactSignature(await key.signTypedData(receiptTypedData(domain, receipt))) };
}

/** Whether the contract will take the signature of a receipt for that of a pledge's key. */
export async function isReceiptOf(key: Address, domain: ReceiptDomain, receipt: SignedReceipt): Promise<boolean> {
  const signer = await signerOfTypedData(receiptTypedData(domain, receipt), receipt.signature);
  return signer !== undefined && isAddressEqual(signer, key);
}

/** As contracts take it. */
export function encodedReceipt(receipt: SignedReceipt): EncodedReceipt {
  const { r, vs } = compactParts(receipt.signature);
  return { ...signedFields(receipt), r, vs };
}

/** As contracts tell it, with the tokens that it is signed for. */
export function decodedReceipt(encoded: EncodedReceipt, tokens: Hex): SignedReceipt {
  const { r, vs, temperature, topP, ...same } = encoded;
  return { ...same, temperature: numberOf(temperature), topP: numberOf(topP), tokens, signature: concatHex([r, vs]) };
}

/** What an opening marks (IGame.Opening), so that nobody can take the challenge from its author. */
export function markOf({ receipt, index }: NamedToken): Hex {
  const types = [receiptInput, { type: 'uint256' }] as const;
  return keccak256(encodeAbiParameters(types, [encodedReceipt(receipt), BigInt(index)]));
}

/** The seed of a request that names a number. */
export function requestedSeed(seed: number): Hex {
  return sha256(stringToHex(`swarmlock/seed ${seed}`));
}

/** The seed of a request that names none: it follows from the voucher that came with it. */
export function sessionSeed({ session, drawn }: Pick<Receipt, 'session' | 'drawn'>): Hex {
  return sha256(stringToHex(`swarmlock/seed ${session}.${drawn}`));
}

/** A receipt in the spelling of the OpenAI API, as a gateway sends it. */
export function receiptObject({ pledge, session, topP, prompt, expiresAt, ...same }: SignedReceipt): object {
  const named = { pledge: String(pledge), session: String(session), top_p: topP, prompt_tokens: prompt };
  return { ...same, ...named, expires_at: expiresAt };
}

/** Reads what a gateway has sent. @throws RECEIPT_INVALID */
export function parseReceipt(value: unknown): SignedReceipt {
  const { top_p: topP, prompt_tokens: prompt, expires_at: expiresAt, ...rest } = (value ?? {}) as ReceiptJson;
  const { pledge, session, drawn, round, root, seed, temperature, tokens, signature } = rest;
  const counts = [drawn, round, prompt, expiresAt];
  const isWell =
    [pledge, session].every((id) => typeof id === 'string' && /^\d{1,78}$/.test(id)) &&
    counts.every((count) => Number.isSafeInteger(count) && Number(count) >= 0) &&
    [temperature, topP].every((number) => Number.isFinite(number)) &&
    [root, seed].every((hash) => isHexOf(hash, 32)) &&
    isHexOf(signature, 64) &&
    isHex(tokens) &&
    tokens.length % 2 === 0;
  if (!isWell) throw new SwarmlockError('This is no receipt', { code: 'RECEIPT_INVALID', argument: 'receipt' });
  const receipt = { drawn, round, root, seed, temperature, topP, prompt, tokens, expiresAt, signature };
  return { ...receipt, pledge: BigInt(pledge as string), session: BigInt(session as string) } as SignedReceipt;
}

type ReceiptJson = { readonly [field: string]: unknown };

function isHexOf(value: unknown, bytes: number): boolean {
  return isHex(value) && size(value) === bytes;
}

/** The token that is named. */
export function tokenAt({ receipt: { tokens, prompt }, index }: NamedToken): number {
  return hexToBytes(tokens)[prompt + index]!;
}

/** All tokens before the one that is named. */
export function tokensBefore({ receipt: { tokens, prompt }, index }: NamedToken): readonly number[] {
  return Array.from(hexToBytes(tokens).subarray(0, prompt + index));
}

/** How many tokens were answered. */
export function answeredIn({ tokens, prompt }: Pick<Receipt, 'tokens' | 'prompt'>): number {
  return size(tokens) - prompt;
}

/** What a gateway has at stake, and until when; amounts in units of the stake token, times in seconds. */
export type Pledge = {
  readonly gateway: Address;
  readonly key: Address;
  readonly bond: bigint;
  readonly challengeBond: bigint;
  /** From when it cannot be challenged any more; far away while it has not been ended. */
  readonly finalAt: number;
  /** How long it can be challenged once it is ended. */
  readonly window: number;
};

/** Undefined when there is none. */
export async function readPledge(
  client: Client,
  { receipts }: Pick<Deployment, 'receipts'>,
  id: bigint,
  at: At = {},
): Promise<Pledge | undefined> {
  const about = { address: receipts, abi: receiptsAbi, functionName: 'pledgeOf', args: [id], ...at } as const;
  const pledge = await onChain('Receipts.pledgeOf', client.readContract(about));
  return BigInt(pledge.key) === 0n ? undefined : pledge;
}

/** Puts `bond` of the sender's free stake behind all that `key` signs for a run. */
export function pledge({ receipts }: Pick<Deployment, 'receipts'>, runId: bigint, key: Address, bond: bigint): Call {
  const data = encodeFunctionData({ abi: receiptsAbi, functionName: 'pledge', args: [runId, key, bond] });
  return { to: receipts, data, name: 'Receipts.pledge' };
}

/** Ends a pledge of the sender's. */
export function endPledge({ receipts }: Pick<Deployment, 'receipts'>, id: bigint): Call {
  return {
    to: receipts,
    data: encodeFunctionData({ abi: receiptsAbi, functionName: 'end', args: [id] }),
    name: 'Receipts.end',
  };
}

/** Id of the pledge that a transaction has made; undefined when it has not. */
export function pledgeIn({ logs }: Pick<TransactionReceipt, 'logs'>): bigint | undefined {
  return parseEventLogs({ abi: receiptsAbi, eventName: 'Pledged', logs })[0]?.args.id;
}

/** What a receipt claims of one token: that the run's continuation gives it. */
export type TokenClaim = {
  /** Root of the weights. */
  readonly start: Hex;
  /** Root of the request. */
  readonly request: Hex;
  /** Root of the token, the first tensor of the result. */
  readonly token: Hex;
};

/**
 * What the game would be about, as the contract sees it now. @param context of the run's model
 * @throws CONTRACT_REVERTED with the rule (NotSigned, ReceiptExpired, NotTheState, ...) when it would not take the receipt
 */
export async function readTokenClaim(
  client: Client,
  { receipts }: Pick<Deployment, 'receipts'>,
  { receipt, index }: NamedToken,
  context: number,
): Promise<TokenClaim> {
  const args = [receipt.pledge, encodedReceipt(receipt), receipt.tokens, BigInt(index), BigInt(context)] as const;
  const query = { address: receipts, abi: receiptsAbi, functionName: 'claimOf', args } as const;
  const [start, request, token] = await onChain('Receipts.claimOf', client.readContract(query));
  return { start, request, token };
}

function signedFields({ temperature, topP, tokens, ...same }: Receipt) {
  const { pledge, session, drawn, round, root, seed, prompt, expiresAt } = same;
  const sampling = { temperature: bitsOf(temperature), topP: bitsOf(topP) };
  return { pledge, session, drawn, round, root, seed, ...sampling, prompt, tokens: keccak256(tokens), expiresAt };
}

/** Of the binary32 next to a number; 0 has no sign. */
function bitsOf(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value + 0);
  return view.getUint32(0);
}

function numberOf(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits);
  return view.getFloat32(0);
}
