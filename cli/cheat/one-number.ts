import { createState } from '../../engine/graph/state.ts';
import type { Deceit } from './run-cheat.ts';

/** Adds to one weight at the last inner step, as a miner that wants to steer the model would. */
export const oneNumber: Deceit = {
  end: ({ end }) => {
    const said = createState(end.layout, end.bytes);
    said.tensors.get('head')![0]! += 1 / 16;
    return said;
  },
};
