import {
  add,
  addI32,
  and,
  assemble,
  call,
  get,
  i32,
  isLess,
  load,
  loadSplat,
  loop,
  or,
  set,
  shiftLeft,
  shiftRight,
  shuffle,
  splat,
  store,
  tee,
  xor,
  type Code,
} from './assembler.ts';
import { domain } from './format.ts';
import { HASH_BYTES } from './hash.ts';
import type { Digest } from './leaves.ts';

/**
 * Nodes are hashed four at a time, each in one lane of the vectors of WebAssembly: a call of OpenSSL takes longer to set
 * up than two blocks take to hash. The names are those of FIPS 180-4, section 6.2. Digests stand in a row, word by word:
 * first word 0 of all of them, then word 1, ...
 */

/** Digests of a row. */
export const ROW = 256;

const WORDS = HASH_BYTES / 4;
const BLOCK_WORDS = 16;
const ROUNDS = 64;

// The memory: constants, message schedule and hash values, the last two four lanes wide, then the row.
const CONSTANTS = 0;
const SCHEDULE = CONSTANTS + 4 * ROUNDS;
const HASH = SCHEDULE + 16 * BLOCK_WORDS;
const ROW_START = HASH + 16 * WORDS;
const ROW_BYTES = 4 * ROW;

const primes: number[] = [];
for (let n = 2; primes.length < ROUNDS; n += 1) if (primes.every((prime) => n % prime !== 0)) primes.push(n);
/** The first 32 bits of the fractional part. */
const fraction = (root: number): number => ((root % 1) * 2 ** 32) | 0;
const initialHash = primes.slice(0, WORDS).map((prime) => fraction(Math.sqrt(prime)));

const rotated = (word: Code, bits: number): Code => xor(shiftRight(word, bits), shiftLeft(word, 32 - bits));
const upperSigma0 = (word: Code): Code => xor(rotated(word, 2), rotated(word, 13), rotated(word, 22));
const upperSigma1 = (word: Code): Code => xor(rotated(word, 6), rotated(word, 11), rotated(word, 25));
const lowerSigma0 = (word: Code): Code => xor(rotated(word, 7), rotated(word, 18), shiftRight(word, 3));
const lowerSigma1 = (word: Code): Code => xor(rotated(word, 17), rotated(word, 19), shiftRight(word, 10));
const choice = (e: Code, f: Code, g: Code): Code => xor(g, and(e, xor(f, g)));
const majority = (a: Code, b: Code, c: Code): Code => xor(c, and(xor(a, c), xor(b, c)));

const nowhere = i32(0);
const scheduled = (t: number): Code => load(nowhere, SCHEDULE + 16 * (t % BLOCK_WORDS));
const schedule = (t: number, word: Code): Code => store(nowhere, word, SCHEDULE + 16 * (t % BLOCK_WORDS));

/** Takes the block in the schedule into the hash. Its parameter is 0. */
function compressBody(): Code {
  const constant = 0;
  const working = Array.from({ length: WORDS }, (_, i) => 1 + i);
  const sum = 1 + WORDS;
  const round = (t: number): Code => {
    // The working variables move on by one in each round.
    const local = (i: number): number => working[(i + 4 * WORDS - t) % WORDS]!;
    const [d, h] = [local(3), local(7)];
    const [a, b, c] = [get(local(0)), get(local(1)), get(local(2))];
    const [e, f, g] = [get(local(4)), get(local(5)), get(local(6))];
    const word = add(scheduled(t), loadSplat(get(constant), CONSTANTS + 4 * t));
    return [
      ...set(sum, add(get(h), word, choice(e, f, g), upperSigma1(e))),
      ...set(d, add(get(d), get(sum))),
      ...set(h, add(get(sum), upperSigma0(a), majority(a, b, c))),
    ];
  };
  const next = (t: number): Code =>
    schedule(t, add(scheduled(t), lowerSigma0(scheduled(t + 1)), scheduled(t + 9), lowerSigma1(scheduled(t + 14))));
  const sixteen = Array.from({ length: BLOCK_WORDS }, (_, t) => t);
  const hashWord = (i: number): Code => load(nowhere, HASH + 16 * i);
  return [
    ...working.flatMap((local, i) => set(local, hashWord(i))),
    ...loop(
      sixteen.flatMap((t) => [...round(t), ...next(t)]),
      isLess(tee(constant, addI32(get(constant), i32(4 * BLOCK_WORDS))), i32(4 * (ROUNDS - BLOCK_WORDS))),
    ),
    ...sixteen.flatMap(round),
    ...working.flatMap((local, i) => store(nowhere, add(hashWord(i), get(local)), HASH + 16 * i)),
  ];
}

