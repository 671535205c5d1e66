/** Numbers from 0 to below 1, the same for the same seed: xorshift of 32 bits. */
export function generator(seed: number): () => number {
  let state = ((seed * 2_654_435_761) % 2 ** 32) | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}
