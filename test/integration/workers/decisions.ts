import { expect } from 'chai';
import { parseEther, type Hex } from 'viem';

import { claimIdOf, readClaim } from '../../../sdk/claims.ts';
import { followRun, readCommitments } from '../../../sdk/events.ts';
import { programsRoot } from '../../../sdk/game.ts';
import { memberSet } from '../../../sdk/member-set.ts';
import { readMembers } from '../../../sdk/membership.ts';
import { readRound } from '../../../sdk/round.ts';
import { createRun, readRun, readRunCount, type RunParameters } from '../../../sdk/run.ts';
import { readLedger, readPay, readShares } from '../../../sdk/shares.ts';
import { readStake, setNode } from '../../../sdk/stake.ts';
import { readVerdicts, verdictIdOf, verdictWord } from '../../../sdk/verdicts.ts';
import {
  aggregatorActor,
  minerActor,
  pretendedPrograms,
  rootOfWords,
  validatorActor,
  type Actor,
  type Stage,
} from '../../helpers/actors.ts';
import { deployProtocol, senderOf, wrapEther } from '../../helpers/deployment.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { nodeForTests } from '../../helpers/node.ts';
import { parameters } from '../../helpers/runs.ts';

const signal = new AbortController().signal;
const genesis = rootOfWords('genesis');
const unit = 10n ** 15n;
const deposits = { serviceDeposit: unit, dutyDeposit: unit };
const bonds = { ...deposits, minerBond: unit, aggregateBond: unit, challengeBond: unit, joinFloor: unit };

