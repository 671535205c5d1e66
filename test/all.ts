// npm test: every check there is, in order of cost; stops when one has failed. `--verbose` shows what passes, too.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const isVerbose = process.argv.includes('--verbose');

type Stage = { readonly name: string; readonly commands: readonly (readonly [string, ...string[]])[] };

/** One after the other; the stages of one line have nothing in common and run at the same time. */
const stages: readonly (readonly Stage[])[] = [
  [
    { name: 'format', commands: [['prettier', '--check', '.']] },
    {
      name: 'contracts compile, generated ABIs are fresh',
      commands: [
        ['hardhat', 'build', '--no-tests'],
        ['node', 'sdk/generate.ts', '--check'],
      ],
    },
  ],
  [
    {
      name: 'lint, with the arrows of the design',
      commands: [
        ['oxlint', '--type-aware', '--deny-warnings'],
        ['solhint', '--max-warnings', '0', 'contracts/**/*.sol', 'test/solidity/**/*.sol'],
      ],
    },
    { name: 'the table of mutants is complete', commands: [['node', 'test/mutation/main.ts', '--check']] },
    { name: 'types', commands: [['tsc', '--noEmit']] },
  ],
  [
    {
      name: 'engine, workers and adversaries',
      commands: [
        ['mocha', 'test/engine/**/*.ts'],
        ['mocha', 'test/workers/**/*.ts'],
        ['mocha', 'test/adversaries/**/*.ts'],
      ],
    },
    { name: 'contracts, with the gas snapshot', commands: [['hardhat', 'test', 'solidity', '--snapshot-check']] },
  ],
  [{ name: 'integration', commands: [['mocha', 'test/integration/**/*.ts']] }],
];

type Result = { readonly code: number; readonly output: string };

function run([command, ...args]: readonly [string, ...string[]]): Promise<Result> {
  const executable = command === 'node' ? process.execPath : `${root}node_modules/.bin/${command}`;
  return new Promise((resolve, reject) => {
    const child = spawn(executable, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, CI: 'true', HARDHAT_DISABLE_TELEMETRY: 'true', NODE_NO_WARNINGS: '1' },
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (isVerbose) process.stdout.write(text);
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 1, output }));
  });
}

/** Tests that a runner's summary counts: `12 passing`, `1 failing`. */
function count(output: string, word: 'passing' | 'failing'): number {
  return [...output.matchAll(new RegExp(`^\\s*(\\d+) ${word}\\b`, 'gm'))].reduce((sum, [, n]) => sum + Number(n), 0);
}

let passed = 0;
let failed = 0;

async function check({ name, commands }: Stage): Promise<void> {
  const started = performance.now();
  let tests = 0;
  for (const command of commands) {
    const { code, output } = await run(command);
    tests += count(output, 'passing');
    passed += count(output, 'passing');
    failed += count(output, 'failing');
    if (code === 0) continue;
    if (!isVerbose) process.stdout.write(output);
    failed = Math.max(failed, 1);
    console.log(`✗ ${name}: "${command.join(' ')}" ended with exit code ${code}`);
    process.exitCode = 1;
    return;
  }
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  console.log(`✓ ${name}${tests === 0 ? '' : `, ${tests} tests`} (${seconds} s)`);
}

for (const together of stages) {
  await Promise.all(together.map(check));
  if (process.exitCode === 1) break;
}
console.log(`${passed} passed, ${failed} failed`);
