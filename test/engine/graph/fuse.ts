import { expect } from 'chai';
import fc from 'fast-check';
import type { GraphBuilder, Value } from '../../../engine/graph/builder.ts';
import { decodeProgram, encodeProgram, programRoot } from '../../../engine/graph/encode.ts';
import { expand } from '../../../engine/graph/expand.ts';
import { finalCheckGas } from '../../../engine/graph/final_check.ts';
import { fuse } from '../../../engine/graph/fuse.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState } from '../../../engine/graph/state.ts';
import { decodeLine } from '../../../engine/ops/line.ts';
import { trainingProgram } from '../../../engine/programs.ts';
import { evaluate } from '../../../engine/reference.ts';
import { startState } from '../../../engine/training.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { expectAgreement } from '../../helpers/agreement.ts';
import { programOf, stateOf } from '../../helpers/float-programs.ts';
import { floats, moods } from '../../helpers/hostile.ts';
import { invocationOf } from '../../helpers/programs.ts';
import { periodicBatch, tinyRecipe } from '../../helpers/recipes.ts';

const LIMIT = 600_000;
const shapes = Array<readonly number[]>(6).fill([2, 3]);

/** What each computed node does: the operators of a line joined by spaces. */
function nodesOf({ nodes, outputStart }: Program): string[] {
  return nodes.slice(0, outputStart).flatMap((node) => {
    if (node === null || node.op === 'broadcast') return [];
    const isLine = node.op === 'fused';
    return isLine
      ? decodeLine(node.attributes)
          .map(({ operator }) => operator.name)
          .join(' ')
      : node.op;
  });
}

const fusedOf = (compose: (graph: GraphBuilder, ...values: Value[]) => Value) => nodesOf(programOf(shapes, compose));

