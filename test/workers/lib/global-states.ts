import { expect } from 'chai';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';

import type { Hash } from '../../../engine/commit/hash.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { aggregate } from '../../../engine/training.ts';
import type { BlobStore } from '../../../workers/lib/blobs.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { globalStates, type GlobalStates } from '../../../workers/lib/global-states.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog } from '../../helpers/logs.ts';
import { rootOf } from '../../helpers/runs.ts';
import { bookOf, tinyModelForTests } from '../../helpers/tiny-model.ts';

describe('global states', () => {
  const tiny = tinyModelForTests();
  const folder = freshFolder();
  const { log, lines } = recordingLog();
  let blobs: BlobStore;
  let payloads: { root: Hash; state: State }[];
  let next: { root: Hash; state: State };
  let settled: Hash | undefined;

  const step = () => ({ round: 1, parent: tiny().genesis.root, accepted: 0b101n });
  const open = (genesisRoot = tiny().genesis.root): GlobalStates => {
    const { payloadBytes } = tiny().model.programs;
    const book = bookOf(
      new Map([
        [0, { payloadRoot: payloads[0]!.root, payloadBytes }],
        [1, { payloadRoot: rootOf(9), payloadBytes }],
        [2, { payloadRoot: payloads[1]!.root, payloadBytes }],
      ]),
    );
    return globalStates({ model: tiny().model, blobs, book, log, genesisRoot, isSettled: async (r) => r === settled });
  };
  const fileOf = (root: Hash): string => join(folder(), `${root.slice(2)}.blob`);

  beforeEach(async () => {
    const { model, genesis } = tiny();
    lines.length = 0;
    settled = undefined;
    blobs = folderBlobs(folder(), log);
    payloads = [];
    for (const value of [2 ** -8, 2 ** -6]) {
      const state = createState(model.globalLayout);
      state.tensors.get('head')!.fill(value);
      payloads.push({ root: await model.rootOf(state), state });
      await blobs.put(payloads.at(-1)!.root, state.bytes);
    }
    const states = payloads.map(({ state }) => state);
    const state = await aggregate(model.recipe, genesis.state, states, model.executor);
    next = { root: await model.rootOf(state), state };
  });

  it('are rebuilt from the recipe and the payloads of accepted members alone', async () => {
    const states = open();
    await states.verify({ type: 'verify', root: tiny().genesis.root, from: undefined });
    await states.verify({ type: 'verify', root: next.root, from: step() });
    expect(states.roots()).to.deep.equal([tiny().genesis.root, next.root]);
    expect((await states.get(next.root))?.bytes).to.deep.equal(next.state.bytes);
  });

  it('are not built on when they are not what the payloads give, which is told once', async () => {
    const states = open();
    for (let i = 0; i < 3; i += 1) await states.verify({ type: 'verify', root: rootOf(7), from: step() });
    expect(states.roots()).not.to.include(rootOf(7));
    const told = lines.filter(({ event }) => event === 'stateMismatch');
    expect(told).to.have.length(1);
    expect(told[0]).to.include({ round: 1, root: rootOf(7), actual: next.root });
  });

  it('wait for a payload in place of one that is not finite', async () => {
    const state = createState(tiny().model.globalLayout, payloads[1]!.state.bytes);
    state.tensors.get('embedding')![3] = Infinity;
    const root = await tiny().model.rootOf(state);
    await blobs.put(root, state.bytes);
    payloads[1] = { root, state };
    const states = open();
    expect(await states.recompute(step())).to.equal(undefined);
    await states.verify({ type: 'verify', root: next.root, from: step() });
    expect(states.roots()).not.to.include(next.root);
  });

  it('wait for a payload that is missing or does not match its root, while they can still be disputed', async () => {
    const states = open();
    truncateSync(fileOf(payloads[1]!.root), 100);
    await blobs.put(next.root, next.state.bytes);
    await states.verify({ type: 'verify', root: next.root, from: step() });
    expect(states.roots()).not.to.include(next.root);
    expect([...(await states.payloads(step())).keys()]).to.deep.equal([0]);
    expect(await states.recompute(step())).to.equal(undefined);
  });

  it('are taken by their root once they are settled and payloads are gone', async () => {
    const states = open();
    settled = next.root;
    await blobs.remove(payloads[0]!.root);
    const verify = () => states.verify({ type: 'verify', root: next.root, from: step() });
    await failsWith('STATE_UNAVAILABLE', verify());
    await blobs.put(next.root, next.state.bytes);
    await verify();
    expect(states.roots()).to.include(next.root);
  });

  it('start where the run starts, or not at all', async () => {
    const verify = open(rootOf(8)).verify({ type: 'verify', root: rootOf(8), from: undefined });
    await failsWith('GENESIS_MISMATCH', verify);
  });
});
