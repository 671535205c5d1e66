import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Each test has a seed of its own beside the one that it is told. */
const TESTS = 4;
/** Of one test: memory of a call is never freed. */
const OPERATIONS = 10_000;

/**
 * Runs the invariants of credits over at least so many operations of 200 holders, beginning anew after every 10,000.
 * @throws with the runner's output when one of them is broken
 */
export function fuzzCredits(operations: number, seed: number): { operations: number } {
  const rounds = Math.ceil(operations / (TESTS * OPERATIONS));
  for (let round = 0; round < rounds; round++) fuzzRound(`${seed}${String(round).padStart(6, '0')}`);
  return { operations: rounds * TESTS * OPERATIONS };
}

function fuzzRound(seed: string): void {
  const { status, stdout, stderr } = spawnSync(
    `${root}node_modules/.bin/hardhat`,
    ['test', 'solidity', 'test/solidity/credit/Conservation.t.sol'],
    {
      cwd: root,
      encoding: 'utf8',
      env: {
        ...process.env,
        HARDHAT_DISABLE_TELEMETRY: 'true',
        SWARMLOCK_OPERATIONS: String(OPERATIONS),
        SWARMLOCK_SEED: seed,
      },
    },
  );
  if (status !== 0) throw new Error(`the invariants of credits, SWARMLOCK_SEED=${seed}:\n${stdout}${stderr}`);
}
