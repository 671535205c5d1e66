/**
 * A binary arithmetic coder with adaptive models: integers alone, so that every machine writes the same bytes. The interval
 * [low, high] of 32 bits is cut at the probability of a 1; bytes on which both ends agree are written.
 */

/** Bits of a probability. */
const PRECISION = 16;
const HALF = 2 ** (PRECISION - 1);

/** Symbols after which an estimate stops getting slower: it goes on following what changes. */
const MEMORY = 255;

/** Estimates the probability of a 1 for each of a number of contexts, as a mean that slowly forgets. */
export class Contexts {
  readonly #estimates: Uint16Array;
  readonly #counts: Uint8Array;

  constructor(count: number) {
    this.#estimates = new Uint16Array(count).fill(HALF);
    this.#counts = new Uint8Array(count);
  }

  /** In (0, 2^16): neither symbol is ever impossible. */
  probability(context: number): number {
    return Math.min(Math.max(this.#estimates[context]!, 32), 2 ** PRECISION - 32);
  }

  learn(context: number, bit: number): void {
    const count = this.#counts[context]!;
    const target = bit === 1 ? 2 ** PRECISION - 1 : 0;
    this.#estimates[context]! += Math.trunc((target - this.#estimates[context]!) / (count + 1.5));
    if (count < MEMORY) this.#counts[context] = count + 1;
  }
}

/** Writes bits and reads bits by one interface, so that a format is described once. */
export type BitCoder = {
  /** Codes a bit and returns it. A reader ignores what it is given. */
  bit(contexts: Contexts, context: number, bit: number): number;
};

/** The highest point at which a 1 is meant. */
function cut(low: number, high: number, probability: number): number {
  const range = high - low;
  return (
    low + Math.floor(range / 2 ** PRECISION) * probability + (((range % 2 ** PRECISION) * probability) >>> PRECISION)
  );
}

const agree = (low: number, high: number): boolean => low >>> 24 === high >>> 24;

export class BitWriter implements BitCoder {
  #low = 0;
  #high = 2 ** 32 - 1;
  #bytes = new Uint8Array(1024);
  #length = 0;

  bit(contexts: Contexts, context: number, bit: number): number {
    const middle = cut(this.#low, this.#high, contexts.probability(context));
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    contexts.learn(context, bit);
    while (agree(this.#low, this.#high)) {
      this.#push(this.#high >>> 24);
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 255) >>> 0;
    }
    return bit;
  }

  /** What was written, with the bytes that tell a reader the rest. */
  finish(): Uint8Array<ArrayBuffer> {
    for (let shift = 24; shift >= 0; shift -= 8) this.#push((this.#low >>> shift) & 255);
    return this.#bytes.slice(0, this.#length);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const longer = new Uint8Array(2 * this.#length);
      longer.set(this.#bytes);
      this.#bytes = longer;
    }
    this.#bytes[this.#length++] = byte;
  }
}

/** Reads what a `BitWriter` wrote; behind the end it reads zeros. */
export class BitReader implements BitCoder {
  #low = 0;
  #high = 2 ** 32 - 1;
  #at = 0;
  #next = 0;
  readonly #bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    for (let i = 0; i < 4; i++) this.#at = this.#shifted();
  }

  bit(contexts: Contexts, context: number): number {
    const middle = cut(this.#low, this.#high, contexts.probability(context));
    const bit = this.#at <= middle ? 1 : 0;
    if (bit === 1) this.#high = middle;
    else this.#low = middle + 1;
    contexts.learn(context, bit);
    while (agree(this.#low, this.#high)) {
      this.#low = (this.#low << 8) >>> 0;
      this.#high = ((this.#high << 8) | 255) >>> 0;
      this.#at = this.#shifted();
    }
    return bit;
  }

  #shifted(): number {
    return ((this.#at << 8) | (this.#bytes[this.#next++] ?? 0)) >>> 0;
  }
}
