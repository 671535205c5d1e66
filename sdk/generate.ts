import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What the SDK knows by ABI: the export's name and the compiled contract it comes from. */
const SOURCES: readonly (readonly [name: string, artifact: string])[] = [
  ['availability', 'run/Availability'],
  ['claims', 'claim/Claims'],
  ['game', 'claim/Game'],
  ['credits', 'credit/Credits'],
  ['creditsFactory', 'credit/CreditsFactory'],
  ['developmentToken', 'dev/DevelopmentToken'],
  ['drandRandomness', 'run/DrandRandomness'],
  ['headerRandomness', 'run/HeaderRandomness'],
  ['market', 'credit/Market'],
  ['ownership', 'own/Ownership'],
  ['protocol', 'Protocol'],
  ['randomness', 'run/IRandomness'],
  ['receipts', 'serve/Receipts'],
  ['referee', 'claim/referee/Referee'],
  ['rules', 'claim/rules/Rules'],
  ['runLimits', 'run/RunLimits'],
  ['runLens', 'run/RunLens'],
  ['runs', 'run/Runs'],
  ['sessions', 'serve/Sessions'],
  ['shareToken', 'own/ShareToken'],
  ['shareTokenFactory', 'own/ShareTokenFactory'],
  ['stakeManager', 'stake/StakeManager'],
  ['verdicts', 'claim/Verdicts'],
];

type AbiItem = { readonly type: string; readonly name?: string; readonly inputs?: readonly unknown[] };

const ROOT = join(fileURLToPath(import.meta.url), '..', '..');
const OUT = join(ROOT, 'sdk', 'abi');
const HEADER = '// Generated from the compiled contracts by sdk/generate.ts. Do not edit.\n';

/** The ABI of one compiled contract, without the internal types that only the compiler uses. */
async function readAbi(artifact: string): Promise<readonly AbiItem[]> {
  const name = artifact.split('/').at(-1);
  const path = join(ROOT, 'artifacts', 'contracts', `${artifact}.sol`, `${name}.json`);
  const { abi } = JSON.parse(await readFile(path, 'utf8')) as { abi: readonly AbiItem[] };
  return JSON.parse(JSON.stringify(abi, (key, value: unknown) => (key === 'internalType' ? undefined : value)));
}

function render(name: string, abi: readonly AbiItem[]): string {
  const items = abi.map((item) => `  ${JSON.stringify(item)},\n`).join('');
  return `${HEADER}export const ${name}Abi = [\n${items}] as const;\n`;
}

/** Every custom error of the protocol once: a revert may come from a contract that the called one calls. */
function errorsOf(abis: readonly (readonly AbiItem[])[]): readonly AbiItem[] {
  const errors = new Map<string, AbiItem>();
  for (const item of abis.flat()) if (item.type === 'error') errors.set(JSON.stringify(item), item);
  return [...errors.values()].sort((a, b) => (a.name ?? '').localeCompare(b.name ?? ''));
}

/** The generated files by name. */
async function generate(): Promise<Map<string, string>> {
  const abis = await Promise.all(SOURCES.map(async ([name, artifact]) => [name, await readAbi(artifact)] as const));
  const files = new Map(abis.map(([name, abi]) => [`${name}.ts`, render(name, abi)]));
  files.set('errors.ts', render('errors', errorsOf(abis.map(([, abi]) => abi))));
  const names = [...files.keys()].sort();
  files.set('index.ts', HEADER + names.map((file) => `export * from './${file}';\n`).join(''));
  return files;
}

/** Names of the files that are missing, differ, or should not be there. */
async function staleFiles(files: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const present: string[] = await readdir(OUT).catch(() => []);
  const names = [...new Set([...present, ...files.keys()])].sort();
  const stale: string[] = [];
  for (const name of names) {
    const text = present.includes(name) ? await readFile(join(OUT, name), 'utf8') : undefined;
    if (text !== files.get(name)) stale.push(name);
  }
  return stale;
}

const files = await generate();
if (process.argv.includes('--check')) {
  const stale = await staleFiles(files);
  if (stale.length > 0) {
    console.error(`sdk/abi is stale: ${stale.join(', ')}. Run "npm run build" and commit the result.`);
    process.exitCode = 1;
  }
} else {
  await mkdir(OUT, { recursive: true });
  for (const [name, text] of files) await writeFile(join(OUT, name), text);
}
