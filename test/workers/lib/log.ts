import { expect } from 'chai';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { SwarmlockError } from '../../../engine/errors.ts';
import { createLog } from '../../../workers/lib/log.ts';
import { freshFolder } from '../../helpers/folders.ts';

const key = `0x${'1f'.repeat(32)}`;

describe('log', () => {
  const folder = freshFolder();
  let file: string;
  beforeEach(() => {
    file = join(folder(), 'deep', 'miner.log');
  });

  it('writes one line of JSON for each event, with the name of the worker', () => {
    createLog({ name: 'miner', file }).info({ round: 7 }, 'committed');
    expect(JSON.parse(readFileSync(file, 'utf8'))).to.deep.include({ name: 'miner', round: 7, msg: 'committed' });
  });

  it('writes integers of any size', () => {
    createLog({ name: 'miner', file }).info({ gas: 2n ** 70n });
    expect(readFileSync(file, 'utf8')).to.include('1180591620717411303424');
  });

  it('redacts fields that are named like secrets', () => {
    createLog({ name: 'miner', file }).info({ privateKey: 'k1', wallet: { password: 'k2' } });
    expect(readFileSync(file, 'utf8')).to.not.match(/k1|k2/);
  });

  it('redacts a known secret wherever it turns up, with and without its prefix', () => {
    const log = createLog({ name: 'miner', file, secrets: [key] });
    log.info({ note: key }, `signing with ${key.slice(2)}`);
    log.error({ err: new Error(`bad key ${key}`) });
    expect(readFileSync(file, 'utf8')).to.not.include(key.slice(2));
  });

  // A device of Linux that has never any room.
  if (existsSync('/dev/full')) {
    it('does not end a worker when the disk is full', () => {
      const log = createLog({ name: 'miner', file: '/dev/full' });
      expect(() => [1, 2, 3].forEach((line) => log.info({ line }))).not.to.throw();
    });
  }

  it('writes the code and the causes of an error', () => {
    const cause = new Error('ENOSPC');
    createLog({ name: 'miner', file }).error({ err: new SwarmlockError('full', { code: 'DISK_FULL', cause }) });
    const { err } = JSON.parse(readFileSync(file, 'utf8')) as { err: { code: string; cause: { message: string } } };
    expect(err.code).to.equal('DISK_FULL');
    expect(err.cause.message).to.equal('ENOSPC');
  });
});
