import { createHash } from 'node:crypto';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { SwarmlockError } from '../../engine/errors.ts';

const NAMES = '{README,readme,Readme,LICENSE,LICENCE,license,License}{,.md,.MD,.txt,.markdown}';
const MAX_BYTES = 65_536;

/**
 * Prose that every clone has: the README and licence files of the installed packages. Files come in the order of their
 * hashes, so that the held-out end is like the rest; a paragraph that occurred before is left out, since licences repeat.
 * @throws DATASET_EMPTY
 */
export async function packagesText(nodeModules: string): Promise<string> {
  const files = new Map<string, string>();
  for await (const path of glob(join(nodeModules, '**', NAMES))) {
    const bytes = await readFile(path).catch(() => undefined);
    if (bytes === undefined || bytes.length > MAX_BYTES) continue;
    files.set(createHash('sha256').update(bytes).digest('hex'), bytes.toString('utf8'));
  }
  const ordered = [...files].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, text]) => text);
  const text = withoutRepeats(ordered);
  if (text !== '') return text;
  throw new SwarmlockError(`No README or licence files are under ${nodeModules}`, {
    code: 'DATASET_EMPTY',
    argument: '--data',
    hint: 'Install the packages first (npm ci), or give a text of your own with --data.',
  });
}

/** Paragraphs of all texts, each once: what makes up most of a licence is in hundreds of them. */
export function withoutRepeats(texts: readonly string[]): string {
  const seen = new Set<string>();
  const kept = texts.flatMap((text) =>
    text.split(/\r?\n\s*\r?\n/).filter((paragraph) => {
      const key = paragraph.replace(/\s+/g, ' ').trim().toLowerCase();
      if (key === '' || seen.has(key)) return false;
      seen.add(key);
      return true;
    }),
  );
  return kept.map((paragraph) => paragraph.trimEnd()).join('\n\n');
}
