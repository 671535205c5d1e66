import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readClaim } from '../../../sdk/claims.ts';
import { readMembers, readSeatOf } from '../../../sdk/membership.ts';
import { readStake } from '../../../sdk/stake.ts';
import { workClaim } from '../../../workers/lib/game/work.ts';
import { nodeForTests } from '../../helpers/node.ts';
import { createTinyRun, RUN, type TinyRun } from '../../helpers/tiny-run.ts';
import { until, WorkerProcesses, type WorkerProcess } from '../../helpers/worker-processes.ts';

const LEAVES_TICKING = { SWARMLOCK_TICK_AFTER: '100000' };
const CHALLENGER = 'workers/challenger/main.ts';

describe('a challenger as a process', function () {
  this.timeout(180_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const keys: Record<string, `0x${string}`> = {};
  let run: TinyRun;
  let processes: WorkerProcesses;

  const launch = (name: string, entry: string): WorkerProcess =>
    processes.start(name, entry, keys[name]!, LEAVES_TICKING);

  before(async () => {
    run = await createTinyRun(node(), folder);
    processes = new WorkerProcesses(folder, run.settings);
    for (const name of ['alice', 'mallory', 'carol', 'agnes']) keys[name] = await run.fundedKey();
  });

  after(async () => {
    await processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('convicts a miner that serves nothing, and goes on after a kill in the middle of the game', async () => {
    const { deployment } = run;
    const { client } = node();
    launch('alice', 'workers/miner/main.ts');
    const mallory = launch('mallory', 'test/helpers/children/stubborn-miner.ts');
    const first = launch('carol', CHALLENGER);
    await until('seats', async () => (await readMembers(client, deployment, RUN)).length === 2 || undefined);
    processes.start('agnes', 'workers/aggregator/main.ts', keys['agnes']!);

    await until('a move', () => first.log('move')[0]);
    first.kill('SIGKILL');
    expect(await first.ended).to.equal('SIGKILL');
    const second = launch('carol', CHALLENGER);
    const { number: seat } = (await readSeatOf(client, deployment, RUN, mallory.address))!;
    const claimId = workClaim(RUN, 1, seat);
    const lost = await until('a verdict', async () => {
      const { status } = await readClaim(client, deployment, claimId);
      return status === 'voided' ? status : undefined;
    });
    expect(lost).to.equal('voided');
    const end = await until('the end', () =>
      second.log('gameEnded').find((line) => line['claimId'] === String(claimId)),
    );
    expect([end['won'], end['reason']]).to.deep.equal([true, 'element']);
    const { free, locked } = await readStake(client, deployment, second.address);
    expect(free + locked > BigInt(run.settings['SWARMLOCK_RESERVE']!)).to.equal(true);
    const judged = second.log('judgement').filter(({ outcome }) => outcome === 'match');
    expect(second.log('challenge').every((line) => line['seat'] === seat)).to.equal(true);
    expect(judged.length + first.log('judgement').length).to.be.greaterThan(0);
  });
});
