import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { SwarmlockError } from '../engine/errors.ts';
import { log } from './lib/bench.ts';

export const description = 'the same training steps natively and on emulated processors: one state root';

const EMULATOR = 'qemu-x86_64-static';
const EMULATED = ['Haswell', 'Nehalem'];
const child = fileURLToPath(new URL('./children/state-root.ts', import.meta.url));

type Result = { name: string; threads: number; kernel: string; stateRoot: string };

/** Runs the child on this processor, or under emulation as another. */
function train(name: string, threads: number, kernel?: string): Result {
  const node = [process.execPath, child, String(threads), ...(kernel === undefined ? [] : [kernel])];
  const command = name === 'native' ? node : [EMULATOR, '-cpu', name, ...node];
  const result = spawnSync(command[0]!, command.slice(1), { encoding: 'utf8' });
  if (result.status !== 0) {
    throw new SwarmlockError(`training as ${name} failed: ${result.stderr.slice(-500)}`, {
      code: 'BENCH_FAILED',
      argument: name,
    });
  }
  const { stateRoot, kernel: chosen } = JSON.parse(result.stdout) as { stateRoot: string; kernel: string };
  log(`${name}, ${threads} thread(s), kernel ${chosen}: ${stateRoot}`);
  return { name, threads, kernel: chosen, stateRoot };
}

/**
 * `cpus` must all have one state root (`identical`). `saturating` forces the fastest kernel where it is not exact: its root
 * differs, which shows that the operands reach saturation and the choice of kernel matters.
 */
export async function run() {
  if (spawnSync(EMULATOR, ['--version']).error !== undefined) {
    throw new SwarmlockError(`${EMULATOR} is not installed`, {
      code: 'EMULATOR_MISSING',
      hint: 'Install it: apt-get install qemu-user-static',
    });
  }
  const cpus = [train('native', 1), train('native', 2), ...EMULATED.map((name) => train(name, 1))];
  const identical = cpus.every(({ stateRoot }) => stateRoot === cpus[0]!.stateRoot);
  log('with the fastest kernel forced where it saturates:');
  const saturating = train('Haswell', 1, 'u8s8');
  return { cpus, identical, saturating: { ...saturating, differs: saturating.stateRoot !== cpus[0]!.stateRoot } };
}
