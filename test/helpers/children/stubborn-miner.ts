// A miner that changes one number at the last inner step of each round, serves nothing, and stands by it in a game.
import { oneNumber } from '../../../cli/cheat/one-number.ts';
import { runCheat } from '../../../cli/cheat/run-cheat.ts';

await runCheat({ ...oneNumber, withholds: true }, () => true);
