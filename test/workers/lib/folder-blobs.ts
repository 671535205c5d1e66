import { expect } from 'chai';
import { createHash } from 'node:crypto';
import { chmodSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Hash } from 'viem';

import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog } from '../../helpers/logs.ts';

const digest = (bytes: Uint8Array): Hash => `0x${createHash('sha256').update(bytes).digest('hex')}`;
const content = new Uint8Array(5_000).fill(3);
const root = digest(content);
const expected = { bytes: content.length, digest };

describe('folder blob store', () => {
  const folder = freshFolder();
  const open = () => {
    const { log, lines } = recordingLog();
    return { lines, blobs: folderBlobs(join(folder(), 'blobs'), log) };
  };
  const fileOf = (hash: Hash): string => join(folder(), 'blobs', `${hash.slice(2)}.blob`);

  it('gives back what was put under a root', async () => {
    const { blobs, lines } = open();
    await blobs.put(root, content);
    expect(await blobs.get(root, expected)).to.deep.equal(Buffer.from(content));
    expect(lines).to.deep.equal([]);
  });

  it('stores bytes over a shared buffer', async () => {
    const { blobs } = open();
    const shared = new Uint8Array(new SharedArrayBuffer(content.length)).fill(3);
    await blobs.put(root, shared);
    expect(await blobs.get(root, expected)).to.not.equal(undefined);
  });

  it('has nothing under a root that was never put', async () => {
    const { blobs, lines } = open();
    expect(await blobs.get(root, expected)).to.equal(undefined);
    expect(lines).to.deep.equal([]);
  });

  it('may be given the same blob twice, also at the same time', async () => {
    const { blobs } = open();
    await Promise.all([blobs.put(root, content), blobs.put(root, content)]);
    expect(readdirSync(join(folder(), 'blobs'))).to.have.length(1);
  });

  it('reports bytes that do not hash to their root, and treats them as absent', async () => {
    const { blobs, lines } = open();
    await blobs.put(root, content);
    writeFileSync(fileOf(root), new Uint8Array(content.length));
    expect(await blobs.get(root, expected)).to.equal(undefined);
    expect(lines[0]).to.deep.include({ code: 'BLOB_CORRUPT', root, actual: digest(new Uint8Array(content.length)) });
  });

  it('reports a truncated blob without hashing it', async () => {
    const { blobs, lines } = open();
    await blobs.put(root, content);
    truncateSync(fileOf(root), 4_999);
    const digestMustNotRun = (): never => expect.fail('hashed');
    expect(await blobs.get(root, { bytes: 5_000, digest: digestMustNotRun })).to.equal(undefined);
    expect(lines[0]).to.deep.include({ code: 'BLOB_CORRUPT', bytes: 4_999, expected: 5_000 });
  });

  it('heals a corrupt blob when it is put again', async () => {
    const { blobs } = open();
    await blobs.put(root, content);
    writeFileSync(fileOf(root), 'junk');
    await blobs.put(root, content);
    expect(await blobs.get(root, expected)).to.deep.equal(Buffer.from(content));
  });

  it('refuses a root that is not one, so that no other file can be reached', async () => {
    const { blobs } = open();
    await failsWith('ROOT_INVALID', () => blobs.put('0x/../../../tmp/x', content));
    await failsWith('ROOT_INVALID', () => blobs.get(`0x${'AB'.repeat(32)}`, expected));
  });

  it('says so when a digest fails, instead of calling the blob absent', async () => {
    const { blobs } = open();
    await blobs.put(root, content);
    const broken = new TypeError('a bug');
    const failing = blobs.get(root, { bytes: content.length, digest: () => Promise.reject(broken) });
    expect(await failing.catch((error: unknown) => error)).to.equal(broken);
  });

  it('names the path when the folder cannot be used', async () => {
    writeFileSync(join(folder(), 'blobs'), 'a file where the folder should be');
    chmodSync(join(folder(), 'blobs'), 0o400);
    const error = await failsWith('STORAGE_FAILED', open().blobs.put(root, content));
    expect(error.argument).to.equal(fileOf(root));
    expect(error.retryable).to.equal(false);
  });
});
