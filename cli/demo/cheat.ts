// The demo's cheating miner changes one number at the last inner step of each round from its second one on.
import { oneNumber } from '../cheat/one-number.ts';
import { runCheat } from '../cheat/run-cheat.ts';

await runCheat(oneNumber, (round) => round > 1);
