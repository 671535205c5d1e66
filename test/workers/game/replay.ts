import { expect } from 'chai';

import { stateRoot } from '../../../engine/commit/reference.ts';
import type { State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { trainingLayout } from '../../../engine/programs.ts';
import { startState } from '../../../engine/training.ts';
import { noCommitment } from '../../../sdk/game-moves.ts';
import { createReplay, type ReplayOptions } from '../../../workers/lib/game/replay.ts';
import type { Work } from '../../../workers/lib/game/work.ts';
import { silentLog as log } from '../../helpers/logs.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';
import { rootOf } from '../../helpers/runs.ts';

const recipe = tinyRecipe();
const parent = initialParameters(recipe);
const zeroStart = stateRoot(startState(recipe, parent));
const { signal } = new AbortController();

const workIn = (round: number, startRoot: Work['commitment']['startRoot']) => {
  const commitment = { ...noCommitment, parent: stateRoot(parent), startRoot, segmentRoots: [rootOf(9)] };
  return { round, seat: 1, commitment } as Partial<Work> as Work;
};

/** After an accepted round that ended in a state that nobody has. */
const replayAfter = (voided: boolean) => {
  const options = {
    model: { recipe, trainingLayout: trainingLayout(recipe), rootOf: async (state: State) => stateRoot(state) },
    states: { get: async () => parent },
    library: { get: async () => undefined },
    works: { before: async ({ round }: Work) => (round === 2 ? { work: workIn(1, rootOf(8)), voided } : undefined) },
    log,
  };
  return createReplay(options as unknown as ReplayOptions);
};

describe('the starts of a round after one whose end nobody has', () => {
  it('are known to whoever starts from nothing, if that round is void', async () => {
    const starts = await replayAfter(true).startsOf(workIn(2, zeroStart), signal);
    expect(starts?.map(({ root }) => root)).to.deep.equal([zeroStart]);
  });

  it('are not known to whoever starts from anything else', async () => {
    expect(await replayAfter(true).startsOf(workIn(2, rootOf(7)), signal)).to.equal(undefined);
  });

  it('are not known as long as that round stands', async () => {
    expect(await replayAfter(false).startsOf(workIn(2, zeroStart), signal)).to.equal(undefined);
  });
});
