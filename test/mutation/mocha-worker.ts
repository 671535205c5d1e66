// A child process: runs mocha's tests of the copy, as often as it is asked to, each time with another coinbase.
import { pathToFileURL } from 'node:url';

import Mocha from 'mocha';

import type { Answer, Question } from './tests.ts';
import { bench } from './workbench.ts';

const { selected } = (await import(pathToFileURL(`${bench}/test/mutation/plugin.ts`).href)) as {
  selected: { coinbase: string | undefined };
};
const runners = new Map<string, Mocha>();

/** A file is loaded once; its suites run again each time. */
async function load(file: string): Promise<Mocha> {
  let mocha = runners.get(file);
  if (mocha !== undefined) return mocha;
  mocha = new Mocha({ reporter: Mocha.reporters.Base });
  mocha.cleanReferencesAfterRun(false);
  mocha.addFile(`${bench}/${file}`);
  await mocha.loadFilesAsync();
  runners.set(file, mocha);
  return mocha;
}

/** With something switched off: up to the first failure that says something. */
async function ask({ coinbase, files, grep, ignored = [] }: Question): Promise<Answer> {
  selected.coinbase = coinbase;
  const all: string[] = [];
  let tests = 0;
  for (const file of files) {
    const mocha = await load(file);
    mocha.grep(new RegExp(grep ?? ''));
    const failed = await new Promise<string[]>((resolve) => {
      const names: string[] = [];
      const runner = mocha.run(() => resolve(names));
      runner.on('fail', (test) => {
        const name = `${file} ${test.fullTitle()}`;
        names.push(name);
        if (coinbase !== undefined && !ignored.includes(name)) runner.abort();
      });
      runner.on('test end', () => tests++);
    });
    if (coinbase !== undefined && failed.some((name) => !ignored.includes(name))) return { tests, failed };
    all.push(...failed);
  }
  return { tests, failed: all };
}

process.on('message', (question: Question) => {
  ask(question).then(
    (answer) => process.send!(answer),
    (error: unknown) => process.send!({ tests: 0, failed: [], error: String(error) }),
  );
});
process.send!({ tests: 0, failed: [] });
