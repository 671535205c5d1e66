import { expect } from 'chai';
import { encodeErrorResult, keccak256, parseGwei, type Address, type Hex } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';

import { errorsAbi } from '../../../sdk/abi/index.ts';
import type { Call } from '../../../sdk/call.ts';
import { ContractRevert } from '../../../sdk/errors.ts';
import type { Clock } from '../../../workers/lib/clock.ts';
import { createSender, type Sender } from '../../../workers/lib/sender.ts';
import { steppingClock } from '../../helpers/clocks.ts';
import { failsWith } from '../../helpers/errors.ts';
import { silentLog } from '../../helpers/logs.ts';
import { nodeForTests } from '../../helpers/node.ts';

/** Reverts with its calldata. */
const refusingContract = '0x66365f5f37365ffd5f5260076019f3';
/** Accepts the first call, and reverts with their calldata from the second on. */
const onceContract = '0x715f54600a5760015f55005b365f5f37365ffd5f526012600ef3';
const refusal = encodeErrorResult({ abi: errorsAbi, errorName: 'UnknownRun', args: [7n] });
const signal = new AbortController().signal;

describe('sender', function () {
  this.timeout(20_000);
  const node = nodeForTests();
  let account: PrivateKeyAccount;
  let receiver: Address;
  beforeEach(async () => {
    account = await node().fundedAccount();
    receiver = (await node().fundedAccount('0')).address;
    await node().control.setAutomine(true);
  });

  const open = (clock: Clock = steppingClock(), of = account, giveUpAfterMs = 30_000): Sender => {
    const timing = { pollMs: 1_000, resendAfterMs: 5_000, giveUpAfterMs };
    return createSender({ client: node().client, account: of, clock, log: silentLog, ...timing });
  };
  const transfer = (value: bigint): Call => ({ to: receiver, data: '0x', value, name: 'a transfer' });
  const nonce = () => node().client.getTransactionCount({ address: account.address });
  /** Hashes of this account's transactions that wait to be mined. */
  const pending = async (): Promise<Hex[]> => {
    const { transactions } = await node().client.getBlock({ blockTag: 'pending', includeTransactions: true });
    return transactions.filter(({ from }) => from === account.address.toLowerCase()).map(({ hash }) => hash);
  };
  const deploy = async (bytecode: Hex): Promise<Address> => {
    const from = await node().fundedAccount();
    const gasPrice = { maxFeePerGas: parseGwei('100'), maxPriorityFeePerGas: parseGwei('1') };
    const creation = {
      type: 'eip1559',
      chainId: 31_337,
      nonce: 0,
      gas: 200_000n,
      data: bytecode,
      ...gasPrice,
    } as const;
    const serializedTransaction = await from.signTransaction(creation);
    await node().client.sendRawTransaction({ serializedTransaction });
    const receipt = await node().client.getTransactionReceipt({ hash: keccak256(serializedTransaction) });
    return receipt.contractAddress!;
  };

  it('sends what is queued in order, each under its own nonce', async () => {
    const sender = open();
    const receipts = await Promise.all([1n, 2n, 3n].map((value) => sender.send(transfer(value), signal)));
    const sent = await Promise.all(receipts.map(({ transactionHash: hash }) => node().client.getTransaction({ hash })));
    expect(sent.map(({ nonce: used, value }) => [used, value])).to.deep.equal([
      [0, 1n],
      [1, 2n],
      [2, 3n],
    ]);
  });

  it('goes on after a call that failed', async () => {
    const sender = open();
    const to = await deploy(refusingContract);
    const failing = sender.send({ to, data: refusal, name: 'Runs.tick' }, signal);
    const [first, second] = await Promise.allSettled([failing, sender.send(transfer(1n), signal)]);
    expect([first.status, second.status]).to.deep.equal(['rejected', 'fulfilled']);
  });

  it('sends a dropped transaction again', async () => {
    await node().control.setAutomine(false);
    const seen: Hex[] = [];
    const clock = steppingClock(async () => {
      seen.push(...(await pending()));
      if (seen.length === 1) await node().control.dropTransaction({ hash: seen[0]! });
      if (seen.length === 2) await node().control.mine({ blocks: 1 });
    });
    const receipt = await open(clock).send(transfer(1n), signal);
    expect(seen).to.deep.equal([receipt.transactionHash, receipt.transactionHash]);
  });

  it('raises the fees of a transaction that is not mined', async () => {
    await node().control.setAutomine(false);
    const seen = new Set<Hex>();
    const clock = steppingClock(async (now) => {
      (await pending()).forEach((hash) => seen.add(hash));
      if (now === 11_000) await node().control.mine({ blocks: 1 });
    });
    const receipt = await open(clock).send(transfer(1n), signal);
    const versions = [...seen];
    expect(versions.length).to.equal(3);
    expect(receipt.transactionHash).to.equal(versions[2]);
    expect(await nonce()).to.equal(1);
  });

  it('sends again with higher fees when refused as underpriced', async () => {
    await node().control.setAutomine(false);
    // An earlier process has offered far more for the same nonce, and it does not get mined.
    const old = { ...transfer(5n), type: 'eip1559', chainId: 31_337, nonce: 0, gas: 21_000n } as const;
    const fees = { maxFeePerGas: parseGwei('10'), maxPriorityFeePerGas: parseGwei('5') };
    const serializedTransaction = await account.signTransaction({ ...old, ...fees });
    await node().client.sendRawTransaction({ serializedTransaction });
    const clock = steppingClock(async () => {
      const [waiting] = await pending();
      if (waiting !== undefined && waiting !== keccak256(serializedTransaction))
        await node().control.mine({ blocks: 1 });
    });
    await open(clock, account, 60_000).settle(signal);
    expect(await nonce()).to.equal(1);
    expect(await node().client.getBalance({ address: receiver })).to.equal(0n);
  });

  it('waits after a restart for what an earlier process has sent, and does not send it twice', async () => {
    await node().control.setAutomine(false);
    const stop = new AbortController();
    const killed = open(steppingClock(() => stop.abort())).send(transfer(1n), stop.signal);
    expect(await killed.catch((error: unknown) => error)).to.equal(stop.signal.reason);
    expect(await pending()).to.have.length(1);

    const restarted = open(steppingClock(() => node().control.mine({ blocks: 1 })));
    await restarted.settle(signal);
    expect(await nonce()).to.equal(1);
    await restarted.send(transfer(2n), signal);
    expect(await nonce()).to.equal(2);
  });

  it('tells the broken rule and its values before it sends anything', async () => {
    const to = await deploy(refusingContract);
    const error = await failsWith('CONTRACT_REVERTED', open().send({ to, data: refusal, name: 'Runs.tick' }, signal));
    expect(error)
      .to.be.instanceOf(ContractRevert)
      .and.to.deep.include({ rule: 'UnknownRun', args: [7n] });
    expect(await nonce()).to.equal(0);
  });

  it('tells the broken rule also when another transaction came first', async () => {
    const to = await deploy(onceContract);
    await node().control.setAutomine(false);
    const call: Call = { to, data: refusal, name: 'Runs.tick' };
    const other = await node().fundedAccount();
    const fees = { maxFeePerGas: parseGwei('100'), maxPriorityFeePerGas: parseGwei('50') };
    const first = { ...call, type: 'eip1559', chainId: 31_337, nonce: 0, gas: 100_000n, ...fees } as const;
    const clock = steppingClock(async () => {
      const serializedTransaction = await other.signTransaction(first);
      await node().client.sendRawTransaction({ serializedTransaction });
      await node().control.mine({ blocks: 1 });
    });
    const error = await failsWith('CONTRACT_REVERTED', open(clock).send(call, signal));
    expect(error).to.deep.include({ rule: 'UnknownRun', args: [7n] });
    expect(await nonce()).to.equal(1);
  });

  it('notices that another process uses its key', async () => {
    await node().control.setAutomine(false);
    const clock = steppingClock(async (now) => {
      if (now !== 1_000) return;
      const [ours] = await pending();
      await node().control.dropTransaction({ hash: ours! });
      const theirs = { ...transfer(9n), type: 'eip1559', chainId: 31_337, nonce: 0, gas: 21_000n } as const;
      const fees = { maxFeePerGas: parseGwei('100'), maxPriorityFeePerGas: parseGwei('1') };
      const serializedTransaction = await account.signTransaction({ ...theirs, ...fees });
      await node().client.sendRawTransaction({ serializedTransaction });
      await node().control.mine({ blocks: 1 });
    });
    const error = await failsWith('NONCE_CONFLICT', open(clock).send(transfer(1n), signal));
    expect(error.argument).to.equal(account.address);
  });

  it('gives up in the end, and leaves the rest to the next look at the chain', async () => {
    await node().control.setAutomine(false);
    const error = await failsWith('TRANSACTION_TIMEOUT', open().send(transfer(1n), signal));
    expect(error.retryable).to.equal(true);
  });

  it('says whose balance does not pay for gas', async () => {
    const poor = await node().fundedAccount('0');
    const error = await failsWith('INSUFFICIENT_FUNDS', open(steppingClock(), poor).send(transfer(0n), signal));
    expect(error.retryable).to.equal(false);
  });
});
