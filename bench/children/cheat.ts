// A miner that cheats as SWARMLOCK_CHEAT says, a JSON object of the type `Orders`; all else it is told as miners are.
import { runCheat } from '../../cli/cheat/run-cheat.ts';
import type { Orders } from '../lib/churn/cheats.ts';
import { deceitOf } from '../lib/churn/deceits.ts';

const { kind, first, last, others } = JSON.parse(process.env['SWARMLOCK_CHEAT']!) as Orders;

await runCheat(deceitOf(kind, others), (round) => round >= first && round <= last);
