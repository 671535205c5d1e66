import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAddressEqual } from 'viem';

import { readClaim, type ClaimStatus } from '../../../sdk/claims.ts';
import { readMembers } from '../../../sdk/membership.ts';
import { readRound } from '../../../sdk/round.ts';
import { readRun } from '../../../sdk/run.ts';
import { readShares, readVerdictPay } from '../../../sdk/shares.ts';
import { readVerdicts, type RevealedVerdict } from '../../../sdk/verdicts.ts';
import { nodeForTests } from '../../helpers/node.ts';
import { createTinyRun, RUN, type TinyRun } from '../../helpers/tiny-run.ts';
import { until, WorkerProcesses, type LogLine, type WorkerProcess } from '../../helpers/worker-processes.ts';

const VALIDATOR = 'workers/validator/main.ts';
const LEAVES_TICKING = { SWARMLOCK_TICK_AFTER: '100000' };

describe('validators as processes', function () {
  this.timeout(90_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const workers: Record<string, WorkerProcess> = {};
  const keys: Record<string, `0x${string}`> = {};
  let run: TinyRun;
  let processes: WorkerProcesses;

  const launch = (name: string, entry: string, settings: Readonly<Record<string, string>> = {}): WorkerProcess =>
    (workers[name] = processes.start(name, entry, keys[name]!, settings));
  const named = (name: string): WorkerProcess => workers[name]!;
  const said = (name: string, event: string, round?: number): LogLine | undefined =>
    named(name)
      .log(event)
      .find((line) => round === undefined || line.round === round);
  const verdictsIn = async (round: number): Promise<readonly RevealedVerdict[]> => {
    const toBlock = await node().client.getBlockNumber();
    return readVerdicts(node().client, run.deployment, { runId: RUN, round }, { fromBlock: 0n, toBlock });
  };
  const of = (name: string, verdicts: readonly RevealedVerdict[]): RevealedVerdict =>
    verdicts.find(({ verdict }) => isAddressEqual(verdict.validator, named(name).address))!;
  const statusOf = async ({ claimId }: RevealedVerdict): Promise<ClaimStatus> =>
    (await readClaim(node().client, run.deployment, claimId)).status;

  /** Lets the time pass in which nothing happens: until a round settles, or nobody may seal or report any more. */
  const skipWaiting = async (): Promise<void> => {
    const { client, control } = node();
    const { round: number, time } = await readRun(client, run.deployment, RUN);
    const { status, aggregate, auditDeadline, reported } = await readRound(client, run.deployment, RUN, number);
    const instant = status === 'aggregated' ? aggregate?.settleableAt : reported === 0n ? undefined : auditDeadline;
    if (instant === undefined || instant <= time) return;
    await control.increaseTime({ seconds: instant - time });
    await control.mine({ blocks: 1 });
  };

  before(async () => {
    // Every transaction takes a second of this chain, and a challenge must find the time for two.
    run = await createTinyRun(node(), folder, { challengeWindow: 20, aggregateChallengeWindow: 20 });
    processes = new WorkerProcesses(folder, run.settings);
    for (const name of ['alice', 'victor', 'lena', 'agnes']) keys[name] = await run.fundedKey();
    launch('alice', 'workers/miner/main.ts', LEAVES_TICKING);
    launch('victor', VALIDATOR, LEAVES_TICKING);
    launch('lena', 'test/helpers/children/lazy-validator.ts', LEAVES_TICKING);
    await until('seats', async () => (await readMembers(node().client, run.deployment, RUN)).length === 3 || undefined);
    launch('agnes', 'workers/aggregator/main.ts');
  });

  after(async () => {
    await processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('seal and reveal their verdicts, and take the bond of the one that made its own up', async () => {
    await until('two verdicts', async () => (await verdictsIn(1)).length === 2 || undefined);
    const verdicts = await verdictsIn(1);
    const [right, wrong] = [of('victor', verdicts), of('lena', verdicts)];
    expect(wrong.verdict.before).to.equal(right.verdict.before);
    expect(wrong.verdict.trace).not.to.equal(right.verdict.trace);

    await until('the lazy verdict lost', async () => (await statusOf(wrong)) === 'voided' || undefined);
    const won = await until('the end of the game', () =>
      named('victor')
        .log('gameEnded')
        .find(({ side }) => side === 'challenger'),
    );
    expect([won['won'], won['reason']]).to.deep.equal([true, 'element']);
    // The lazy one takes its own word for the truth, and challenges the honest verdict in vain.
    await until('the honest verdict upheld', async () => (await statusOf(right)) !== 'frozen' || undefined);
    expect(await statusOf(right)).not.to.equal('voided');
    const { duties } = await readRound(node().client, run.deployment, RUN, 1);
    expect(duties.map(({ status }) => status)).to.deep.equal(['standing']);
  });

  it('go on after a kill between seal and reveal, and seal nothing twice', async () => {
    named('lena').kill('SIGKILL');
    await named('lena').ended;
    const { round: from } = await readRun(node().client, run.deployment, RUN);
    const { round } = await until('a seal', async () => {
      await skipWaiting();
      return named('victor')
        .log('seal')
        .find((line) => line.round! >= from && said('lena', 'seal', line.round) === undefined);
    });
    named('victor').kill('SIGKILL');
    expect(await named('victor').ended).to.equal('SIGKILL');
    expect(said('victor', 'reveal', round)).to.equal(undefined);
    launch('victor', VALIDATOR, LEAVES_TICKING);
    await until('the restart', () => named('victor').log('ready')[1]);
    // Lena is on duty as well and never seals: verdicts are revealed from the middle of the audit on.
    await node().control.increaseTime({ seconds: 60 });
    await node().control.mine({ blocks: 1 });
    const revealed = await until('a reveal', () => said('victor', 'reveal', round));
    expect(
      named('victor')
        .log('seal')
        .filter((line) => line.round === round),
    ).to.have.length(1);
    const { verdict } = of('victor', await verdictsIn(round!));
    expect(verdict.trace).to.equal(revealed['trace']);
    await until('the report', () => said('victor', 'report', round));
  });

  it('are paid for a verdict that stands, and not for one that was voided', async () => {
    const { client } = node();
    const verdicts = await verdictsIn(1);
    const [right, wrong] = [of('victor', verdicts), of('lena', verdicts)];
    const payOf = ({ claimId }: RevealedVerdict) => readVerdictPay(client, run.deployment, claimId);
    const claimed = await until('pay', async () => {
      await skipWaiting();
      return named('victor')
        .log('shares')
        .find((line) => (line['verdicts'] as string[]).includes(String(right.claimId)));
    });
    const { amount, status } = await payOf(right);
    expect(status).to.equal('paid');
    // Two verdicts were revealed on the round, and one of them earns its part of the tenth.
    expect(amount > 0n && BigInt(String(claimed['amount'])) >= amount).to.equal(true);
    expect(await payOf(wrong)).to.deep.equal({ amount, status: 'forfeitable' });
    expect(await readShares(client, run.deployment, RUN, named('lena').address)).to.equal(0n);
  });

  it('take their bonds back', async () => {
    const release = await until('a release', async () => {
      await skipWaiting();
      return said('victor', 'release');
    });
    const { released } = await readClaim(node().client, run.deployment, BigInt(String(release['claimId'])));
    expect(released).to.equal(true);
  });
});
