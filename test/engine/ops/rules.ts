import { expect } from 'chai';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import type { DType } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import type { ValueInfo } from '../../../engine/ops/operator.ts';
import { failsWith } from '../../helpers/errors.ts';
import { ruleTable } from '../../helpers/operators/rules.ts';

/** `i32[3,4]<=100` is an i32 of shape [3, 4] whose elements are at most 100 in magnitude. */
function value(text: string): ValueInfo {
  const [, dtype, extents = '', bound] = /^(f32|i8|i32|u32)\[([\d,]*)\](?:<=(\d+))?$/.exec(text)!;
  const shape = extents === '' ? [] : extents.split(',').map(Number);
  return { dtype: dtype as DType, shape, ...(bound === undefined ? {} : { bound: Number(bound) }) };
}

const values = (text: string): readonly ValueInfo[] => text.split(' ').filter(Boolean).map(value);

describe('rules of operators', () => {
  it('are tested for the whole closed set', () => {
    expect(Object.keys(ruleTable).toSorted()).to.deep.equal([...operators.keys()].toSorted());
  });

  it('number operators once each, below 2^16', () => {
    const opcodes = [...operators.values()].map(({ opcode }) => opcode);
    expect(new Set(opcodes).size).to.equal(operators.size);
    for (const opcode of opcodes) expect(opcode).to.be.within(1, 65_535);
  });

  for (const [op, { accepted, refused }] of Object.entries(ruleTable)) {
    const check = (operands: string, result: string, attributes: readonly number[] = []) =>
      operators.get(op)!.check(values(operands), { type: value(result), attributes });
    for (const [operands, result, attributes, bound] of accepted) {
      it(`${op} takes ${operands || 'nothing'} to ${result}${bound === undefined ? '' : ` of at most ${bound}`}`, () => {
        expect(check(operands, result, attributes)).to.equal(bound);
      });
    }
    for (const [why, operands, result, attributes] of refused) {
      it(`${op} refuses ${why}`, async () => {
        const error = await failsWith('GRAPH_INVALID', () => check(operands, result, attributes));
        expect(error.argument).to.equal(op);
      });
    }
  }

  it('refuse constants that are no values of their type', async () => {
    const graph = new GraphBuilder([]);
    expect(graph.constant('i8', [2], Int8Array.of(-127, 127)).bound).to.equal(127);
    await failsWith('GRAPH_INVALID', () => graph.constant('i8', [1], Int8Array.of(-128)));
    await failsWith('GRAPH_INVALID', () => graph.constant('f32', [1], Float32Array.of(Infinity)));
    await failsWith('GRAPH_INVALID', () => graph.constant('f32', [1], Float32Array.of(NaN)));
    await failsWith('GRAPH_INVALID', () => graph.constant('f32', [2], Float32Array.of(1)));
  });
});
