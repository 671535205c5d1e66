import { expect } from 'chai';
import { stateRoot } from '../../engine/commit/reference.ts';
import { EMPTY, hashNode, merkleRoot } from '../../engine/commit/tree.ts';
import { createState, stateBytes } from '../../engine/graph/state.ts';
import { programRoot } from '../../engine/graph/encode.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import {
  aggregateProgram,
  payloadLayout,
  payloadProgram,
  trainingLayout,
  trainingProgram,
} from '../../engine/programs.ts';
import { runPrograms } from '../../engine/run-programs.ts';
import { startState } from '../../engine/training.ts';
import { failsWith } from '../helpers/errors.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

describe('the programs of a run', function () {
  this.timeout(60_000);
  const recipe = tinyRecipe();

  it('are those that its recipe builds', () => {
    const programs = runPrograms(recipe, 3);
    expect(programs.training).to.equal(programRoot(trainingProgram(recipe)));
    expect(programs.payload).to.equal(programRoot(payloadProgram(recipe)));
    expect(programs.segmentSteps * recipe.round.segments).to.equal(recipe.round.steps);
    expect(programs.dataset).to.equal(recipe.dataset.root);
    expect(programs.payloadBytes).to.equal(BigInt(stateBytes(payloadLayout(recipe))));
  });

  it('have an outer step for every number of members from one to the most, and for no other', () => {
    const { root, leaves } = runPrograms(recipe, 3).aggregates;
    expect(leaves).to.have.length(256);
    expect(leaves[0]).to.equal(EMPTY);
    for (const members of [1, 2, 3]) expect(leaves[members]).to.equal(programRoot(aggregateProgram(recipe, members)));
    expect(leaves.slice(4).every((leaf) => leaf === EMPTY)).to.equal(true);
    expect(root).to.equal(merkleRoot(leaves));
  });

  it('start a member that has no local state from zeros', () => {
    const muon = { name: 'muon', learningRate: 1e-3, steps: 10 } as const;
    const others = [{ optimizer: { name: 'sgd' } as const }, { optimizer: muon, outer: { name: 'nesterov' } as const }];
    for (const any of [recipe, ...others.map((fields) => tinyRecipe(fields))]) {
      const { zeroFirst, zeroRest } = runPrograms(any, 1);
      const parameters = initialParameters(any);
      const start = hashNode(hashNode(stateRoot(parameters), zeroFirst), zeroRest);
      expect(start).to.equal(stateRoot(startState(any, parameters)));
      expect(stateRoot(createState(trainingLayout(any)))).to.not.equal(start);
    }
  });

  it('have no payload of zeros without error feedback', () => {
    expect(runPrograms(recipe, 1).zeroPayload).to.equal(`0x${'00'.repeat(32)}`);
  });

  it('are for at least one member and at most 255', async () => {
    for (const members of [0, 256, 1.5]) await failsWith('MEMBERS_INVALID', () => runPrograms(recipe, members));
    expect(runPrograms(recipe, 255).aggregates.leaves[255]).to.equal(programRoot(aggregateProgram(recipe, 255)));
  });
});
