// Stores SIZE bytes where they may not fit, and prints the error: node write-once.ts (blob | checkpoint) FOLDER SIZE
import { z } from 'zod';

import { openCheckpoint } from '../../../workers/lib/checkpoint.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { silentLog } from '../logs.ts';

const [kind, folder = '.', size = '0'] = process.argv.slice(2);
const bytes = new Uint8Array(Number(size)).fill(2);
const root = `0x${'00'.repeat(32)}` as const;
try {
  if (kind === 'blob') await folderBlobs(folder, silentLog).put(root, bytes);
  else await openCheckpoint(folder, z.strictObject({ step: z.number() }), silentLog).save({ step: 2 }, bytes);
  console.log('{}');
} catch (error) {
  console.log(JSON.stringify(error));
}
