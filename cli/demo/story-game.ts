import { parseClaimId } from '../../sdk/claims.ts';
import type { ToldGame, ToldMove } from '../dispute/narrator.ts';
import { count } from '../dispute/tell.ts';
import { ether, nameOf, type Caught, type Story } from './story.ts';

/** Takes moves of a game into the story, and says each in a line. */
export function tellGame(story: Story, game: ToldGame, moves: readonly ToldMove[]): string[] {
  const { round, number, kind } = parseClaimId(game.id);
  if (round > story.rounds) return [];
  const lines = moves.map((move) => moveLine(story, game, move));
  const miner = story.miners.find(({ seat }) => seat === number);
  const caught = story.caught.find((one) => one.round === round && one.miner === miner?.name);
  if (kind !== 'work' || miner === undefined || caught === undefined) return lines;
  // The first game on a claim is the one to follow, unless another one decides.
  if (caught.game !== game && isConvicted(caught)) return [];
  caught.game ??= game;
  if (caught.game !== game && game.end === undefined)
    return game.moves.length > moves.length ? [] : [besideLine(story, game)];
  caught.game = game;
  if (game.end === undefined) return lines;
  if (!game.end.claimVoided) return [...lines, `round ${round}: ${miner.name} was right: the claim is upheld`];
  miner.fates.set(round, 'convicted');
  caught.by = nameOf(story, game.challenger);
  return [...lines, verdictLine(caught, game)];
}

function moveLine(story: Story, game: ToldGame, move: ToldMove): string {
  const number = String(game.moves.indexOf(move) + 1).padStart(4);
  const gas = count(move.gas).padStart(8);
  return `${number} ${nameOf(story, move.mover).padEnd(11)} ${gas} gas  ${move.text}`;
}

function besideLine(story: Story, game: ToldGame): string {
  return `${nameOf(story, game.challenger)} plays a game of its own beside it, in case that the first one is lost on purpose`;
}

function verdictLine({ round, miner, by, bond }: Caught, game: ToldGame): string {
  const { won = 0n, burned = 0n } = game.end ?? {};
  const sum = `${game.moves.length} moves, ${count(gasOf(game))} gas`;
  const bonds = `Its bond of ${ether(bond)} WETH is slashed: ${ether(won)} to ${by}, ${ether(burned)} burned`;
  return `round ${round}: ${miner} is convicted on chain in ${sum}. ${bonds}`;
}

/** Of all transactions of a game. */
export function gasOf({ moves }: ToldGame): number {
  return moves.reduce((sum, { gas }) => sum + gas, 0);
}

/** Whether the game about a claim is over. */
export function isDecided({ game }: Caught): boolean {
  return game?.end !== undefined;
}

/** Whether the claim has lost it. */
export function isConvicted({ game }: Caught): boolean {
  return game?.end?.claimVoided === true;
}
