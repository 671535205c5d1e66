import { expect } from 'chai';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';

import { freshFolder } from '../../helpers/folders.ts';
import { freePort, nodeForTests } from '../../helpers/node.ts';

const script = join(import.meta.dirname, '../../helpers/children/idle-worker.ts');
const privateKey = `0x${'1f'.repeat(32)}`;

describe('worker process', function () {
  this.timeout(20_000);
  const node = nodeForTests();
  const folder = freshFolder();

  const environment = (changes: Record<string, string> = {}): Record<string, string> => ({
    SWARMLOCK_PRIVATE_KEY: privateKey,
    SWARMLOCK_RPC_URL: node().rpcUrl,
    SWARMLOCK_CHAIN_ID: '31337',
    SWARMLOCK_DEPLOYMENT: join(folder(), 'deployed_addresses.json'),
    SWARMLOCK_RUN_ID: '1',
    SWARMLOCK_BLOBS: join(folder(), 'blobs'),
    SWARMLOCK_CHECKPOINT: join(folder(), 'checkpoint'),
    ...changes,
  });

  /** Runs the worker, stopping it with `signal` at the first line that it writes. */
  const run = async (env: Record<string, string>, signal?: NodeJS.Signals) => {
    const child = spawn(process.execPath, [script], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const output = child.stderr.pipe(new PassThrough());
    if (signal !== undefined) child.stderr.once('data', () => child.kill(signal));
    const [errors, [code]] = await Promise.all([text(output), once(child, 'exit')]);
    return { code: code as number | null, errors };
  };

  it('ends with one line that says what is wrong and what to do', async () => {
    const { code, errors } = await run(environment({ SWARMLOCK_POLL_MS: 'often' }));
    expect(code).to.equal(1);
    expect(errors).to.match(/^idle: CONFIG_INVALID: .*pollMs.*SWARMLOCK_POLL_MS.*\n$/);
  });

  it('refuses another chain and a deployment that is not there', async () => {
    const wrongChain = await run(environment({ SWARMLOCK_CHAIN_ID: '1' }));
    expect(wrongChain.code).to.equal(1);
    expect(wrongChain.errors).to.match(/^idle: CHAIN_MISMATCH: .*\n$/);
    const nowhere = await run(environment());
    expect(nowhere.code).to.equal(1);
    expect(nowhere.errors).to.match(/^idle: DEPLOYMENT_INVALID: .*\n$/);
  });

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`ends cleanly on ${signal}, also while it waits for a node that does not answer`, async () => {
      const silent = environment({ SWARMLOCK_RPC_URL: `http://127.0.0.1:${await freePort()}` });
      const { code, errors } = await run(silent, signal);
      expect(code).to.equal(0);
      expect(errors).to.include('RPC_UNREACHABLE').and.to.not.include(privateKey.slice(2));
    });
  }
});
