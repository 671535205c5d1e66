import { isAddressEqual } from 'viem';

import type { Actor } from '../../../cli/demo/actors.ts';
import type { ToldGame } from '../../../cli/dispute/narrator.ts';
import { parseClaimId } from '../../../sdk/claims.ts';
import type { RunEvent } from '../../../sdk/events.ts';
import { indicesOf } from '../../../sdk/member-set.ts';
import type { Miner } from './stage.ts';

export type Told = {
  readonly seats: ReadonlyMap<number, Miner>;
  readonly games: readonly ToldGame[];
  readonly staff: readonly Actor[];
};

/** An event in a line for people; undefined when it is not worth one. */
export function tellEvent(event: RunEvent, told: Told): string | undefined {
  switch (event.eventName) {
    case 'Joined':
      return `${nameOf(event.args.owner, told)} takes seat ${event.args.seat}`;
    case 'Left':
      return `${nameOf(event.args.owner, told)} leaves after round ${event.args.until}`;
    case 'Unserved':
      return `${seatName(event.args.seat, told)} has not served round ${event.args.round}, and loses its deposit`;
    case 'RoundSettled': {
      const { round, accepted } = event.args;
      return round === 0 ? undefined : `round ${round} settles with ${indicesOf(accepted).length} updates`;
    }
    case 'GameOpened': {
      const { id, challenger } = event.args;
      return `${nameOf(challenger, told)} challenges ${claimName(id, told)}`;
    }
    case 'GameEnded': {
      const { id, challenger, claimVoided } = event.args;
      const game = told.games.findLast((one) => one.id === id && isAddressEqual(one.challenger, challenger));
      const what = `${claimName(id, told)} is ${claimVoided ? 'voided' : 'upheld'}`;
      return `${what} after ${game?.moves.length} moves: ${game?.end?.reason}`;
    }
    default:
      return undefined;
  }
}

function seatName(seat: number, { seats }: Told): string {
  return seats.get(seat)?.life.name ?? `seat ${seat}`;
}

/** Who an owner is. */
export function nameOf(address: `0x${string}`, { staff, seats }: Pick<Told, 'staff' | 'seats'>): string {
  const miner = [...seats.values()].find(({ owner }) => isAddressEqual(owner, address));
  return staff.find((actor) => isAddressEqual(actor.address, address))?.name ?? miner?.life.name ?? address;
}

function claimName(id: bigint, told: Told): string {
  const { kind, round, number } = parseClaimId(id);
  return kind === 'work' ? `round ${round} of ${seatName(number, told)}` : `${kind} ${number} of round ${round}`;
}
