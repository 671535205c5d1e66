import {
  compactSignatureToSignature,
  hashTypedData,
  parseCompactSignature,
  parseSignature,
  recoverAddress,
  serializeCompactSignature,
  serializeSignature,
  signatureToCompactSignature,
  type Address,
  type HashTypedDataParameters,
  type Hex,
} from 'viem';

/** Half the order of secp256k1 (SEC 2, 2.4.1), rounded down. The contracts recover nobody from a greater s. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** As viem's `recoverAddress`. */
export type Recover = (signed: { hash: Hex; signature: Hex }) => Promise<Address>;

/** A signature in the form of ERC-2098. */
export function compactSignature(signature: Hex): Hex {
  return serializeCompactSignature(signatureToCompactSignature(parseSignature(signature)));
}

/**
 * Whom the contracts will take for the signer of typed data (EIP-712); undefined when nobody.
 * @param recover another one than viem's, such as a faster one
 */
export async function signerOfTypedData(
  data: HashTypedDataParameters,
  compact: Hex,
  recover: Recover = recoverAddress,
): Promise<Address | undefined> {
  if (!/^0x[0-9a-f]{128}$/i.test(compact)) return undefined;
  try {
    const parts = compactSignatureToSignature(parseCompactSignature(compact));
    if (BigInt(parts.s) > HALF_ORDER) return undefined;
    return await recover({ hash: hashTypedData(data), signature: serializeSignature(parts) });
  } catch {
    return undefined;
  }
}
