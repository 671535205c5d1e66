import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { readCommitments } from '../../../sdk/events.ts';
import { indicesOf, memberSet, without } from '../../../sdk/member-set.ts';
import { readMembers, readSeatOf, type Seat } from '../../../sdk/membership.ts';
import { claimAggregate, readRound, type Round } from '../../../sdk/round.ts';
import { readRun, tick } from '../../../sdk/run.ts';
import { readPay, readShares, type PayStatus } from '../../../sdk/shares.ts';
import { freePort, nodeForTests } from '../../helpers/node.ts';
import { recomputeRoots } from '../../helpers/recomputation.ts';
import { claimant, createTinyRun, RUN, type TinyRun } from '../../helpers/tiny-run.ts';
import { until, WorkerProcesses, type LogLine, type WorkerProcess } from '../../helpers/worker-processes.ts';

const MINER = 'workers/miner/main.ts';
const { signal } = new AbortController();
/** One process alone moves the run, so that it does not start before everyone has a seat. */
const LEAVES_TICKING = { SWARMLOCK_TICK_AFTER: '100000' };

describe('workers as processes', function () {
  this.timeout(180_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const workers: Record<string, WorkerProcess> = {};
  const keys: Record<string, `0x${string}`> = {};
  let run: TinyRun;
  let processes: WorkerProcesses;

  const launch = (name: string, entry: string, settings: Readonly<Record<string, string>> = {}): WorkerProcess =>
    (workers[name] = processes.start(name, entry, keys[name]!, settings));
  const named = (name: string): WorkerProcess => workers[name]!;
  const currentRound = async (): Promise<number> => (await readRun(node().client, run.deployment, RUN)).round;
  const settled = (round: number): Promise<true> =>
    until(`the end of round ${round}`, async () => (await currentRound()) > round || undefined);
  const roundAt = (round: number): Promise<Round> => readRound(node().client, run.deployment, RUN, round);
  const seatOf = async (name: string): Promise<Seat> =>
    (await readSeatOf(node().client, run.deployment, RUN, named(name).address))!;

  before(async () => {
    // Nodes gain a second with each transaction: a challenge, which takes two, has to fit among those of others.
    run = await createTinyRun(node(), folder, { challengeWindow: 10, aggregateChallengeWindow: 10 });
    processes = new WorkerProcesses(folder, run.settings);
    for (const name of ['alice', 'bob', 'mallory', 'victor', 'agnes']) keys[name] = await run.fundedKey();
    launch('alice', MINER, LEAVES_TICKING);
    launch('bob', MINER, LEAVES_TICKING);
    launch('mallory', 'cli/demo/cheat.ts', LEAVES_TICKING);
    launch('victor', 'workers/validator/main.ts', LEAVES_TICKING);
    await until('seats', async () => (await readMembers(node().client, run.deployment, RUN)).length === 4 || undefined);
    launch('agnes', 'workers/aggregator/main.ts');
  });

  after(async () => {
    await processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('train rounds, of which those of a miner that cheats are challenged and left out', async () => {
    for (const round of [1, 2, 3]) await settled(round);
    const indices = await Promise.all(['alice', 'bob', 'mallory'].map(async (name) => (await seatOf(name)).index));
    const [cheat, honest] = [memberSet(indices.slice(2)), memberSet(indices.slice(0, 2))];
    const rounds = await Promise.all([1, 2, 3].map(roundAt));
    expect(rounds.map(({ challenged }) => challenged)).to.deep.equal([0n, cheat, cheat]);
    expect(rounds.map(({ aggregate }) => aggregate?.accepted)).to.deep.equal([honest | cheat, honest, honest]);

    const differing = named('victor')
      .log('verdict')
      .filter(({ outcome }) => outcome === 'differs');
    expect(differing.map(({ round, index, why }) => [round, index, why]).slice(0, 2)).to.deep.equal([
      [2, indices[2], 'segment root'],
      [3, indices[2], 'segment root'],
    ]);
    expect(new Set(differing.map(({ index }) => index))).to.deep.equal(new Set(indicesOf(cheat)));
  });

  it('take their pay once their epoch is final, for what was accepted', async () => {
    const payOf = async (name: string, round: number): Promise<PayStatus> =>
      (await readPay(node().client, run.deployment, RUN, round, (await seatOf(name)).number)).status;
    const paid: [string, number][] = [
      ['alice', 1],
      ['alice', 2],
      ['bob', 1],
      ['bob', 2],
    ];
    for (const [name, round] of paid) {
      await until(`pay of ${name}`, async () => (await payOf(name, round)) === 'paid' || undefined);
    }
    expect(await payOf('mallory', 2)).to.equal('unearned');
    // It had not vested when the next one was challenged.
    expect(['frozen', 'forfeitable']).to.include(await payOf('mallory', 1));
    const { amount } = await readPay(node().client, run.deployment, RUN, 1, (await seatOf('alice')).number);
    const shares = named('alice').log('shares');
    expect(shares.flatMap((line) => line['rounds'] as number[]).slice(0, 2)).to.deep.equal([1, 2]);
    const amounts = shares.map((line) => BigInt(String(line['amount'])));
    expect(amounts.reduce((sum, one) => sum + one, 0n) > amount).to.equal(true);
    expect((await readShares(node().client, run.deployment, RUN, named('bob').address)) > amount).to.equal(true);
  });

  it('go on after a kill in the middle of a round, without a second commit', async () => {
    const from = (await currentRound()) + 1;
    const { round } = await until('half a round', () =>
      named('alice')
        .log('segment')
        .find(({ round: at, segment }) => at! >= from && segment === 0),
    );
    named('alice').kill('SIGKILL');
    expect(await named('alice').ended).to.equal('SIGKILL');
    launch('alice', MINER, LEAVES_TICKING);
    await settled(round!);

    const resumed = named('alice')
      .log('train')
      .find((line) => line.round === round && line['resumedAt'] !== 0);
    expect(resumed?.['resumedAt']).to.be.greaterThanOrEqual(run.recipe.round.steps / run.recipe.round.segments);
    const toBlock = await node().client.getBlockNumber();
    const committed = await readCommitments(node().client, run.deployment, RUN, round!, { fromBlock: 0n, toBlock });
    const { number, index } = await seatOf('alice');
    expect(committed.filter(({ seat }) => seat === number)).to.have.length(1);
    const { aggregate, challenged } = await roundAt(round!);
    expect(indicesOf(aggregate!.accepted)).to.include(index);
    expect(indicesOf(challenged)).not.to.include(index);
  });

  it('do not build on a wrong aggregate: it is challenged, and the round settles on a right one', async () => {
    named('agnes').kill('SIGTERM');
    expect(await named('agnes').ended).to.equal(0);
    const rogue = await claimant(run);
    const round = await until('an audited round', async () => {
      const { due, round: number, status } = await readRun(node().client, run.deployment, RUN);
      if (due !== 'none') await rogue.send(tick(run.deployment, RUN), signal);
      return status === 'audited' && (await roundAt(number)).committed !== 0n ? roundAt(number) : undefined;
    });
    const { number, committed, challenged } = round;
    const wrong = `0x${'bad0'.repeat(16)}` as const;
    await rogue.send(claimAggregate(run.deployment, RUN, number, without(committed, challenged), wrong), signal);
    await until('a challenge', () =>
      named('victor')
        .log('challenge')
        .find(({ kind, round: of }) => kind === 'aggregate' && of === number),
    );
    launch('agnes', 'workers/aggregator/main.ts');
    await settled(number);

    const { aggregates, aggregate } = await roundAt(number);
    expect(aggregates.map(({ stands, nextRoot }) => [stands, nextRoot === wrong])).to.deep.equal([
      [false, true],
      [true, false],
    ]);
    const refuted = named('bob').log('stateMismatch');
    expect(refuted.map(({ round: of, root, actual }) => [of, root, actual])).to.deep.equal([
      [number, wrong, aggregate?.nextRoot],
    ]);
  });

  it('end on SIGTERM, and leave nothing behind', async () => {
    for (const worker of Object.values(workers)) worker.kill('SIGTERM');
    for (const [name, worker] of Object.entries(workers)) {
      expect([name, await worker.ended, worker.stderr()]).to.deep.equal([name, 0, '']);
      expect(worker.log().at(-1)?.event).to.equal('stopped');
      expect(() => process.kill(worker.pid, 0)).to.throw();
    }
  });

  it('have agreed on global states that anyone can recompute', async () => {
    const rounds = (await currentRound()) - 1;
    expect(rounds).to.be.greaterThan(3);
    const expected = await recomputeRoots(run, rounds);
    const onChain = await Promise.all(expected.map(async (_, index) => (await roundAt(index + 2)).parent));
    expect(onChain).to.deep.equal(expected);
    for (const name of ['bob', 'victor', 'agnes']) {
      // The last state that they know may be one that nobody has settled any more.
      const known = named(name)
        .log('state')
        .filter(({ round }) => round! > 0 && round! <= rounds);
      for (const { round, root } of known) expect(root).to.equal(expected[round! - 1]);
    }
    const sources = named('bob')
      .log('state')
      .map(({ source }) => source);
    expect(sources.slice(0, rounds)).to.deep.equal(['genesis', ...expected.slice(1).map(() => 'recomputed')]);
  });

  const refusals: readonly { code: string; setting: string; value: () => string }[] = [
    { code: 'CHAIN_MISMATCH', setting: 'SWARMLOCK_CHAIN_ID', value: () => '1' },
    {
      code: 'RECIPE_ROOT_MISMATCH',
      setting: 'SWARMLOCK_RECIPE',
      value: () => written('recipe', JSON.stringify({ ...run.recipe, batch: 5 })),
    },
    { code: 'RECIPE_INVALID', setting: 'SWARMLOCK_RECIPE', value: () => written('half', '{"name":') },
    { code: 'DATASET_ROOT_MISMATCH', setting: 'SWARMLOCK_DATA', value: () => written('other', 'x'.repeat(20_000)) },
    { code: 'DATASET_TOO_SHORT', setting: 'SWARMLOCK_DATA', value: () => written('short', 'a few words') },
  ];
  const written = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };

  for (const { code, setting, value } of refusals) {
    it(`refuse to start with ${code}`, async () => {
      const worker = processes.start(code, MINER, keys['bob']!, { [setting]: value() });
      expect(await worker.ended).to.equal(1);
      expect(worker.stderr()).to.match(new RegExp(`^miner: ${code}: [^\n]+\n$`));
    });
  }

  it('wait for an endpoint that is down, and end on SIGTERM meanwhile', async () => {
    const rpcUrl = `http://127.0.0.1:${await freePort()}`;
    const worker = processes.start('offline', MINER, keys['bob']!, { SWARMLOCK_RPC_URL: rpcUrl });
    const codeOf = ({ err }: LogLine) => err?.code;
    await until('two attempts', () => worker.log().filter(codeOf)[1]);
    expect(worker.log().map(codeOf).filter(Boolean).slice(0, 2)).to.deep.equal(['RPC_UNREACHABLE', 'RPC_UNREACHABLE']);
    worker.kill('SIGTERM');
    expect(await worker.ended).to.equal(0);
  });
});
