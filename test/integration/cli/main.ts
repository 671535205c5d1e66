import { expect } from 'chai';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../../cli/main.ts', import.meta.url));

function swarmlock(...args: readonly string[]): { code: number | null; output: string; errors: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [entry, ...args], { encoding: 'utf8' });
  return { code: status, output: stdout, errors: stderr };
}

describe('the command line', function () {
  this.timeout(60_000);

  it('prints the bond that deters, as text and as an object', () => {
    const args = ['economics', '--round-cost', '12', '--outside-gain', '50', '--colluding', '0.25'];
    const { code, output } = swarmlock(...args, '--json');
    expect(code).to.equal(0);
    const found = JSON.parse(output) as { bond: number; prices: { segments: number } };
    expect(found.bond).to.be.closeTo((2 * 62) / 0.075, 1e-9);
    expect(found.prices.segments).to.equal(16);
    expect(swarmlock(...args).output).to.include('A bond above 1,653.33');
  });

  it('lists the options of a command, and ends with 0', () => {
    const { code, output } = swarmlock('economics', '--help');
    expect(code).to.equal(0);
    expect(output).to.include('--audit-rate').and.to.include('--round-cost');
  });

  it('names what is wrong with its input in one line or one object, and ends with 1', () => {
    const wrong = swarmlock('economics', '--round-cost', '12', '--audit-rate', '2', '--json');
    expect(wrong.code).to.equal(1);
    expect(JSON.parse(wrong.output)).to.deep.include({
      error: {
        code: 'ECONOMICS_INVALID',
        message: 'auditRate is 2, and must be above 0 and at most 1',
        argument: 'auditRate',
        retryable: false,
      },
    });
    expect(wrong.errors.trim().split('\n')).to.have.length(1);
    for (const args of [['economics'], ['economics', '--round-cost', 'dear'], ['economy'], []]) {
      expect(swarmlock(...args).code, args.join(' ')).to.equal(1);
    }
    const usage = swarmlock('economics', '--json');
    expect((JSON.parse(usage.output) as { error: { code: string } }).error.code).to.equal('USAGE');
  });
});
