/** Member indices 0 to 255, one bit each, as the contracts hold them. */
export type MemberSet = bigint;

/** The set of these indices. */
export function memberSet(indices: Iterable<number>): MemberSet {
  let set = 0n;
  for (const index of indices) set |= 1n << BigInt(index);
  return set;
}

export function hasMember(set: MemberSet, index: number): boolean {
  return ((set >> BigInt(index)) & 1n) === 1n;
}

/** Ascending, the order in which payloads are aggregated. */
export function indicesOf(set: MemberSet): number[] {
  const indices: number[] = [];
  for (let index = 0, rest = set; rest > 0n; index += 1, rest >>= 1n) if ((rest & 1n) === 1n) indices.push(index);
  return indices;
}

/** What is in `set` and not in `other`. */
export function without(set: MemberSet, other: MemberSet): MemberSet {
  return set & ~other;
}
