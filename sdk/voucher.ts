import {
  compactSignatureToSignature,
  isAddressEqual,
  isHex,
  parseSignature,
  recoverTypedDataAddress,
  serializeSignature,
  signatureToCompactSignature,
  type Address,
  type Hex,
} from 'viem';

import type { Serving } from './serving.ts';
import type { Signer } from './signer.ts';

/** What one route has drawn from a session since it was opened, in units of the credits: 1e-6 of one. */
export type Draw = {
  readonly session: bigint;
  readonly route: number;
  readonly drawn: bigint;
};

/** A draw, signed by the session's key. It is cumulative: the latest replaces all before it. */
export type Voucher = Draw & {
  readonly r: Hex;
  /** The rest of the signature, in the compact form of ERC-2098. */
  readonly vs: Hex;
};

/** The contract and the credits that a voucher is for. */
export type VoucherPlace = Pick<Serving, 'sessions'> & { readonly chainId: number; readonly credits: Address };

const TYPES = {
  Voucher: [
    { name: 'credits', type: 'address' },
    { name: 'session', type: 'uint64' },
    { name: 'route', type: 'uint32' },
    { name: 'drawn', type: 'uint48' },
  ],
} as const;

/** Half the order of secp256k1 (SEC 2, 2.4.1), rounded down. The contract recovers nobody from a greater s. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;
const YPARITY = 1n << 255n;

/** The domain (EIP-712) of all that is signed for the contract of sessions. */
export function sessionsDomain({ chainId, sessions }: Pick<VoucherPlace, 'chainId' | 'sessions'>) {
  return { name: 'Swarmlock Sessions', version: '1', chainId, verifyingContract: sessions } as const;
}

/** @param key of the session */
export async function signVoucher(key: Signer, place: VoucherPlace, draw: Draw): Promise<Voucher> {
  const signature = await key.signTypedData(typedData(place, draw));
  const { r, yParityAndS: vs } = signatureToCompactSignature(parseSignature(signature));
  return { ...draw, r, vs };
}

/** Whether the contract will take the signature of a voucher for that of a session's key. */
export async function isSignedBy(key: Address, place: VoucherPlace, voucher: Voucher): Promise<boolean> {
  if (!isWord(voucher.r) || !isWord(voucher.vs) || BigInt(voucher.vs) % YPARITY > HALF_ORDER) return false;
  const compact = { r: voucher.r, yParityAndS: voucher.vs };
  try {
    const signature = serializeSignature(compactSignatureToSignature(compact));
    return isAddressEqual(await recoverTypedDataAddress({ ...typedData(place, voucher), signature }), key);
  } catch {
    return false;
  }
}

function isWord(value: Hex): boolean {
  return isHex(value) && value.length === 66;
}

function typedData(place: VoucherPlace, { session, route, drawn }: Draw) {
  return {
    domain: sessionsDomain(place),
    types: TYPES,
    primaryType: 'Voucher',
    message: { credits: place.credits, session, route, drawn: Number(drawn) },
  } as const;
}
