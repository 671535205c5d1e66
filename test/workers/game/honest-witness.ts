import { expect } from 'chai';

import { stateRoot } from '../../../engine/commit/reference.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { noCommitment } from '../../../sdk/game-moves.ts';
import type { Disputed } from '../../../workers/lib/game/dispute.ts';
import { honestWitness, type WitnessMeans } from '../../../workers/lib/game/honest-witness.ts';
import { openingOf } from '../../../workers/lib/game/opening.ts';
import type { Work } from '../../../workers/lib/game/work.ts';

const layout: StateLayout = { groups: [[{ name: 'x', dtype: 'f32', shape: [1] }]] };
const stateOf = (value: number): State => {
  const state = createState(layout);
  state.tensors.get('x')!.fill(value);
  return state;
};
const rootOf = (value: number) => stateRoot(stateOf(value));
const valueOf = (state: State): number => state.tensors.get('x')![0]!;
const { signal } = new AbortController();

/** A round of two segments; a step adds one. The second segment is claimed to end where no step leads. */
const steps = (perSegment: number) => {
  const wrong = 1_000;
  const commitment = {
    ...noCommitment,
    startRoot: rootOf(0),
    segmentRoots: [rootOf(perSegment), rootOf(wrong)],
  };
  const means = {
    model: { rootOf: async (state: State) => stateRoot(state) },
    replay: {
      // As the real one: from the claimed state that is nearest.
      stateAt: async (_: unknown, step: number) => stateOf(step < 2 * perSegment ? step : wrong),
      advance: async (_: unknown, state: State, first: number, end: number) => stateOf(valueOf(state) + end - first),
    },
  } as unknown as WitnessMeans;
  const work = { commitment } as Partial<Work> as Work;
  const options = {
    programs: {} as Parameters<typeof openingOf>[0]['programs'],
    witnessOf: (disputed: Disputed) => honestWitness(means, disputed),
    spanOf: (segment: number) => ({ first: segment * perSegment, end: (segment + 1) * perSegment }),
  };
  return { work, options };
};

describe('an opening', () => {
  for (const perSegment of [1, 2, 3]) {
    it(`has own states as marks and never the disputed end, in segments of ${perSegment}`, async () => {
      const { work, options } = steps(perSegment);
      const disputed = { kind: 'work', work } as Disputed;
      const accusation = { claimId: 1n, subject: 'segment', segment: 1 } as const;
      const opening = await openingOf(options, accusation, disputed, signal);
      const inside = Array.from({ length: perSegment - 1 }, (_, i) => rootOf(perSegment + 1 + i));
      expect(opening?.marks).to.deep.equal(inside);
    });

    it(`on a verdict's state before the last step is made where it is wrong, in segments of ${perSegment}`, async () => {
      const { work, options } = steps(perSegment);
      const openingOn = (before: number) => {
        const verdict = { segment: 0, before: rootOf(before) };
        const disputed = { kind: 'verdict', verdict, work } as Disputed;
        return openingOf(options, { claimId: 1n, subject: 'before', segment: 0 }, disputed, signal);
      };
      expect(await openingOn(perSegment - 1)).to.equal(undefined);
      const marks = Array.from({ length: Math.max(0, perSegment - 2) }, (_, i) => rootOf(i + 1));
      expect((await openingOn(77))?.marks).to.deep.equal(marks);
    });
  }
});
