import { expect } from 'chai';
import fc from 'fast-check';
import { leafGeometry, leafSpan } from '../../../engine/commit/format.ts';
import { proveLeaf, proveTensor, verifyLeaf, verifyTensor } from '../../../engine/commit/opening.ts';
import { stateRoot, tensorRoot } from '../../../engine/commit/reference.ts';
import { EMPTY, hashLeaf } from '../../../engine/commit/tree.ts';
import type { DType, TensorType } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';
import { layoutOf, patternState, patternTensor } from '../../helpers/tensors.ts';

const types = fc.record({
  dtype: fc.constantFrom<DType>('f32', 'i8', 'i32', 'u32'),
  shape: fc
    .array(fc.integer({ min: 1, max: 12 }), { maxLength: 2 })
    .chain((shape) => fc.integer({ min: 1, max: 1100 }).map((last) => [...shape, last])),
});

const params: TensorType[] = [
  { dtype: 'f32', shape: [10, 300] },
  { dtype: 'f32', shape: [7] },
  { dtype: 'f32', shape: [3, 256] },
];
const scalar: TensorType = { dtype: 'f32', shape: [1] };

describe('commitments: openings of a tensor', () => {
  it('show any leaf of any tensor, and nothing under another root, index or byte', () => {
    fc.assert(
      fc.property(types, fc.nat(), ({ dtype, shape }, seed) => {
        const tensor = patternTensor(dtype, shape);
        const root = tensorRoot(tensor);
        const { leaves } = leafGeometry(tensor);
        const index = seed % leaves;
        const opening = proveLeaf(tensor, index);
        const changed = opening.data.with(
          seed % opening.data.length,
          (opening.data[seed % opening.data.length] ?? 0) ^ 1,
        );
        expect(verifyLeaf(root, tensor, opening)).to.equal(true);
        expect(verifyLeaf(EMPTY, tensor, opening)).to.equal(false);
        expect(verifyLeaf(root, tensor, { ...opening, data: changed })).to.equal(false);
        expect(verifyLeaf(root, tensor, { ...opening, index: (index + 1) % (leaves + 1) })).to.equal(false);
      }),
      { numRuns: 60 },
    );
  });

  it('hold for one shape and one type only', () => {
    const tensor = patternTensor('f32', [8, 256]);
    const root = tensorRoot(tensor);
    const opening = proveLeaf(tensor, 3);
    for (const shape of [[256, 8], [2048], [4, 2, 256], [8, 256, 1], [7, 256], [9, 256]]) {
      expect(verifyLeaf(root, { dtype: 'f32', shape }, opening)).to.equal(false);
    }
    for (const dtype of ['i32', 'u32', 'i8'] as const) {
      expect(verifyLeaf(root, { dtype, shape: [8, 256] }, opening)).to.equal(false);
    }
  });

  it('start every row of 1,024 bytes and more on a leaf, and pack smaller rows', () => {
    const long = patternTensor('f32', [3, 300]);
    const short = patternTensor('f32', [3, 255]);
    expect(leafGeometry(long).leaves).to.equal(6);
    expect(leafSpan(leafGeometry(long), 3)).to.deep.equal({ start: 2224, length: 176 });
    expect([...new Float32Array(proveLeaf(long, 2).data.buffer, 0, 2)]).to.deep.equal([50, 50.5]);
    expect(leafGeometry(short).leaves).to.equal(3);
    expect(leafSpan(leafGeometry(short), 2)).to.deep.equal({ start: 2048, length: 1012 });
  });

  it('do not take two children for the bytes of a leaf', () => {
    const tensor = patternTensor('f32', [4, 256]);
    const root = tensorRoot(tensor);
    const left = proveLeaf(tensor, 0);
    const pair = Buffer.concat(
      [hashLeaf(left.data), left.siblings[0] ?? EMPTY].map((hash) => Buffer.from(hash.slice(2), 'hex')),
    );
    const forged = { index: 0, data: new Uint8Array(pair), siblings: left.siblings.slice(1) };
    expect(verifyLeaf(root, tensor, forged)).to.equal(false);
    expect(verifyLeaf(root, { dtype: 'i8', shape: [64] }, { ...forged, siblings: [] })).to.equal(false);
    expect(verifyLeaf(root, tensor, { ...left, siblings: ['0xzz', ...left.siblings.slice(1)] })).to.equal(false);
  });

  it('do not open padding, nor shapes that cannot be committed', async () => {
    const tensor = patternTensor('f32', [3, 256]);
    const opening = proveLeaf(tensor, 2);
    expect(verifyLeaf(tensorRoot(tensor), tensor, { ...opening, index: 3, data: new Uint8Array() })).to.equal(false);
    expect(verifyLeaf(tensorRoot(tensor), { dtype: 'f32', shape: [-3, -256] }, opening)).to.equal(false);
    await failsWith('INDEX_OUT_OF_RANGE', () => proveLeaf(tensor, 3));
    await failsWith('SHAPE_INVALID', () => tensorRoot({ dtype: 'f32', shape: [0.5, 2], data: new Float32Array(1) }));
    await failsWith('TENSOR_INVALID', () => tensorRoot({ ...tensor, shape: [3, 255] }));
  });
});

describe('commitments: openings of a state', () => {
  const state = patternState([params, params, params, [scalar, scalar]]);

  it('show every tensor of every group under its own name only', () => {
    const root = stateRoot(state);
    for (const name of state.tensors.keys()) {
      const opening = proveTensor(state, name);
      expect(verifyTensor(root, state.layout, name, opening)).to.equal(true);
      for (const other of state.tensors.keys()) {
        if (other !== name) expect(verifyTensor(root, state.layout, other, opening)).to.equal(false);
      }
      expect(verifyTensor(root, state.layout, name, { ...opening, root: EMPTY })).to.equal(false);
      expect(verifyTensor(root, layoutOf([params]), name, opening)).to.equal(false);
    }
  });

  it('have the root of the parameters as a subtree: the global state', () => {
    const whole = proveTensor(state, '0.0');
    const global = patternState([params]);
    const part = proveTensor(global, '0.0');
    expect(whole.siblings.slice(0, 2)).to.deep.equal(part.siblings);
    expect(
      verifyTensor(stateRoot(global), global.layout, '0.0', { ...whole, siblings: whole.siblings.slice(0, 2) }),
    ).to.equal(true);
  });

  it('know nothing of a name that is not there', async () => {
    const opening = proveTensor(state, '3.1');
    expect(verifyTensor(stateRoot(state), state.layout, 'nowhere', opening)).to.equal(false);
    await failsWith('SLOT_UNKNOWN', () => proveTensor(state, 'nowhere'));
  });
});
