import { parentPort } from 'node:worker_threads';
import { runBatch, type Batch } from './pool.ts';

// A thread of the pool: one batch after the other, as they come.
parentPort?.on('message', (batch: Batch) => parentPort?.postMessage(runBatch(batch)));
