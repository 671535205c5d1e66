import { expect } from 'chai';
import { finalCheckGas } from '../../engine/graph/final_check.ts';
import type { Node } from '../../engine/graph/program.ts';
import { trainingProgram } from '../../engine/programs.ts';
import type { DType, Tensor } from '../../engine/graph/types.ts';
import { forge, traceNodes, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { endsElsewhere, lasts } from '../helpers/adversaries/lies.ts';
import { deviate } from '../helpers/adversaries/round.ts';
import { expectConviction, honestRound, stageDispute, worldForTests } from '../helpers/adversaries/stage.ts';
import { SMALL } from '../helpers/adversaries/world.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

/**
 * The step that goes wrong; those after it are honest work on what it gave. What only the loss and the step counter are
 * computed with goes wrong in the last step of the segment: the next one has another loss, and rounds the counter.
 */
const stepOf = (op: string) => (op === 'add' ? 3 : 2);

const kinds = new Set(trainingProgram(tinyRecipe(SMALL)).nodes.flatMap((node) => node?.op ?? []));

/** Bits to flip, the last one first: the less is wrong, the better it hides. */
const bitsOf: Record<DType, readonly number[]> = { f32: [0, 12, 22, 23, 25], i8: [0, 3], i32: [0, 8], u32: [0] };

/** One bit of one element of a node of this kind, such that the step ends in another state. */
function oneWrongBit(honest: Execution, op: string): Execution {
  const counts = stepOf(op) === 3 ? endsElsewhere : lasts;
  for (const [index, node] of honest.program.nodes.entries()) {
    if (node?.op !== op) continue;
    for (const wrong of wrongBits(honest, index, node)) {
      if (wrong.faultAt === undefined && counts(honest, wrong)) return wrong;
    }
  }
  throw new RangeError(`no bit of any result of ${op} matters to the state`);
}

function* wrongBits(honest: Execution, index: number, { type }: Node): Generator<Execution> {
  const { data } = honest.values[index]!;
  for (const bit of bitsOf[type.dtype]) {
    for (const element of new Set([data.length - 1, data.length >> 1, 0, largest(data)])) {
      yield forge(honest, index, (data) => flip(data, element, bit));
    }
  }
}

/** Most elements are forgotten where only the largest counts. */
function largest(data: Tensor['data']): number {
  return Array.from(data, Math.abs).reduce((best, size, at, sizes) => (size > sizes[best]! ? at : best), 0);
}

function flip({ buffer, byteOffset, BYTES_PER_ELEMENT }: Tensor['data'], element: number, bit: number): void {
  const bytes = new Uint8Array(buffer, byteOffset);
  const at = element * BYTES_PER_ELEMENT + (bit >> 3);
  bytes[at]! ^= 1 << (bit & 7);
}

/** The bound of the final check of the first node in which two executions differ. */
function boundOf(honest: Execution, wrong: Execution): number {
  const [own, others] = [traceNodes(honest), traceNodes(wrong)];
  return finalCheckGas(
    honest.program,
    own.findIndex((root, node) => root !== others[node]),
  );
}

describe('one wrong bit', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  for (const op of kinds) {
    it(`in a result of ${op} is found, and convicts`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const at = stepOf(op);
      const claimed = deviate(honest, at, (step) => oneWrongBit(step, op));
      const result = await stageDispute(world, {
        scenario: `one wrong bit in a result of \`${op}\``,
        claimed,
        challengerKnows: knowledgeOf(honest),
        dispute: { subject: 'segment', segment: 0 },
      });
      expectConviction(result, 'element');
      const { gas } = world.spent.findLast(({ name }) => name === 'Game.prove')!;
      expect(Number(gas)).to.be.at.most(boundOf(honest.steps[at]!, claimed.steps[at]!));
    });
  }
});
