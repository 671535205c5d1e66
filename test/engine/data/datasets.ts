import { expect } from 'chai';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from '../../../engine/commit/hash.ts';
import { hashLeaf, merkleProof, merkleRoot, verifyProof } from '../../../engine/commit/tree.ts';
import { createDataset, loadDataset, requireDatasetRoot } from '../../../engine/data/dataset.ts';
import { SHARD_BYTES, shardRoot, shardsOf, tokensRoot } from '../../../engine/data/shards.ts';
import { byteTokenizer, tokenBytes, type Tokenizer } from '../../../engine/data/tokenizer.ts';
import { failsWith } from '../../helpers/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { freshFolder } from '../../helpers/folders.ts';

type Vector = {
  tokens: number;
  vocabulary: number;
  heldOutShare: number;
  trainTokens: number;
  heldOutTokens: number;
  root: Hash;
};

const context = 4;

/** The tokens that the note in test/fixtures/datasets.json describes, whatever the text. */
function patternTokenizer(vocabulary: number, tokens: number): Tokenizer {
  const all = Uint32Array.from({ length: tokens }, (_, i) => Math.floor((i * 7919) / 3) % vocabulary);
  const narrow = { 1: () => Uint8Array.from(all), 2: () => Uint16Array.from(all), 4: () => all };
  return {
    id: 'pattern',
    vocabulary,
    encode: narrow[tokenBytes(vocabulary)],
    decode: () => '',
    decoder: () => () => '',
  };
}

describe('datasets: from files', () => {
  const folder = freshFolder();
  const write = (name: string, text: string | Uint8Array) => writeFileSync(join(folder(), name), text);
  const textOf = async (path: string) => {
    const { train, heldOut } = await loadDataset(path, { context: 1 });
    return byteTokenizer.decode([...train, ...heldOut]);
  };

  it('take a file byte by byte, whatever the bytes are', async () => {
    const bytes = Uint8Array.from({ length: 300 }, (_, i) => 255 - (i % 256));
    write('binary', bytes);
    const { train, heldOut, tokenizer, vocabulary } = await loadDataset(join(folder(), 'binary'), { context });
    expect([...train, ...heldOut]).to.deep.equal([...bytes]);
    expect({ tokenizer, vocabulary }).to.deep.equal({ tokenizer: 'bytes', vocabulary: 256 });
  });

  it('take all files under a folder in the order of their paths, joined by a newline, without hidden ones', async () => {
    mkdirSync(join(folder(), 'b', 'inner'), { recursive: true });
    mkdirSync(join(folder(), '.git'));
    write('c.txt', 'third'.repeat(5));
    write('a.txt', 'first'.repeat(5));
    write('b/inner/x', 'second'.repeat(5));
    write('B', 'zeroth'.repeat(5));
    write('.hidden', 'no');
    write('.git/config', 'no');
    symlinkSync(join(folder(), 'a.txt'), join(folder(), 'link'));
    const text = ['zeroth', 'first', 'second', 'third'].map((word) => word.repeat(5)).join('\n');
    expect(await textOf(folder())).to.equal(text);
  });

  it('take the files that a glob matches, in the order of their paths', async () => {
    mkdirSync(join(folder(), 'd'));
    write('b.txt', 'two'.repeat(10));
    write('a.txt', 'one'.repeat(10));
    write('d/c.txt', 'three'.repeat(10));
    write('a.md', 'no');
    expect(await textOf(join(folder(), '**', '*.txt'))).to.equal(
      ['one', 'two', 'three'].map((word) => word.repeat(10)).join('\n'),
    );
  });

  it('take a file whose name looks like a glob', async () => {
    write('a[1].txt', 'exactly this one'.repeat(3));
    expect(await textOf(join(folder(), 'a[1].txt'))).to.equal('exactly this one'.repeat(3));
  });

  it('say what is missing, unreadable, empty or too short', async () => {
    mkdirSync(join(folder(), 'nothing'));
    write('empty', '');
    write('empty2', '');
    write('short', 'a'.repeat(49));
    await failsWith('DATASET_UNREADABLE', loadDataset(join(folder(), 'missing'), { context }));
    await failsWith('DATASET_UNREADABLE', loadDataset(join(folder(), 'short', 'below-a-file'), { context }));
    await failsWith('DATASET_EMPTY', loadDataset(join(folder(), 'nothing'), { context }));
    await failsWith('DATASET_EMPTY', loadDataset(join(folder(), '*.none'), { context }));
    await failsWith('DATASET_EMPTY', loadDataset(join(folder(), 'empty*'), { context }));
    await failsWith('DATASET_TOO_SHORT', loadDataset(join(folder(), 'short'), { context: 45 }));
    await failsWith('DATASET_TOO_SHORT', loadDataset(join(folder(), 'short'), { context }));
    write('short', 'a'.repeat(50));
    expect((await loadDataset(join(folder(), 'short'), { context })).heldOut).to.have.length(5);
  });
});

