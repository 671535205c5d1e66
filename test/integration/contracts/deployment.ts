import { expect } from 'chai';

import { deployProtocol } from './protocol.ts';

/** What a transaction may use on Ethereum since Fusaka. */
const TRANSACTION_GAS = 2n ** 24n;

describe('the deployment', () => {
  it('needs no transaction of more than half of what one may use', async () => {
    const { ethers } = await deployProtocol();
    const gas: bigint[] = [];
    for (let number = await ethers.provider.getBlockNumber(); number > 0; number -= 1) {
      const block = await ethers.provider.getBlock(number);
      for (const hash of block!.transactions) {
        const receipt = await ethers.provider.getTransactionReceipt(hash);
        expect(receipt!.status).to.equal(1);
        gas.push(receipt!.gasUsed);
      }
    }
    expect(gas.length).to.be.greaterThan(10);
    const most = gas.reduce((a, b) => (a > b ? a : b));
    expect(most <= TRANSACTION_GAS / 2n, `${most} gas`).to.equal(true);
  }).timeout(60_000);
});
