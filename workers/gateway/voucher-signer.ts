import { recover } from 'tiny-secp256k1';
import {
  bytesToHex,
  concatBytes,
  domainSeparator,
  encodeAbiParameters,
  hexToBytes,
  keccak256,
  parseAbiParameters,
  stringToBytes,
  type Address,
} from 'viem';

import { HALF_ORDER } from '../../sdk/compact-signature.ts';
import { sessionsDomain, type SignedVoucher, type VoucherDomain } from '../../sdk/vouchers.ts';

/** Whom the contract will take for the signer of a voucher; undefined when nobody. */
export type SignerOf = (voucher: SignedVoucher) => Address | undefined;

const TYPE_HASH = keccak256(stringToBytes('Voucher(address credits,uint64 session,uint32 route,uint48 drawn)'));
const FIELDS = parseAbiParameters('bytes32, address, uint64, uint32, uint48');
const WORD = 32;

/**
 * As `isSignedBy` of the SDK finds signers, in a sixth of the time: keys by libsecp256k1 in WebAssembly, and what all
 * vouchers of a contract have in common is hashed once.
 */
export function voucherSigner(domain: VoucherDomain): SignerOf {
  const prefix = concatBytes([hexToBytes('0x1901'), hexToBytes(domainSeparator({ domain: sessionsDomain(domain) }))]);
  const hashOf = ({ session, route, drawn }: SignedVoucher): Uint8Array => {
    const fields = encodeAbiParameters(FIELDS, [TYPE_HASH, domain.credits, session, route, drawn]);
    return keccak256(concatBytes([prefix, keccak256(fields, 'bytes')]), 'bytes');
  };
  return (voucher) => {
    if (!/^0x[0-9a-f]{128}$/i.test(voucher.signature)) return undefined;
    const signature = hexToBytes(voucher.signature);
    const parity = (signature[WORD]! >> 7) as 0 | 1;
    // What is left of it behind the bit of the parity is s (ERC-2098).
    signature[WORD]! &= 0x7f;
    try {
      if (BigInt(bytesToHex(signature.subarray(WORD))) > HALF_ORDER) return undefined;
      const key = recover(hashOf(voucher), signature, parity, false);
      return key === null ? undefined : bytesToHex(keccak256(key.subarray(1), 'bytes').subarray(-20));
    } catch {
      return undefined;
    }
  };
}
