import type { Hash } from '../../engine/commit/hash.ts';
import type { Published } from '../../engine/compress/published.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { aggregate } from '../../engine/training.ts';
import { hasMember, indicesOf, type MemberSet } from '../../sdk/member-set.ts';
import type { BlobStore } from './blobs.ts';
import type { CommitmentBook } from './commitments.ts';
import type { Log } from './log.ts';
import { fetchState, type Model } from './model.ts';
import { fetchPublished } from './payloads.ts';
import type { VerifyAction } from './progress.ts';
import { isFiniteState } from './steps.ts';

/** An outer step: the payloads of `accepted` members of a round, applied to the state of `parent`. */
export type OuterStep = { readonly round: number; readonly parent: Hash; readonly accepted: MemberSet };

export type Recomputed = { readonly root: Hash; readonly state: State };

export type GlobalStates = {
  /** Roots of the states held. */
  roots(): readonly Hash[];
  /** A state that is held, or a settled one from the blob store, by its root. */
  get(root: Hash): Promise<State | undefined>;
  /** Takes a state as verified. */
  hold(recomputed: Recomputed): void;
  /** What these members have published, by index; what is not served is not in it. */
  payloads(step: OuterStep): Promise<ReadonlyMap<number, Published>>;
  /** The result of an outer step, 'fault' when it has none, undefined while its parent or a payload is missing. */
  recompute(step: OuterStep): Promise<Recomputed | 'fault' | undefined>;
  /** Recomputes a state and holds it, unless it is another one than `action` says or cannot be had. */
  verify(action: VerifyAction): Promise<void>;
};

export type GlobalStatesOptions = {
  readonly model: Model;
  readonly blobs: BlobStore;
  readonly book: CommitmentBook;
  readonly log: Log;
  readonly genesisRoot: Hash;
  /** Whether the run stands on this root now, so that nobody can dispute it any more. */
  isSettled(root: Hash): Promise<boolean>;
};

/** A round's parent and its result, and one for a competing claim. */
const HELD = 3;

/** The global states that this worker has verified itself. */
export function globalStates(options: GlobalStatesOptions): GlobalStates {
  const { model, blobs, book, genesisRoot } = options;
  const held = new Map<Hash, State>();
  const refuted = new Set<Hash>();
  const states: GlobalStates = {
    roots: () => [...held.keys()],
    async get(root) {
      if (root === genesisRoot && !held.has(root)) await holdGenesis(options, states, undefined);
      return held.get(root) ?? fetchState(blobs, model, model.globalLayout, root);
    },
    hold({ root, state }) {
      held.delete(root);
      held.set(root, state);
      for (const old of held.keys()) if (held.size > HELD) held.delete(old);
    },
    async payloads({ round, accepted }) {
      const found = new Map<number, Published>();
      for (const { index, commitment } of await book.of(round)) {
        if (!hasMember(accepted, index)) continue;
        const payload = await fetchPublished(blobs, model, commitment);
        if (payload !== undefined) found.set(index, payload);
      }
      return found;
    },
    async recompute(step) {
      const parent = await states.get(step.parent);
      const payloads = parent && (await states.payloads(step));
      if (parent === undefined || payloads?.size !== indicesOf(step.accepted).length) return undefined;
      const state = await aggregate(model.recipe, parent, tensorsOf(payloads), model.executor);
      return isFiniteState(state) ? { root: await model.rootOf(state), state } : 'fault';
    },
    async verify({ root, from }) {
      if (refuted.has(root)) return;
      const started = performance.now();
      if (from === undefined) return holdGenesis(options, states, started);
      const recomputed = await states.recompute(from);
      if (recomputed === undefined) return adopt(options, states, { root, round: from.round }, started);
      if (recomputed === 'fault' || recomputed.root !== root) {
        refuted.add(root);
        const actual = recomputed === 'fault' ? 'fault' : recomputed.root;
        const fields = { event: 'stateMismatch', round: from.round, root, actual };
        options.log.warn(fields, 'the claimed state is not what its payloads give; not building on it');
        return;
      }
      states.hold(recomputed);
      report(options, { round: from.round, root, source: 'recomputed' }, started);
    },
  };
  return states;
}

/** What aggregates read of payloads, in ascending member index. */
export function tensorsOf(payloads: ReadonlyMap<number, Published>): readonly State[] {
  return [...payloads.values()].map(({ payload }) => payload);
}

/** @throws GENESIS_MISMATCH when the recipe's initial parameters are not the state that the run starts from */
async function holdGenesis(
  options: GlobalStatesOptions,
  states: GlobalStates,
  started = performance.now(),
): Promise<void> {
  const { model, genesisRoot } = options;
  const state = initialParameters(model.recipe);
  const root = await model.rootOf(state);
  if (root !== genesisRoot) throw genesisMismatch(root, genesisRoot);
  states.hold({ root, state });
  report(options, { round: 0, root, source: 'genesis' }, started);
}

/** Payloads of a past round may be gone: then a settled state is taken from whoever has it, by its root. */
async function adopt(
  options: GlobalStatesOptions,
  states: GlobalStates,
  { root, round }: { root: Hash; round: number },
  started: number,
): Promise<void> {
  if (!(await options.isSettled(root))) return;
  const state = await fetchState(options.blobs, options.model, options.model.globalLayout, root);
  if (state === undefined) throw unavailable(root);
  states.hold({ root, state });
  report(options, { round, root, source: 'blob' }, started);
}

function report({ log }: GlobalStatesOptions, fields: object, started: number): void {
  log.info({ event: 'state', ...fields, ms: Math.round(performance.now() - started) }, 'global state verified');
}

function genesisMismatch(actual: Hash, expected: Hash): SwarmlockError {
  return new SwarmlockError(`the recipe starts from ${actual}, but the run from ${expected}`, {
    code: 'GENESIS_MISMATCH',
    argument: 'genesisRoot',
    hint: 'The run was not created with the initial parameters of its recipe; nobody can serve it.',
  });
}

function unavailable(root: Hash): SwarmlockError {
  return new SwarmlockError(`nobody serves the global state ${root}, nor the payloads that give it`, {
    code: 'STATE_UNAVAILABLE',
    argument: 'blobs',
    hint: 'Check that the blob store is the one that the other members use.',
    retryable: true,
  });
}
