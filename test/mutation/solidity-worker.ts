// A child process: runs Solidity tests of the copy, as often as it is asked to, each time with another coinbase.
import { relative } from 'node:path';

import { createHardhatRuntimeEnvironment } from 'hardhat/hre';

import type { Answer, Question } from './tests.ts';
import { bench } from './workbench.ts';

const { default: config } = (await import(`${bench}/hardhat.config.ts`)) as { default: object };
const hardhat = await createHardhatRuntimeEnvironment(config, {}, bench);

type Suite = {
  readonly id: { readonly name: string; readonly source: string };
  readonly testResults: readonly { readonly name: string; readonly status: string }[];
};

/** Tests as `test/solidity/Claims.t.sol ClaimsTest test_name`. */
function namesOf({ id, testResults }: Suite): string[] {
  const file = id.source.replace(/^project\//, '');
  return testResults.filter(({ status }) => status === 'Failure').map(({ name }) => `${file} ${id.name} ${name}`);
}

async function ask({ coinbase, files }: Question): Promise<Answer> {
  const profile = (hardhat.config.test.solidity as unknown as { profiles: Record<string, { coinbase?: string }> })
    .profiles.default!;
  if (coinbase !== undefined) profile.coinbase = coinbase;
  const task = hardhat.tasks.getTask(['test', 'solidity']);
  const result = (await task.run({
    noCompile: true,
    testFiles: files.map((file) => relative(process.cwd(), file)),
  })) as {
    value?: { suiteResults: readonly Suite[] };
    error?: { suiteResults: readonly Suite[] };
  };
  const { suiteResults } = (result.value ?? result.error)!;
  const tests = suiteResults.reduce((sum, { testResults }) => sum + testResults.length, 0);
  return { tests, failed: suiteResults.flatMap(namesOf).toSorted() };
}

process.on('message', (question: Question) => {
  ask(question).then(
    (answer) => process.send!(answer),
    (error: unknown) => process.send!({ tests: 0, failed: [], error: String(error) }),
  );
});
process.send!({ tests: 0, failed: [] });
