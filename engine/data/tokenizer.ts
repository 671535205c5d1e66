/** Tokens in the narrowest integer type that holds the vocabulary. */
export type TokenArray = Uint8Array | Uint16Array | Uint32Array;

/** Text to tokens and back. One implementation is one file; recipes name it by its id. */
export type Tokenizer = {
  readonly id: string;
  /** Tokens are integers in [0, vocabulary). */
  readonly vocabulary: number;
  encode(text: string | Uint8Array): TokenArray;
  /** Text for people: bytes that are not UTF-8 become the replacement character. */
  decode(tokens: ArrayLike<number>): string;
  /** The same text in pieces: what each token completes, and at the end, without a token, the rest. */
  decoder(): (token?: number) => string;
};

/** Bytes that one token takes in a shard: 1 up to a vocabulary of 256, 2 up to 65,536, else 4; little-endian. */
export function tokenBytes(vocabulary: number): 1 | 2 | 4 {
  if (vocabulary <= 2 ** 8) return 1;
  return vocabulary <= 2 ** 16 ? 2 : 4;
}

/** Every byte is a token, so any file is text. */
export const byteTokenizer: Tokenizer = {
  id: 'bytes',
  vocabulary: 256,
  encode: (text) => (typeof text === 'string' ? new TextEncoder().encode(text) : text),
  decode: (tokens) => utf8().decode(Uint8Array.from(tokens)),
  decoder() {
    const text = utf8();
    return (token) => (token === undefined ? text.decode() : text.decode(Uint8Array.of(token), { stream: true }));
  },
};

/** A mark of the byte order is text like any other. */
function utf8() {
  return new TextDecoder('utf-8', { ignoreBOM: true });
}
