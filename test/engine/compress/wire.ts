import { expect } from 'chai';
import fc from 'fast-check';
import { magnitudeOf, MAGNITUDES, magnitudeNumber } from '../../../engine/compress/magnitudes.ts';
import { decodePayload, encodePayload, largestPayload } from '../../../engine/compress/wire.ts';
import { createState, stateBytes, type State } from '../../../engine/graph/state.ts';
import { publishedLayout } from '../../../engine/programs.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const recipe = tinyRecipe({
  model: { depth: 1, width: 8, heads: 2, context: 16, vocabulary: 256 },
  compression: { name: 'sparseloco', chunk: 256, k: 16 },
});
const dense = tinyRecipe();
const layout = publishedLayout(recipe);
const [chunks, k] = layout.groups[0]![0]!.shape as [number, number];

/** Any row that a compression can give: distinct positions, and two magnitudes of any size. */
const row = fc.record({
  positions: fc.uniqueArray(fc.nat(255), { minLength: k, maxLength: k }),
  numbers: fc.tuple(fc.nat(MAGNITUDES - 1), fc.nat(MAGNITUDES - 1)),
  codes: fc.array(fc.nat(3), { minLength: k, maxLength: k }),
});

const payloads = fc.array(row, { minLength: chunks, maxLength: chunks }).map((rows): State => {
  const payload = createState(layout);
  rows.forEach(({ positions, numbers, codes }, chunk) => {
    payload.tensors.get('positions')!.set(
      positions.toSorted((a, b) => a - b),
      chunk * k,
    );
    const values = codes.map((code) => (code < 2 ? 1 : -1) * magnitudeOf(numbers[code % 2]!) + 0);
    payload.tensors.get('values')!.set(values, chunk * k);
  });
  return payload;
});

const someOf = () => fc.sample(payloads, { numRuns: 1, seed: 7 })[0]!;

