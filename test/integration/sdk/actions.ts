import { expect } from 'chai';
import { JsonRpcProvider, Wallet as EthersWallet } from 'ethers';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createWalletClient, custom, erc20Abi, http, parseEther, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { spendCredits } from '../../../docs/examples/ethers.ts';
import { buyCredits, sellCredits } from '../../../docs/examples/market.ts';
import { openSession, settleSession } from '../../../docs/examples/session.ts';
import { stakeTokens } from '../../../docs/examples/stake.ts';
import { actionsOf, swarmlockActions } from '../../../sdk/actions.ts';
import { attest } from '../../../sdk/availability.ts';
import { isRevert } from '../../../sdk/errors.ts';
import { ethersActions, ethersWallet } from '../../../sdk/ethers.ts';
import { registeredState } from '../../../sdk/lineage.ts';
import { placedOrder } from '../../../sdk/market.ts';
import { memberSet } from '../../../sdk/member-set.ts';
import { registeredRoute, WHOLE, type Payee } from '../../../sdk/route.ts';
import { distributedRoyalty } from '../../../sdk/royalties.ts';
import type { RunParameters } from '../../../sdk/run.ts';
import { openedSession, settlementsIn } from '../../../sdk/sessions.ts';
import { routeOfSession, type SignedVoucher } from '../../../sdk/vouchers.ts';
import { viemWallet } from '../../../sdk/wallet.ts';
import { createCreditedRun, type CreditedRun } from '../../helpers/credits.ts';
import { senderOf, wrapEther } from '../../helpers/deployment.ts';
import { failsWith } from '../../helpers/errors.ts';
import { nodeForTests } from '../../helpers/node.ts';
import { parameters, rootOf } from '../../helpers/runs.ts';
import { createSmartAccount } from '../../helpers/smart-account.ts';

const SERVER: Address = `0x${'5e'.repeat(20)}`;
const METADATA = { name: 'Child', symbol: 'KID', uri: '' };

