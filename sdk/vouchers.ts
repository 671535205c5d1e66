import { isAddressEqual, type Address, type Hex } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { compactSignature, signerOfTypedData } from './compact-signature.ts';
import type { Signer } from './signer.ts';

/**
 * What has been drawn from a session by one route since the beginning, in the smallest unit of credits: 1e-6 of one. The
 * latest voucher replaces all before it. Amounts of sessions have 48 bits, so they are exact as numbers.
 */
export type Voucher = { readonly session: bigint; readonly route: number; readonly drawn: number };

/** As contracts take it: with the signature of the session's key in the compact form of ERC-2098. */
export type SignedVoucher = Voucher & { readonly signature: Hex };

/** Where vouchers count. */
export type VoucherDomain = { readonly chainId: number; readonly sessions: Address; readonly credits: Address };

const MOST = 2 ** 48 - 1;

/** The domain (EIP-712) of all that is signed for the contract of sessions. */
export function sessionsDomain({ chainId, sessions }: Pick<VoucherDomain, 'chainId' | 'sessions'>) {
  return { name: 'Swarmlock Sessions', version: '1', chainId, verifyingContract: sessions } as const;
}

/** The route that a session is named by: most of its vouchers are for that. */
export function routeOfSession(session: bigint): number {
  return Number(session & 0xffff_ffffn);
}

/** What the session's key signs (EIP-712). */
export function voucherTypedData(domain: VoucherDomain, { session, route, drawn }: Voucher) {
  return {
    domain: sessionsDomain(domain),
    types: {
      Voucher: [
        { name: 'credits', type: 'address' },
        { name: 'session', type: 'uint64' },
        { name: 'route', type: 'uint32' },
        { name: 'drawn', type: 'uint48' },
      ],
    },
    primaryType: 'Voucher',
    message: { credits: domain.credits, session, route, drawn },
  } as const;
}

/** @param key of the session */
export async function signVoucher(key: Signer, domain: VoucherDomain, voucher: Voucher): Promise<SignedVoucher> {
  return { ...voucher, signature: compactSignature(await key.signTypedData(voucherTypedData(domain, voucher))) };
}

/** Whether the contract will take the signature of a voucher for that of a session's key. */
export async function isSignedBy(key: Address, domain: VoucherDomain, voucher: SignedVoucher): Promise<boolean> {
  const signer = await signerOfTypedData(voucherTypedData(domain, voucher), voucher.signature);
  return signer !== undefined && isAddressEqual(signer, key);
}

/** A voucher for the route that its session is named by, as a bearer token: `swarmlock.SESSION.DRAWN.SIGNATURE`. */
export function voucherToken({ session, drawn, signature }: SignedVoucher): string {
  return ['swarmlock', session, drawn, signature.slice(2)].join('.');
}

/** The voucher of a bearer token; undefined when it is none. @throws VOUCHER_INVALID */
export function parseVoucherToken(token: string): SignedVoucher | undefined {
  const [, session, drawn, signature] = /^swarmlock\.(\d{1,20})\.(\d{1,15})\.([0-9a-f]{128})$/.exec(token) ?? [];
  if (session === undefined) return undefined;
  return checked({ session: BigInt(session), drawn: Number(drawn), signature: `0x${signature}` });
}

/** A voucher for the route that its session is named by. @throws VOUCHER_INVALID when a number is too large */
export function checked({ session, drawn, signature }: Omit<SignedVoucher, 'route'>): SignedVoucher {
  if (session < 2n ** 64n && drawn <= MOST) return { session, route: routeOfSession(session), drawn, signature };
  throw new SwarmlockError('a session has 64 bits, and an amount 48', { code: 'VOUCHER_INVALID', argument: 'drawn' });
}
