import { expect } from 'chai';
import fc from 'fast-check';
import { topkOfChunks } from '../../../engine/compress/topk.ts';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import { expectAgreement } from '../../helpers/agreement.ts';
import { failsWith } from '../../helpers/errors.ts';
import { floats, moods } from '../../helpers/hostile.ts';
import { invocationOf, outputsAmong } from '../../helpers/programs.ts';

/** Values and positions of the k largest of each chunk, as by the lowered program and the reference. */
async function keptOf(tensor: Tensor, k: number): Promise<readonly (readonly number[])[]> {
  const invocation = invocationOf([{ tensor, held: 'input' }], (graph, [x]) => {
    const { values, positions } = topkOfChunks(graph, x!, k);
    return [values, positions];
  });
  const outcome = await expectAgreement(invocation);
  if ('fault' in outcome) throw new Error('a fault');
  return outputsAmong(invocation.program, outcome.values);
}

/** The same by sorting whole chunks. */
function sortedOf({ shape, data }: Tensor, k: number): readonly (readonly number[])[] {
  const n = shape.at(-1)!;
  const positions = Array.from({ length: data.length / n }, (_, chunk) => {
    const of = (i: number) => Math.abs(data[chunk * n + i]!);
    const order = Array.from({ length: n }, (__, i) => i).sort((i, j) => of(j) - of(i) || i - j);
    return order.slice(0, k).toSorted((i, j) => i - j);
  });
  const values = positions.flatMap((row, chunk) => row.map((i) => data[chunk * n + i]! + 0));
  return [values, positions.flat()];
}

const few = fc.constantFrom(0, -0, 1, -1, 2, -2);
const chunks = fc
  .tuple(fc.constantFrom([], [2], [1, 2]), fc.constantFrom(1, 7, 64, 1_000, 1_024, 2_048, 4_096))
  .chain(([lead, n]) => {
    const most = n <= 1_024 ? n : 2 ** 20 / n;
    const k = fc.oneof(fc.integer({ min: 1, max: most }), fc.constant(Math.min(most, 64)), fc.constant(most));
    return fc.tuple(fc.oneof(floats([...lead, n], moods), floats([...lead, n], [few])), k);
  });

describe('the largest of a chunk', function () {
  this.timeout(60_000);

  it('are those of a plain sort, of equal ones the first, for up to 64 of 4,096', async () => {
    const property = fc.asyncProperty(chunks, async ([x, k]) => {
      expect(await keptOf(x, k)).to.deep.equal(sortedOf(x, k));
    });
    await fc.assert(property, { numRuns: 60 });
  });

  it('are the first ones of a chunk of zeros, and of one whose equal ones span its rows', async () => {
    const data = new Float32Array(4_096);
    const zeros: Tensor = { dtype: 'f32', shape: [4_096], data };
    expect((await keptOf(zeros, 64))[1]).to.deep.equal(Array.from({ length: 64 }, (_, i) => i));
    const spread = data.map((_, i) => (i % 50 === 49 ? (i % 100 === 49 ? -3 : 3) : 0));
    const expected = Array.from({ length: 64 }, (_, i) => 50 * i + 49);
    expect((await keptOf({ ...zeros, data: spread }, 64))[1]).to.deep.equal(expected);
  });

  it('are refused where candidates exceed a row, and chunks that are no whole rows', async () => {
    const graph = new GraphBuilder([]);
    const of = (n: number) => graph.constant('f32', [n], new Float32Array(n));
    expect(topkOfChunks(graph, of(4_096), 256).values.shape).to.deep.equal([256]);
    await failsWith('GRAPH_INVALID', () => topkOfChunks(graph, of(4_096), 257));
    await failsWith('GRAPH_INVALID', () => topkOfChunks(graph, of(1_536), 2));
    await failsWith('GRAPH_INVALID', () => topkOfChunks(graph, of(10), 11));
  });
});
