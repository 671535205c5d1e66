import { expect } from 'chai';

import { leafGeometry, leafSpan } from '../../../engine/commit/format.ts';
import { firstDifferent, firstElementOf, isForbidden, leafOfElement } from '../../../workers/lib/game/elements.ts';
import { demandOf, firstDemandOf } from '../../../workers/lib/game/demand.ts';
import { groupRoots } from '../../../workers/lib/game/groups.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { hashNode } from '../../../engine/commit/tree.ts';
import { createState } from '../../../engine/graph/state.ts';
import { trainingLayout } from '../../../engine/programs.ts';
import { partsOf, levelsOf } from '../../../sdk/game.ts';
import { aPosition, HEIGHT, program, UNEVEN } from '../../helpers/games.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';
import { rootOf } from '../../helpers/runs.ts';

const bytes = (type: 'f32' | 'i8' | 'u32' | 'i32', value: number): Uint8Array => {
  const arrays = { f32: Float32Array, i8: Int8Array, u32: Uint32Array, i32: Int32Array };
  return new Uint8Array(arrays[type].from([0, value]).buffer);
};

describe('elements of a leaf', () => {
  it('are forbidden where no encoding allows them', () => {
    for (const value of [NaN, Infinity, -Infinity, -0])
      expect(isForbidden('f32', bytes('f32', value), 1)).to.equal(true);
    for (const value of [0, 2 ** -149, -3.4e38]) expect(isForbidden('f32', bytes('f32', value), 1)).to.equal(false);
    expect([-128, -127].map((value) => isForbidden('i8', bytes('i8', value), 1))).to.deep.equal([true, false]);
    expect([2 ** 31, 2 ** 31 - 1].map((value) => isForbidden('u32', bytes('u32', value), 1))).to.deep.equal([
      true,
      false,
    ]);
    expect(isForbidden('i32', bytes('i32', -(2 ** 31)), 1)).to.equal(false);
  });

  it('are found by the first byte in which they differ', () => {
    const own = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    expect(firstDifferent('f32', own, own.slice())).to.equal(undefined);
    expect(firstDifferent('f32', own, own.with(7, 0))).to.equal(1);
    expect(firstDifferent('i8', own, own.with(3, 0))).to.equal(3);
  });

  for (const [what, shape] of [
    ['packed rows', [7, 100]],
    ['rows of a leaf', [3, 256]],
    ['rows of a leaf and a bit', [3, 300]],
  ] as const) {
    it(`are in the leaf that geometry gives, with ${what}`, () => {
      const type = { dtype: 'f32', shape } as const;
      const geometry = leafGeometry(type);
      for (let leaf = 0; leaf < geometry.leaves; leaf += 1) {
        const { start, length } = leafSpan(geometry, leaf);
        expect(firstElementOf(type, leaf)).to.equal(start / 4);
        expect([start / 4, (start + length) / 4 - 1].map((at) => leafOfElement(type, at))).to.deep.equal([leaf, leaf]);
      }
    });
  }
});

describe('demands', () => {
  it('are those of the stage that a move leads to', () => {
    const pick = (child: number) => ({ type: 'pick', child, root: rootOf(1), siblings: [] }) as const;
    const nodes = aPosition({ stage: 'chooseNodes', height: 11, places: 1_056 });
    expect(demandOf(nodes, pick(3), program)).to.deep.equal({ stage: 'nodes', height: 5 });
    const chunks = aPosition({ stage: 'chooseChunks', height: HEIGHT, places: 12 });
    expect(demandOf(chunks, pick(11), program)).to.deep.equal({ stage: 'leaf', height: 0 });
    expect(demandOf({ ...chunks, height: 9 }, pick(1), program)).to.deep.equal({ stage: 'chunks', height: 4 });
    expect(demandOf(nodes, { type: 'mark', marks: [] }, program)).to.deep.equal({ stage: 'marks', height: 0 });
  });

  it('are that of the chosen node, as deep as its tensor', () => {
    const top = aPosition({ stage: 'chooseNodes', height: HEIGHT });
    const choice = { root: rootOf(1), siblings: [], descriptor: '0x', descriptorProof: [] } as const;
    const pickNode = (child: number) => ({ type: 'pickNode', child, ...choice }) as const;
    expect(demandOf(top, pickNode(UNEVEN), program)).to.deep.equal({ stage: 'tensor', height: 4 });
    expect(demandOf(top, pickNode(6), program)).to.equal(undefined);
  });

  it('are none where a move ends the game', () => {
    const chunks = aPosition({ stage: 'chooseChunks', height: HEIGHT, places: 12 });
    const padding = { type: 'pick', child: 12, root: rootOf(1), siblings: [] } as const;
    expect(demandOf(chunks, padding, program)).to.equal(undefined);
    expect(firstDemandOf({ subject: 'size', marks: [] })).to.equal(undefined);
  });

  it('depend on what is opened', () => {
    const stageOf = (subject: 'start' | 'segment' | 'payload', marks: readonly unknown[] = []) =>
      firstDemandOf({ subject, marks })?.stage;
    expect(stageOf('start')).to.equal('start');
    expect(stageOf('segment', [1])).to.equal('marks');
    expect(stageOf('segment')).to.equal('invoke');
    expect(stageOf('payload')).to.equal('invoke');
  });
});

describe('spans and trees', () => {
  it('are cut into equal parts, at most 64', () => {
    expect(partsOf(4, 5)).to.deep.equal([{ first: 4, end: 5 }]);
    expect(partsOf(0, 64)).to.have.length(64);
    expect(partsOf(10, 140)).to.have.length(44);
    expect(partsOf(10, 140).at(-1)).to.deep.equal({ first: 139, end: 140 });
  });

  it('are opened at most seven levels at a time, as evenly as can be', () => {
    expect([0, 1, 7, 8, 13, 14, 15, 18].map(levelsOf)).to.deep.equal([0, 1, 7, 4, 7, 7, 5, 6]);
  });

  it('give the parts of a training state by which a start is shown', () => {
    const state = createState(trainingLayout(tinyRecipe()));
    state.bytes.fill(1);
    const { parameters, first, rest } = groupRoots(state);
    expect(hashNode(hashNode(parameters, first), rest)).to.equal(stateRoot(state));
  });
});