describe('datasets: tokens and roots', () => {
  for (const { root, trainTokens, heldOutTokens, ...vector } of fixture<{ datasets: Vector[] }>('datasets').datasets) {
    const { tokens, vocabulary, heldOutShare } = vector;
    it(`bind ${tokens} tokens of ${vocabulary}, ${heldOutTokens} held out, as another program does`, () => {
      const tokenizer = patternTokenizer(vocabulary, tokens);
      const dataset = createDataset('', { context, tokenizer, heldOutShare });
      expect([dataset.train.length, dataset.heldOut.length]).to.deep.equal([trainTokens, heldOutTokens]);
      expect(dataset.root).to.equal(root);
    });
  }

  it('bind where the held-out part starts', () => {
    const text = 'the same text, cut elsewhere '.repeat(20);
    const roots = [0.1, 0.2, 0].map((heldOutShare) => createDataset(text, { context, heldOutShare }).root);
    expect(new Set(roots).size).to.equal(3);
  });

  it('have the root of the tree over all leaves, so that a token opens under it', () => {
    const tokens = Uint8Array.from({ length: SHARD_BYTES + 5000 }, (_, i) => (i >> 3) % 251);
    const shards = shardsOf(tokens);
    const leaves = Array.from({ length: Math.ceil(tokens.length / 1024) }, (_, i) =>
      hashLeaf(tokens.subarray(i * 1024, (i + 1) * 1024)),
    );
    expect(shards.map(({ bytes }) => bytes.length)).to.deep.equal([SHARD_BYTES, 5000]);
    expect(tokensRoot(shards)).to.equal(merkleRoot(leaves));
    const [, last] = leaves.slice(-2);
    const proof = merkleProof(leaves, leaves.length - 1);
    expect(verifyProof(tokensRoot(shards), leaves.length, last ?? '0x', leaves.length - 1, proof)).to.equal(true);
    expect(shardRoot(shards[1]?.bytes ?? tokens)).to.equal(merkleRoot(leaves.slice(1024), 10));
  });

  it('hold out a number of tokens as well as a share', async () => {
    const text = 'a recipe states how many '.repeat(20);
    const byCount = createDataset(text, { context, heldOutTokens: 50 });
    expect(byCount).to.deep.equal(createDataset(text, { context, heldOutShare: 0.1 }));
    expect(createDataset(text, { context, heldOutTokens: 0 }).heldOut).to.have.length(0);
    await failsWith('DATASET_TOO_SHORT', () => createDataset(text, { context, heldOutTokens: 501 }));
    await failsWith('HELD_OUT_INVALID', () => createDataset(text, { context, heldOutTokens: 1.5 }));
  });

  it('are refused when they are not what the recipe names', async () => {
    const dataset = createDataset('some text '.repeat(20), { context });
    requireDatasetRoot(dataset, dataset.root);
    await failsWith('DATASET_ROOT_MISMATCH', () => requireDatasetRoot(dataset, hashLeaf(Uint8Array.of(1))));
  });

  it('refuse a share that leaves nothing to train on, and tokens of another size than the vocabulary says', async () => {
    for (const heldOutShare of [1, -0.1, NaN]) {
      await failsWith('HELD_OUT_INVALID', () => createDataset('text', { context, heldOutShare }));
    }
    const tokenizer = { ...byteTokenizer, vocabulary: 257 };
    await failsWith('TOKENIZER_INVALID', () => createDataset('a'.repeat(100), { context, tokenizer }));
  });

  it('give text back from bytes, and bytes from text', () => {
    expect([...byteTokenizer.encode('é')]).to.deep.equal([0xc3, 0xa9]);
    expect(byteTokenizer.decode(byteTokenizer.encode('Grüße, 世界'))).to.equal('Grüße, 世界');
    expect(byteTokenizer.decode([0x61, 0xff])).to.equal('a\ufffd');
  });
});
