import { isAddressEqual } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import { requirePledge } from '../../sdk/pledges.ts';
import { loop, type Duty } from '../lib/loop.ts';
import type { Workplace } from '../lib/run-worker.ts';
import type { GatewayConfig } from './config.ts';

/** The pledge under which a gateway signs. */
export type OwnPledge = {
  readonly id: bigint;
  /** Why it answers for nothing any more; undefined while it does. */
  readonly flaw: SwarmlockError | undefined;
  /** Looks at it again and again: somebody may have ended it, or won it. */
  watch(): Promise<void>;
};

type Place = Pick<Workplace<GatewayConfig>, 'config' | 'client' | 'deployment' | 'signer' | 'log' | 'looping'>;

type Flaw = SwarmlockError | undefined;
type Look = { readonly found: Flaw; readonly known: Flaw };
type Change = { readonly flaw: Flaw };

/** The pledge of a gateway that has made one. @throws PLEDGE_INVALID when nobody could win what this gateway signs for */
export async function openPledge(place: Place): Promise<OwnPledge | undefined> {
  const { client, deployment, signer, log, looping } = place;
  const { pledge: id, runId } = place.config;
  if (id === undefined) return undefined;
  const { key } = await requirePledge(client, deployment, runId, id);
  if (!isAddressEqual(key, signer.address)) throw notOwn(id, key);
  let flaw: Flaw;
  const watching: Duty<Look, Change> = {
    async read() {
      const found = await requirePledge(client, deployment, runId, id).then(() => undefined, flawOf);
      return { found, known: flaw };
    },
    decide: ({ found, known }) => (found?.message === known?.message ? [] : [{ flaw: found }]),
    async act(change) {
      ({ flaw } = change);
      if (flaw === undefined) log.info({ event: 'pledge' }, 'the pledge answers for receipts again');
      else log.error({ err: flaw }, 'no new requests are taken');
    },
  };
  return {
    id,
    get flaw() {
      return flaw;
    },
    watch: () => loop(watching, looping),
  };
}

function flawOf(error: unknown): SwarmlockError {
  if (error instanceof SwarmlockError && error.code === 'PLEDGE_INVALID') return error;
  throw error;
}

function notOwn(id: bigint, key: string): SwarmlockError {
  return new SwarmlockError(`The receipts of the pledge ${id} are signed by ${key}`, {
    code: 'PLEDGE_INVALID',
    argument: 'pledge',
    hint: 'Give the id of a pledge that names the key of this gateway, or none.',
  });
}
