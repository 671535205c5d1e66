import { open } from 'node:fs/promises';

/** One line of a worker's log. */
export type LogEntry = { readonly event?: string } & Readonly<Record<string, unknown>>;

/** Reads what has been added to a log of JSON lines since the last call; a file that is not there yet has nothing. */
export function tailLog(path: string): () => Promise<readonly LogEntry[]> {
  let offset = 0;
  let rest = '';
  const decoder = new TextDecoder();
  return async () => {
    const added = await readFrom(path, offset);
    offset += added.length;
    const lines = (rest + decoder.decode(added, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    return lines.flatMap(parse);
  };
}

async function readFrom(path: string, offset: number): Promise<Buffer> {
  try {
    const file = await open(path);
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.max(0, size - offset));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, offset);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Lines that are not JSON objects come from elsewhere, and are left out. */
function parse(line: string): LogEntry[] {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? [value as LogEntry] : [];
  } catch {
    return [];
  }
}
