import { createHash } from 'node:crypto';
import { createState, type State } from '../graph/state.ts';
import type { Recipe } from '../recipe.ts';
import { globalLayout } from '../programs.ts';
import { parametersOf } from './decoder.ts';

const WORDS_PER_HASH = 8;

/**
 * The initial global state of a recipe, from its seed alone. The outer optimiser starts from zero, parameters are uniform in +-sqrt(3) times each parameter's deviation.
 * Element i of parameter p uses 24 bits of word i mod 8 of SHA-256("swarmlock/initial" || seed || u32 p || u32 i / 8), so
 * that any element can be computed by itself.
 */
export function initialParameters(recipe: Recipe): State {
  const state = createState(globalLayout(recipe));
  const message = Buffer.concat([
    Buffer.from('swarmlock/initial'),
    Buffer.from(recipe.seed.slice(2), 'hex'),
    Buffer.alloc(8),
  ]);
  const counter = message.length - 8;
  parametersOf(recipe.model).forEach(({ name, deviation }, index) => {
    const values = state.tensors.get(name)!;
    const limit = Math.sqrt(3) * deviation;
    message.writeUInt32BE(index, counter);
    for (let start = 0; start < values.length; start += WORDS_PER_HASH) {
      message.writeUInt32BE(start / WORDS_PER_HASH, counter + 4);
      const digest = createHash('sha256').update(message).digest();
      for (let i = 0; i < WORDS_PER_HASH && start + i < values.length; i++) {
        const unit = (digest.readUInt32BE(4 * i) >>> 8) / 2 ** 23 - 1;
        values[start + i] = unit * limit;
      }
    }
  });
  return state;
}
