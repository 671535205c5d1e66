import { expect } from 'chai';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';

import { sealFile } from '../../../workers/validator/seal-file.ts';
import type { Seal } from '../../../workers/validator/verdicts.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog, silentLog } from '../../helpers/logs.ts';
import { aDuty, ownerOf, rootOf } from '../../helpers/runs.ts';

describe('the seal on disk', () => {
  const folder = freshFolder();
  const path = (): string => join(folder(), 'validator', 'seal.json');
  const seal: Seal = {
    salt: rootOf(1),
    verdicts: [
      {
        validator: ownerOf(4),
        work: aDuty(1).claimId,
        segment: 2,
        before: rootOf(2),
        trace: rootOf(3),
        leaves: rootOf(6),
      },
      {
        validator: ownerOf(4),
        work: aDuty(2).claimId,
        segment: 0,
        before: rootOf(4),
        trace: rootOf(5),
        leaves: rootOf(7),
      },
    ],
  };

  it('is not there before it is saved', async () => {
    expect(await sealFile(path(), silentLog).load(rootOf(9))).to.equal(undefined);
  });

  it('is found again by the next process, for its round alone', async () => {
    await sealFile(path(), silentLog).save(rootOf(9), seal);
    const next = sealFile(path(), silentLog);
    expect(await next.load(rootOf(9))).to.deep.equal(seal);
    expect(await next.load(rootOf(8))).to.equal(undefined);
  });

  it('makes room for the seal of the next round', async () => {
    const file = sealFile(path(), silentLog);
    await file.save(rootOf(9), seal);
    const other = { ...seal, salt: rootOf(6) };
    await file.save(rootOf(10), other);
    for (const again of [file, sealFile(path(), silentLog)]) {
      expect(await again.load(rootOf(10))).to.deep.equal(other);
      expect(await again.load(rootOf(9))).to.equal(undefined);
    }
  });

  it('is reported when it is damaged, and taken as absent', async () => {
    await sealFile(path(), silentLog).save(rootOf(9), seal);
    truncateSync(path(), 100);
    const { log, lines } = recordingLog();
    const file = sealFile(path(), log);
    expect(await file.load(rootOf(9))).to.equal(undefined);
    expect(lines[0]).to.deep.include({ code: 'CHECKPOINT_CORRUPT', path: path() });
    await file.save(rootOf(9), seal);
    expect(await file.load(rootOf(9))).to.deep.equal(seal);
  });
});