describe('fusing', function () {
  this.timeout(60_000);

  it('joins scalar operators that only the next one reads, in the order in which they were written', () => {
    expect(fusedOf((graph, a, b, c) => graph.sub(graph.mul(a, b), graph.neg(graph.mul(c, c))))).to.deep.equal([
      'mul mul neg sub',
    ]);
    expect(fusedOf((graph, a, b) => graph.mul(graph.pow2ceil(graph.abs(a)), b))).to.deep.equal([
      'abs',
      'pow2ceil',
      'mul',
    ]);
  });

  it('joins what two instructions of one line read, and leaves what another node reads', () => {
    expect(
      fusedOf((graph, a, b) => {
        const both = graph.add(a, b);
        return graph.div(graph.sub(both, 1), graph.neg(both));
      }),
    ).to.deep.equal(['add', 'sub neg div']);
    expect(
      fusedOf((graph, a, b) => {
        const both = graph.add(a, b);
        return graph.mul(graph.sub(both, 1), graph.neg(both));
      }),
    ).to.deep.equal(['add sub neg mul']);
    expect(
      fusedOf((graph, a, b) => {
        const both = graph.add(a, b);
        return graph.mul(both, graph.pow2ceil(graph.neg(both)));
      }),
    ).to.deep.equal(['add', 'neg', 'pow2ceil', 'mul']);
  });

  it('takes four operands and no more, the nearest first', () => {
    expect(fusedOf((graph, a, b, c, d) => graph.add(graph.mul(a, b), graph.mul(c, d)))).to.deep.equal(['mul mul add']);
    expect(fusedOf((graph, a, b, c, d, e) => graph.add(graph.add(graph.mul(a, b), graph.mul(c, d)), e))).to.deep.equal([
      'mul',
      'mul add add',
    ]);
  });

  it('takes twelve instructions and no more', () => {
    const times = (count: number) => (graph: GraphBuilder, x: Value) => {
      let value = x;
      for (let i = 0; i < count; i++) value = graph.neg(value);
      return value;
    };
    const negations = (count: number) => Array<string>(count).fill('neg').join(' ');
    expect(fusedOf(times(12))).to.deep.equal([negations(12)]);
    expect(fusedOf(times(13))).to.deep.equal(['neg', negations(12)]);
  });

  it('joins nothing of another shape', () => {
    expect(fusedOf((graph, a) => graph.neg(graph.reshape(graph.neg(a), [3, 2])))).to.deep.equal([
      'neg',
      'reshape',
      'neg',
    ]);
  });

  it('leaves a value that is also a result', () => {
    const { program } = invocationOf(
      [{ tensor: { dtype: 'f32', shape: [3], data: Float32Array.of(1, 2, 3) }, held: 'input' }],
      (graph, [x]) => [graph.neg(x!), graph.abs(graph.neg(x!))],
    );
    expect(nodesOf(program)).to.deep.equal(['neg', 'abs']);
  });

  it('hides no fault: a maximum and a denominator are read by themselves, but for what is provably finite', () => {
    expect(fusedOf((graph, a, b) => graph.max(graph.mul(a, b), 0))).to.deep.equal(['mul', 'max']);
    expect(fusedOf((graph, a, b) => graph.div(a, graph.add(a, b)))).to.deep.equal(['add', 'div']);
    expect(fusedOf((graph, a, b) => graph.div(graph.add(a, b), b))).to.deep.equal(['add div']);
    expect(fusedOf((graph, a, b) => graph.div(a, graph.add(graph.sqrt(b), 1)))).to.deep.equal(['sqrt add div']);
    expect(fusedOf((graph, a, b, c) => graph.div(a, graph.add(graph.sqrt(graph.mul(b, c)), 1)))).to.deep.equal([
      'mul',
      'sqrt add div',
    ]);
  });

  it('makes the largest of magnitudes one node, if nothing else reads the magnitudes', () => {
    expect(fusedOf((graph, a) => graph.reduceMax(graph.abs(a)))).to.deep.equal(['reduce_absmax']);
    expect(
      fusedOf((graph, a) => {
        const magnitudes = graph.abs(a);
        return graph.mul(graph.reduceMax(magnitudes), graph.reduceMax(graph.pow2ceil(magnitudes)));
      }),
    ).to.deep.equal(['abs', 'reduce_max', 'pow2ceil', 'reduce_max', 'mul']);
  });

  it('makes no line whose final check could cost more than the limit', () => {
    const compose = (graph: GraphBuilder, a: Value, b: Value, c: Value) => graph.add(graph.mul(a, b), c);
    const program = programOf(shapes, compose);
    const gas = finalCheckGas(
      program,
      program.nodes.findIndex((node) => node?.op === 'fused'),
    );
    const single = expand(program);
    expect(nodesOf(fuse(single, gas))).to.deep.equal(['mul add']);
    expect(nodesOf(fuse(single, gas - 1))).to.deep.equal(['mul', 'add']);
  });

  it('gives a program that decodes, and the same one when it is done again', () => {
    const program = trainingProgram(tinyRecipe());
    expect(decodeProgram(encodeProgram(program))).to.deep.equal(program);
    expect(programRoot(fuse(expand(program), LIMIT))).to.equal(programRoot(program));
    expect(fuse(program, LIMIT)).to.deep.equal(program);
    expect(expand(expand(program))).to.deep.equal(expand(program));
  });

  it('changes no bit of a step', () => {
    const recipe = tinyRecipe();
    const program = trainingProgram(recipe);
    const start = startState(recipe, initialParameters(recipe));
    const batch = periodicBatch(recipe, 3);
    const outputs = (of: Program) =>
      evaluate(of, [start], batch)
        .slice(of.outputStart)
        .map((tensor) => tensor && [...tensor.data]);
    const single = expand(program);
    expect(nodesOf(single)).not.to.include.members(['reduce_absmax']);
    expect(single.nodes.some((node) => node?.op === 'fused')).to.equal(false);
    expect(outputs(program)).to.deep.equal(outputs(single));
    expect(createState(program.output).bytes.length).to.equal(createState(single.output).bytes.length);
  });

  it('gives the values and the faults of the single operators', async () => {
    const ops = ['add', 'sub', 'mul', 'div', 'max', 'min'] as const;
    const choices = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 3, maxLength: 16 });
    const operands = fc.tuple(...Array.from({ length: 5 }, () => floats([7], moods.slice(1))));
    let faults = 0;
    const property = fc.asyncProperty(operands, choices, async (tensors, chosen) => {
      const held = tensors.map((tensor) => ({ tensor, held: 'input' as const }));
      const invocation = invocationOf(held, (graph, values) => {
        const pool = [...values];
        for (const [op, a, b] of chosen) {
          const [x, y] = [pool.at(-1 - (a % Math.min(4, pool.length)))!, pool[b % pool.length]!];
          pool.push(op % 5 === 0 ? graph.sqrt(graph.abs(x)) : graph[ops[op % 6]!](x, y));
        }
        return [pool.at(-1)!];
      });
      const single = expand(invocation.program);
      const outcome = await expectAgreement(invocation);
      const plain = () => evaluate(single, invocation.states).at(single.outputStart)!;
      if ('fault' in outcome) {
        faults += 1;
        expect(plain).to.throw();
      } else
        expect(outcome.values.at(invocation.program.outputStart)).to.deep.equal(Array.from(plain().data, (x) => x + 0));
    });
    await fc.assert(property, { numRuns: 150 });
    expect(faults).to.be.within(1, 149);
  });

  it('keeps a product of sums exact: parts of a contraction are added in the line', () => {
    const program = programOf(
      [
        [4, 4_096],
        [4, 4_096],
      ],
      (graph, a, b) => {
        const one = graph.scalar(1);
        const [p, q] = [a, b].map((x) => graph.quantize(x, one)) as [Value, Value];
        const part = (x: Value, start: number) => graph.slice(x, 1, start, 2_048);
        const [first, second] = [0, 2_048].map((start) => graph.matmulNt(part(p, start), part(q, start)));
        return graph.mul(graph.fromI32(graph.addI32(first!, second!)), 0.5);
      },
    );
    expect(nodesOf(program).at(-1)).to.equal('add_i32 from_i32 mul');
    const sum = expand(program).nodes.find((node) => node?.op === 'add_i32');
    expect(sum!.bound).to.equal(4_096 * 127 * 127);
    const values = Array.from({ length: 4 * 4_096 }, (_, i) => (i % 255) - 127);
    const state = stateOf(
      [
        [4, 4_096],
        [4, 4_096],
      ],
      values,
      values,
    );
    const result = evaluate(program, [state]).at(program.outputStart)!;
    const expected = values.slice(0, 4_096).reduce((total, x) => total + x * x, 0);
    expect(result.data[0]).to.equal(Math.fround(expected) * 0.5);
  });
});
