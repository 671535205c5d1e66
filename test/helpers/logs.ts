import { pino } from 'pino';

import type { Log } from '../../workers/lib/log.ts';

export type Line = { readonly level: number; readonly msg?: string; readonly [field: string]: unknown };

/** A log that keeps its lines for the test to look at. */
export function recordingLog(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(JSON.parse(line) as Line) });
  return { log, lines };
}

export const silentLog: Log = pino({ level: 'silent' });
