import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import type { Tensor } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import {
  exactKernels,
  invocationOfOne,
  loweredOutcome,
  referenceOutcome,
  type Operand,
  type Outcome,
} from '../../helpers/programs.ts';
import { vectorsOf, type Vector } from '../../helpers/vectors.ts';

/** Operators whose integers must have a bound, which inputs do not have. */
const needBounds = new Set(['add_i32', 'sum_i32', 'fused']);

describe('golden vectors', function () {
  this.timeout(30_000);

  it('cover the closed set, with its opcodes', () => {
    const files = readdirSync(new URL('../../fixtures/operators', import.meta.url));
    const named = files.filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -5));
    expect(named.toSorted()).to.deep.equal([...operators.keys()].toSorted());
    for (const { name, opcode } of operators.values()) expect(vectorsOf(name).opcode, name).to.equal(opcode);
  });

  for (const op of operators.keys()) {
    for (const vector of vectorsOf(op).vectors) {
      it(`${op}: ${vector.title}`, () => expectVector(op, vector));
    }
  }
});

/** Both twins, with the operands as inputs and as constants, and for every exact kernel. */
async function expectVector(op: string, { inputs, attributes, batch, type, output }: Vector): Promise<void> {
  for (const way of ['input', 'constant'] as const) {
    const held = ({ dtype }: Tensor): Operand['held'] => (dtype === 'i32' && needBounds.has(op) ? 'constant' : way);
    const operands = inputs.map((tensor) => ({ tensor, held: held(tensor) }));
    const invocation = invocationOfOne({ op, operands, type, attributes, batch });
    expectOutcome(referenceOutcome(invocation), output);
    for (const kernel of await exactKernels()) expectOutcome(await loweredOutcome(invocation, kernel), output);
  }
}

function expectOutcome(outcome: Outcome, output: Vector['output']): void {
  if ('fault' in outcome || output === undefined) {
    expect('fault' in outcome).to.equal(output === undefined);
    return;
  }
  const values = outcome.values.findLast((value) => value !== null);
  expect(values).to.deep.equal([...output.data]);
}
