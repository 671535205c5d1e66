import type { Hash } from '../../../engine/commit/hash.ts';
import { SwarmlockError } from '../../../engine/errors.ts';
import type { State } from '../../../engine/graph/state.ts';
import type { GlobalStates } from '../global-states.ts';

/** The global state of a root. @throws STATE_UNAVAILABLE (retryable) */
export async function globalState(states: GlobalStates, root: Hash): Promise<State> {
  const state = await states.get(root);
  if (state === undefined) throw unavailable(root);
  return state;
}

/** For a claimed start that is none of those in which the round may start. */
export function unshowable(root: Hash): SwarmlockError {
  return new SwarmlockError(`the round starts from ${root}, which is not what the rules give`, {
    code: 'START_UNSHOWABLE',
    argument: 'startRoot',
    hint: 'The claim is wrong: its bond is lost if it is disputed.',
    retryable: true,
  });
}

/** For a state that nobody serves and that cannot be rebuilt. */
export function unavailable(root: Hash): SwarmlockError {
  return new SwarmlockError(`nobody serves the state ${root}, and it is not what the rules give`, {
    code: 'STATE_UNAVAILABLE',
    argument: 'blobs',
    hint: 'Check that the blob store is the one that the other members use.',
    retryable: true,
  });
}
