import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'chai';

import { alive, descendantsOf, startDemo } from '../../helpers/demo.ts';

type Result = {
  rounds: number;
  tokens: number;
  loss: { before: number; after: number; central: number };
  caught: {
    round: number;
    miner: string;
    bond: string;
    convicted: boolean;
    reason: string;
    won: string;
    burned: string;
    gas: number;
    moves: { side: string; move: string; gas: number; text: string }[];
  }[];
  miners: {
    name: string;
    cheats: boolean;
    paid: { round: number }[];
    unpaid: { round: number; why: string }[];
    balance: string;
  }[];
  validators: { name: string; verdicts: number; balance: string }[];
  sharesAccrued: string;
  sample: string;
  inference: {
    root: string;
    completion: string;
    promptTokens: number;
    completionTokens: number;
    receipt: { pledge: string; bond: string; tokens: number };
    firstClaims: { name: string; amount: string }[];
    trade: { seller: string; amount: string; cost: string; maxCost: string };
    burned: string;
    toServer: string;
    toOwners: { name: string; amount: string }[];
    whereabouts: { circulating: string; escrowed: string; pooled: string; supply: string };
  };
  plot: string;
  folder: string;
};

describe('the demo', function () {
  this.timeout(180_000);

  it('trains, convicts the cheat on chain, pays the rest, sells an answer and says so in one JSON object', async () => {
    const demo = startDemo('--rounds', '2', '--miners', '2', '--json');
    await demo.until(/takes seat/);
    const processes = descendantsOf(demo.process.pid!);
    const { code } = await demo.ended;
    expect(code, demo.output()).to.equal(0);
    const result = JSON.parse(demo.stdout().trim().split('\n').at(-1)!) as Result;
    try {
      expect(result.rounds).to.equal(2);
      expect(result.loss.after).to.be.below(result.loss.before);
      expect(result.loss.central).to.be.below(result.loss.before);
      expectConviction(result);
      expectPay(result);
      expectInference(result);
      expect(result.sample).to.not.equal('');
      expect(readFileSync(result.plot, 'utf8')).to.match(/^<svg .*<\/svg>\s*$/s);
      expect(existsSync(join(result.folder, 'checkpoints'))).to.equal(false);
      expect(alive(processes)).to.deep.equal([]);
    } finally {
      rmSync(result.folder, { recursive: true, force: true });
    }
  });

  it('leaves no process behind on Ctrl-C', async () => {
    const demo = startDemo('--rounds', '2');
    await demo.until(/miner 1 takes seat/);
    const processes = descendantsOf(demo.process.pid!);
    expect(processes).to.have.length.of.at.least(8);
    demo.process.kill('SIGINT');
    expect(await demo.ended).to.deep.equal({ code: 130, signal: null });
    expect(alive(processes)).to.deep.equal([]);
  });

  it('leaves no process behind when it is killed itself', async () => {
    const demo = startDemo('--rounds', '2');
    await demo.until(/before training/);
    const processes = descendantsOf(demo.process.pid!);
    expect(processes).to.have.length.of.at.least(8);
    demo.process.kill('SIGKILL');
    await demo.ended;
    for (let waited = 0; waited < 80 && alive(processes).length > 0; waited += 1)
      await new Promise((r) => setTimeout(r, 100));
    expect(alive(processes)).to.deep.equal([]);
  });
});

function expectConviction({ caught }: Result): void {
  expect(caught).to.have.lengthOf(1);
  const [{ moves, gas, ...conviction }] = caught as [Result['caught'][0]];
  const half = '5000000000000000000';
  expect(conviction).to.include({ round: 2, miner: 'cheat', bond: '10000000000000000000' });
  expect(conviction).to.include({ convicted: true, reason: 'element', won: half, burned: half });
  expect(moves.map(({ move }) => move)).to.include.members(['announce', 'openOnWork', 'answerMarks', 'openLeaf']);
  expect(moves.at(-1)).to.include({ side: 'challenger', move: 'prove' });
  expect(moves.at(-1)!.text).to.match(/^element 0 of leaf 0: claimed 0x[0-9a-f]{8} .*, recomputed 0x[0-9a-f]{8} /);
  expect(moves).to.have.length.of.at.most(15);
  expect(gas).to.equal(moves.reduce((sum, move) => sum + move.gas, 0));
}

function expectPay({ miners, validators, sharesAccrued }: Result): void {
  for (const { name, verdicts, balance } of validators) {
    expect(BigInt(balance) > 0n, name).to.equal(verdicts > 0);
  }
  const minted = [...miners, ...validators].reduce((sum, { balance }) => sum + BigInt(balance), 0n);
  expect(minted <= BigInt(sharesAccrued)).to.equal(true);
  for (const { name, cheats, paid, unpaid, balance } of miners) {
    if (!cheats) expect(unpaid, name).to.deep.equal([]);
    else expect(unpaid).to.deep.include({ round: 2, why: 'convicted on chain' });
    expect(BigInt(balance) > 0n, name).to.equal(paid.length > 0);
  }
}

function expectInference({ inference, miners, validators }: Result): void {
  const { root, completion, promptTokens, completionTokens, firstClaims, toOwners, trade } = inference;
  const owners = [...miners, ...validators].filter(({ balance }) => balance !== '0').map(({ name }) => name);
  expect(root).to.match(/^0x[0-9a-f]{64}$/);
  expect(completion).to.not.equal('');
  expect([promptTokens, completionTokens]).to.deep.equal([12, 20]);
  expect(inference.receipt).to.deep.include({ bond: '5000000000000000000', tokens: 20 });
  expect(BigInt(trade.cost) <= BigInt(trade.maxCost)).to.equal(true);
  for (const claims of [firstClaims, toOwners]) expect(claims.map(({ name }) => name)).to.have.members(owners);
  const burned = 12n * 100_000n + 20n * 1_000_000n;
  const toServer = (burned * 43n) / 100n;
  expect([inference.burned, inference.toServer]).to.deep.equal([String(burned), String(toServer)]);
  const minted = toOwners.reduce((sum, { amount }) => sum + BigInt(amount), toServer);
  expect(burned - minted >= 0n && burned - minted < BigInt(owners.length)).to.equal(true);
  const { circulating, escrowed, pooled, supply } = inference.whereabouts;
  expect(escrowed).to.equal(String(900_000_000n + 80_000_000n - burned));
  expect(BigInt(circulating) + BigInt(escrowed) + BigInt(pooled)).to.equal(BigInt(supply));
}
