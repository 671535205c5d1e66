// What applications import: the calls and reads of the protocol, for viem and for ethers. It runs in browsers.
export { SwarmlockError, type ErrorDetails } from '../engine/errors.ts';
export { swarmlockActions, type SwarmlockActions } from './actions.ts';
export type { Call } from './call.ts';
export { connect, type Client, type Endpoint } from './client.ts';
export { deploymentAt, type Deployment } from './deployment.ts';
export { ContractRevert, isRevert } from './errors.ts';
export { ethersActions, ethersClient, ethersWallet } from './ethers.ts';
export { swarmlockFetch, type SwarmlockFetch, type SwarmlockFetchOptions } from './openai-fetch.ts';
export { settledRoots, type RootCheck } from './settled-roots.ts';
export type { Serving } from './serving.ts';
export type { Signer } from './signer.ts';
export { isSignedBy, signVoucher, type SignedVoucher, type Voucher, type VoucherDomain } from './vouchers.ts';
export { viemWallet, type Receipt, type Wallet } from './wallet.ts';

export * as abis from './abi/index.ts';
export * as credits from './credits.ts';
export * as events from './events.ts';
export * as lineage from './lineage.ts';
export * as market from './market.ts';
export * as membership from './membership.ts';
export * as receipts from './receipts.ts';
export * as rounds from './round.ts';
export * as routes from './route.ts';
export * as royalties from './royalties.ts';
export * as runs from './run.ts';
export * as sessions from './sessions.ts';
export * as shares from './shares.ts';
export * as stake from './stake.ts';
