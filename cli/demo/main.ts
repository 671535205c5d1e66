// npm run demo -- [--rounds 10] [--miners 3] [--seed 1] [--data PATH] [--keep] [--json]
import { rm } from 'node:fs/promises';
import { CommanderError } from 'commander';

import { SwarmlockError } from '../../engine/errors.ts';
import { runDemo } from './demo.ts';
import { startFleet, type Fleet } from './fleet.ts';
import { parseOptions, type DemoOptions } from './options.ts';
import { reportLines, reportObject } from './report.ts';
import { createFolder } from './prepare.ts';
import { openScreen } from './screen.ts';

const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

async function main(options: DemoOptions): Promise<number> {
  const screen = openScreen(options.json ? process.stderr : process.stdout);
  const folder = await createFolder();
  const fleet = startFleet();
  let isStopping = false;
  for (const [signal, code] of Object.entries(exitCodes)) {
    process.once(signal, () => {
      isStopping = true;
      screen.close();
      screen.line('stopping all processes ...');
      void stop(folder, fleet, options).finally(() => process.exit(code));
    });
    // A terminal sends Ctrl-C to the whole group, and npm passes it on once more.
    process.on(signal, () => undefined);
  }
  try {
    const report = await runDemo(options, folder, fleet, screen);
    for (const line of reportLines(report)) screen.line(line);
    if (options.json) process.stdout.write(`${JSON.stringify(reportObject(report))}\n`);
    return 0;
  } catch (error) {
    // What fails because everything is being stopped is not worth a word; the signal's handler exits.
    if (isStopping) return await new Promise<never>(() => undefined);
    screen.close();
    screen.line(explain(error));
    screen.line(`What was written so far is in ${folder}.`);
    if (options.json) process.stdout.write(`${JSON.stringify({ error: errorObject(error) })}\n`);
    return 1;
  } finally {
    screen.close();
    if (!isStopping) await fleet.stop();
  }
}

/** A run that was broken off leaves nothing, unless it is to be kept. */
async function stop(folder: string, fleet: Fleet, { keep }: DemoOptions): Promise<void> {
  await fleet.stop();
  if (!keep) await rm(folder, { recursive: true, force: true });
}

function explain(error: unknown): string {
  if (error instanceof SwarmlockError) return `${error.code}: ${error.message} ${error.hint ?? ''}`.trim();
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function errorObject(error: unknown): object {
  if (error instanceof SwarmlockError) return error.toJSON();
  return { code: 'UNEXPECTED', message: error instanceof Error ? error.message : String(error) };
}

try {
  // Without waiting for idle sockets and the threads of native libraries.
  process.exit(await main(parseOptions(process.argv.slice(2))));
} catch (error) {
  if (!(error instanceof CommanderError)) throw error;
  process.exit(error.exitCode);
}
