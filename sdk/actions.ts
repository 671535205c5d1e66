import { publicActions, type Account, type Address, type Chain, type Client as ViemClient, type Transport } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import * as credits from './credits.ts';
import type { Deployment } from './deployment.ts';
import * as events from './events.ts';
import * as lineage from './lineage.ts';
import * as market from './market.ts';
import * as membership from './membership.ts';
import { runPledges } from './pledges.ts';
import * as receipts from './receipts.ts';
import * as round from './round.ts';
import * as route from './route.ts';
import * as royalty from './royalties.ts';
import * as run from './run.ts';
import type { Serving } from './serving.ts';
import * as session from './sessions.ts';
import * as shares from './shares.ts';
import type { Signer } from './signer.ts';
import * as stake from './stake.ts';
import { isSignedBy, signVoucher, type SignedVoucher, type Voucher } from './vouchers.ts';
import { viemWallet, type Receipt, type Wallet } from './wallet.ts';

type Place = Deployment & Serving;

/** What a client can do with one deployment. Reads resolve to what they say, writes to the receipt of a call that succeeded. */
export type SwarmlockActions = ReturnType<typeof actionsOf>;

/**
 * Extends a client of viem: `client.extend(swarmlockActions(deployment))`. A client without an account reads.
 * @throws (each of its writes) as `Wallet.send` says, and NO_ACCOUNT
 */
export function swarmlockActions(deployment: Place) {
  return (client: ViemClient<Transport, Chain | undefined, Account | undefined>): SwarmlockActions => {
    const wallet = client.account && viemWallet(client as ViemClient<Transport, Chain | undefined, Account>);
    return actionsOf(client.extend(publicActions) as unknown as Client, wallet, deployment);
  };
}

/** The actions of a client that reads, and of a wallet that writes. */
export function actionsOf(client: Client, wallet: Wallet | undefined, deployment: Place) {
  const bound: Bound = { client, deployment, wallet: () => wallet ?? noAccount() };
  return {
    stake: stakeActions(bound),
    runs: runActions(bound),
    rounds: roundActions(bound),
    shares: shareActions(bound),
    credits: creditsActions(bound),
    royalties: royaltyActions(bound),
    market: marketActions(bound),
    sessions: sessionActions(bound),
    receipts: receiptActions(bound),
  };
}

type Bound = { readonly client: Client; readonly deployment: Place; wallet(): Wallet };

function reader({ client, deployment }: Bound) {
  return <A extends readonly unknown[], R>(read: (client: Client, deployment: Place, ...args: A) => Promise<R>) =>
    (...args: A): Promise<R> =>
      read(client, deployment, ...args);
}

function writer({ deployment, wallet }: Bound) {
  return <A extends readonly unknown[]>(call: (deployment: Place, ...args: A) => Call) =>
    async (...args: A): Promise<Receipt> =>
      wallet().send(call(deployment, ...args));
}

/** Of calls to contracts that are named by their address. */
function sender({ wallet }: Bound) {
  return <A extends readonly unknown[]>(call: (...args: A) => Call) =>
    async (...args: A): Promise<Receipt> =>
      wallet().send(call(...args));
}

function stakeActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    read: reads(stake.readStake),
    setNode: writes(stake.setNode),
    approve: writes(stake.approve),
    deposit: writes(stake.deposit),
    startUnbonding: writes(stake.startUnbonding),
    withdraw: writes(stake.withdraw),
  };
}

function runActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    read: reads(run.readRun),
    parameters: reads(run.readParameters),
    count: reads(run.readRunCount),
    members: reads(membership.readMembers),
    seatOf: reads(membership.readSeatOf),
    events: reads(events.readEvents),
    isRegistered: reads(lineage.readIsRegistered),
    isStateOf: reads(lineage.readIsStateOf),
    create: writes(run.createRun),
    join: writes(membership.join),
    leave: writes(membership.leave),
    tick: writes(run.tick),
    registerState: writes(lineage.registerState),
  };
}

function roundActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    read: reads(round.readRound),
    commitments: reads(events.readCommitments),
    aggregates: reads(events.readAggregateClaims),
    commit: writes(round.commit),
    claimAggregate: writes(round.claimAggregate),
  };
}

function shareActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    pay: reads(shares.readPay),
    verdictPay: reads(shares.readVerdictPay),
    ledger: reads(shares.readLedger),
    balance: reads(shares.readShares),
    claim: writes(shares.claimShares),
    claimForVerdicts: writes(shares.claimVerdictShares),
  };
}

