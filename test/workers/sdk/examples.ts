import { expect } from 'chai';
import { readdir, readFile } from 'node:fs/promises';

describe('the page about the SDK', () => {
  it('shows the examples as they are run', async () => {
    const page = await readFile('docs/sdk.md', 'utf8');
    const shown = new Map(
      [...page.matchAll(/^`docs\/examples\/(\S+)`\n\n```ts\n(.*?)```$/gms)].map(([, name, text]) => [name, text]),
    );
    const names = await readdir('docs/examples');
    expect([...shown.keys()]).to.have.members(names);
    for (const name of names) expect(shown.get(name)).to.equal(await readFile(`docs/examples/${name}`, 'utf8'));
  });
});
