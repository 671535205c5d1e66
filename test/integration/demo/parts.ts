import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { tailLog } from '../../../cli/demo/log-tail.ts';
import { epochsOf } from '../../../cli/demo/plan.ts';
import { lossPlot } from '../../../cli/demo/plot.ts';
import { rangesOf } from '../../../cli/demo/report.ts';
import { withoutRepeats } from '../../../cli/demo/text.ts';
import { parseOptions } from '../../../cli/demo/options.ts';

describe('the text of the demo', () => {
  it('has every paragraph once, however it is wrapped', () => {
    const licence = 'Permission is hereby granted,\nfree of charge';
    const texts = [`First\n\n${licence}\n\nend`, `Second\r\n\r\npermission is hereby granted, free of charge`];
    expect(withoutRepeats(texts)).to.equal(`First\n\n${licence}\n\nend\n\nSecond`);
  });
});

describe('the epochs of the demo', () => {
  it('are one when they may be', () => {
    expect(epochsOf(2)).to.deep.equal({ epoch: 2, rounds: 2 });
    expect(epochsOf(8)).to.deep.equal({ epoch: 8, rounds: 8 });
  });

  it('end with the last round, or as soon after it as may be', () => {
    expect(epochsOf(10)).to.deep.equal({ epoch: 5, rounds: 10 });
    expect(epochsOf(11)).to.deep.equal({ epoch: 6, rounds: 12 });
    for (let rounds = 1; rounds <= 200; rounds += 1) {
      const plan = epochsOf(rounds);
      expect(plan.rounds % plan.epoch).to.equal(0);
      expect(plan.rounds).to.be.within(rounds, rounds + 4);
    }
  });
});

describe('the log that the demo follows', () => {
  it('gives each whole line once, and what is not JSON never', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swarmlock-log-'));
    const path = join(folder, 'a.log');
    const next = tailLog(path);
    try {
      expect(await next()).to.deep.equal([]);
      await appendFile(path, '{"event":"step","loss":1}\n{"event":"st');
      expect(await next()).to.deep.equal([{ event: 'step', loss: 1 }]);
      await appendFile(path, 'op"}\nnot JSON\n');
      expect(await next()).to.deep.equal([{ event: 'stop' }]);
      expect(await next()).to.deep.equal([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe('the plot of the demo', () => {
  const curve = (losses: readonly number[]) => losses.map((loss, i) => ({ tokens: i * 1_000, loss }));

  it('shows every curve with its name, and escapes what is not markup', () => {
    const svg = lossPlot('a < b & c', [
      { name: 'swarm', colour: '#000001', points: curve([5, 4, 3]) },
      { name: 'one machine', colour: '#000002', points: curve([5, 3.5, 2.5]) },
    ]);
    expect(svg).to.include('a &lt; b &amp; c').and.include('>swarm<').and.include('>one machine<');
    expect(svg.match(/<circle/g)).to.have.lengthOf(6);
    expect(svg).to.not.match(/NaN|Infinity|undefined/);
  });

  it('can be drawn of a single point', () => {
    expect(lossPlot('', [{ name: 'one', colour: '#000001', points: curve([5]) }])).to.not.match(/NaN|Infinity/);
  });
});

describe('the report of the demo', () => {
  it('names rounds by ranges', () => {
    expect(rangesOf([])).to.equal('');
    expect(rangesOf([4])).to.equal('4');
    expect(rangesOf([1, 2, 3, 5, 7, 8])).to.equal('1-3, 5, 7-8');
  });
});

describe('the options of the demo', () => {
  it('have defaults', () => {
    expect(parseOptions([])).to.include({ rounds: 10, miners: 3, seed: 1, data: undefined, keep: false, json: false });
  });

  it('are read', () => {
    const options = parseOptions(['--rounds', '4', '--miners', '2', '--seed', '7', '--data', 'a', '--keep', '--json']);
    expect(options).to.include({ rounds: 4, miners: 2, seed: 7, data: 'a', keep: true, json: true });
  });
});
