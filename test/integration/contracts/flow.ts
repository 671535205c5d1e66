import { expect } from 'chai';

import {
  commitment,
  ETHER,
  openRun,
  pass,
  PAY,
  RUN,
  STATUS,
  STEP,
  tickAll,
  TOKENS_PER_CLAIM,
  WINDOWS,
} from './protocol.ts';
import { challengeAggregate, challengeWork, PROGRAMS_ROOT } from './challenges.ts';
import { CLAIM, GENESIS, METADATA, root, shareTokenOf, SUPPLY, type Actor, type Deployment } from './protocol.ts';

/** Gas of a transaction, from its receipt. */
async function gasOf(sent: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>): Promise<bigint> {
  const receipt = await (await sent).wait();
  if (receipt === null) throw new Error('the transaction was not mined');
  return receipt.gasUsed;
}

async function commitAll({ runs }: Deployment, miners: readonly Actor[], round: bigint): Promise<readonly bigint[]> {
  const { root: parent } = await runs.runOf(RUN);
  const gas: bigint[] = [];
  for (const [i, { node }] of miners.entries()) {
    gas.push(await gasOf(runs.connect(node).commit(RUN, round, commitment(parent, i))));
  }
  return gas;
}

/** Fields of what the lens returns. */
type Numbers = Record<'seat' | 'index' | 'drawn' | 'segment', bigint>;

