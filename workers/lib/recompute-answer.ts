import { readFile } from 'node:fs/promises';

import { createDecoder } from '../../engine/decoding/decoder.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { State } from '../../engine/graph/state.ts';
import { answeredIn, parseReceipt, tokenAt, tokensBefore, type SignedReceipt } from '../../sdk/receipts.ts';
import type { Model } from './model.ts';

/** A receipt in a file, as a gateway has sent it. @throws RECEIPT_INVALID */
export async function readReceipt(path: string): Promise<SignedReceipt> {
  let found: unknown;
  try {
    found = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new SwarmlockError(`Cannot read a receipt at ${path}`, { code: 'RECEIPT_INVALID', argument: path, cause });
  }
  return parseReceipt(found);
}

/**
 * The first token of an answer that the model does not give, counted from 0; undefined when all are right.
 * @param weights those that the receipt names
 * @throws PROMPT_LENGTH, PROMPT_TOKEN, SAMPLING_INVALID, FAULT when the model gives no answer to this
 */
export async function firstWrongToken(
  { recipe, executor }: Pick<Model, 'recipe' | 'executor'>,
  weights: State,
  receipt: SignedReceipt,
): Promise<number | undefined> {
  const decoder = await createDecoder(recipe, weights, { ...executor, slots: 1 });
  try {
    decoder.open(tokensBefore({ receipt, index: 0 }), receipt);
    for (let index = 0; index < answeredIn(receipt); index += 1) {
      if ((await nextToken(decoder)) !== tokenAt({ receipt, index })) return index;
    }
    return undefined;
  } finally {
    await decoder.close();
  }
}

/** How many tokens were answered, if the model gives them all. @throws RECEIPT_WRONG, and as `firstWrongToken` */
export async function requireRightAnswer(...given: Parameters<typeof firstWrongToken>): Promise<number> {
  const index = await firstWrongToken(...given);
  if (index === undefined) return answeredIn(given[2]);
  throw new SwarmlockError(`Token ${index} of the answer is not what the model gives`, {
    code: 'RECEIPT_WRONG',
    argument: String(index),
    hint: 'Put the receipt where a challenger finds it (SWARMLOCK_RECEIPTS).',
  });
}

/** A prompt is read in several steps. */
async function nextToken(decoder: Awaited<ReturnType<typeof createDecoder>>): Promise<number> {
  for (;;) {
    const [decoded] = await decoder.step();
    if (decoded !== undefined) return decoded.token;
  }
}
