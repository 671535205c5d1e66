import type { Run } from '../../sdk/run.ts';
import type { Duty } from '../lib/loop.ts';
import type { Relay, Weights } from './relay.ts';

/** The state that a run stands on, and a round that starts from it. */
export type SettledState = Pick<Run, 'root' | 'round'>;

export type RenewalFacts = {
  readonly settled: SettledState;
  /** The root of the weights that answer. */
  readonly served: string;
};

export type RenewalAction = { readonly type: 'renew'; readonly state: SettledState };

/** Pure. */
export function decideRenewal({ settled, served }: RenewalFacts): readonly RenewalAction[] {
  return settled.root === served ? [] : [{ type: 'renew', state: settled }];
}

export type RenewalMeans = {
  readonly relay: Pick<Relay, 'current' | 'pass'>;
  read(): Promise<SettledState>;
  /** @throws STATE_UNAVAILABLE (retryable) */
  load(state: SettledState): Promise<Weights>;
};

/** Takes up each state that the run settles, and the next one only when the one before the last has been let go. */
export function renewalOf({ relay, read, load }: RenewalMeans): Duty<RenewalFacts, RenewalAction> {
  return {
    read: async () => ({ settled: await read(), served: relay.current.root }),
    decide: decideRenewal,
    act: async ({ state }) => relay.pass(await load(state)),
  };
}
