import { requireInputs, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'matmul_nt';

/** The longest contraction whose two rows still fit the contract's final check. */
export const MAX_CONTRACTION = 2_048;

/**
 * matmul_nt(A[..., M, K], B[..., N, K])[..., i, j] = sum_k A[i, k] B[j, k] in i32, exact; A and B in i8, K <= 2,048.
 * The contracted axis is contiguous in both, so that an opening is two rows of K bytes.
 */
export const matmulNt: Operator = {
  name,
  opcode: 32,
  check(inputs, application) {
    requireInputs(name, inputs, ['i8', 'i8']);
    const [a, b] = inputs.map(({ shape }) => shape) as [readonly number[], readonly number[]];
    rule(a.length >= 2 && a.length === b.length, name, 'both operands need the same rank, at least 2');
    const batch = a.slice(0, -2);
    rule(
      batch.every((extent, axis) => extent === b[axis]),
      name,
      `batch extents ${showShape(batch)} and ${showShape(b.slice(0, -2))} differ`,
    );
    const k = a.at(-1)!;
    rule(k === b.at(-1), name, `contracted extents ${k} and ${b.at(-1)} differ`);
    rule(k <= MAX_CONTRACTION, name, `the contraction of ${k} exceeds ${MAX_CONTRACTION}: split it and use add_i32`);
    requireType(name, application, 'i32', [...batch, a.at(-2)!, b.at(-2)!]);
    return k * 127 * 127;
  },
  reads(element, [a, b]) {
    const [m, k] = a!.shape.slice(-2) as [number, number];
    const n = b!.shape.at(-2)!;
    const row = Math.floor(element / n);
    const batch = Math.floor(row / m);
    return [row, batch * n + (element % n)].map((from) => ({ start: from * k, count: k }));
  },
  evaluate([a, b], output) {
    const k = a!.shape.at(-1)!;
    const m = a!.shape.at(-2)!;
    const n = b!.shape.at(-2)!;
    output.data.forEach((_, index) => {
      const j = index % n;
      const i = ((index - j) / n) % m;
      const batch = Math.floor(index / (m * n));
      let sum = 0;
      for (let c = 0; c < k; c++) sum += a!.data[(batch * m + i) * k + c]! * b!.data[(batch * n + j) * k + c]!;
      output.data[index] = sum;
    });
  },
  lower(to) {
    return to.product(0, 1);
  },
};
