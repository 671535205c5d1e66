import { createState, slotsOf, type State } from '../../engine/graph/state.ts';
import { elementCount } from '../../engine/graph/types.ts';
import { copyTensors } from '../../engine/training.ts';
import type { SwarmOptions } from './swarm.ts';

/** The updates of all members of a round, start - end, parameters end to end. */
type Updates = readonly Float64Array[];

/** What attackers send in place of their updates; members from `honest.length` on are the attackers. */
type Forgery = (updates: { readonly honest: Updates; readonly own: Updates }, round: number) => Updates;

/** How an attack enters a swarm whose last members are attackers. */
export type Attack = Pick<SwarmOptions, 'attack' | 'batch' | 'trains'>;

/** Every attack, from the honest members' number and the attackers'. Attackers know everything and act as one. */
export const attacks: Readonly<Record<string, (honest: number, attackers: number) => Attack>> = {
  'sign-flip': (honest) => forging(honest, ({ own }) => own.map((update) => update.map((x) => -x))),
  'scaled-noise': (honest) =>
    forging(honest, ({ own }, round) => own.map((update, i) => noise(update, 100, 31 * round + i))),
  // Read backwards, every token's label is the token before it.
  'label-flip': (honest) => ({ batch: (rows, member) => (member < honest ? rows : rows.toReversed()) }),
  'inner-product': (honest) =>
    idling(honest, ({ honest: known, own }) => {
      const against = mean(known).map((x) => -x / 2);
      return own.map(() => against);
    }),
  'little-is-enough': (honest, attackers) =>
    idling(honest, ({ honest: known, own }) => {
      const below = shifted(known, largestShift(honest, attackers));
      return own.map(() => below);
    }),
  delayed: (honest) => {
    const sent: Updates[] = [];
    return forging(honest, ({ own }) => {
      sent.push(own);
      return sent.at(-1 - DELAY) ?? own.map((update) => new Float64Array(update.length));
    });
  },
  copied: (honest) => idling(honest, ({ honest: known, own }) => own.map((_, i) => known[i % known.length]!)),
  // All copy the same member, whose update then outweighs the others.
  'copied-one': (honest) => idling(honest, ({ honest: known, own }) => own.map(() => known[0]!)),
};

/** Rounds by which a delayed update is late. */
const DELAY = 4;

/** Lets attackers end where their forged updates lead. */
function forging(honest: number, forge: Forgery): Attack {
  return {
    attack: ({ round, start, ends }) => {
      const updates = ends.map((end) => difference(start, end));
      const forged = forge({ honest: updates.slice(0, honest), own: updates.slice(honest) }, round);
      return [...ends.slice(0, honest), ...forged.map((update) => moved(start, update))];
    },
  };
}

/** Forges from what honest members do alone, so that attackers need not train: their own updates are zero. */
function idling(honest: number, forge: Forgery): Attack {
  return { ...forging(honest, forge), trains: (member) => member < honest };
}

function difference(start: State, end: State): Float64Array {
  const [before, after] = [vectorOf(start), vectorOf(end)];
  return Float64Array.from(before, (x, i) => x - after[i]!);
}

function moved(start: State, update: Float64Array): State {
  const end = createState(start.layout);
  copyTensors(start, end);
  const vector = vectorOf(end);
  update.forEach((x, i) => (vector[i]! -= x));
  return end;
}

/** All parameters as one vector over the state's own memory, where what the outer optimiser keeps follows them. All are f32. */
function vectorOf({ bytes, layout }: State): Float32Array {
  const parameters = slotsOf(layout).filter(({ name }) => !name.startsWith('outer.'));
  const length = parameters.reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return new Float32Array(bytes.buffer, bytes.byteOffset, length);
}

function mean(updates: Updates): Float64Array {
  return updates[0]!.map((_, i) => updates.reduce((sum, update) => sum + update[i]!, 0) / updates.length);
}

/** Noise of `factor` times the length of an update. */
function noise(update: Float64Array, factor: number, seed: number): Float64Array {
  let word = seed;
  const uniform = () => (word = (Math.imul(word ^ (word >>> 15), 0x2c1b3c6d) + 0x9e3779b9) >>> 0) / 2 ** 32 - 0.5;
  const deviation = Math.sqrt(update.reduce((sum, x) => sum + x * x, 0) / update.length);
  return update.map(() => factor * deviation * uniform() * Math.sqrt(12));
}

/** The honest mean, shifted against itself by some deviations of the honest updates in every coordinate. */
function shifted(updates: Updates, shift: number): Float64Array {
  return mean(updates).map((average, i) => {
    const variance = updates.reduce((sum, update) => sum + (update[i]! - average) ** 2, 0) / updates.length;
    return average - Math.sign(average) * shift * Math.sqrt(variance);
  });
}

/**
 * The shift at which, were honest updates normal, just enough of them would lie beyond the attackers' for a majority: the
 * quantile of Baruch et al. 2019.
 */
function largestShift(honest: number, attackers: number): number {
  const total = honest + attackers;
  // A majority of attackers needs nobody.
  const supporters = Math.max(1, Math.floor(total / 2 + 1) - attackers);
  return normalQuantile((honest - supporters) / honest);
}

/** The x below which a normal variable is with probability p, by bisection of the integral. */
function normalQuantile(p: number): number {
  const step = 1e-4;
  let [x, below] = [-8, 0];
  while (below < p) {
    below += (step * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
    x += step;
  }
  return x;
}
