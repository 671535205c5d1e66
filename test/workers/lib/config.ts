import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { DRAND_URLS } from '../../../sdk/drand.ts';
import { loadConfig, workerConfig, workerFields } from '../../../workers/lib/config.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';

const needed = {
  SWARMLOCK_RPC_URL: 'http://127.0.0.1:8545',
  SWARMLOCK_CHAIN_ID: '31337',
  SWARMLOCK_DEPLOYMENT: 'deployed_addresses.json',
  SWARMLOCK_RUN_ID: '1',
  SWARMLOCK_BLOBS: 'blobs',
  SWARMLOCK_CHECKPOINT: 'checkpoint',
};

describe('configuration', () => {
  const folder = freshFolder();
  const file = (content: string): string => {
    const path = join(folder(), 'config.json');
    writeFileSync(path, content);
    return path;
  };

  it('comes from the environment, with defaults for the rest', async () => {
    const config = await loadConfig(workerConfig, needed);
    expect(config).to.deep.include({ chainId: 31_337, runId: 1n, pollMs: 1_000, logLevel: 'info' });
    expect(config.logFile).to.equal(undefined);
  });

  it('comes from a file, and the environment has the last word', async () => {
    const { SWARMLOCK_RUN_ID: _, ...rest } = needed;
    const path = file('{"runId": 7, "pollMs": 250, "logLevel": "debug"}');
    const config = await loadConfig(workerConfig, { ...rest, SWARMLOCK_CONFIG: path, SWARMLOCK_POLL_MS: '500' });
    expect(config).to.deep.include({ runId: 7n, pollMs: 500, logLevel: 'debug' });
  });

  it('has the fields that a worker adds', async () => {
    const schema = z.strictObject({ ...workerFields, threads: z.coerce.number().default(2) });
    expect((await loadConfig(schema, { ...needed, SWARMLOCK_THREADS: '4' })).threads).to.equal(4);
  });

  it('takes endpoints of drand from a list, or separated by commas', async () => {
    expect((await loadConfig(workerConfig, needed)).drandUrls).to.deep.equal([...DRAND_URLS]);
    const urls = ['https://one.example', 'http://two.example/drand'];
    const { drandUrls } = await loadConfig(workerConfig, { ...needed, SWARMLOCK_DRAND_URLS: urls.join(',') });
    expect(drandUrls).to.deep.equal(urls);
    const path = file(JSON.stringify({ drandUrls: urls }));
    expect((await loadConfig(workerConfig, { ...needed, SWARMLOCK_CONFIG: path })).drandUrls).to.deep.equal(urls);
    await failsWith('CONFIG_INVALID', loadConfig(workerConfig, { ...needed, SWARMLOCK_DRAND_URLS: 'drand' }));
  });

  it('names the field that is missing or wrong', async () => {
    const { SWARMLOCK_BLOBS: _, ...rest } = needed;
    expect((await failsWith('CONFIG_INVALID', loadConfig(workerConfig, rest))).argument).to.equal('blobs');
    const wrong = loadConfig(workerConfig, { ...needed, SWARMLOCK_RPC_URL: 'localhost' });
    expect(await failsWith('CONFIG_INVALID', wrong)).to.have.property('argument', 'rpcUrl');
  });

  it('refuses a private key in a file, without repeating it', async () => {
    const key = `0x${'1f'.repeat(32)}`;
    const path = file(JSON.stringify({ privateKey: key }));
    const error = await failsWith('CONFIG_INVALID', loadConfig(workerConfig, { ...needed, SWARMLOCK_CONFIG: path }));
    expect(error.message).to.include('privateKey').and.to.not.include(key);
  });

  it('names the file that cannot be read', async () => {
    for (const content of [undefined, '{"runId"', '[]']) {
      const path = content === undefined ? join(folder(), 'nowhere.json') : file(content);
      const loading = loadConfig(workerConfig, { ...needed, SWARMLOCK_CONFIG: path });
      expect(await failsWith('CONFIG_INVALID', loading)).to.have.property('argument', 'SWARMLOCK_CONFIG');
    }
  });
});
