import type { Run } from './run.ts';

/** Whether a root is that of a state whose weights may answer. */
export type RootCheck = (root: string) => Promise<boolean>;

/**
 * Whether a run stands on a state, or stood on it before the last one that has been seen here: a gateway needs a while to
 * take up new weights. @param read the run as it stands
 */
export function settledRoots(read: () => Promise<Pick<Run, 'root'>>): RootCheck {
  let seen: readonly string[] = [];
  return async (root) => {
    const { root: settled } = await read();
    if (seen[0] !== settled) seen = [settled, ...seen.slice(0, 1)];
    return seen.includes(root);
  };
}
