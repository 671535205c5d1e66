import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import { operators } from '../../../engine/ops/index.ts';

describe('docs/arithmetic.md', () => {
  it('lists every operator under its opcode', () => {
    const text = readFileSync(new URL('../../../docs/arithmetic.md', import.meta.url), 'utf8');
    const listed = [...text.matchAll(/^\| ([\d ]+?) +\| ((?:`[^`]+` ?)+) *\|/gm)].flatMap(
      ([, opcodes = '', names = '']) => {
        const found = [...names.matchAll(/`(\w+)[^`]*`/g)].map(([, name]) => name);
        return opcodes.split(' ').map((opcode, i) => [Number(opcode), found[i]]);
      },
    );
    expect(listed).to.deep.equal([...operators.values()].map(({ opcode, name }) => [opcode, name]).toSorted(byOpcode));
  });
});

function byOpcode(a: readonly unknown[], b: readonly unknown[]): number {
  return Number(a[0]) - Number(b[0]);
}
