import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { routeOfSession } from '../../../sdk/vouchers.ts';
import { voucherFiles, type Kept, type VoucherFiles } from '../../../workers/gateway/voucher-files.ts';
import { failsWith } from '../../helpers/errors.ts';
import { recordingLog } from '../../helpers/logs.ts';

const SESSION = 7n;
const kept = (drawn: number): Kept => ({
  voucher: { session: SESSION, route: routeOfSession(SESSION), drawn, signature: `0x${'ab'.repeat(64)}` },
  promised: drawn,
});

describe('the files of vouchers', () => {
  let folder: string;
  let files: VoucherFiles;
  const { log, lines } = recordingLog();
  const open = () => voucherFiles(folder, log);
  const path = () => join(folder, `${SESSION}.json`);
  const lineCount = () => readFileSync(path(), 'utf8').split('\n').length - 1;
  const drawn = async () => (await open().find(SESSION))?.voucher.drawn;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vouchers-'));
    files = open();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('have the latest voucher last, and do not grow for ever', async () => {
    let most = 0;
    for (let i = 1; i <= 600; i++) {
      await files.save(kept(i));
      most = Math.max(most, lineCount());
    }
    expect(await drawn()).to.equal(600);
    expect(most).to.equal(256);
  });

  it('have the voucher before when a process was killed while it wrote one', async () => {
    await files.save(kept(1));
    await files.save(kept(2));
    for (const half of ['{"session":"7","dra', '\0\0\0\0']) {
      appendFileSync(path(), half);
      expect(await drawn()).to.equal(2);
    }
    const next = open();
    await next.save(kept(3));
    await next.save(kept(4));
    expect(lineCount()).to.equal(2);
    expect(await drawn()).to.equal(4);
    expect(lines).to.deep.equal([]);
  });

  it('are written anew after one that could not be written', async () => {
    await files.save(kept(1));
    rmSync(path());
    mkdirSync(path());
    await failsWith('STORAGE_FAILED', files.save(kept(2)));
    rmSync(path(), { recursive: true });
    await files.save(kept(3));
    expect(await drawn()).to.equal(3);
    expect(lineCount()).to.equal(1);
  });

  it('have nothing of a session that is over, and all of it when it comes back', async () => {
    await files.save(kept(1));
    await files.remove(SESSION);
    expect(await drawn()).to.equal(undefined);
    await files.save(kept(2));
    expect(await drawn()).to.equal(2);
  });
});