/** Credits are named by their address: that of a run's is `of`. */
function creditsActions(bound: Bound) {
  const { client, wallet } = bound;
  const [reads, writes] = [reader(bound), sender(bound)];
  const facts = (address: Address, holder: Address) =>
    Promise.all([credits.readDomain(client, address), credits.readHolder(client, address, holder)]);
  return {
    of: reads(credits.readCreditsOf),
    create: async (runId: bigint) => wallet().send(await credits.readCreation(client, bound.deployment, runId)),
    read: (address: Address, at: run.At = {}) => credits.readCredits(client, address, at),
    holder: (address: Address, holder: Address, at: run.At = {}) => credits.readHolder(client, address, holder, at),
    approve: writes(credits.approve),
    permit: writes(credits.permit),
    spend: writes(credits.spend),
    register: writes(credits.register),
    claim: writes(credits.claim),
    claimTo: writes(credits.claimTo),
    withdrawServed: writes(credits.withdrawServed),
    /** By the wallet's account, which is the owner, with its next nonce. */
    async signPermit(address: Address, permit: credits.Permit) {
      const [domain, { nonce }] = await facts(address, permit.owner);
      return credits.signPermit(wallet(), domain, permit, nonce);
    },
    /** By the wallet's account, which is the holder, with its next nonce. */
    async signClaim(address: Address, order: credits.ClaimOrder) {
      const [domain, { nonce }] = await facts(address, order.holder);
      return credits.signClaim(wallet(), domain, order, nonce);
    },
  };
}

/** What a run's owners receive of others; its pool is named by the address of its credits. */
function royaltyActions(bound: Bound) {
  const { client } = bound;
  const writes = sender(bound);
  return {
    count: (pool: Address, at: run.At = {}) => royalty.readRoyaltyCount(client, pool, at),
    read: (pool: Address, number: number, at: run.At = {}) => royalty.readRoyalty(client, pool, number, at),
    claimable: (pool: Address, holder: Address, from = 1, at: run.At = {}) =>
      royalty.readClaimableRoyalties(client, pool, holder, from, at),
    distribute: writes(royalty.distribute),
    claim: writes(royalty.claimRoyalties),
  };
}

function marketActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    order: reads(market.readOrder),
    offers: reads(market.readOffers),
    quote: reads(market.readQuote),
    proceeds: reads(market.readProceeds),
    place: writes(market.place),
    take: writes(market.take),
    cancel: writes(market.cancel),
    withdraw: writes(market.withdraw),
  };
}

/** Pledges are claims, and named by their id. */
function receiptActions(bound: Bound) {
  const [reads, writes] = [reader(bound), writer(bound)];
  return {
    /** Of a run: what `swarmlockFetch` asks about receipts. */
    pledges: (runId: bigint) => runPledges(bound.client, bound.deployment, runId),
    read: reads(receipts.readPledge),
    /** What a game about a token would be about. @throws CONTRACT_REVERTED with the rule when none would be opened */
    claim: reads(receipts.readTokenClaim),
    pledge: writes(receipts.pledge),
    end: writes(receipts.endPledge),
  };
}

/** Sessions of a run are named by the address of its credits. */
function sessionActions(bound: Bound) {
  const { client, deployment, wallet } = bound;
  const { sessions } = deployment;
  const [reads, writes] = [reader(bound), writer(bound)];
  const readsAt = <A extends readonly unknown[], R>(
    read: (client: Client, at: session.SessionsAt, ...args: A) => Promise<R>,
  ) => reads((_, { sessions }, credits: Address, ...args: A) => read(client, { sessions, credits }, ...args));
  const writesAt = <A extends readonly unknown[]>(call: (at: session.SessionsAt, ...args: A) => Call) =>
    writes(({ sessions }, credits: Address, ...args: A) => call({ sessions, credits }, ...args));
  const domain = async (credits: Address) => ({ chainId: await client.getChainId(), sessions, credits });
  return {
    read: readsAt(session.readSession),
    ofClient: readsAt(session.readSessionsOf),
    changed: readsAt(session.readChangedSessions),
    drawn: readsAt(session.readDrawn),
    closeDelay: reads(session.readCloseDelay),
    gatewayOf: reads(session.readGatewayOf),
    pullable: readsAt(route.readPullable),
    open: writesAt(session.openSession),
    openFor: writes(session.openSessionFor),
    topUp: writesAt(session.topUpSession),
    settle: writesAt(session.settleVouchers),
    close: writesAt(session.closeSession),
    refund: writesAt(session.refundSession),
    registerRoute: writes(route.registerRoute),
    pull: writesAt(route.pullRoute),
    /** By the wallet's account, for the client that the opening names, with its next nonce. */
    async signOpening(opening: session.Opening) {
      const nonce = await session.readOpeningNonce(client, deployment, opening.client);
      return session.signOpening(wallet(), await domain(opening.credits), opening, nonce);
    },
    signVoucher: async (key: Signer, credits: Address, voucher: Voucher) =>
      signVoucher(key, await domain(credits), voucher),
    isSignedBy: async (key: Address, credits: Address, voucher: SignedVoucher) =>
      isSignedBy(key, await domain(credits), voucher),
  };
}

function noAccount(): never {
  throw new SwarmlockError('The client has no account to write with', {
    code: 'NO_ACCOUNT',
    argument: 'client',
    hint: 'Create the wallet client with an account, before it is extended.',
  });
}
