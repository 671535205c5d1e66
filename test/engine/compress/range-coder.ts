import { expect } from 'chai';
import fc from 'fast-check';
import { BitReader, BitWriter, Contexts } from '../../../engine/compress/range-coder.ts';

const CONTEXTS = 3;

function written(bits: readonly number[]): Uint8Array {
  const [writer, contexts] = [new BitWriter(), new Contexts(CONTEXTS)];
  bits.forEach((bit, i) => writer.bit(contexts, i % CONTEXTS, bit));
  return writer.finish();
}

function read(bytes: Uint8Array, count: number): readonly number[] {
  const [reader, contexts] = [new BitReader(bytes), new Contexts(CONTEXTS)];
  return Array.from({ length: count }, (_, i) => reader.bit(contexts, i % CONTEXTS));
}

/** Bits of which one in `period` is a 1, at places that look random. */
function rare(count: number, period: number): number[] {
  let word = 7;
  return Array.from({ length: count }, () => {
    word = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0;
    return (word >>> 8) % period === 0 ? 1 : 0;
  });
}

describe('the arithmetic coder', function () {
  this.timeout(60_000);

  it('gives back any bits', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(1), { maxLength: 3_000 }), (bits) => {
        expect(read(written(bits), bits.length)).to.deep.equal(bits);
      }),
      { seed: 3, numRuns: 100 },
    );
  });

  it('gives back bits that surprise it after long runs', () => {
    for (const first of [0, 1]) {
      const bits = Array.from({ length: 20_000 }, (_, i) => (i % 997 === 996 ? 1 - first : first));
      expect(read(written(bits), bits.length)).to.deep.equal(bits);
    }
  });

  it('comes within a hundredth of the entropy', () => {
    for (const period of [2, 3, 10, 60]) {
      const bits = rare(60_000, period);
      const p = bits.filter((bit) => bit === 1).length / bits.length;
      const entropy = -p * Math.log2(p) - (1 - p) * Math.log2(1 - p);
      expect(8 * written(bits).length).to.be.below(1.01 * entropy * bits.length + 100);
    }
  });
});
