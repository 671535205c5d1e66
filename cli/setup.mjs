// Makes a fresh clone runnable with only Node 20 and npm, then runs a TypeScript entry point under the project's Node:
//   node cli/setup.mjs ENTRY.ts [ARGS]
// Plain JavaScript without packages, because it runs before there are any.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const ownNode = `${root}node_modules/.bin/node`;
const stamp = `${root}node_modules/.installed`;

/** Hardhat needs Node 22.13, and type stripping without a flag 22.18. */
function isRecent(version) {
  const [major = 0, minor = 0] = version.replace('v', '').split('.').map(Number);
  return major > 22 || (major === 22 && minor >= 18);
}

function npm(node, args) {
  const all = [...args, '--no-audit', '--no-fund'];
  const options = { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, npm_node_execpath: node } };
  const script = process.env.npm_execpath;
  const { status } = script ? spawnSync(node, [script, ...all], options) : spawnSync('npm', all, options);
  if (status !== 0) {
    process.stderr.write(
      `swarmlock: npm ${args[0]} failed. Check the network and the registry, then run this again.\n`,
    );
    process.exit(status ?? 1);
  }
}

/** Installs the locked packages when the lockfile has changed since the last install. */
function install() {
  const wanted = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  process.stderr.write('swarmlock: installing packages (once, about a minute)\n');
  npm(process.execPath, ['ci']);
  // npm under an old Node leaves out native packages whose `engines` ask for more: finish under the bundled one.
  if (!isRecent(process.version) && existsSync(ownNode)) npm(ownNode, ['install', '--no-save']);
  writeFileSync(stamp, wanted);
}

const [entry, ...args] = process.argv.slice(2);
install();
const node = isRecent(process.version) ? process.execPath : ownNode;
const child = spawn(node, ['--disable-warning=ExperimentalWarning', `${root}${entry}`, ...args], {
  stdio: 'inherit',
  env: {
    ...process.env,
    PATH: `${root}node_modules/.bin:${process.env.PATH ?? ''}`,
    HARDHAT_DISABLE_TELEMETRY: 'true',
  },
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
