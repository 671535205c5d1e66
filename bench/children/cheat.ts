// A miner that cheats as SWARMLOCK_CHEAT says, a JSON object of the type `Orders`; all else it is told as miners are.
import { createState } from '../../engine/graph/state.ts';
import { runCheat, type Deceit } from '../../cli/cheat/run-cheat.ts';
import { attacks } from '../lib/attacks.ts';
import type { CheatKind, Orders } from '../lib/churn/cheats.ts';

const { kind, first, last, others } = JSON.parse(process.env['SWARMLOCK_CHEAT']!) as Orders;

/** What no update is wrong in, and yet is not what the rules give. */
const deceits: Partial<Record<CheatKind, Deceit>> = {
  'wrong-step': {
    end: ({ end }) => {
      const said = createState(end.layout, end.bytes);
      // The lowest bit of the first weight.
      said.bytes[0]! ^= 1;
      return said;
    },
  },
  'wrong-compression': {
    payload: (published) => {
      const values = published.tensors.get('values')!;
      values.forEach((value, i) => (values[i] = -value));
    },
  },
  copied: { copies: true },
  withholding: { withholds: true },
};

/** A forged update: what others send, an attacker computes from what is public. */
function forged(name: string): Deceit {
  const { attack, batch } = attacks[name]!(others.length, 1);
  return {
    ...(batch && { batch: (rows) => batch(rows, others.length) }),
    ...(attack && {
      async end({ round, start, end, endsOf }) {
        const ends = [...(await endsOf(others)), end];
        return attack({ round, start, ends }).at(-1)!;
      },
    }),
  };
}

await runCheat(deceits[kind] ?? forged(kind), (round) => round >= first && round <= last);
