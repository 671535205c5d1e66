import { expect } from 'chai';

import type { Deployment } from '../../../sdk/deployment.ts';
import { deployProtocol } from '../../helpers/deployment.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { nodeForTests } from '../../helpers/node.ts';

describe('sdk', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const folder = freshFolder();
  it('x', async () => {
    const d: Deployment = await deployProtocol(node(), folder());
    console.log(d);
    expect(1).to.equal(1);
  });
});
