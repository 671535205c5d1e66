import {
  BaseError,
  decodeErrorResult,
  HttpRequestError,
  InternalRpcError,
  isHex,
  LimitExceededRpcError,
  ResourceUnavailableRpcError,
  TimeoutError,
  UserRejectedRequestError,
  type Abi,
  type Hex,
} from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { errorsAbi } from './abi/index.ts';

/** A contract refused a call: the broken rule and the values that it compared. */
export class ContractRevert extends SwarmlockError {
  /** The name of the Solidity error, or its first four bytes when no ABI of ours knows it. */
  readonly rule: string;
  readonly args: readonly unknown[];

  constructor(rule: string, args: readonly unknown[], about: string, cause?: unknown) {
    super(`${about} was refused: ${rule}(${args.map(String).join(', ')})`, {
      code: 'CONTRACT_REVERTED',
      argument: rule,
      cause,
    });
    this.rule = rule;
    this.args = args;
  }

  override toJSON(): Record<string, unknown> {
    return { ...super.toJSON(), rule: this.rule, args: this.args.map(String) };
  }
}

/** Whether `error` is a contract's refusal for one of `rules`; for any rule when none is named. */
export function isRevert(error: unknown, ...rules: readonly string[]): error is ContractRevert {
  return error instanceof ContractRevert && (rules.length === 0 || rules.includes(error.rule));
}

/**
 * What went wrong with a call to the chain by viem or ethers, in our terms: a decoded `ContractRevert`,
 * `INSUFFICIENT_FUNDS`, `WALLET_REFUSED`, `RPC_UNREACHABLE` (retryable), or `RPC_FAILED`. Errors that are ours already pass
 * through.
 * @param about what was being done: `Runs.commit`
 */
export function chainError(error: unknown, about: string, abi: Abi = errorsAbi): SwarmlockError {
  if (error instanceof SwarmlockError) return error;
  const data = revertData(error);
  if (data !== undefined) return decodeRevert(data, about, abi, error);
  if (lacksFunds(error)) {
    return new SwarmlockError(`${about}: the account cannot pay for gas`, {
      code: 'INSUFFICIENT_FUNDS',
      hint: 'Send some of the native coin to it, then start again.',
      cause: error,
    });
  }
  if (isRefused(error)) {
    return new SwarmlockError(`${about}: the user has refused it in the wallet`, {
      code: 'WALLET_REFUSED',
      cause: error,
    });
  }
  if (isUnreachable(error)) {
    return new SwarmlockError(`${about}: the RPC endpoint does not answer`, {
      code: 'RPC_UNREACHABLE',
      argument: 'rpcUrl',
      hint: 'Check rpcUrl, and that the node behind it is running.',
      retryable: true,
      cause: error,
    });
  }
  return new SwarmlockError(`${about}: ${messageOf(error)}`, {
    code: 'RPC_FAILED',
    retryable: isTransient(error),
    cause: error,
  });
}

/** The result of a call to the chain, or its error in our terms. */
export async function onChain<T>(about: string, call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw chainError(error, about);
  }
}

/** The error of a contract, by its revert data. */
export function decodeRevert(data: Hex, about: string, abi: Abi = errorsAbi, cause?: unknown): ContractRevert {
  try {
    const { errorName, args } = decodeErrorResult({ abi, data });
    return new ContractRevert(errorName, (args as readonly unknown[] | undefined) ?? [], about, cause);
  } catch {
    return new ContractRevert(data === '0x' ? 'NoReason' : data.slice(0, 10), [], about, cause);
  }
}

/** Nodes put the data of a revert at different depths: as `data`, or as `data.data`; ethers puts what they say in `error`. */
function revertData(error: unknown): Hex | undefined {
  let found: Hex | undefined;
  for (let at = error; at instanceof Error; at = at.cause) {
    const data = within(at, 'data') ?? within(within(at, 'error'), 'data');
    const inner = within(data, 'data') ?? data;
    if (isHex(inner)) found = inner;
    else if (found === undefined && /revert/i.test(at.message) && isExecutionError(at)) found = '0x';
  }
  return found;
}

function within(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}

function isExecutionError(error: Error): boolean {
  return error.name === 'ExecutionRevertedError' || ('code' in error && error.code === 3);
}

/** JSON-RPC has no code for it, only words, which differ between nodes. */
function lacksFunds(error: unknown): boolean {
  return error instanceof Error && /insufficient funds|enough funds|exceeds the balance/i.test(error.message);
}

/** In a wallet that asks its user (EIP-1193). */
function isRefused(error: unknown): boolean {
  return hasCode(error, 'ACTION_REJECTED') || matches(error, (at) => at instanceof UserRejectedRequestError);
}

function isUnreachable(error: unknown): boolean {
  if (hasCode(error, 'NETWORK_ERROR', 'SERVER_ERROR', 'TIMEOUT')) return true;
  return matches(error, (at) => {
    if (at instanceof TimeoutError) return true;
    return at instanceof HttpRequestError && (at.status === undefined || at.status === 429 || at.status >= 500);
  });
}

function isTransient(error: unknown): boolean {
  const classes = [InternalRpcError, LimitExceededRpcError, ResourceUnavailableRpcError];
  return matches(error, (at) => classes.some((type) => at instanceof type));
}

/** Whether it is an error of ethers with one of its codes. */
function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

function matches(error: unknown, test: (at: unknown) => boolean): boolean {
  return error instanceof BaseError && error.walk(test) !== null;
}

function messageOf(error: unknown): string {
  if (error instanceof BaseError) return error.shortMessage;
  return error instanceof Error ? error.message : String(error);
}
