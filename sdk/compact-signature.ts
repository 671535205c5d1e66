import {
  compactSignatureToSignature,
  concatHex,
  hashTypedData,
  parseSignature,
  recoverAddress,
  serializeSignature,
  signatureToCompactSignature,
  slice,
  type Address,
  type HashTypedDataParameters,
  type Hex,
} from 'viem';

/** Half the order of secp256k1 (SEC 2, 2.4.1), rounded down. The contracts recover nobody from a greater s. */
export const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** A signature in the form of ERC-2098. */
export function compactSignature(signature: Hex): Hex {
  const { r, yParityAndS } = signatureToCompactSignature(parseSignature(signature));
  return concatHex([r, yParityAndS]);
}

/** As contracts take it. Viem's own parser has the parity for a part of the number, and throws where that is too large. */
export function compactParts(compact: Hex): { readonly r: Hex; readonly vs: Hex } {
  return { r: slice(compact, 0, 32), vs: slice(compact, 32) };
}

/** Whom the contracts will take for the signer of typed data (EIP-712); undefined when nobody. */
export async function signerOfTypedData(data: HashTypedDataParameters, compact: Hex): Promise<Address | undefined> {
  if (!/^0x[0-9a-f]{128}$/i.test(compact)) return undefined;
  try {
    const { r, vs: yParityAndS } = compactParts(compact);
    const parts = compactSignatureToSignature({ r, yParityAndS });
    if (BigInt(parts.s) > HALF_ORDER) return undefined;
    return await recoverAddress({ hash: hashTypedData(data), signature: serializeSignature(parts) });
  } catch {
    return undefined;
  }
}
