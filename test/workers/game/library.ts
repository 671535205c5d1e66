import { expect } from 'chai';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';

import { SwarmlockError } from '../../../engine/errors.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { openLibrary } from '../../../workers/lib/game/library.ts';
import { programsOf } from '../../../workers/lib/programs.ts';
import { createPatience } from '../../../workers/lib/game/patience.ts';
import { steppingClock } from '../../helpers/clocks.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog, silentLog as log } from '../../helpers/logs.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const layout: StateLayout = { groups: [[{ name: 'x', dtype: 'f32', shape: [3] }]] };
const stateOf = (value: number): State => {
  const state = createState(layout);
  state.tensors.get('x')!.fill(value);
  return state;
};
const recipe = tinyRecipe();
const { programs } = programsOf(recipe, 1);
const model = { recipe, programs, rootOf: async (state: State) => stateRoot(state) };

describe('a library of disputed states', () => {
  const folder = freshFolder();
  const [one, two] = [stateOf(1), stateOf(2)];
  const open = (stored?: Uint8Array) => {
    const shared = folderBlobs(join(folder(), 'shared'), log);
    const own = stored && { stored: async () => stored };
    return { shared, library: openLibrary({ folder: join(folder(), 'own'), model, shared, log, ...own }) };
  };
  const valueOf = (state: State | undefined) => state?.tensors.get('x')![0];

  it('has what is served, and still has its copy when that is gone', async () => {
    const { shared, library } = open();
    const root = stateRoot(one);
    expect(await library.get(4, layout, root)).to.equal(undefined);
    await shared.put(root, one.bytes);
    expect(valueOf(await library.get(4, layout, root))).to.equal(1);
    await library.keep(4, root, one);
    await shared.remove(root);
    expect(valueOf(await library.get(4, layout, root))).to.equal(1);
  });

  it('has what the worker stores anyway, if it is of the right size', async () => {
    const root = stateRoot(two);
    expect(valueOf(await open(two.bytes).library.get(4, layout, root))).to.equal(2);
    expect(await open(two.bytes.slice(1)).library.get(4, layout, root)).to.equal(undefined);
  });

  it('forgets the rounds before the first that can be disputed', async () => {
    const { library } = open();
    for (const round of [3, 4, 5]) await library.keep(round, stateRoot(one), one);
    await library.sweep(4);
    expect(readdirSync(join(folder(), 'own'))).to.have.members(['4', '5']);
    expect(await library.get(3, layout, stateRoot(one))).to.equal(undefined);
    await open().library.sweep(6);
    expect(readdirSync(join(folder(), 'own'))).to.deep.equal([]);
  });
});

describe('patience', () => {
  it('tries again after longer and longer pauses, and from the start after a success', async () => {
    const clock = steppingClock();
    const { log: recording, lines } = recordingLog();
    const patience = createPatience(clock, recording);
    const missing = new SwarmlockError('nobody has it', { code: 'STATE_UNAVAILABLE', retryable: true });
    const fail = () => patience.attempt(() => Promise.reject(missing));
    await fail();
    expect(patience.isWaiting()).to.equal(true);
    await clock.sleep(1_000);
    expect(patience.isWaiting()).to.equal(false);
    await fail();
    await clock.sleep(1_999);
    expect(patience.isWaiting()).to.equal(true);
    await clock.sleep(1);
    await patience.attempt(async () => undefined);
    await fail();
    await clock.sleep(1_000);
    expect(patience.isWaiting()).to.equal(false);
    expect(lines).to.have.length(3);
  });

  it('lets through what no retry can help', async () => {
    const patience = createPatience(steppingClock(), log);
    const fatal = new SwarmlockError('wrong', { code: 'RUN_MISMATCH' });
    await failsWith(
      'RUN_MISMATCH',
      patience.attempt(() => Promise.reject(fatal)),
    );
  });
});
