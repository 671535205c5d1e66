import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';

import type { AnswerPart } from '../../../sdk/answer.ts';
import { overhear, type StreamEnd } from '../../../sdk/stream-reader.ts';
import { failsWith } from '../../helpers/errors.ts';

const SILENCE_MS = 1_000;
/** Until all has come that will come. */
const SETTLED_MS = 20;

const part = (text: string) => `data: ${JSON.stringify({ choices: [{ text }], system_fingerprint: '0x01' })}\n\n`;

describe('a stream of a gateway that is overheard', () => {
  const heard: string[] = [];
  const ends: StreamEnd[] = [];
  beforeEach(() => {
    heard.length = ends.length = 0;
  });

  const overhearing = (events: readonly string[], hooks: Partial<Parameters<typeof overhear>[2]> = {}) =>
    overhear(ReadableStream.from(events.map((event) => new TextEncoder().encode(event))), SILENCE_MS, {
      onDue: async () => undefined,
      onPart: async ({ text }: AnswerPart) => void heard.push(text),
      onReceipt: async () => undefined,
      onDone: () => undefined,
      onEnd: (end) => void ends.push(end),
      ...hooks,
    });
  /** Reads all there is. */
  const readAll = async (stream: ReadableStream<Uint8Array>, read: string[] = []) => {
    const decoder = new TextDecoder();
    for await (const piece of stream) read.push(decoder.decode(piece));
    return read;
  };
  const letters = Array.from('abcdefgh', part);

  it('is taken in to its end while nobody reads it, and can be read then', async () => {
    const events = [...letters, 'data: [DONE]\n\n'];
    const stream = overhearing(events);
    await pause(SETTLED_MS);
    expect([heard.join(''), ends]).to.deep.equal(['abcdefgh', ['done']]);
    expect(await readAll(stream)).to.deep.equal(events);
  });

  it('gives what has come before an error first, and then the error', async () => {
    const stream = overhearing(letters);
    await pause(SETTLED_MS);
    expect(ends).to.deep.equal(['failed']);
    const read: string[] = [];
    await failsWith('ANSWER_INVALID', readAll(stream, read));
    expect(read).to.deep.equal(letters);
  });

  it('ends with what a voucher fails by, though nothing comes any more', async () => {
    const refusal = Object.assign(new Error('excessive'), { code: 'TEST' });
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode(`${letters[0]}: voucher 9\n\n`)),
    });
    const stream = overhear(silent, SILENCE_MS, {
      onDue: () => Promise.reject(refusal),
      onPart: async () => undefined,
      onReceipt: async () => undefined,
      onDone: () => undefined,
      onEnd: (end) => void ends.push(end),
    });
    const read: string[] = [];
    const error = await readAll(stream, read).catch((thrown: Error) => thrown);
    expect(error).to.equal(refusal);
    expect([read[0], ends]).to.deep.equal([letters[0], ['failed']]);
  });

  it('waits for its reader when more has come than an answer has', async () => {
    const long = Array.from({ length: 100 }, () => part('x'.repeat(60_000)));
    const stream = overhearing([...long, 'data: [DONE]\n\n']);
    await pause(10 * SETTLED_MS);
    expect(heard.length).to.be.within(60, 80);
    expect(await readAll(stream)).to.have.length(101);
  });

  it('is asked for no more when its reader has left', async () => {
    const stream = overhearing([...letters, 'data: [DONE]\n\n'], { onPart: () => pause(SETTLED_MS) });
    await stream.cancel();
    await pause(2 * SETTLED_MS);
    expect(ends).to.deep.equal(['cancelled']);
  });
});
