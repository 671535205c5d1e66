import { expect } from 'chai';

import { EMPTY, hashNode, treeLevels } from '../../engine/commit/tree.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';
import { descriptorOf } from '../../engine/evidence.ts';
import { toHex } from '../../workers/lib/game/walk.ts';
import { commitTo, committedAt, levelsAt, plant, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import {
  misstateLoss,
  nodeOf,
  nodeWithLeafOf,
  placeOf,
  preimageOfNode,
  recommit,
} from '../helpers/adversaries/lies.ts';
import { deviate, playRound } from '../helpers/adversaries/round.ts';
import {
  expectConviction,
  honestRound,
  stageDispute,
  worldForTests,
  type Result,
} from '../helpers/adversaries/stage.ts';

/** The last of its segment. */
const STEP = 7;
const garbage: Hash = `0x${'9a'.repeat(32)}`;

/** Opens as many roots as a tensor of eight leaves has, whatever its tree is. */
const showEight: Strategy['claimant']['tensor'] = ({ notes, position: { node } }) => {
  if (notes.tensor?.node !== node) return { type: 'prepare', what: 'tensor', node };
  const { levels } = notes.tensor;
  const children = levels.find((level) => level.length === 8) ?? Array.from({ length: 8 }, () => garbage);
  return {
    type: 'openTensor',
    descriptor: descriptorOf(notes.trace!.program, node),
    tree: levels.at(-1)![0]!,
    children,
  };
};

// In most of these the loss is misstated, too, so that there is something to challenge; the lie comes before it.
describe('a trace that is not built as traces are', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  const play = async (
    scenario: string,
    lie: (honest: Execution) => Execution,
    claimant: Partial<Strategy['claimant']> = {},
    disputed = misstateLoss,
  ): Promise<Result> => {
    const honest = await honestRound(stage());
    return stageDispute(stage(), {
      ...{ scenario, claimant, challengerKnows: knowledgeOf(honest) },
      claimed: deviate(honest, STEP, (step) => lie(disputed(step))),
      dispute: { subject: 'segment', segment: 1 },
    });
  };
  const expectNothingToShow = (result: Result, rule: string): void => {
    expect(result.refusals).to.deep.equal([rule]);
    expectConviction(result, 'clock');
  };

  describe('in its padding', () => {
    it('loses with something between the last node and the output', async () => {
      const lie = (step: Execution) => plant(step, step.program.nodes.indexOf(null), garbage);
      expectConviction(await play('padding of a trace', lie), 'padding');
    });

    it('loses with something beside the slots of a group', async () => {
      const lie = (step: Execution) => plant(step, placeOf(step, 'head') + 1, garbage);
      expectConviction(await play('padding of a group of a state', lie), 'padding');
    });

    it('loses with something after the last group of a state', async () => {
      const lie = (step: Execution) => plant(step, step.program.nodes.length - 1, garbage);
      expectConviction(await play('padding at the end of a state', lie, {}, (step) => step), 'padding');
    });

    it('loses with something beside the slots of a payload', async () => {
      const honest = await honestRound(stage());
      const payload = (own: Execution) => plant(own, own.program.nodes.length - 1, garbage);
      const result = await stageDispute(stage(), {
        scenario: 'padding of a payload',
        ...{ claimed: playRound(honest, { payload }), challengerKnows: knowledgeOf(honest) },
        dispute: { subject: 'payload' },
      });
      expectConviction(result, 'padding');
    });

    it('loses with a leaf after the last of a tensor', async () => {
      const node = (step: Execution) =>
        step.program.nodes.findIndex((_, at) => committedAt(step, at)?.leaves.length === 3);
      const lie = (step: Execution) =>
        recommit(step, node(step), ({ type, leaves }) => ({ type, leaves: [...leaves, garbage] }));
      expectConviction(await play('padding of a tensor', lie), 'padding');
    });
  });

  describe('in types and lengths', () => {
    it('cannot show a tensor of another shape', async () => {
      const lie = (step: Execution) =>
        recommit(step, nodeOf(step, 'mul'), ({ type, leaves }) => ({
          type: { ...type, shape: [1, ...type.shape] },
          leaves,
        }));
      expectNothingToShow(await play('a tensor of another shape', lie), 'NotUnderRoot');
    });

    it('cannot show a tensor of another element type', async () => {
      const lie = (step: Execution) =>
        recommit(step, nodeOf(step, 'from_i32'), ({ type, leaves }) => ({ type: { ...type, dtype: 'i32' }, leaves }));
      expectNothingToShow(await play('a tensor of another element type', lie), 'NotUnderRoot');
    });

    it('cannot show a leaf of a tree that has a level too many', async () => {
      const lie = (step: Execution) =>
        recommit(step, nodeOf(step, 'fused', { leaves: 8 }), ({ type, leaves }) => ({
          type,
          leaves: [...leaves, garbage],
        }));
      const result = await play('a tree with a level too many', lie, { tensor: showEight });
      expectNothingToShow(result, 'NotUnderRoot');
      expect(result.played.turns.at(-1)!.position.stage).to.equal('leaf');
    });

    for (const change of [-4, -1, 1, 4]) {
      it(`cannot show a leaf that is ${Math.abs(change)} bytes too ${change < 0 ? 'short' : 'long'}`, async () => {
        const lie = (step: Execution) =>
          recommit(step, nodeOf(step, 'mul'), ({ type, bytes }) => {
            const leaf = new Uint8Array(bytes.length + change);
            leaf.set(bytes.subarray(0, leaf.length));
            return { type, leaves: [leaf] };
          });
        expectNothingToShow(await play(`a leaf of ${change < 0 ? '' : '+'}${change} bytes`, lie), 'WrongLeafLength');
      });
    }
  });

  describe('by a second preimage', () => {
    it('cannot pass an inner node off as a leaf', async () => {
      const inner = [garbage, EMPTY] as const;
      const data = preimageOfNode(...inner);
      const lie = (step: Execution) => {
        const node = nodeWithLeafOf(step, data.length);
        return commitTo(step, node, { type: step.values[node]!, leaves: [hashNode(...inner)] });
      };
      const claimant: Partial<Strategy['claimant']> = {
        leaf: ({ notes, position: { node } }) => {
          return { type: 'openLeaf', descriptor: descriptorOf(notes.trace!.program, node), data: toHex(data) };
        },
      };
      expectNothingToShow(await play('an inner node as a leaf', lie, claimant), 'NotUnderRoot');
    });

    it('cannot pass a leaf off as an inner node', async () => {
      // A tree whose root is a leaf of 64 bytes: as a node over two hashes it would be the tree of two leaves.
      const node = (step: Execution) =>
        step.program.nodes.findIndex((_, at) => committedAt(step, at)?.leaves.length === 8);
      const lie = (step: Execution) =>
        recommit(step, node(step), ({ type, bytes }) => ({ type, leaves: [bytes.slice(0, 64)] }));
      expectNothingToShow(await play('a leaf as an inner node', lie, { tensor: showEight }), 'NotUnderRoot');
    });

    it('cannot pass a tree off as a tensor', async () => {
      const lie = (step: Execution) => {
        const node = nodeOf(step, 'mul');
        return plant(step, node, levelsAt(step, node).at(-1)![0]!);
      };
      expectNothingToShow(await play('a tree as a tensor', lie), 'NotUnderRoot');
    });

    it('cannot pass a part of the trace off as a tensor', async () => {
      const lie = (step: Execution) => {
        const roots = [0, 1].map((at) => treeLevels([garbage, `0x${String(at).repeat(64)}`]).at(-1)![0]!);
        return plant(step, nodeOf(step, 'mul'), hashNode(roots[0]!, roots[1]!));
      };
      expectNothingToShow(await play('a node of the trace as a tensor', lie), 'NotUnderRoot');
    });
  });
});
