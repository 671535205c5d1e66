import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { SwarmlockError } from '../../engine/errors.ts';

/**
 * Peak resident memory of this process. Linux's rusage also counts the parent before exec, so the kernel's own figure is
 * preferred.
 */
export function peakKilobytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const line = /VmHWM:\s+(\d+) kB/.exec(status);
  return line ? Number(line[1]) : process.resourceUsage().maxRSS;
}

/** What a script in bench/children prints as its peak, run in a process of its own. @throws BENCH_FAILED */
export function peakMemoryOf(child: string, ...args: readonly string[]): number {
  const path = fileURLToPath(new URL(`../children/${child}.ts`, import.meta.url));
  const result = spawnSync(process.execPath, [path, ...args], { encoding: 'utf8' });
  if (result.status === 0) return (JSON.parse(result.stdout) as { maxRssKb: number }).maxRssKb;
  throw new SwarmlockError(`${child} ${args.join(' ')} failed in its own process: ${result.stderr}`, {
    code: 'BENCH_FAILED',
  });
}
