// Writes one generation after the other until it is killed: node write-forever.ts (blob | checkpoint) FOLDER
// Generation n is 16 MiB of the byte n, so that a kill is likely to come in the middle; a line on standard output announces each before it is written.
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

import { openCheckpoint } from '../../../workers/lib/checkpoint.ts';
import { writeFileAtomic } from '../../../workers/lib/atomic-file.ts';
import { silentLog } from '../logs.ts';

const [kind, folder = '.'] = process.argv.slice(2);
const checkpoint = openCheckpoint(folder, z.strictObject({ generation: z.number() }), silentLog);
for (let generation = 1; generation < 256; generation += 1) {
  const bytes = new Uint8Array(1 << 24).fill(generation);
  writeSync(1, `${generation}\n`);
  if (kind === 'blob') await writeFileAtomic(join(folder, 'blob'), bytes);
  else await checkpoint.save({ generation }, bytes);
}
