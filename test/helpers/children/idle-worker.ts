// A worker that says when it is ready and then waits until it is stopped.
import { workerConfig } from '../../../workers/lib/config.ts';
import { runWorker } from '../../../workers/lib/run-worker.ts';

await runWorker('idle', workerConfig, async ({ clock, log, signal }) => {
  log.info('ready');
  await clock.sleep(3_600_000, signal);
});
