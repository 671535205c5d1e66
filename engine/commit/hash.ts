import { createHash } from 'node:crypto';
import { SwarmlockError } from '../errors.ts';

/** 32 bytes as 0x-prefixed lower-case hexadecimal: the form of every root at an API boundary and on chain. */
export type Hash = `0x${string}`;

export const HASH_BYTES = 32;

/** SHA-256 of the concatenation of `parts`, by the obvious route. */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

export function isHash(value: unknown): value is Hash {
  return typeof value === 'string' && /^0x[0-9a-f]{64}$/.test(value);
}

export function hashFromBytes(bytes: Uint8Array): Hash {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`;
}

/** The 32 bytes of a hash. @throws HASH_INVALID when it is not 0x and 64 lower-case hexadecimal digits. */
export function bytesFromHash(hash: Hash): Uint8Array {
  if (isHash(hash)) return new Uint8Array(Buffer.from(hash.slice(2), 'hex'));
  throw new SwarmlockError(`Not a hash: ${String(hash)}`, {
    code: 'HASH_INVALID',
    argument: 'hash',
    hint: 'Give 0x and 64 lower-case hexadecimal digits.',
  });
}
