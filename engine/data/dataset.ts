import { domain } from '../commit/format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from '../commit/hash.ts';
import { SwarmlockError } from '../errors.ts';
import { shardsOf, tokensRoot } from './shards.ts';
import { readText } from './source.ts';
import { byteTokenizer, tokenBytes, type TokenArray, type Tokenizer } from './tokenizer.ts';

/** Tokens to train on and tokens held out, bound by one root. */
export type Dataset = {
  readonly tokenizer: string;
  readonly vocabulary: number;
  readonly train: TokenArray;
  readonly heldOut: TokenArray;
  readonly root: Hash;
};

export type DatasetOptions = {
  /** Tokens of one row; both parts must hold at least one row and the token after it. */
  context: number;
  tokenizer?: Tokenizer;
  /** Share of the tokens, from the end, that is held out: a tenth by default, rounded down; 0 for none. */
  heldOutShare?: number;
  /** Number of tokens that is held out instead of a share, as a recipe states it. */
  heldOutTokens?: number;
};

/**
 * Reads a file, a folder or a glob as one text (see `readText`), and cuts its tokens in two.
 * @throws DATASET_UNREADABLE, DATASET_EMPTY, DATASET_TOO_SHORT, HELD_OUT_INVALID, TOKENIZER_INVALID
 */
export async function loadDataset(path: string, options: DatasetOptions): Promise<Dataset> {
  return createDataset(await readText(path), options);
}

/** The dataset of a text that is already in memory. @throws as `loadDataset` */
export function createDataset(text: string | Uint8Array, options: DatasetOptions): Dataset {
  const { context, tokenizer = byteTokenizer } = options;
  const tokens = tokenizer.encode(text);
  requireTokenSize(tokens, tokenizer);
  const wanted = heldOutCount(tokens.length, options);
  const cut = Math.max(0, tokens.length - wanted);
  const train = tokens.subarray(0, cut);
  const heldOut = tokens.subarray(cut);
  requireLength('training', train.length, context);
  if (options.heldOutShare !== 0 && options.heldOutTokens !== 0) requireLength('held-out', heldOut.length, context);
  const { id, vocabulary } = tokenizer;
  return { tokenizer: id, vocabulary, train, heldOut, root: datasetRoot(train, heldOut, vocabulary) };
}

/**
 * SHA-256(0x04 || u32 BE vocabulary || u64 BE train tokens || u64 BE held-out tokens || root of the train tokens ||
 * root of the held-out tokens). The vocabulary fixes the bytes of a token.
 */
export function datasetRoot(train: TokenArray, heldOut: TokenArray, vocabulary: number): Hash {
  const header = Buffer.alloc(21);
  header[0] = domain.dataset;
  header.writeUInt32BE(vocabulary, 1);
  header.writeBigUInt64BE(BigInt(train.length), 5);
  header.writeBigUInt64BE(BigInt(heldOut.length), 13);
  const roots = [train, heldOut].map((tokens) => bytesFromHash(tokensRoot(shardsOf(tokens))));
  return hashFromBytes(sha256(header, ...roots));
}

/** @throws DATASET_ROOT_MISMATCH unless the dataset is the one that a recipe names. */
export function requireDatasetRoot(dataset: Dataset, expected: string): void {
  if (dataset.root === expected) return;
  throw new SwarmlockError(`The text hashes to ${dataset.root}, but the recipe names ${expected}`, {
    code: 'DATASET_ROOT_MISMATCH',
    argument: 'path',
    hint: 'Give the text that was published with the run, with the same tokens held out.',
  });
}

function heldOutCount(tokens: number, { heldOutShare = 0.1, heldOutTokens }: DatasetOptions): number {
  const isShare = heldOutShare >= 0 && heldOutShare < 1;
  const isCount = heldOutTokens === undefined || (Number.isInteger(heldOutTokens) && heldOutTokens >= 0);
  if (isShare && isCount) return heldOutTokens ?? Math.floor(tokens * heldOutShare);
  throw new SwarmlockError(`Cannot hold out ${heldOutTokens ?? `a share of ${heldOutShare}`}`, {
    code: 'HELD_OUT_INVALID',
    argument: isShare ? 'heldOutTokens' : 'heldOutShare',
    hint: 'Give a number of tokens from 0, or a share from 0 to below 1.',
  });
}

function requireLength(part: string, tokens: number, context: number): void {
  if (tokens > context) return;
  const message = `The ${part} part has ${tokens} tokens; a context of ${context} needs at least ${context + 1}`;
  throw new SwarmlockError(message, {
    code: 'DATASET_TOO_SHORT',
    argument: 'path',
    hint: 'Give more text or a shorter context.',
  });
}

function requireTokenSize(tokens: TokenArray, { id, vocabulary }: Tokenizer): void {
  if (tokens.BYTES_PER_ELEMENT === tokenBytes(vocabulary)) return;
  const message = `Tokenizer ${id} gives ${tokens.BYTES_PER_ELEMENT} bytes a token for a vocabulary of ${vocabulary}`;
  throw new SwarmlockError(message, { code: 'TOKENIZER_INVALID', argument: 'tokenizer' });
}
