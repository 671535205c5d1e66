import { expect } from 'chai';

import { systemClock } from '../../../workers/lib/clock.ts';

describe('system clock', () => {
  it('ends a sleep at once when the signal aborts', async () => {
    const stop = new AbortController();
    const slept = systemClock.sleep(1_000_000, stop.signal);
    stop.abort();
    expect(await slept).to.equal(undefined);
  });

  it('does not sleep at all when the signal has aborted already', async () => {
    expect(await systemClock.sleep(1_000_000, AbortSignal.abort())).to.equal(undefined);
  });
});
