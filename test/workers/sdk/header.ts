import { expect } from 'chai';
import { keccak256, size } from 'viem';

import headers from '../../fixtures/headers.json' with { type: 'json' };
import { encodeHeader } from '../../../sdk/header.ts';
import { failsWith } from '../../helpers/errors.ts';

describe('headers', () => {
  it("of Ethereum's mainnet are encoded as the chain has hashed them", () => {
    for (const [name, block] of Object.entries(headers)) {
      const encoded = encodeHeader(block);
      expect(keccak256(encoded), name).to.equal(block.hash);
      expect(size(encoded), name).to.be.within(600, 650);
    }
  });

  it('leave out what a node gives as nothing, and what is not hashed', () => {
    const block = { ...headers.mainnet25070199, slotNumber: null, transactions: [], size: '0x1' };
    expect(keccak256(encodeHeader(block))).to.equal(block.hash);
  });

  it('of a chain with other fields are refused', async () => {
    const block = headers.mainnet24630100;
    for (const wrong of [
      { ...block, requestsHash: null },
      { ...block, gasUsed: '0x0' },
      { ...block, hash: undefined },
    ]) {
      await failsWith('HEADER_UNKNOWN', () => encodeHeader(wrong));
    }
  });
});
