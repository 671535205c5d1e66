import { expect } from 'chai';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';

import { openCheckpoint } from '../../../workers/lib/checkpoint.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { silentLog } from '../../helpers/logs.ts';

const children = join(import.meta.dirname, '../../helpers/children');
const root = `0x${'00'.repeat(32)}` as const;
const MiB = 1 << 20;
/** Size of what write-forever.ts writes. */
const written = 16 * MiB;

/** Kills the writer with SIGKILL when it has announced generation `last`, somewhere in writing it. */
async function killWhileWriting(kind: string, folder: string, last: number): Promise<void> {
  const child = spawn(process.execPath, [join(children, 'write-forever.ts'), kind, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) if (Number(line) >= last) break;
  child.kill('SIGKILL');
  await once(child, 'exit');
}

/** Runs the writer of one thing of `size` bytes on a disk with room for less than that, and returns its error. */
function writeOnFullDisk(kind: string, folder: string, size: number): unknown {
  // 512 KiB for a file is the full disk that every user can have.
  const script = 'ulimit -f 512; exec "$@"';
  const writer = [process.execPath, join(children, 'write-once.ts'), kind, folder, String(size)];
  return JSON.parse(execFileSync('bash', ['-c', script, 'bash', ...writer], { encoding: 'utf8' }));
}

describe('durability', function () {
  this.timeout(60_000);
  const folder = freshFolder();

  for (const last of [1, 2, 3, 5, 8]) {
    it(`leaves the old blob or the new one when killed while writing number ${last}`, async () => {
      await killWhileWriting('blob', folder(), last);
      const path = join(folder(), 'blob');
      if (!existsSync(path)) return expect(last).to.equal(1);
      const bytes = readFileSync(path);
      expect(bytes.length).to.equal(written);
      expect(bytes[0]).to.be.at.least(last - 1);
      expect(bytes.equals(Buffer.alloc(written, bytes[0]))).to.equal(true);
    });

    it(`leaves a checkpoint to go on from when killed while writing number ${last}`, async () => {
      await killWhileWriting('checkpoint', folder(), last);
      const checkpoint = openCheckpoint(folder(), z.strictObject({ generation: z.number() }), silentLog);
      const saved = await checkpoint.load();
      if (saved === undefined) return expect(last).to.equal(1);
      expect(saved.facts.generation).to.be.at.least(last - 1);
      expect(saved.state.length).to.equal(written);
      expect(Buffer.alloc(written, saved.facts.generation).equals(saved.state)).to.equal(true);
    });
  }

  it('reports a full disk while storing a blob, and leaves nothing half written', async () => {
    const blobs = folderBlobs(folder(), silentLog);
    await blobs.put(root, new Uint8Array(10).fill(1));
    expect(writeOnFullDisk('blob', folder(), MiB)).to.deep.include({ code: 'DISK_FULL', retryable: true });
    expect(readdirSync(folder())).to.have.length(1);
    const before = await blobs.get(root, { bytes: 10, digest: () => root });
    expect(before).to.deep.equal(Buffer.alloc(10, 1));
  });

  it('reports a full disk while saving a checkpoint, and keeps the one before', async () => {
    const checkpoint = openCheckpoint(folder(), z.strictObject({ step: z.number() }), silentLog);
    await checkpoint.save({ step: 1 }, new Uint8Array(10).fill(1));
    expect(writeOnFullDisk('checkpoint', folder(), MiB)).to.deep.include({ code: 'DISK_FULL', argument: folder() });
    expect(readdirSync(folder())).to.deep.equal(['1']);
    expect((await checkpoint.load())?.facts.step).to.equal(1);
  });
});
