import { expect } from 'chai';
import { mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openCheckpoint, type Checkpoint } from '../../../workers/lib/checkpoint.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog, type Line } from '../../helpers/logs.ts';

const schema = z.strictObject({ round: z.number(), step: z.number() });
const stateOf = (step: number): Uint8Array => new Uint8Array(4_096).fill(step);

describe('checkpoint', () => {
  const parent = freshFolder();
  let folder: string;
  let checkpoint: Checkpoint<z.infer<typeof schema>>;
  let lines: Line[];
  beforeEach(() => {
    folder = join(parent(), 'miner');
    const recording = recordingLog();
    lines = recording.lines;
    checkpoint = openCheckpoint(folder, schema, recording.log);
  });
  const saveSteps = async (...steps: number[]): Promise<void> => {
    for (const step of steps) await checkpoint.save({ round: 1, step }, stateOf(step));
  };

  it('has nothing before the first save', async () => {
    expect(await checkpoint.load()).to.equal(undefined);
  });

  it('gives back the facts and the state of the last save', async () => {
    await saveSteps(1, 2);
    expect(await checkpoint.load()).to.deep.equal({ facts: { round: 1, step: 2 }, state: Buffer.from(stateOf(2)) });
  });

  it('keeps two generations and nothing else', async () => {
    await saveSteps(1, 2, 3, 4);
    expect(readdirSync(folder).toSorted()).to.deep.equal(['3', '4']);
  });

  it('falls back to the generation before a truncated one, and reports it', async () => {
    await saveSteps(1, 2);
    truncateSync(join(folder, '2', 'state.bin'), 100);
    expect((await checkpoint.load())?.facts.step).to.equal(1);
    expect(lines[0]).to.deep.include({ code: 'CHECKPOINT_CORRUPT', generation: 2 });
  });

  it('goes on counting after a damaged generation, and is whole again with the next save', async () => {
    await saveSteps(1, 2);
    writeFileSync(join(folder, '2', 'facts.json'), '{"sha2');
    await saveSteps(3);
    expect((await checkpoint.load())?.facts.step).to.equal(3);
  });

  it('notices a flipped bit in the state', async () => {
    await saveSteps(1);
    const state = readFileSync(join(folder, '1', 'state.bin'));
    state[77]! ^= 1;
    writeFileSync(join(folder, '1', 'state.bin'), state);
    await failsWith('CHECKPOINT_CORRUPT', checkpoint.load());
  });

  it('notices facts that are not those that were saved', async () => {
    await saveSteps(1);
    const path = join(folder, '1', 'facts.json');
    writeFileSync(path, readFileSync(path, 'utf8').replace('"step":1', '"step":9'));
    await failsWith('CHECKPOINT_CORRUPT', checkpoint.load());
  });

  it('says what to do when no generation is intact', async () => {
    await saveSteps(1, 2);
    truncateSync(join(folder, '1', 'state.bin'), 0);
    truncateSync(join(folder, '2', 'facts.json'), 0);
    const error = await failsWith('CHECKPOINT_CORRUPT', checkpoint.load());
    expect(error.argument).to.equal(folder);
    expect(error.hint).to.be.a('string');
    expect(readdirSync(folder)).to.have.length(2);
  });

  it('goes on after a save that was killed halfway', async () => {
    await saveSteps(1, 2);
    mkdirSync(join(folder, 'writing'));
    mkdirSync(join(folder, '0.old'));
    writeFileSync(join(folder, 'writing', 'state.bin'), 'half');
    expect((await checkpoint.load())?.facts.step).to.equal(2);
    await saveSteps(3);
    expect(readdirSync(folder).toSorted()).to.deep.equal(['2', '3']);
  });
});
