import { expect } from 'chai';
import fc from 'fast-check';
import { bytesToHex, concatHex, keccak256, recoverAddress as byViem, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import { recoverAddress } from '../../../workers/lib/recover.ts';

const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));
/** Numbers at the edges of what a part of a signature may be. */
const edge = fc.constantFrom<Hex>(
  `0x${'00'.repeat(32)}`,
  `0x${'00'.repeat(31)}01`,
  `0x${ORDER}`,
  `0x${'ff'.repeat(32)}`,
);

describe('who has signed, by WebAssembly', () => {
  it('is whom viem says', async () => {
    await fc.assert(
      fc.asyncProperty(word, word, async (secret, message) => {
        const key = privateKeyToAccount(keccak256(secret));
        const signature = await key.sign({ hash: message });
        expect(await recoverAddress({ hash: message, signature })).to.equal(key.address);
      }),
      { numRuns: 20 },
    );
  });

  it('is nobody where viem says so, and else the same', async () => {
    const part = fc.oneof(word, edge);
    await fc.assert(
      fc.asyncProperty(word, part, part, fc.constantFrom<Hex>('0x1b', '0x1c'), async (hash, r, s, v) => {
        const signature = concatHex([r, s, v]);
        const [ours, theirs] = await Promise.all(
          [recoverAddress, byViem].map((recover) => recover({ hash, signature }).catch(() => 'nobody')),
        );
        expect(ours).to.equal(theirs);
      }),
      { numRuns: 100 },
    );
  });
});
