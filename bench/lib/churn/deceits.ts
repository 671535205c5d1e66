import type { Address } from 'viem';

import type { Deceit } from '../../../cli/cheat/run-cheat.ts';
import { createState } from '../../../engine/graph/state.ts';
import { attacks } from '../attacks.ts';
import type { CheatKind } from './cheats.ts';

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

/** What a cheat does otherwise that is one of `attackers` and knows the updates of `others`. Each cheat needs its own. */
export function deceitOf(kind: CheatKind, others: readonly Address[], attackers = 1): Deceit {
  return deceits[kind] ?? forged(kind, others, attackers);
}

/** A forged update: what others send, an attacker computes from what is public. */
function forged(name: string, others: readonly Address[], attackers: number): Deceit {
  const { attack, batch } = attacks[name]!(others.length, attackers);
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
