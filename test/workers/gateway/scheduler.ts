import { setTimeout as pause } from 'node:timers/promises';
import { expect } from 'chai';

import {
  createScheduler,
  type Scheduler,
  type Sequence,
  type TokenSource,
} from '../../../workers/gateway/scheduler.ts';
import { until } from '../../helpers/worker-processes.ts';

const sampling = { temperature: 0, topP: 1, seed: `0x${'00'.repeat(32)}` } as const;
const CONTEXT = 64;

/** Gives each sequence its length as the next token, and remembers what it was opened with. */
function countingDecoder(slots: number) {
  const lengths = new Map<number, number>();
  const ends = new Map<number, number | undefined>();
  const opened: number[][] = [];
  const decoder: TokenSource = {
    open(prompt, _, most) {
      opened.push([...prompt]);
      const slot = Array.from({ length: slots }, (_, i) => i).find((i) => !lengths.has(i))!;
      lengths.set(slot, prompt.length);
      ends.set(slot, most);
      return slot;
    },
    async step() {
      await pause(1);
      return [...lengths].flatMap(([slot, length]) => {
        if (length === ends.get(slot)) return [];
        lengths.set(slot, length + 1);
        return [{ slot, token: length }];
      });
    },
    release: (slot) => void lengths.delete(slot),
    close: async () => undefined,
  };
  return { decoder, opened, inSlots: () => lengths.size };
}

/** Waits at these lengths, and is done at `end`. */
function sequenceOf(prompt: readonly number[], end: number, stops: readonly number[] = [], onWait = () => {}) {
  const sequence: Sequence = {
    tokens: [...prompt],
    sampling,
    most: end,
    take: () => {
      const { length } = sequence.tokens;
      if (length === end) return 'done';
      if (!stops.includes(length)) return 'more';
      onWait();
      return 'wait';
    },
    fail: (error) => expect.fail(String(error)),
  };
  return sequence;
}

describe('a scheduler', () => {
  const stop = new AbortController();
  const counted = (length: number) => Array.from({ length }, (_, i) => i);
  const start = (slots: number): { scheduler: Scheduler } & ReturnType<typeof countingDecoder> => {
    const counting = countingDecoder(slots);
    const scheduler = createScheduler({ decoder: counting.decoder, slots, queue: 8, context: CONTEXT });
    void scheduler.run(stop.signal);
    return { scheduler, ...counting };
  };
  const length = (sequence: Sequence, wanted: number) =>
    until(`${wanted} tokens`, () => sequence.tokens.length === wanted || undefined);
  after(() => stop.abort());

  it('reads a sequence once that comes back soon, and gives it nothing while it waits', async () => {
    const { scheduler, opened } = start(2);
    const lengths: number[] = [];
    const sequence = sequenceOf(counted(4), 30, [10, 12], () => {
      // Some steps later.
      void pause(1).then(() => {
        lengths.push(sequence.tokens.length);
        scheduler.resume(sequence);
      });
    });
    scheduler.submit(sequence);
    await length(sequence, 30);
    expect(sequence.tokens).to.deep.equal(counted(30));
    expect(lengths).to.deep.equal([10, 12]);
    expect(opened).to.deep.equal([counted(4)]);
  });

  it('gives the slot of one that waits to who needs it, and reads it again when it comes back', async () => {
    const { scheduler, opened } = start(1);
    const waiting = sequenceOf(counted(4), 30, [10]);
    scheduler.submit(waiting);
    await length(waiting, 10);
    const other = sequenceOf(counted(2), 20);
    scheduler.submit(other);
    await length(other, 20);
    expect(waiting.tokens).to.deep.equal(counted(10));
    expect(other.tokens).to.deep.equal(counted(20));
    scheduler.resume(waiting);
    await length(waiting, 30);
    expect(waiting.tokens).to.deep.equal(counted(30));
    expect(opened.length).to.equal(3);
  });

  for (const [what, end] of [
    ['has waited for long', 40],
    ['has all of its tokens', 13],
  ] as const) {
    it(`decodes nothing more for one that ${what}, and goes on with it later`, async () => {
      const { scheduler, inSlots } = start(1);
      const sequence = sequenceOf(counted(4), end, [10]);
      scheduler.submit(sequence);
      await length(sequence, 10);
      await until('its slot to be free', () => inSlots() === 0 || undefined);
      expect(scheduler.load().running).to.equal(0);
      scheduler.resume(sequence);
      await length(sequence, end);
      expect(sequence.tokens).to.deep.equal(counted(end));
    });
  }

  it('asks for the next step before it gives the tokens of the one before', async () => {
    const order: string[] = [];
    const { decoder } = countingDecoder(1);
    const step = () => {
      order.push('step');
      return decoder.step();
    };
    const scheduler = createScheduler({ decoder: { ...decoder, step }, slots: 1, queue: 8, context: CONTEXT });
    void scheduler.run(stop.signal);
    const sequence = sequenceOf(counted(4), 7);
    const take = (token: number) => {
      order.push(`token ${token}`);
      return sequence.take(token);
    };
    scheduler.submit({ ...sequence, take });
    await scheduler.drain();
    expect(order).to.deep.equal(['step', 'step', 'token 4', 'step', 'token 5', 'step', 'token 6']);
  });

  it('takes those up together that come in one turn of the event loop', async () => {
    const { decoder, opened } = countingDecoder(2);
    const atStep: number[] = [];
    const step = () => {
      atStep.push(opened.length);
      return decoder.step();
    };
    const scheduler = createScheduler({ decoder: { ...decoder, step }, slots: 2, queue: 8, context: CONTEXT });
    void scheduler.run(stop.signal);
    await pause(5);
    scheduler.submit(sequenceOf(counted(3), 4));
    for (let i = 0; i < 20; i++) await Promise.resolve();
    scheduler.submit(sequenceOf(counted(4), 5));
    await scheduler.drain();
    expect(atStep[0]).to.equal(2);
  });

  it('lets one go that waits, once', async () => {
    const { scheduler, inSlots } = start(1);
    const sequence = sequenceOf(counted(4), 30, [10]);
    scheduler.submit(sequence);
    await length(sequence, 10);
    scheduler.cancel(sequence);
    scheduler.cancel(sequence);
    scheduler.resume(sequence);
    expect(inSlots()).to.equal(0);
    await scheduler.drain();
    expect(sequence.tokens).to.have.length(10);
  });
});