/** Hashes the children from address `from` on in pairs, four at a time, to nodes from `into` to `end`. */
function nodesBody(compress: number): Code {
  const [from, into, end, last] = [0, 1, 2, 3];
  const child = (word: number): Code => {
    const start = ROW_START + (word % WORDS) * ROW_BYTES;
    const isLeft = word < WORDS;
    return shuffle(load(get(from), start), load(get(from), start + 16), isLeft ? [0, 2, 4, 6] : [1, 3, 5, 7]);
  };
  // The domain's byte comes first, so that each word of the message has bytes of two words of the children.
  const message = (t: number): Code => {
    const before = t === 0 ? splat(domain.node << 24) : shiftLeft(get(last), 24);
    return schedule(t, or(before, shiftRight(tee(last, child(t)), 8)));
  };
  const tail = (t: number): Code => {
    if (t === 0) return schedule(t, or(shiftLeft(get(last), 24), splat(0x80 << 16)));
    return schedule(t, splat(t < BLOCK_WORDS - 1 ? 0 : 8 * (1 + 2 * HASH_BYTES)));
  };
  const sixteen = Array.from({ length: BLOCK_WORDS }, (_, t) => t);
  const compressed = [...i32(0), ...call(compress)];
  return loop(
    [
      ...initialHash.flatMap((word, i) => store(nowhere, splat(word), HASH + 16 * i)),
      ...sixteen.flatMap(message),
      ...compressed,
      ...sixteen.flatMap(tail),
      ...compressed,
      ...initialHash.flatMap((_, i) => store(get(into), load(nowhere, HASH + 16 * i), ROW_START + i * ROW_BYTES)),
      ...set(from, addI32(get(from), i32(32))),
    ],
    isLess(tee(into, addI32(get(into), i32(16))), get(end)),
  );
}

type Nodes = { hashNodes(from: number, into: number, end: number): void };

const { memory, hashNodes: hashLanes } = assemble<Nodes>([
  { name: 'compress', parameters: 1, results: [], vectors: WORDS + 1, body: compressBody() },
  { name: 'hashNodes', parameters: 3, results: [], vectors: 1, body: nodesBody(0) },
]);

new Int32Array(memory, CONSTANTS).set(primes.map((prime) => fraction(Math.cbrt(prime))));
const row = new Int32Array(memory, ROW_START, WORDS * ROW);

/** Writes a digest, 32 one-byte characters, to a place of the row. */
export function setDigest(place: number, digest: Digest): void {
  for (let word = 0; word < WORDS; word += 1) {
    const at = 4 * word;
    row[word * ROW + place] =
      (digest.charCodeAt(at) << 24) |
      (digest.charCodeAt(at + 1) << 16) |
      (digest.charCodeAt(at + 2) << 8) |
      digest.charCodeAt(at + 3);
  }
}

/** Hashes the first `2 * count` digests in pairs; the first `count` places of the row then have the nodes. */
export function hashNodes(count: number): void {
  hashLanes(0, 0, 4 * count);
}

/** The digest at a place of the row. */
export function digestAt(place: number): Uint8Array {
  const bytes = new Uint8Array(HASH_BYTES);
  const view = new DataView(bytes.buffer);
  for (let word = 0; word < WORDS; word += 1) view.setInt32(4 * word, row[word * ROW + place]!);
  return bytes;
}
