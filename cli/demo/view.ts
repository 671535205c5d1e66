import { styleText } from 'node:util';

import { isConvicted, isDecided } from './story-game.ts';
import { ether, shares, type Caught, type MinerStory, type Story } from './story.ts';

const BAR = 12;

const statusWords = {
  open: 'miners train',
  sealed: 'validators audit',
  audited: 'awaiting the aggregate',
  aggregated: 'challenge window',
  settled: 'settled',
} as const;

/** The live region: the round, a line for each miner, what audits found, the losses. */
export function renderStory(story: Story, seconds: number): string[] {
  const title =
    story.round === 0 ? 'members enlist' : `round ${story.round} of ${story.rounds}: ${statusWords[story.status]}`;
  return [
    '',
    `${styleText('bold', title)}   ${clockOf(seconds)}`,
    ...story.miners.map((miner) => minerLine(story, miner)),
    auditLine(story),
    ...gameLines(story),
    lossLine(story),
  ];
}

function minerLine(story: Story, miner: MinerStory): string {
  const { name, step, loss, accrued } = miner;
  const done = Math.round((BAR * step) / story.stepsPerRound);
  const bar = '█'.repeat(done) + '░'.repeat(BAR - done);
  const steps = `${String(step).padStart(2)}/${story.stepsPerRound}`;
  const lossText = loss === undefined ? '          ' : `loss ${loss.toFixed(3)}`;
  const pay = `${shares(accrued).padStart(9)} shares`;
  return `${name.padEnd(9)} ${bar} ${steps}  ${lossText}  ${stateOf(miner, story.round)} ${pay}${bondText(story.caught.filter((caught) => caught.miner === name))}`;
}

function bondText(caught: readonly Caught[]): string {
  const sum = (of: readonly Caught[], what: string) =>
    of.length === 0 ? [] : [`${ether(of.reduce((total, { bond }) => total + bond, 0n))} WETH ${what}`];
  const open = caught.filter((one) => !isDecided(one));
  const texts = [...sum(caught.filter(isConvicted), 'slashed'), ...sum(open, 'frozen')];
  return texts.length === 0 ? '' : styleText('red', `  ${texts.join(', ')}`);
}

function stateOf({ committed, drawn, verdict, seat }: MinerStory, round: number): string {
  const cell = (text: string) => text.padEnd(18);
  if (seat === undefined) return styleText('dim', cell('enlisting'));
  if (round === 0) return cell('has a seat');
  if (verdict === 'differs') return styleText('red', cell('✗ caught'));
  if (verdict === 'match') return styleText('green', cell('✓ audited'));
  if (verdict === 'missing') return styleText('yellow', cell('? not served'));
  if (drawn) return cell('being audited');
  return committed ? styleText('cyan', cell('committed')) : cell('training');
}

function auditLine({ audits, matches, caught }: Story): string {
  const [first] = caught;
  const found =
    first === undefined ? '' : styleText('red', `   ${first.miner} caught in round ${first.round} by ${first.by}`);
  return `audits    ${matches} match, ${audits - matches} differ${found}`;
}

/** Games that are being played. */
function gameLines({ caught }: Story): string[] {
  return caught.flatMap(({ miner, by, round, game }) => {
    if (game === undefined || game.end !== undefined) return [];
    return [
      `game      ${by} against ${miner}, round ${round}, move ${game.moves.length}: ${game.moves.at(-1)?.text ?? ''}`,
    ];
  });
}

function lossLine({ measured }: Story): string {
  const first = measured[0];
  const last = measured.at(-1);
  if (first === undefined || last === undefined) return 'held-out  not measured yet';
  const central = measured.length > 1 ? `   one machine ${last.central.toFixed(3)}` : '';
  const path = measured.length > 1 ? ` -> ${last.swarm.toFixed(3)}` : '';
  return `held-out  loss ${first.swarm.toFixed(3)}${path}${central}   ${last.tokens.toLocaleString('en-US')} verified tokens`;
}

function clockOf(seconds: number): string {
  return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