describe('a run through contracts', function () {
  this.timeout(120_000);

  it('goes from deployment to shares within the gas budgets', async () => {
    const { deployment, miners, validators } = await openRun(3, 2);
    const { runs, runLens, ownership, claims, availability, verdicts } = deployment;
    expect(await runs.statusOf(RUN, 1n)).to.equal(STATUS.open);
    expect((await runLens.membersOf(RUN)).map(({ seat }: Numbers) => seat)).to.deep.equal([1n, 2n, 3n, 4n, 5n]);

    const commitGas = await commitAll(deployment, miners, 1n);
    for (const gas of commitGas) expect(gas <= 95_000n, `commit ${gas}`).to.equal(true);
    expect(await runs.statusOf(RUN, 1n)).to.equal(STATUS.sealed);

    expect(await tickAll(deployment)).to.deep.equal([STEP.request, STEP.draw]);
    const duties = await runLens.dutiesOf(RUN, 1n);
    expect(duties.map(({ index, drawn }: Numbers) => [index, drawn])).to.deep.equal([0n, 1n, 2n].map((i) => [i, true]));
    for (const { segment } of duties) expect(segment < 15n).to.equal(true);
    for (const { node } of [...miners, ...validators]) await availability.connect(node).attest(RUN, 1n, 0b111n);
    for (const { node } of validators) await verdicts.connect(node).report(RUN, 1n, 0b111n);
    expect(await runs.statusOf(RUN, 1n)).to.equal(STATUS.audited);

    const aggregator = miners[0]!;
    await runs.connect(aggregator.node).claimAggregate(RUN, 1n, 0b111n, root(0x77));
    expect(await runs.statusOf(RUN, 1n)).to.equal(STATUS.aggregated);
    await pass(deployment, WINDOWS.challenge);
    const settleGas = await gasOf(runs.tick(RUN));
    expect(settleGas <= 150_000n, `tick ${settleGas}`).to.equal(true);
    expect((await runs.runOf(RUN)).root).to.equal(root(0x77));
    expect(await runs.statusOf(RUN, 2n)).to.equal(STATUS.open);

    expect((await ownership.payOf(RUN, 1n, 1n)).status).to.equal(PAY.pending);
    await pass(deployment, WINDOWS.challenge);
    expect((await ownership.payOf(RUN, 1n, 1n)).status).to.equal(PAY.pending);
    // Nobody commits in round 2, in which the pay of round 1 vests.
    await tickAll(deployment);
    const shares = await shareTokenOf(deployment);
    const budget = await ownership.curveDown(RUN, 3n * TOKENS_PER_CLAIM);
    // A tenth is for verdicts, of which there are none.
    const pay = (budget - budget / 10n) / 48n;
    for (const [i, { owner }] of miners.entries()) {
      const gas = await gasOf(ownership.claimShares(RUN, BigInt(i + 1), [1n]));
      expect(gas <= 150_000n, `claimShares ${gas}`).to.equal(true);
      expect(await shares.balanceOf(owner)).to.equal(pay * 16n);
      await claims.release(await runs.workClaimId(RUN, 1n, BigInt(i + 1)));
    }
    expect(await shares.name()).to.equal(METADATA.name);
    expect(await shares.cap()).to.equal(SUPPLY);
    expect(await shares.totalSupply()).to.equal(pay * 48n);
    expect((await ownership.ledgerOf(RUN)).carry).to.equal(budget - pay * 48n);
  });

  it('settles without a challenged miner, which earns nothing and keeps its bond locked', async () => {
    const { deployment, miners, validators } = await openRun(3, 1, PROGRAMS_ROOT);
    const { runs, claims, ownership, stakeManager, availability, verdicts } = deployment;
    await commitAll(deployment, miners, 1n);
    await tickAll(deployment);
    const cheat = await runs.workClaimId(RUN, 1n, 2n);
    const validator = validators[0]!;
    await challengeWork(deployment, validator, cheat, commitment(GENESIS, 1));
    await verdicts.connect(validator.node).report(RUN, 1n, 0b111n);
    for (const { node } of miners) await availability.connect(node).attest(RUN, 1n, 0b111n);
    expect((await runs.roundOf(RUN, 1n)).challenged).to.equal(0b010n);

    const aggregator = miners[0]!;
    const withCheat = runs.connect(aggregator.node).claimAggregate(RUN, 1n, 0b111n, root(0x77));
    await expect(withCheat).to.be.revertedWithCustomError(runs, 'WrongMembers').withArgs(0b111n, 0b101n);
    await runs.connect(aggregator.node).claimAggregate(RUN, 1n, 0b101n, root(0x78));
    await pass(deployment, WINDOWS.challenge);
    await tickAll(deployment);
    expect((await runs.roundOf(RUN, 1n)).aggregates[0]?.accepted).to.equal(0b101n);

    await pass(deployment, WINDOWS.challenge);
    await tickAll(deployment);
    await ownership.claimShares(RUN, 1n, [1n]);
    await expect(ownership.claimShares(RUN, 2n, [1n]))
      .to.be.revertedWithCustomError(ownership, 'NotClaimable')
      .withArgs(cheat, PAY.unearned);
    expect(await claims.statusOf(cheat)).to.equal(CLAIM.frozen);
    await expect(claims.release(cheat)).to.be.revertedWithCustomError(claims, 'NotFinal').withArgs(cheat, CLAIM.frozen);
    // Its deposit is as large as its bond.
    expect((await stakeManager.accountOf(miners[1]!.owner)).locked).to.equal(2n * ETHER);
    expect((await ownership.ledgerOf(RUN)).verifiedTokens).to.equal(2n * TOKENS_PER_CLAIM);
  });

  it('takes another aggregate when the first one is challenged', async () => {
    const { deployment, miners, validators } = await openRun(2, 1, PROGRAMS_ROOT);
    const { runs, claims, availability } = deployment;
    await commitAll(deployment, miners, 1n);
    await tickAll(deployment);
    for (const { node } of miners) await availability.connect(node).attest(RUN, 1n, 0b11n);
    await pass(deployment, WINDOWS.audit);
    await runs.connect(miners[0]!.node).claimAggregate(RUN, 1n, 0b11n, root(0x66));
    const [{ id: wrong }] = (await runs.roundOf(RUN, 1n)).aggregates;
    await challengeAggregate(deployment, validators[0]!, miners[0]!, root(0x66));
    expect(await runs.statusOf(RUN, 1n)).to.equal(STATUS.audited);

    await runs.connect(miners[1]!.node).claimAggregate(RUN, 1n, 0b11n, root(0x67));
    await pass(deployment, WINDOWS.challenge);
    await tickAll(deployment);
    expect((await runs.runOf(RUN)).root).to.equal(root(0x67));
    expect(await claims.statusOf(wrong)).to.equal(CLAIM.frozen);
  });

  it('settles unchanged when nobody aggregates', async () => {
    const { deployment, miners } = await openRun(2, 1);
    const { runs, ownership } = deployment;
    await commitAll(deployment, miners, 1n);
    await tickAll(deployment);
    await pass(deployment, WINDOWS.audit + WINDOWS.aggregate);
    expect(await tickAll(deployment)).to.deep.equal([STEP.settle]);
    expect((await runs.runOf(RUN)).root).to.equal(GENESIS);
    expect((await ownership.ledgerOf(RUN)).accrued).to.equal(0n);
  });
});