describe('actions of the SDK', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  let run: CreditedRun;
  let account: PrivateKeyAccount;
  let owner: ReturnType<typeof clientOf>;
  let gateway: ReturnType<typeof clientOf>;
  let payees: readonly Payee[];
  let route: number;
  let provider: JsonRpcProvider;

  const walletOf = (account: PrivateKeyAccount) =>
    createWalletClient({
      account,
      chain: node().client.chain,
      transport: http(node().rpcUrl, { retryCount: 0 }),
      pollingInterval: 10,
    });
  const clientOf = (account: PrivateKeyAccount) => walletOf(account).extend(swarmlockActions(run.deployment));
  const fails = async (rule: string, work: Promise<unknown>, ...args: readonly unknown[]) => {
    const error = await failsWith('CONTRACT_REVERTED', work);
    expect(isRevert(error, rule), error.message).to.equal(true);
    expect(error).to.deep.include({ args });
  };
  const balanceOf = async (holder: Address) => (await owner.credits.holder(run.credits, holder)).balance;
  const soon = async () => Number((await node().client.getBlock()).timestamp) + 1_000;
  /** Puts so much of the owner's credits in a session of the gateway. */
  const openWith = async (key: PrivateKeyAccount, amount: number): Promise<bigint> => {
    await owner.credits.approve(run.credits, run.deployment.sessions, BigInt(amount));
    const terms = { gateway: gateway.account.address, key: key.address, route, amount };
    return openedSession(await owner.sessions.open(run.credits, terms))!;
  };
  /** What the owner's shares have earned by a spend, to be claimed to another. */
  const claimFor = async (to: Address) => {
    await owner.credits.spend(run.credits, 1_000n, SERVER);
    const order = { holder: owner.account.address, to, deadline: BigInt(await soon()) };
    return [order, await owner.credits.signClaim(run.credits, order)] as const;
  };
  const ethersSigner = async (key: Hex): Promise<EthersWallet> => {
    await node().control.setBalance({ address: privateKeyToAccount(key).address, value: parseEther('1') });
    return new EthersWallet(key, provider);
  };
  /** Parameters of a run that starts from this state, and names this parent. */
  const childOf = async (genesisRoot: Hex, parent: bigint): Promise<RunParameters> => ({
    ...parameters,
    genesisRoot,
    parent,
    opensAt: await soon(),
  });
  const pass = async (seconds: number) => {
    await node().control.increaseTime({ seconds });
    await node().control.mine({ blocks: 1 });
  };
  const tickAll = async () => {
    while ((await owner.runs.read(run.runId)).due !== 'none') {
      await owner.runs.tick(run.runId);
      // The randomness of one block is drawn in the next.
      await node().control.mine({ blocks: 1 });
    }
  };
  /** The owner is the run's only miner, and its word is taken for the next state. */
  const trainOneRound = async (): Promise<Hex> => {
    const { stake, runs, rounds } = owner;
    await wrapEther(run.deployment, senderOf(node(), account), 1_000n);
    await stake.approve(1_000n);
    await stake.deposit(1_000n);
    await stake.setNode(account.address);
    await runs.join(run.runId, 'miner', 1_000n);
    await pass(parameters.opensAt);
    await tickAll();
    const { root: parent, round } = await runs.read(run.runId);
    const [startRoot, payloadRoot, next] = [rootOf(60), rootOf(61), rootOf(62)];
    const segmentRoots = [1, 2, 3, 4].map((i) => rootOf(62 + i));
    await rounds.commit(run.runId, round, { parent, startRoot, segmentRoots, payloadRoot, payloadBytes: 10n });
    await tickAll();
    const all = memberSet([0]);
    await viemWallet(walletOf(account)).send(attest(run.deployment, run.runId, round, all));
    await pass(parameters.auditWindow);
    await rounds.claimAggregate(run.runId, round, all, next);
    await pass(parameters.aggregateChallengeWindow);
    await tickAll();
    return next;
  };
  const newKey = () => privateKeyToAccount(generatePrivateKey());

  before(async () => {
    account = await node().fundedAccount();
    run = await createCreditedRun(node(), folder, account.address);
    owner = clientOf(account);
    gateway = clientOf(await node().fundedAccount());
    payees = [
      { account: gateway.account.address, weight: 300_000 },
      { account: SERVER, weight: 700_000 },
    ];
    provider = new JsonRpcProvider(node().rpcUrl, undefined, {
      staticNetwork: true,
      pollingInterval: 10,
      cacheTimeout: -1,
    });
    route = registeredRoute(await gateway.sessions.registerRoute(payees))!;
  });
  after(() => {
    provider.destroy();
    rmSync(folder, { recursive: true });
  });

  it('read and write the stake of an account, by the example', async () => {
    const account = await node().fundedAccount();
    await wrapEther(run.deployment, senderOf(node(), account), parseEther('3'));
    expect(await stakeTokens(walletOf(account), run.deployment, parseEther('2'))).to.equal(parseEther('2'));
    expect(await stakeTokens(walletOf(account), run.deployment, parseEther('2'))).to.equal(parseEther('3'));
  });

  it('read runs, rounds and shares without an account, and write nothing then', async () => {
    const reader = node().client.extend(swarmlockActions(run.deployment));
    expect((await reader.runs.read(run.runId)).id).to.equal(run.runId);
    await fails('UnknownRound', reader.rounds.read(run.runId, 1), run.runId, 1, 0);
    const { shareSupply } = await reader.runs.parameters(run.runId);
    expect(await reader.shares.balance(run.runId, owner.account.address)).to.equal(shareSupply / 10n);
    await failsWith('NO_ACCOUNT', reader.runs.tick(run.runId));
  });

  it('have the credits of a run add up to its supply, and let no more be spent than there are', async () => {
    const { supply, out, pooled, ownersShare } = await owner.credits.read(run.credits);
    expect(out + pooled).to.equal(supply);
    expect(out).to.equal(supply / 10n);
    const spent = 1_000_000n;
    await owner.credits.spend(run.credits, spent, SERVER);
    const after = await owner.credits.read(run.credits);
    expect([after.out, after.pooled]).to.deep.equal([out - spent, pooled + spent]);
    const toOwners = (spent * BigInt(ownersShare)) / 1_000_000n;
    const { claimable } = await owner.credits.holder(run.credits, owner.account.address);
    const { served } = await owner.credits.holder(run.credits, SERVER);
    expect([claimable, served]).to.deep.equal([toOwners, spent - toOwners]);
    const { address } = gateway.account;
    await fails('ERC20InsufficientBalance', gateway.credits.spend(run.credits, 1n, SERVER), address, 0n, 1n);
  });

  it('claim credits to an address that their holder has signed for, once', async () => {
    await owner.credits.spend(run.credits, 1_000_000n, SERVER);
    const { address: holder } = owner.account;
    const { claimable } = await owner.credits.holder(run.credits, holder);
    const to = newKey().address;
    const order = { holder, to, deadline: BigInt(await soon()) };
    const signature = await owner.credits.signClaim(run.credits, order);
    const redirected = gateway.credits.claimTo(run.credits, { ...order, to: gateway.account.address }, signature);
    await fails('InvalidClaim', redirected, holder);
    await gateway.credits.claimTo(run.credits, order, signature);
    expect(await balanceOf(to)).to.equal(claimable);
    await fails('InvalidClaim', gateway.credits.claimTo(run.credits, order, signature), holder);
  });

  it('sell and buy credits, by the examples, for no more than the buyer has said', async () => {
    const price = parseEther('0.001');
    const buyer = walletOf(await node().fundedAccount());
    await wrapEther(run.deployment, senderOf(node(), buyer.account), parseEther('10'));
    const fromBlock = await node().client.getBlockNumber();
    const dear = await owner.credits.approve(run.credits, run.deployment.market, 500n);
    expect(dear.blockNumber > fromBlock).to.equal(true);
    const pair = { credits: run.credits, payment: run.deployment.token };
    const dearer = placedOrder(await owner.market.place({ ...pair, amount: 500n, price: 2n * price }))!;
    const order = await sellCredits(walletOf(owner.account), run.deployment, { runId: run.runId, price });
    const toBlock = await node().client.getBlockNumber();
    const offers = await owner.market.offers(pair, { fromBlock, toBlock });
    expect(offers.map(({ id }) => id)).to.deep.equal([order, dearer]);

    const amount = 2_000_000n;
    await buyCredits(buyer, run.deployment, { runId: run.runId, amount, fromBlock });
    expect(await balanceOf(buyer.account.address)).to.equal(amount);
    expect(await owner.market.proceeds(owner.account.address, run.deployment.token)).to.equal(2n * price);
    const tooDear = clientOf(buyer.account).market.take({ ...pair, orders: [order], amount, maxCost: 2n * price - 1n });
    await fails('TooDear', tooDear, 2n * price, 2n * price - 1n);

    for (const id of [order, dearer]) await owner.market.cancel(id);
    expect(await owner.market.order(order)).to.equal(undefined);
    await owner.market.withdraw(run.deployment.token);
    const token = { address: run.deployment.token, abi: erc20Abi } as const;
    const args = [owner.account.address] as const;
    expect(await node().client.readContract({ ...token, functionName: 'balanceOf', args })).to.equal(2n * price);
  });

  it('open a session, draw from it by a voucher and give the rest back, by the examples', async () => {
    const before = await balanceOf(owner.account.address);
    const fromBlock = await node().client.getBlockNumber();
    const offer = { credits: run.credits, gateway: gateway.account.address, route };
    const voucher = await openSession(walletOf(owner.account), run.deployment, offer, 4_000);
    expect(await balanceOf(owner.account.address)).to.equal(before - 4_000n);
    expect(routeOfSession(voucher.session)).to.equal(route);
    const opened = async (by: Address) => {
      const toBlock = await node().client.getBlockNumber();
      return owner.sessions.ofClient(run.credits, by, { fromBlock, toBlock });
    };
    expect(await opened(owner.account.address)).to.deep.equal([voucher.session]);
    expect(await opened(gateway.account.address)).to.deep.equal([]);
    const changed = async (credits: Address) => {
      const toBlock = await node().client.getBlockNumber();
      return [...(await owner.sessions.changed(credits, { fromBlock: toBlock, toBlock }))];
    };
    const forged: SignedVoucher = { ...voucher, drawn: 4_000 };
    const settle = (one: SignedVoucher) => settleSession(walletOf(gateway.account), run.deployment, run.credits, one);
    expect(await settle(forged)).to.equal(0);
    expect(await settle(voucher)).to.equal(1_000);
    expect(await owner.sessions.read(run.credits, voucher.session)).to.equal(undefined);
    // The last block has the refund alone.
    expect(await changed(run.credits)).to.deep.equal([voucher.session]);
    expect(await changed(run.deployment.sessions)).to.deep.equal([]);
    expect(await balanceOf(owner.account.address)).to.equal(before - 1_000n);
  });

  it('settle vouchers in a batch that says what was wrong with the bad ones, and pay the route', async () => {
    const key = newKey();
    const session = await openWith(key, 10_000);
    const sign = (drawn: number, by = key) => owner.sessions.signVoucher(by, run.credits, { session, route, drawn });
    const first = await sign(1_000);
    const batch = [first, first, await sign(2_000, newKey()), await sign(10_001), await sign(10_000)];
    const [before, servedBefore] = await Promise.all([
      balanceOf(SERVER),
      owner.sessions.pullable(run.credits, route, payees, 1),
    ]);
    const settled = settlementsIn(await gateway.sessions.settle(run.credits, batch));
    expect(settled.map(({ amount, flaw }) => [amount, flaw])).to.deep.equal([
      [1_000, 'none'],
      [0, 'spent'],
      [0, 'forged'],
      [0, 'overdrawn'],
      [9_000, 'none'],
    ]);
    expect(await owner.sessions.drawn(run.credits, { session, route })).to.equal(10_000);
    expect(await owner.sessions.read(run.credits, session)).to.deep.include({ left: 0, drawn: 10_000 });
    const { ownersShare } = await owner.credits.read(run.credits);
    const toRoute = (10_000n * BigInt(WHOLE - ownersShare)) / BigInt(WHOLE);
    const pullable = await owner.sessions.pullable(run.credits, route, payees, 1);
    expect(Number(pullable - servedBefore)).to.be.closeTo(Number((toRoute * 7n) / 10n), 1);
    await owner.sessions.pull(run.credits, route, payees, 1);
    expect(await balanceOf(SERVER)).to.equal(before + pullable);
    expect(await owner.sessions.pullable(run.credits, route, payees, 1)).to.equal(0n);
  });

  it('open a session for a client that has only signed, with its permit, and close it after the delay', async () => {
    const { address: client } = owner.account;
    const deadline = await soon();
    const amount = 3_000;
    const consent = {
      owner: client,
      spender: run.deployment.sessions,
      value: BigInt(amount),
      deadline: BigInt(deadline),
    };
    await gateway.credits.permit(run.credits, consent, await owner.credits.signPermit(run.credits, consent));
    const terms = { gateway: gateway.account.address, key: newKey().address, route, amount };
    const opening = { ...terms, credits: run.credits, client, deadline };
    const signature = await owner.sessions.signOpening(opening);
    await fails('InvalidOpening', gateway.sessions.openFor({ ...opening, amount: 3_001 }, signature), client);
    const session = openedSession(await gateway.sessions.openFor(opening, signature))!;
    expect(await owner.sessions.read(run.credits, session)).to.deep.include({ client, left: amount, drawn: 0 });

    await owner.sessions.close(run.credits, session);
    const { closesAt } = (await owner.sessions.read(run.credits, session))!;
    await fails('NotClosed', owner.sessions.refund(run.credits, session), session, closesAt);
    await owner.credits.approve(run.credits, run.deployment.sessions, 1n);
    await fails('NotOpen', owner.sessions.topUp(run.credits, session, 1), session);
    await node().control.increaseTime({ seconds: await owner.sessions.closeDelay() });
    const before = await balanceOf(client);
    await gateway.sessions.refund(run.credits, session);
    expect(await balanceOf(client)).to.equal(before + BigInt(amount));
  });

  it('open a session for an account that is a contract, by the signature that it answers for, and close it', async () => {
    const account = await createSmartAccount(node(), viemWallet(walletOf(owner.account)), newKey().address);
    const client = actionsOf(node().client, account, run.deployment);
    await owner.credits.claimTo(run.credits, ...(await claimFor(account.address)));
    await client.credits.approve(run.credits, run.deployment.sessions, 90n);
    const key = newKey();
    const terms = { gateway: gateway.account.address, key: key.address, route, amount: 90 };
    const opening = { ...terms, credits: run.credits, client: account.address, deadline: await soon() };
    const byAnother = gateway.sessions.openFor(opening, await gateway.sessions.signOpening(opening));
    await fails('InvalidOpening', byAnother, account.address);
    const opened = await gateway.sessions.openFor(opening, await client.sessions.signOpening(opening));
    const session = openedSession(opened)!;
    expect(await client.sessions.read(run.credits, session)).to.deep.include({ client: account.address, left: 90 });
    // The account is not asked again: its session has a key.
    const voucher = await client.sessions.signVoucher(key, run.credits, { session, route, drawn: 60 });
    const [settled] = settlementsIn(await gateway.sessions.settle(run.credits, [voucher]));
    expect(settled).to.deep.include({ session, amount: 60, flaw: 'none' });
    await client.sessions.close(run.credits, session);
    await node().control.increaseTime({ seconds: await owner.sessions.closeDelay() });
    const before = await balanceOf(account.address);
    await gateway.sessions.refund(run.credits, session);
    expect(await balanceOf(account.address)).to.equal(before + 30n);
  });

  it('say why a call was refused, also when that shows only once it is mined', async () => {
    const { client, control, rpcUrl } = node();
    const [viemAccount, ethersAccount] = [await node().fundedAccount(), generatePrivateKey()];
    const { request } = http(rpcUrl)({ chain: client.chain });
    const careless = ((body: { method: 'eth_estimateGas' }) =>
      body.method === 'eth_estimateGas' ? Promise.resolve('0x30d40') : request(body as never)) as typeof request;
    const wallet = createWalletClient({
      account: viemAccount,
      chain: client.chain,
      transport: custom({ request: careless }),
      pollingInterval: 10,
    });
    const signer = await ethersSigner(ethersAccount);
    signer.estimateGas = () => Promise.resolve(200_000n);
    const [byViem, byEthers] = [
      wallet.extend(swarmlockActions(run.deployment)),
      await ethersActions(signer, run.deployment),
    ];
    const spendTooMuch = async () => {
      const spent = byViem.credits.spend(run.credits, 7n, SERVER);
      await fails('ERC20InsufficientBalance', spent, viemAccount.address, 0n, 7n);
      const again = byEthers.credits.spend(run.credits, 7n, SERVER);
      await fails('ERC20InsufficientBalance', again, signer.address, 0n, 7n);
    };
    // A development node that mines at once refuses to send what reverts; others mine it.
    await spendTooMuch();
    await control.setAutomine(false);
    await control.setIntervalMining({ interval: 0.05 });
    await spendTooMuch();
    await control.setIntervalMining({ interval: 0 });
    await control.setAutomine(true);
    expect(await client.getTransactionCount({ address: viemAccount.address })).to.equal(2);
    expect(await client.getTransactionCount({ address: signer.address as Address })).to.equal(2);
  });

  it('are the same for a signer of ethers, by the example', async () => {
    const signer = await ethersSigner(generatePrivateKey());
    const address = signer.address as Address;
    const spend = (amount: bigint) =>
      spendCredits(signer, run.deployment, { runId: run.runId, amount, server: SERVER });
    await fails('ERC20InsufficientBalance', spend(100n), address, 0n, 100n);

    await owner.credits.claimTo(run.credits, ...(await claimFor(address)));
    const { out } = await owner.credits.read(run.credits);
    expect(await spend(100n)).to.equal(out - 100n);
  });

  it('open a session by what a signer of ethers has signed', async () => {
    const signer = await ethersSigner(generatePrivateKey());
    const client = signer.address as Address;
    await owner.credits.claimTo(run.credits, ...(await claimFor(client)));
    const actions = await ethersActions(signer, run.deployment);
    const deadline = await soon();
    const consent = { owner: client, spender: run.deployment.sessions, value: 90n, deadline: BigInt(deadline) };
    await gateway.credits.permit(run.credits, consent, await actions.credits.signPermit(run.credits, consent));
    const key = await ethersWallet(signer);
    const terms = { gateway: gateway.account.address, key: key.address, route, amount: 90 };
    const opening = { ...terms, credits: run.credits, client, deadline };
    const receipt = await gateway.sessions.openFor(opening, await actions.sessions.signOpening(opening));
    const session = openedSession(receipt)!;
    const voucher = await actions.sessions.signVoucher(key, run.credits, { session, route, drawn: 90 });
    const [settled] = settlementsIn(await gateway.sessions.settle(run.credits, [voucher]));
    expect(settled).to.deep.include({ session, amount: 90, flaw: 'none' });
  });

  it('create a run from a state of another, and pay the owners of that one their royalty', async () => {
    const { runs, credits, royalties, shares } = owner;
    const { address } = owner.account;
    const state = await trainOneRound();
    await fails('NotStateOf', runs.create(await childOf(state, run.runId), METADATA), state, run.runId);
    expect(registeredState(await gateway.runs.registerState(run.runId, 1))).to.equal(state);
    expect(await Promise.all([runs.isRegistered(state), runs.isStateOf(state, run.runId)])).to.deep.equal([true, true]);
    await fails('ParentMissing', runs.create(await childOf(state, 0n), METADATA), state);
    await runs.create(await childOf(state, run.runId), METADATA);
    const child = await runs.count();
    const tenth = parameters.shareSupply / 10n;
    expect(await shares.balance(child, run.credits)).to.equal(tenth);

    await credits.create(child);
    const childs = await credits.of(child);
    const number = distributedRoyalty(await gateway.royalties.distribute(run.credits, child))!;
    const { supply } = await credits.read(childs);
    const royalty = { number, credits: childs, amount: supply / 10n, shares: tenth };
    expect(await royalties.count(run.credits)).to.equal(number);
    expect(await royalties.read(run.credits, number)).to.deep.equal(royalty);
    // The owner has all shares that earn.
    expect(await royalties.claimable(run.credits, address)).to.deep.equal([{ number, amount: supply / 10n }]);
    await gateway.royalties.claim(run.credits, address, [number]);
    expect((await credits.holder(childs, address)).balance).to.equal(supply / 10n);
    expect(await royalties.claimable(run.credits, address)).to.deep.equal([]);
    await fails('RoyaltyClaimed', gateway.royalties.claim(run.credits, address, [number]), address, number);
    const { out, pooled } = await credits.read(childs);
    expect([out, out + pooled]).to.deep.equal([supply / 10n, supply]);
  });

  it('need a signer of ethers that is connected', async () => {
    await failsWith('SIGNER_INVALID', ethersActions(new EthersWallet(generatePrivateKey()), run.deployment));
  });
});
