import { expect } from 'chai';
import { makeError } from 'ethers';
import {
  encodeErrorResult,
  InternalRpcError,
  MethodNotFoundRpcError,
  RpcRequestError,
  UserRejectedRequestError,
  type Hex,
} from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';
import { errorsAbi } from '../../../sdk/abi/index.ts';
import { chainError, ContractRevert, decodeRevert, isRevert } from '../../../sdk/errors.ts';

const data = encodeErrorResult({ abi: errorsAbi, errorName: 'WrongRound', args: [1n, 4, 5] });

/** What a node answers; viem gives it to the caller as the cause of its own errors. */
function refused(by: { data?: unknown; message?: string; code?: number }): Error {
  const error = { code: by.code ?? 3, message: by.message ?? 'execution reverted', data: by.data };
  return new Error('outer', { cause: new RpcRequestError({ body: {}, url: 'http://x', error }) });
}

describe('errors of the chain', () => {
  it('name the broken rule and the values that it compared', () => {
    const error = chainError(refused({ data }), 'Runs.commit');
    expect(error).to.be.instanceOf(ContractRevert);
    expect(error).to.deep.include({ code: 'CONTRACT_REVERTED', argument: 'WrongRound', rule: 'WrongRound' });
    expect(error).to.deep.include({ args: [1n, 4, 5], retryable: false });
  });

  it('find the data where development nodes put it', () => {
    const error = chainError(refused({ data: { data, message: 'reverted' }, code: -32_603 }), 'Runs.commit');
    expect(error).to.deep.include({ rule: 'WrongRound', args: [1n, 4, 5] });
  });

  it('name an error of an unknown contract by its selector', () => {
    expect(decodeRevert('0x12345678', 'a call')).to.deep.include({ rule: '0x12345678', args: [] });
  });

  it('know a revert without a reason', () => {
    expect(chainError(refused({ data: '0x' as Hex }), 'a call')).to.deep.include({ rule: 'NoReason' });
  });

  it('are told apart by rule', () => {
    const error = chainError(refused({ data }), 'Runs.commit');
    expect(isRevert(error)).to.equal(true);
    expect(isRevert(error, 'WrongStatus', 'WrongRound')).to.equal(true);
    expect(isRevert(error, 'WrongStatus')).to.equal(false);
    expect(isRevert(new Error('WrongRound'), 'WrongRound')).to.equal(false);
  });

  it('survive JSON with their values', () => {
    const { rule, args } = JSON.parse(JSON.stringify(chainError(refused({ data }), 'Runs.commit'))) as ContractRevert;
    expect([rule, args]).to.deep.equal(['WrongRound', ['1', '4', '5']]);
  });

  it('are retryable when the node had a trouble of its own, and not when it cannot do a thing', () => {
    const trouble = new InternalRpcError(new Error('database is locked'));
    expect(chainError(trouble, 'a call')).to.deep.include({ code: 'RPC_FAILED', retryable: true });
    const never = new MethodNotFoundRpcError(new Error('no such method'), { method: 'eth_x' });
    expect(chainError(never, 'a call')).to.deep.include({ code: 'RPC_FAILED', retryable: false });
  });

  it('are told when ethers says them, too', () => {
    const unknown = makeError('could not coalesce error', 'UNKNOWN_ERROR', { error: { data } } as never);
    expect(chainError(unknown, 'Runs.commit')).to.deep.include({ rule: 'WrongRound', args: [1n, 4, 5] });
    const estimated = makeError('execution reverted', 'CALL_EXCEPTION', { data } as never);
    expect(chainError(estimated, 'Runs.commit')).to.deep.include({ rule: 'WrongRound' });
    const away = makeError('connection refused', 'NETWORK_ERROR', { event: 'x' });
    expect(chainError(away, 'a call')).to.deep.include({ code: 'RPC_UNREACHABLE', retryable: true });
    const mistaken = makeError('not a number', 'INVALID_ARGUMENT', { argument: 'x', value: 'y', info: {} });
    expect(chainError(mistaken, 'a call')).to.deep.include({ code: 'RPC_FAILED', retryable: false });
  });

  it('know that a user has said no', () => {
    const inViem = new UserRejectedRequestError(new Error('User rejected the request'));
    expect(chainError(inViem, 'a call')).to.deep.include({ code: 'WALLET_REFUSED', retryable: false });
    const inEthers = makeError('rejected', 'ACTION_REJECTED', { action: 'sendTransaction', reason: 'rejected' });
    expect(chainError(inEthers, 'a call')).to.deep.include({ code: 'WALLET_REFUSED', retryable: false });
  });

  it('leave an error of ours as it is', () => {
    const ours = new SwarmlockError('no', { code: 'CHAIN_MISMATCH' });
    expect(chainError(ours, 'a call')).to.equal(ours);
  });
});
