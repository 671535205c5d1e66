import { expect } from 'chai';

import { globalStates } from '../../../workers/lib/global-states.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { playGhostRound, type GhostOptions } from '../../../workers/miner/ghost.ts';
import { createPace } from '../../../workers/miner/pace.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog } from '../../helpers/logs.ts';
import { ownerOf, rootOf } from '../../helpers/runs.ts';
import { bookOf, tinyModelForTests, unhurried, wholeRound } from '../../helpers/tiny-model.ts';

describe('a ghost round', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests();
  const folder = freshFolder();
  const { log, lines } = recordingLog();
  const { signal } = new AbortController();
  let taken: number[];
  beforeEach(() => {
    lines.length = 0;
    taken = [];
  });

  const open = (changes: Partial<GhostOptions> = {}): GhostOptions => {
    const { model, genesis, trainer } = tiny();
    const known = { model, blobs: folderBlobs(folder(), log), log, book: bookOf(new Map()), genesisRoot: genesis.root };
    const counting: GhostOptions['trainer'] = {
      ...trainer,
      step(state, batch) {
        taken.push(taken.length);
        return trainer.step(state, batch);
      },
    };
    const states = globalStates({ ...known, isSettled: async () => true });
    return { ...tiny(), ...unhurried(), trainer: counting, states, log, ...changes };
  };
  const work = () => ({ round: 0, seed: rootOf(0), owner: ownerOf(1), parent: tiny().genesis.root, lineage: [] });

  it('is the whole round, and makes the pace known', async () => {
    const pace = createPace();
    await playGhostRound(open({ pace }), work(), signal);
    expect(taken).to.have.length(tiny().model.recipe.round.steps);
    const played = lines.at(-1);
    expect(played).to.include({ event: 'ghostPlayed', round: 0, steps: 4 });
    expect(played!['segmentSeconds']).to.be.greaterThan(0);
    expect(pace.plan({ ...wholeRound, least: 1, until: 0 }, 0, 0)).to.equal(1);
  });

  it('ends with the first step after commits are closed, or the run has gone on', async () => {
    for (const last of [{ time: 0, isOpen: false }, undefined]) {
      taken = [];
      const seen = [{ time: 0, isOpen: true }, { time: 0, isOpen: true }, last];
      await playGhostRound(open({ look: async () => seen.shift() }), work(), signal);
      expect(taken).to.have.length(2);
    }
  });

  it('tells nothing of a pace when there was no time for a second step', async () => {
    const pace = createPace();
    const seen = [{ time: 0, isOpen: true }, undefined];
    await playGhostRound(open({ pace, look: async () => seen.shift() }), work(), signal);
    expect(pace.plan({ ...wholeRound, least: 1, until: 0 }, 0, 0)).to.equal(2);
    expect(lines.at(-1)!['segmentSeconds']).to.equal(undefined);
  });
});