describe('decisions on a real chain', function () {
  this.timeout(120_000);
  const node = nodeForTests();
  const folder = freshFolder();
  let stage: Stage;
  let actors: Record<'honest' | 'cheat' | 'validator' | 'lazy' | 'aggregator', Actor>;
  let owners: Record<keyof typeof actors, Hex>;

  beforeEach(async () => {
    const deployment = await deployProtocol(node(), folder());
    const { client } = node();
    const opensAt = Number((await client.getBlock()).timestamp) + 60;
    const bound = { genesisRoot: genesis, programsRoot: programsRoot(pretendedPrograms) };
    const run: RunParameters = {
      ...parameters,
      ...bonds,
      ...bound,
      opensAt,
      epochRounds: 1,
      auditRate: 10_000,
      auditWindow: 300,
      minMiners: 2,
    };
    const creator = senderOf(node(), await node().fundedAccount());
    await creator.send(createRun(deployment, run, { name: 'Test', symbol: 'TEST', uri: '' }), signal);
    stage = { client, deployment, runId: await readRunCount(client, deployment) };

    const staked = async () => {
      const sender = senderOf(node(), await node().fundedAccount());
      await wrapEther(deployment, sender, parseEther('2'));
      return sender;
    };
    const [honest, cheat, validator] = [await staked(), await staked(), await staked()];
    const [lazy, aggregator] = [await staked(), await staked()];
    // A stranger names the honest miner's key first, and must gain nothing by it.
    await creator.send(setNode(deployment, honest.address), signal);
    owners = {
      honest: honest.address,
      cheat: cheat.address,
      validator: validator.address,
      lazy: lazy.address,
      aggregator: aggregator.address,
    };
    actors = {
      honest: minerActor(stage, honest, true, 3),
      cheat: minerActor(stage, cheat, false),
      validator: validatorActor(stage, validator, { cheats: [1] }),
      lazy: validatorActor(stage, lazy, { cheats: [], trace: () => rootOfWords('made up') }),
      aggregator: aggregatorActor(stage, aggregator),
    };
  });

  const readNow = () => readRun(stage.client, stage.deployment, stage.runId);
  /** Lets everyone act and five seconds pass, until `until` holds. */
  const play = async (until: () => Promise<boolean>): Promise<void> => {
    for (let passes = 0; passes < 120; passes += 1) {
      if (await until()) return;
      for (const actor of Object.values(actors)) await actor.pass();
      await node().control.increaseTime({ seconds: 5 });
      await node().control.mine({ blocks: 1 });
    }
    expect.fail('the run does not move');
  };

  it('join, train, audit, aggregate and collect pay, all but those of the one who cheats', async () => {
    const { client, deployment, runId } = stage;
    await play(async () => (await readNow()).round === 2);
    const members = await readMembers(client, deployment, runId);
    expect(members.map(({ owner, role }) => [owner, role])).to.deep.equal([
      [owners.honest, 'miner'],
      [owners.cheat, 'miner'],
      [owners.validator, 'validator'],
      [owners.lazy, 'validator'],
    ]);

    const round = await readRound(client, deployment, runId, 1);
    expect(round).to.deep.include({ status: 'settled', parent: genesis, committed: 3n, challenged: 2n });
    expect(round.aggregates.map(({ accepted }) => accepted)).to.deep.equal([memberSet([0])]);
    expect((await readNow()).root).to.equal(rootOfWords('state', 1, 1n));

    const toBlock = await client.getBlockNumber();
    const commitments = await readCommitments(client, deployment, runId, 1, { fromBlock: 0n, toBlock });
    expect(commitments.map(({ word }) => word)).to.deep.equal(round.duties.map(({ word }) => word));
    expect(round.duties.map(({ segments }) => segments)).to.deep.equal([3, 4]);
    expect(round.duties[0]!.segment).to.be.lessThan(2);

    const seats = { honest: members[0]!.number, cheat: members[1]!.number };
    const claimOf = (number: number) => claimIdOf({ kind: 'work', runId, round: 1, number });
    await play(async () => (await readClaim(client, deployment, claimOf(seats.honest))).released);
    await play(async () => (await readPay(client, deployment, runId, 1, seats.honest)).status === 'paid');
    const paid = await readPay(client, deployment, runId, 1, seats.honest);
    expect(paid.status).to.equal('paid');
    const { accrued, verifiedTokens } = await readLedger(client, deployment, runId);
    expect(accrued >= paid.amount && verifiedTokens % 250n === 0n).to.equal(true);
    expect((await readShares(client, deployment, runId, owners.honest)) > 0n).to.equal(true);

    expect(await readClaim(client, deployment, claimOf(seats.cheat))).to.deep.include({ status: 'frozen' });
    expect(await readShares(client, deployment, runId, owners.cheat)).to.equal(0n);
    expect((await readStake(client, deployment, owners.cheat)).locked > 0n).to.equal(true);
    expect(actors.validator.done).to.include('accuse');
  });

  it('wait quietly for the miners that a round takes, and go on when they are there', async () => {
    const { cheat, ...others } = actors;
    for (let passes = 0; passes < 20; passes += 1) {
      for (const actor of Object.values(others)) await actor.pass();
      await node().control.increaseTime({ seconds: 5 });
      await node().control.mine({ blocks: 1 });
    }
    expect(await readNow()).to.deep.include({ round: 0, status: 'open', due: 'none', miners: memberSet([0]) });
    expect(actors.honest.done).to.deep.equal(['setNode', 'deposit', 'join', 'verify', 'playGhost']);
    expect([actors.validator, actors.aggregator].map(({ done }) => done.includes('tick'))).to.deep.equal([
      false,
      false,
    ]);

    await cheat.pass();
    await play(async () => (await readNow()).round === 1);
    expect((await readNow()).activeMiners).to.equal(memberSet([0, 2 + 1]));
  });

  it('claim their own aggregate beside one that they find wrong', async () => {
    const { client, deployment, runId } = stage;
    const key = senderOf(node(), await node().fundedAccount());
    await wrapEther(deployment, key, parseEther('2'));
    const rogue = aggregatorActor(stage, key, 'wrong');
    const { aggregator, ...others } = actors;
    actors = { rogue, ...others } as unknown as typeof actors;
    await play(async () => (await readNow()).status === 'aggregated');
    await aggregator.pass();
    await aggregator.pass();
    await aggregator.pass();
    const { aggregates } = await readRound(client, deployment, runId, 1);
    expect(aggregates.map(({ nextRoot, stands }) => [nextRoot, stands])).to.deep.equal([
      [rootOfWords('wrong', 1, 1n), true],
      [rootOfWords('state', 1, 1n), true],
    ]);
  });

  it('seal verdicts, reveal them when all are sealed, and challenge what they did not compute', async () => {
    const { client, deployment, runId } = stage;
    await play(async () => (await readNow()).round === 2);
    const said = ['prepareSeal', 'seal', 'reveal', 'report'];
    for (const actor of [actors.validator, actors.lazy]) {
      expect([...new Set(actor.done.filter((type) => said.includes(type)))]).to.deep.equal(said);
    }

    const blocks = { fromBlock: 0n, toBlock: await client.getBlockNumber() };
    const revealed = await readVerdicts(client, deployment, { runId, round: 1 }, blocks);
    const work = (index: number) => claimIdOf({ kind: 'work', runId, round: 1, number: index + 1 });
    const [validators, lazys, overlooked] = [
      verdictIdOf(work(0), 2, 0),
      verdictIdOf(work(0), 3, 0),
      verdictIdOf(work(1), 3, 1),
    ];
    expect(revealed.map(({ claimId }) => claimId)).to.have.members([validators, lazys, overlooked]);
    const statuses = new Map<bigint, string>();
    for (const { claimId, word, verdict } of revealed) {
      const claim = await readClaim(client, deployment, claimId);
      expect([claim.word, word]).to.deep.equal([verdictWord(verdict), verdictWord(verdict)]);
      statuses.set(claimId, claim.status);
    }
    // Each of the two that contradict each other is challenged by the other; nobody contradicts the third.
    expect([validators, lazys].map((id) => statuses.get(id))).to.deep.equal(['frozen', 'frozen']);
    expect(statuses.get(overlooked)).not.to.equal('frozen');
  });

  it('are told by events, each once', async () => {
    const { client, deployment, runId } = stage;
    const follower = followRun(client, deployment, runId);
    const names: string[] = [];
    await play(async () => {
      names.push(...(await follower.next()).map(({ eventName }) => eventName));
      return (await readNow()).round === 2;
    });
    const count = (name: string) => names.filter((other) => other === name).length;
    expect(names[0]).to.equal('RunCreated');
    const kinds = ['Joined', 'Committed', 'VerdictsSealed', 'VerdictRevealed', 'Challenged', 'AggregateClaimed'];
    expect(kinds.map(count)).to.deep.equal([4, 2, 2, 3, 3, 1]);
    expect(await follower.next()).to.deep.equal([]);
  });
});
