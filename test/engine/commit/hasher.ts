import { expect } from 'chai';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { createHasher } from '../../../engine/commit/hasher.ts';
import { stateRoot, tensorRoot } from '../../../engine/commit/reference.ts';
import type { DType, TensorType } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';
import { patternState } from '../../helpers/tensors.ts';

const words = fc.record<TensorType>({
  dtype: fc.constantFrom<DType>('f32', 'i32', 'u32'),
  shape: fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 1, max: 700 })),
});

/** 1.3 to 2.6 MB: large enough for threads, with subtrees that are not full. */
const large: TensorType[][] = [
  [
    { dtype: 'f32', shape: [1000, 257] },
    { dtype: 'f32', shape: [300_001] },
    { dtype: 'i32', shape: [] },
  ],
  [{ dtype: 'u32', shape: [3, 5] }],
];

describe('the hasher', () => {
  const hasher = createHasher({ threads: 3 });
  after(() => hasher.close());

  it('agrees with the reference on states of any layout', async () => {
    const groups = fc.array(fc.array(words, { maxLength: 3 }), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(groups, async (types) => {
        const state = patternState(types);
        expect(await hasher.stateRoot(state)).to.equal(stateRoot(state));
      }),
      { numRuns: 25 },
    );
  }).timeout(20_000);

  it('agrees with the reference on threads, on several states at once', async () => {
    const states = [patternState(large), patternState([...large, ...large])];
    const changed = patternState(large);
    changed.bytes[changed.bytes.length - 70] = 1;
    const roots = await Promise.all([...states, changed].map((state) => hasher.stateRoot(state)));
    expect(roots).to.deep.equal([...states, changed].map(stateRoot));
    expect(new Set(roots).size).to.equal(3);
  }).timeout(20_000);

  it('gives the same root whatever the number of threads', async () => {
    const state = patternState(large);
    const one = createHasher({ threads: 1 });
    const two = createHasher({ threads: 2 });
    expect(await one.stateRoot(state)).to.equal(await two.stateRoot(state));
    await two.close();
  });

  it('keeps words aligned behind bytes', async () => {
    const state = patternState([
      [
        { dtype: 'i8', shape: [600_001] },
        { dtype: 'i8', shape: [3] },
        { dtype: 'f32', shape: [200_000] },
      ],
    ]);
    expect(await hasher.stateRoot(state)).to.equal(stateRoot(state));
  });

  it('commits -0 as +0 and tells it from other types, and leaves the state as it is', async () => {
    const zero = patternState(large);
    const negative = patternState(large);
    const floats = negative.tensors.get('0.0') ?? new Float32Array();
    for (const index of [0, 255, 256, 100_000]) {
      floats[index] = -0;
      (zero.tensors.get('0.0') ?? floats)[index] = 0;
    }
    expect(await hasher.stateRoot(negative)).to.equal(await hasher.stateRoot(zero));
    expect(stateRoot(negative)).to.equal(stateRoot(zero));
    expect(Object.is(floats[256], -0)).to.equal(true);
    const integers = (value: number) => ({ dtype: 'i32', shape: [1], data: Int32Array.of(value) }) as const;
    expect(hasher.tensorRoot(integers(-(2 ** 31)))).to.equal(tensorRoot(integers(-(2 ** 31))));
    expect(tensorRoot(integers(-(2 ** 31)))).not.to.equal(tensorRoot(integers(0)));
  });

  it('rejects work that was under way when it was closed, and work after that', async () => {
    const closing = createHasher({ threads: 2 });
    const root = closing.stateRoot(patternState(large));
    const rejected = failsWith('HASHER_CLOSED', root);
    await closing.close();
    await rejected;
    await failsWith('HASHER_CLOSED', closing.stateRoot(patternState(large)));
  });

  it('refuses to hash on no thread or half a thread', async () => {
    await failsWith('THREADS_INVALID', () => createHasher({ threads: 0 }));
    await failsWith('THREADS_INVALID', () => createHasher({ threads: 1.5 }));
  });

  it('lets the process end when it is idle, closed or not', async () => {
    const program = `
      const { createHasher } = await import('./engine/commit/hasher.ts');
      const { createState } = await import('./engine/graph/state.ts');
      const state = createState({ groups: [[{ name: 'a', dtype: 'f32', shape: [500000] }]] });
      console.log(await createHasher({ threads: 2 }).stateRoot(state));`;
    const root = new URL('../../..', import.meta.url);
    const options = { cwd: root, timeout: 15_000 };
    const { stdout } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], options);
    expect(stdout.trim()).to.match(/^0x[0-9a-f]{64}$/);
  }).timeout(20_000);
});
