import { expect } from 'chai';

import { alive, descendantsOf, startBench } from '../../helpers/demo.ts';

type Result = {
  miners: number;
  joined: number;
  left: number;
  killed: number;
  returned: number;
  cheats: { kind: string; rounds: number[]; convictedIn?: number; slashed: number; reason: string }[];
  everyCheatConvicted: boolean;
  honestSlashed: number;
  tokens: number;
  loss: number;
};

describe('the bench of churn', function () {
  this.timeout(600_000);

  it('convicts who compresses wrongly and who steps wrongly, while others come, crash and come back', async () => {
    const size = ['--rounds', '3', '--founders', '3', '--guests', '1', '--lanes', '2', '--probation', '1'];
    const bench = startBench('churn', '--json', ...size, '--cheats', 'wrong-step,wrong-compression', '--steps', '6');
    await bench.until(/takes seat/);
    const processes = descendantsOf(bench.process.pid!);
    const { code } = await bench.ended;
    expect(code, bench.output()).to.equal(0);
    const result = JSON.parse(bench.stdout().trim().split('\n').at(-1)!) as Result;
    expect(result.cheats.map(({ kind }) => kind)).to.have.members(['wrong-step', 'wrong-compression']);
    for (const { rounds, convictedIn, slashed, reason } of result.cheats) {
      expect(rounds).to.include(convictedIn);
      expect(slashed).to.be.greaterThan(0);
      expect(reason).to.equal('element');
    }
    expect(result).to.include({ everyCheatConvicted: true, honestSlashed: 0, joined: 6 });
    expect(result.killed).to.be.greaterThan(result.returned - 1);
    expect(result.tokens).to.be.greaterThan(0);
    expect(alive(processes)).to.deep.equal([]);
  });
});