/** What decoding comes to: a payload, or the code of its error. */
function outcome(bytes: Uint8Array): State | string {
  try {
    return decodePayload(recipe, bytes);
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe('the encoding of a payload', function () {
  this.timeout(60_000);

  it('gives back every payload', () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const encoded = encodePayload(recipe, payload);
        expect(encoded.length).to.be.at.most(largestPayload(recipe));
        expect(Buffer.from(decodePayload(recipe, encoded).bytes).equals(payload.bytes)).to.equal(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('is the only one: every other string of bytes is refused or is the encoding of what it gives', () => {
    const strings = fc.uint8Array({ maxLength: 400 }).map((bytes) => Uint8Array.of(1, ...bytes));
    fc.assert(
      fc.property(strings, (bytes) => {
        const result = outcome(bytes);
        if (typeof result === 'string') expect(result).to.equal('PAYLOAD_INVALID');
        else expect(Buffer.from(encodePayload(recipe, result)).equals(bytes)).to.equal(true);
      }),
      { seed: 2, numRuns: 500 },
    );
  });

  it('is refused when it is cut off anywhere, or longer', () => {
    const encoded = encodePayload(recipe, someOf());
    for (let length = 0; length < encoded.length; length++)
      expect(outcome(encoded.subarray(0, length))).to.equal('PAYLOAD_INVALID');
    for (const tail of [[0], [255], [0, 0, 0, 0]])
      expect(outcome(Uint8Array.of(...encoded, ...tail))).to.equal('PAYLOAD_INVALID');
  });

  it('is refused or gives another payload when a bit is flipped', () => {
    const encoded = encodePayload(recipe, someOf());
    const payload = decodePayload(recipe, encoded);
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = encoded.with(bit >>> 3, encoded[bit >>> 3]! ^ (1 << (bit & 7)));
      const result = outcome(flipped);
      if (typeof result === 'string') expect(result).to.equal('PAYLOAD_INVALID');
      else expect(Buffer.from(result.bytes).equals(payload.bytes)).to.equal(false);
    }
  });

  it('is refused unread when it is longer than any', async () => {
    const most = largestPayload(recipe);
    const error = await failsWith('PAYLOAD_INVALID', () => decodePayload(recipe, new Uint8Array(most + 1).fill(1)));
    expect(error.message).to.contain(String(most + 1));
  });

  it('does not exist for what no compression gives', async () => {
    const wrong: [string, number, number][] = [
      ['positions', 0, 1.5],
      ['positions', 0, -1],
      ['positions', k - 1, 256],
      ['positions', 1, 0],
      ['values', 0, 0.3],
      ['values', 0, NaN],
      ['values', 0, 2 ** 41],
      ['values', 0, 2 ** -61],
    ];
    for (const [name, index, value] of wrong) {
      const payload = createState(layout, someOf().bytes);
      payload.tensors.get('positions')!.set([0], 0);
      payload.tensors.get(name)![index] = value;
      await failsWith('PAYLOAD_INVALID', () => encodePayload(recipe, payload));
    }
    const three = createState(layout, someOf().bytes);
    three.tensors.get('values')!.set([1, 2, 4]);
    await failsWith('PAYLOAD_INVALID', () => encodePayload(recipe, three));
  });

  it('is the tensors themselves without compression, all of them and within 2^40', async () => {
    const payload = createState(publishedLayout(dense));
    payload.tensors.get('head')!.fill(0.25);
    const encoded = encodePayload(dense, payload);
    expect(encoded.length).to.equal(stateBytes(payload.layout));
    expect(Buffer.from(decodePayload(dense, encoded).bytes).equals(payload.bytes)).to.equal(true);
    await failsWith('PAYLOAD_INVALID', () => decodePayload(dense, encoded.subarray(1)));
    for (const [element, isSent] of [
      [-(2 ** 40), true],
      [1.001 * 2 ** 40, false],
      [Infinity, false],
      [NaN, false],
    ] as const) {
      payload.tensors.get('head')![3] = element;
      if (isSent) expect(decodePayload(dense, payload.bytes).tensors.get('head')![3]).to.equal(element);
      else await failsWith('PAYLOAD_INVALID', () => decodePayload(dense, payload.bytes));
      if (!isSent) await failsWith('PAYLOAD_INVALID', () => encodePayload(dense, payload));
    }
  });

  it('has 0.1483 bits for each of a million parameters and more at most', () => {
    const million = tinyRecipe({
      model: { depth: 6, width: 128, heads: 2, context: 16, vocabulary: 256 },
      compression: { name: 'sparseloco' },
    });
    const payload = createState(publishedLayout(million));
    fillAsCompressed(payload, 4096, 64);
    const bits = 8 * encodePayload(million, payload).length;
    const parameters = stateBytes(publishedLayout({ ...million, compression: { name: 'none' } })) / 4;
    expect(parameters).to.be.above(1_000_000);
    expect(bits / parameters).to.be.below(0.1483);
  });
});

describe('the magnitudes of compressed values', () => {
  it('are numbered in ascending order and without gaps', () => {
    let before = -1;
    for (let number = 0; number < MAGNITUDES; number++) {
      const magnitude = magnitudeOf(number);
      expect(Math.fround(magnitude)).to.equal(magnitude).and.above(before);
      expect(magnitudeNumber(magnitude)).to.equal(number);
      before = magnitude;
    }
    expect(before).to.equal(2 ** 40);
    expect([1.1, 2 ** -61, 1.25 * 2 ** 40, Infinity, NaN].map(magnitudeNumber)).to.deep.equal(Array(5).fill(undefined));
  });
});

/** The largest of normal elements, independent of each other: the hardest case, as nothing can be told from the neighbours. */
function fillAsCompressed({ tensors }: State, chunk: number, kept: number): void {
  const [positions, values] = [tensors.get('positions')!, tensors.get('values')!];
  let word = 1;
  const uniform = () => ((word = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0) + 0.5) / 2 ** 32;
  const element = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
  for (let start = 0; start < positions.length; start += kept) {
    const x = Array.from({ length: chunk }, element);
    const order = x.map((_, i) => i).toSorted((a, b) => Math.abs(x[b]!) - Math.abs(x[a]!));
    const largest = order.slice(0, kept).toSorted((a, b) => a - b);
    const mean = largest.reduce((sum, i) => sum + Math.abs(x[i]!), 0) / kept;
    const exponent = uniform() < 0.5 ? -8 : -9;
    largest.forEach((position, i) => {
      positions[start + i] = position;
      values[start + i] = Math.sign(x[position]!) * (Math.abs(x[position]!) > mean ? 1.5 : 1.25) * 2 ** exponent;
    });
  }
}
