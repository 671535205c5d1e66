import { appendFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';

import { requireConserved } from '../../../cli/demo/conservation.ts';
import { heard, settled } from '../../../cli/demo/gateway.ts';
import { tailLog } from '../../../cli/demo/log-tail.ts';
import { demoRecipe, epochsOf } from '../../../cli/demo/plan.ts';
import { lossPlot } from '../../../cli/demo/plot.ts';
import { rangesOf } from '../../../cli/demo/report.ts';
import { isConvicted, isDecided, tellGame } from '../../../cli/demo/story-game.ts';
import { newStory, tell, type Story } from '../../../cli/demo/story.ts';
import { withoutRepeats } from '../../../cli/demo/text.ts';
import { parseOptions } from '../../../cli/demo/options.ts';
import { castOf } from '../../../cli/demo/actors.ts';
import type { ToldEnd, ToldGame, ToldMove } from '../../../cli/dispute/narrator.ts';
import { createDataset } from '../../../engine/data/dataset.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import type { RunEvent } from '../../../sdk/events.ts';
import { failsWith } from '../../helpers/errors.ts';

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

describe('the recipe of the demo', () => {
  it('compresses what miners send if it is asked to', () => {
    const dataset = createDataset('the quick brown fox, '.repeat(40), { context: 32 });
    const recipeOf = (...args: string[]) => demoRecipe(parseOptions(['--size', 'tiny', ...args]), dataset);
    expect(recipeOf().compression.name).to.equal('none');
    expect(recipeOf('--compression', 'sparseloco').compression).to.include({ name: 'sparseloco', chunk: 4096, k: 64 });
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

describe('the pay that the demo tells', () => {
  it('counts the verdicts that a validator is paid for', () => {
    const cast = castOf(1);
    const story = newStory(cast, 2, 4);
    const validator = cast.find(({ name }) => name === 'validator 2')!.address;
    const args = { runId: 1n, round: 2, validator, id: 0n, amount: 12n * 10n ** 18n };
    const line = tell(story, { eventName: 'VerdictSharesClaimed', args } as RunEvent);
    expect(line).to.equal('validator 2 is paid 12 shares for a verdict on round 2');
    expect(story.validators.map(({ verdicts }) => verdicts)).to.deep.equal([0, 1]);
  });
});

describe('the games that the demo tells', () => {
  const cast = castOf(1);
  const addressOf = (name: string) => cast.find((actor) => actor.name === name)!.address;
  const id = claimIdOf({ kind: 'work', runId: 1n, round: 2, number: 2 });
  const lost: ToldEnd = { claimVoided: true, reason: 'element', won: 5n * 10n ** 18n, burned: 5n * 10n ** 18n };

  /** Round 2, with the cheat in seat 2 and a challenge of its claim. */
  function challenged(rounds = 2): Story {
    const story = newStory(cast, rounds, 4);
    const event = (eventName: string, args: object) => tell(story, { eventName, args } as RunEvent);
    event('Joined', { owner: addressOf('cheat'), seat: 2, index: 1, price: 10n ** 18n });
    event('RoundOpened', { round: 2, activeMiners: 2n });
    event('Challenged', { id, challenger: addressOf('validator 1') });
    return story;
  }

  function game(by: string, moves: number, end?: ToldEnd): ToldGame {
    const move = (gas: number): ToldMove => {
      const text = 'says something';
      return { side: 'challenger', mover: addressOf(by), move: 'pick', gas, text, transaction: '0x' };
    };
    const made = Array.from({ length: moves }, (_, i) => move(1_000 * (i + 1)));
    return { id, claimant: addressOf('cheat'), challenger: addressOf(by), moves: made, end };
  }

  const last = (told: ToldGame) => told.moves.slice(-1);

  it('are followed move by move, to the verdict', () => {
    const story = challenged();
    const open = game('validator 1', 2);
    expect(tellGame(story, open, last(open))).to.deep.equal(['   2 validator 1    2,000 gas  says something']);
    expect(story.caught.map(isDecided)).to.deep.equal([false]);
    open.end = lost;
    const [, verdict] = tellGame(story, open, last(open));
    expect(verdict).to.include('cheat is convicted on chain in 2 moves, 3,000 gas');
    expect(verdict).to.include('10.00 WETH is slashed: 5.00 to validator 1, 5.00 burned');
    expect(story.caught.map(isConvicted)).to.deep.equal([true]);
    expect(story.miners.find(({ cheats }) => cheats)!.fates.get(2)).to.equal('convicted');
  });

  it('name the one who won, though another had come first', () => {
    const story = challenged();
    const first = game('validator 1', 2);
    tellGame(story, first, last(first));
    const beside = game('validator 2', 1);
    expect(tellGame(story, beside, last(beside))).to.have.lengthOf(1);
    const later = game('validator 2', 2);
    expect(tellGame(story, later, last(later))).to.deep.equal([]);
    tellGame(story, { ...later, end: lost }, last(later));
    expect(story.caught).to.have.lengthOf(1);
    expect(story.caught[0]).to.include({ by: 'validator 2', round: 2, miner: 'cheat' });
    expect(tellGame(story, { ...first, end: { ...lost, reason: 'abandoned' } }, last(first))).to.deep.equal([]);
    expect(story.caught[0]).to.include({ by: 'validator 2' });
  });

  it('say when a claim was right after all', () => {
    const story = challenged();
    const told = game('validator 1', 2, { ...lost, claimVoided: false });
    expect(tellGame(story, told, last(told)).at(-1)).to.include('the claim is upheld');
    expect(story.caught.map(isConvicted)).to.deep.equal([false]);
    expect(story.caught.map(isDecided)).to.deep.equal([true]);
  });

  it('end with the last round that is shown', () => {
    const story = challenged(1);
    const told = game('validator 1', 2, lost);
    expect(tellGame(story, told, last(told))).to.deep.equal([]);
  });
});

describe('the gateway of the demo', () => {
  it('is waited for until its log says all that is to be known of it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'swarmlock-gateway-'));
    const path = join(folder, 'gateway.log');
    try {
      const listening = heard(path, ['offer', 'listening']);
      await appendFile(path, '{"event":"listening","url":"a"}\n{"event":"offer","route":7}\n');
      const entries = [
        { event: 'offer', route: 7 },
        { event: 'listening', url: 'a' },
      ];
      expect(await listening).to.deep.equal(entries);
      await failsWith('GATEWAY_SILENT', heard(path, ['offer', 'closed'], 200));
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('has to draw what its answer has cost, to the unit', async () => {
    const drawn = [0, 3, 5];
    await settled(5, async () => drawn.shift()!);
    expect(drawn).to.deep.equal([]);
    for (const other of [4, 6]) {
      const error = await failsWith(
        'NOT_SETTLED',
        settled(5, async () => other, 200),
      );
      expect(error.argument).to.equal(String(other));
    }
  });
});

describe('the credits of the demo', () => {
  it('are where the demo says, to the unit, or it fails', async () => {
    const found = { circulating: 5n, escrowed: 2n, pooled: 3n };
    expect(() => requireConserved({ ...found, supply: 10n })).to.not.throw();
    for (const supply of [9n, 11n])
      await failsWith('CREDITS_NOT_CONSERVED', () => requireConserved({ ...found, supply }));
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
