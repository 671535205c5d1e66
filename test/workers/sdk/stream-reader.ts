import { expect } from 'chai';
import { setTimeout as pause } from 'node:timers/promises';

import type { AnswerPart } from '../../../sdk/answer.ts';
import { overhear, type StreamEnd } from '../../../sdk/stream-reader.ts';
import { failsWith } from '../../helpers/errors.ts';
import { until } from '../../helpers/worker-processes.ts';

const SILENCE_MS = 1_000;
/** In which more would come if more were to come. */
const MOMENT_MS = 20;

const part = (text: string) => `data: ${JSON.stringify({ choices: [{ text }], system_fingerprint: '0x01' })}\n\n`;

describe('a stream of a gateway that is overheard', () => {
  const heard: string[] = [];
  const ends: StreamEnd[] = [];
  beforeEach(() => {
    heard.length = ends.length = 0;
  });

  const bytesOf = (events: readonly string[]) => events.map((event) => new TextEncoder().encode(event));
  const overhearing = (
    events: readonly string[] | ReadableStream<Uint8Array>,
    hooks: Partial<Parameters<typeof overhear>[2]> = {},
  ) =>
    overhear(events instanceof ReadableStream ? events : ReadableStream.from(bytesOf(events)), SILENCE_MS, {
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
    await until('the end', () => ends[0]);
    expect([heard.join(''), ends]).to.deep.equal(['abcdefgh', ['done']]);
    expect(await readAll(stream)).to.deep.equal(events);
  });

  it('gives what has come before an error first, and then the error', async () => {
    const stream = overhearing(letters);
    await until('the end', () => ends[0]);
    expect(ends).to.deep.equal(['failed']);
    const read: string[] = [];
    await failsWith('ANSWER_INVALID', readAll(stream, read));
    expect(read).to.deep.equal(letters);
  });

  it('ends with what a voucher fails by, though nothing comes any more', async () => {
    const refusal = Object.assign(new Error('excessive'), { code: 'TEST' });
    const silent = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytesOf([`${letters[0]}: voucher 9\n\n`])[0]),
    });
    const stream = overhearing(silent, { onDue: () => Promise.reject(refusal) });
    const read: string[] = [];
    const error = await readAll(stream, read).catch((thrown: Error) => thrown);
    expect(error).to.equal(refusal);
    expect([read[0], ends]).to.deep.equal([letters[0], ['failed']]);
  });

  it('waits for its reader when more has come than an answer has', async () => {
    const long = Array.from({ length: 100 }, () => part('x'.repeat(60_000)));
    const stream = overhearing([...long, 'data: [DONE]\n\n']);
    await until('as much as may wait', () => heard[60]);
    await pause(MOMENT_MS);
    expect(heard.length).to.be.lessThan(80);
    expect(await readAll(stream)).to.have.length(101);
  });

  it('is asked for no more when its reader has left', async () => {
    const stream = overhearing([...letters, 'data: [DONE]\n\n'], { onPart: () => pause(MOMENT_MS) });
    await stream.cancel();
    await pause(2 * MOMENT_MS);
    expect(ends).to.deep.equal(['cancelled']);
  });
});
