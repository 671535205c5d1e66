import { expect } from 'chai';

import { SwarmlockError } from '../../../engine/errors.ts';
import { loop, patiently } from '../../../workers/lib/loop.ts';
import { steppingClock, TickedClock } from '../../helpers/clocks.ts';
import { recordingLog } from '../../helpers/logs.ts';

const busy = new SwarmlockError('busy', { code: 'RPC_UNREACHABLE', retryable: true });

function start(read: () => number, act: (action: string) => void = () => undefined) {
  const clock = new TickedClock();
  const stop = new AbortController();
  const { log, lines } = recordingLog();
  const ended = loop(
    {
      read: async () => read(),
      decide: (facts) => [`first ${facts}`, `second ${facts}`],
      act: async (action) => act(action),
    },
    { clock, log, signal: stop.signal, pollMs: 10, longestBackOffMs: 40 },
  );
  // So that a failure in the middle of a test is reported by the test that awaits it, not as unhandled.
  ended.catch(() => undefined);
  return { clock, stop, lines, ended };
}

describe('loop', () => {
  it('reads, decides and acts once for each poll, in the order of the actions', async () => {
    const done: string[] = [];
    let reads = 0;
    const { clock, stop, ended } = start(
      () => ++reads,
      (action) => done.push(action),
    );
    await clock.tick(15);
    stop.abort();
    await ended;
    expect(done).to.deep.equal(['first 1', 'second 1', 'first 2', 'second 2']);
  });

  it('reads the world again after a retryable failure, without the actions that were left', async () => {
    const done: string[] = [];
    let reads = 0;
    const { clock, stop, lines, ended } = start(
      () => ++reads,
      (action) => {
        if (action === 'first 1') throw busy;
        done.push(action);
      },
    );
    await clock.tick(20);
    stop.abort();
    await ended;
    expect(done).to.deep.equal(['first 2', 'second 2']);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.deep.include({ level: 40, failures: 1 });
  });

  it('waits twice as long after each failure in a row, up to a bound, and forgets them after a success', async () => {
    const times: number[] = [];
    let clock: TickedClock | undefined;
    const run = start(() => {
      times.push(clock?.now() ?? 0);
      if (times.length !== 5) throw busy;
      return times.length;
    });
    clock = run.clock;
    await clock.tick(160);
    run.stop.abort();
    await run.ended;
    expect(times).to.deep.equal([0, 20, 60, 100, 140, 150]);
  });

  it('ends with an error that a retry cannot help', async () => {
    const wrong = new SwarmlockError('no', { code: 'CHAIN_MISMATCH' });
    const { ended } = start(() => {
      throw wrong;
    });
    expect(await ended.catch((error: unknown) => error)).to.equal(wrong);
  });

  it('ends with an error of the program itself, even while a retry is possible', async () => {
    const bug = new TypeError('undefined is not a function');
    const { ended } = start(() => {
      throw bug;
    });
    expect(await ended.catch((error: unknown) => error)).to.equal(bug);
  });

  it('leaves the remaining actions undone when it is aborted in the middle of a pass', async () => {
    const done: string[] = [];
    const run = start(
      () => 1,
      (action) => {
        done.push(action);
        run.stop.abort();
      },
    );
    await run.ended;
    expect(done).to.deep.equal(['first 1']);
  });

  it('ends quietly when an action fails because of the abort', async () => {
    const run = start(
      () => 1,
      () => {
        run.stop.abort();
        run.stop.signal.throwIfAborted();
      },
    );
    await run.ended;
    expect(run.lines).to.deep.equal([]);
  });
});

describe('patience', () => {
  const run = async (failures: number, error: Error, signal = new AbortController().signal) => {
    const { log, lines } = recordingLog();
    const pauses: number[] = [];
    const clock = steppingClock((now) => void pauses.push(now));
    let attempts = 0;
    const job = async (): Promise<number> => {
      if (++attempts <= failures) throw error;
      return attempts;
    };
    const options = { clock, log, signal, pollMs: 10, longestBackOffMs: 40 };
    const result = await patiently(job, options).catch((failure: unknown) => failure);
    return { result, pauses, codes: lines.map(({ err }) => (err as { code: string }).code) };
  };

  it('does a job again, after longer and longer pauses, until it succeeds', async () => {
    const { result, pauses, codes } = await run(4, busy);
    expect(result).to.equal(5);
    expect(pauses).to.deep.equal([20, 60, 100, 140]);
    expect(codes).to.deep.equal(Array(4).fill('RPC_UNREACHABLE'));
  });

  it('ends with an error that no retry can help, or with the abort', async () => {
    const wrong = new SwarmlockError('another chain', { code: 'CHAIN_MISMATCH' });
    expect(await run(1, wrong)).to.deep.include({ result: wrong, pauses: [] });
    const stop = new AbortController();
    stop.abort();
    expect((await run(1, busy, stop.signal)).result).to.equal(stop.signal.reason);
  });
});
