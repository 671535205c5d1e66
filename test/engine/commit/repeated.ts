import { expect } from 'chai';
import fc from 'fast-check';
import { rootOfTensor } from '../../../engine/commit/fast.ts';
import { createHasher } from '../../../engine/commit/hasher.ts';
import { planParts, type Part } from '../../../engine/commit/plan.ts';
import { tensorRoot } from '../../../engine/commit/reference.ts';
import { tiledRoot } from '../../../engine/commit/tiled.ts';
import { elementCount, type Shape } from '../../../engine/graph/types.ts';

/** Numbers with both zeros, and such that fit the upper half of a word. */
const numbers = (length: number, seed = 0) =>
  Float32Array.from({ length }, (_, i) => [0, -0, 2 ** -7, -1.5, (i + seed) / 3][(i * 7 + seed) % 5]!);

const written = (block: Float32Array<ArrayBuffer>, stretch: number, length: number) =>
  Float32Array.from({ length }, (_, i) => block[Math.floor((i % (block.length * stretch)) / stretch)]!);

const lastAxis = fc.constantFrom(1, 2, 3, 64, 128, 255, 256, 257, 384, 512, 600, 1_024, 1_400);

describe('trees of repeated elements', function () {
  this.timeout(30_000);

  it('are those of the elements written out, when a block is repeated', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 300 }),
        fc.constantFrom(1, 2, 5, 128, 300),
        fc.integer({ min: 1, max: 40 }),
        lastAxis,
        (length, stretch, rows, width) => {
          const shape = [rows, width];
          const block = numbers(length, width);
          const data = written(block, stretch, elementCount(shape));
          const type = { dtype: 'f32', shape } as const;
          expect(rootOfTensor(type, tiledRoot(type, block, stretch))).to.equal(tensorRoot({ ...type, data }));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('are those of the elements written out, when each is repeated, wherever they lie', async () => {
    const cases: readonly (readonly [Shape, number])[] = [
      [[3, 128], 128],
      [[700, 128], 128],
      [[5, 384], 384],
      [[5, 64], 4],
      [[9, 600], 300],
      [[300, 512], 512],
      [[2_000, 256], 128],
      [[1, 3], 3],
      [[4, 1_400], 1_400],
    ];
    const blocks = cases.map(([shape, stretch], i) => numbers(elementCount(shape) / stretch, i));
    let offset = 0;
    const parts = cases.map(([shape, stretch], i): Part => {
      offset += 8;
      const part = { dtype: 'f32', shape, stretch, offset } as const;
      offset += blocks[i]!.byteLength;
      return part;
    });
    const bytes = new Uint8Array(offset);
    parts.forEach((part, i) => bytes.set(new Uint8Array(blocks[i]!.buffer), part.offset));
    for (const threads of [1, 2]) {
      const hasher = createHasher({ threads });
      const { roots, isFinite } = await hasher.treeRoots(bytes, planParts(parts));
      await hasher.close();
      expect(isFinite).to.equal(true);
      parts.forEach((part, i) => {
        const data = written(blocks[i]!, part.stretch!, elementCount(part.shape));
        expect(rootOfTensor(part, roots[i]!)).to.equal(tensorRoot({ dtype: 'f32', shape: part.shape, data }));
      });
    }
  });

  it('say whether all floats were finite, and look at nothing else', async () => {
    const shape = [1_100, 255];
    const values = numbers(elementCount(shape));
    const bytes = new Uint8Array(values.buffer);
    const others = new Int32Array(values.buffer);
    for (const threads of [1, 2]) {
      const hasher = createHasher({ threads });
      const isFinite = async (dtype: 'f32' | 'i32') =>
        (await hasher.treeRoots(bytes, planParts([{ dtype, shape, offset: 0 }]))).isFinite;
      expect(await isFinite('f32')).to.equal(true);
      for (const place of [0, 255, 256, values.length - 1]) {
        const before = values[place]!;
        for (const bad of [NaN, Infinity, -Infinity]) {
          values[place] = bad;
          expect(await isFinite('f32')).to.equal(false);
          expect(await isFinite('i32')).to.equal(true);
        }
        values[place] = 3.4028234663852886e38;
        expect(await isFinite('f32')).to.equal(true);
        others[place] = 0x7f800001 | 0;
        expect(await isFinite('f32')).to.equal(false);
        values[place] = before;
      }
      await hasher.close();
    }
  });
});
