import { SwarmlockError } from './errors.ts';
import { tensorOf, type Program } from './graph/program.ts';
import type { State } from './graph/state.ts';
import { elementCount, typedArray, type Tensor } from './graph/types.ts';
import { operators } from './ops/index.ts';

/**
 * The reference evaluator: computes every node of a program by its operator's plain definition, and returns all values,
 * `null` for padding. Hundreds of times slower than the lowered program, which must have the same bits.
 */
export function evaluate(program: Program, inputs: readonly State[], batch?: Uint32Array): (Tensor | null)[] {
  const values: (Tensor | null)[] = [];
  for (const node of program.nodes) {
    if (node === null) {
      values.push(null);
      continue;
    }
    const data = typedArray(node.type.dtype, elementCount(node.type.shape));
    const output = { ...node.type, data };
    if (node.op === 'load_batch') data.set(requireBatch(batch, data.length));
    else {
      const operator = operators.get(node.op)!;
      const operands = node.inputs.map((ref) => tensorOf(program, inputs, values, ref));
      operator.domain?.(operands, node.type, node.attributes);
      operator.evaluate(operands, output, node.attributes);
    }
    values.push(output);
  }
  return values;
}

function requireBatch(batch: Uint32Array | undefined, length: number): Uint32Array {
  if (batch?.length === length) return batch;
  throw new SwarmlockError(`the batch has ${batch?.length ?? 0} tokens, not ${length}`, {
    code: 'BATCH_SHAPE',
    argument: 'batch',
  });
}
