// npm run docs -- [--check]: plays the game of docs/disputes.md, and writes it into the page between its markers.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';

import { SwarmlockError } from '../../engine/errors.ts';
import { exampleLines } from './example.ts';

const page = fileURLToPath(new URL('../../docs/disputes.md', import.meta.url));
const START = '<!-- Written by npm run docs: do not edit. -->';
const END = '<!-- To here. -->';

/** A page with other lines between the markers. @throws DOCUMENT_MARKERS */
function withExample(text: string, lines: readonly string[]): string {
  const [before, rest] = text.split(START);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined) {
    throw new SwarmlockError(`${page} has no place for the example`, {
      code: 'DOCUMENT_MARKERS',
      argument: 'docs/disputes.md',
      hint: `Put "${START}" and "${END}" where the example belongs.`,
    });
  }
  return [before.trimEnd(), '', START, '', ...lines, '', END, '', after.trimStart()].join('\n');
}

const text = await readFile(page, 'utf8');
const filled = withExample(text, await exampleLines());
const fresh = await format(filled, { ...(await resolveConfig(page)), filepath: page });
if (!process.argv.includes('--check')) await writeFile(page, fresh);
else if (fresh !== text) {
  console.error('docs/disputes.md is not what the contracts and the engine give now: run npm run docs.');
  process.exitCode = 1;
}
process.exit();
