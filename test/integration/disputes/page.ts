import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

import { honestChallenger } from '../../../workers/lib/game/challenger.ts';
import { honestClaimant } from '../../../workers/lib/game/claimant.ts';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/disputes.md', root), 'utf8');

describe('docs/disputes.md', () => {
  it('shows the game that the contracts and the engine play now', function () {
    this.timeout(120_000);
    const command = fileURLToPath(new URL('cli/dispute/main.ts', root));
    const { status, stderr } = spawnSync(process.execPath, [command, '--check'], { encoding: 'utf8' });
    expect(status, stderr).to.equal(0);
  });

  it('names every rule of the honest players', () => {
    for (const { name } of Object.values({ ...honestClaimant, ...honestChallenger }))
      expect(page).to.include(`| \`${name}\``);
  });

  it('links to files that are there', () => {
    const links = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, link]) => link!);
    expect(links).to.have.length.of.at.least(15);
    for (const link of links) expect(existsSync(new URL(link, new URL('docs/', root))), link).to.equal(true);
  });
});
