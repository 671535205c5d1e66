import { setImmediate as turn } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { createDecoder } from '../../engine/decoding/decoder.ts';
import type { Asked, Loading, Told } from './decoder-thread.ts';

// A decoder in a thread of its own, which does what it is asked.
const { recipe, weights, options } = workerData as Loading;
const decoder = await createDecoder(recipe, weights, options);
/** Slots by the numbers of their sequences, and the other way round. */
const slots = new Map<number, number>();
const sequences = new Map<number, number>();
const tell = (told: Told) => parentPort!.postMessage(told);

/** Steps come one after the other, and between two of them what else was asked meanwhile. */
let steps: Promise<void> = Promise.resolve();

async function step(): Promise<void> {
  tell(await decoded());
  await turn();
}

async function decoded(): Promise<Told> {
  try {
    const found = await decoder.step();
    return { what: 'tokens', tokens: found.map(({ slot, token }) => ({ sequence: sequences.get(slot)!, token })) };
  } catch (error) {
    const { message, code = 'DECODER_STOPPED' } = error as Error & { code?: string };
    return { what: 'failed', message, code };
  }
}

async function close(): Promise<void> {
  await decoder.close();
  parentPort!.close();
}

parentPort!.on('message', (asked: Asked) => {
  if (asked.what === 'open') {
    const slot = decoder.open(asked.prompt, asked.sampling, asked.most);
    slots.set(asked.sequence, slot);
    sequences.set(slot, asked.sequence);
  } else if (asked.what === 'release') {
    decoder.release(slots.get(asked.sequence)!);
    slots.delete(asked.sequence);
  } else steps = steps.then(asked.what === 'step' ? step : close);
});
tell({ what: 'ready' });
