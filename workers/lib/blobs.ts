import type { Hash } from 'viem';

/** How a blob is recognised when it is read: its size, and the commitment that its bytes must give. */
export type Expected = {
  readonly bytes: number;
  digest(bytes: Uint8Array): Hash | Promise<Hash>;
};

/**
 * Bytes by their commitment root: payloads, segment states, global states. Nothing that comes out of a store is
 * trusted: it is verified against its root each time.
 */
export type BlobStore = {
  /** Stores `bytes` whole or not at all. Idempotent. Throws `DISK_FULL` and leaves what was there. */
  put(root: Hash, bytes: Uint8Array): Promise<void>;
  /** The verified bytes, or undefined when the blob is absent, of another size, or does not hash to `root`. */
  get(root: Hash, expected: Expected): Promise<Uint8Array | undefined>;
  /** Forgets what nobody needs any more. Idempotent. */
  remove(root: Hash): Promise<void>;
};
