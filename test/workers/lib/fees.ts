import { expect } from 'chai';

import { bumpFees } from '../../../workers/lib/fees.ts';

describe('fees of a replacement', () => {
  const previous = { maxFeePerGas: 1_000n, maxPriorityFeePerGas: 8n };

  it('rise by a quarter and at least one wei', () => {
    const nothing = { maxFeePerGas: 0n, maxPriorityFeePerGas: 0n };
    expect(bumpFees(previous, nothing)).to.deep.equal({ maxFeePerGas: 1_251n, maxPriorityFeePerGas: 11n });
    expect(bumpFees(nothing, nothing)).to.deep.equal({ maxFeePerGas: 1n, maxPriorityFeePerGas: 1n });
  });

  it('follow the market when it has risen further', () => {
    const market = { maxFeePerGas: 5_000n, maxPriorityFeePerGas: 1n };
    expect(bumpFees(previous, market)).to.deep.equal({ maxFeePerGas: 5_000n, maxPriorityFeePerGas: 11n });
  });
});
