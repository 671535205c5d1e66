import { expect } from 'chai';

import { createAccount } from '../../../workers/gateway/account.ts';
import { createPurse, createTurnsToAsk, priceAhead } from '../../../workers/gateway/purse.ts';

const tariff = { promptPrice: 0, tokenPrice: 1, tokensPerVoucher: 4 };
const asked = { isStream: true, maxTokens: 8, prompt: [1] };

describe('the purse of a stream', () => {
  /** What is asked for after each of some tokens. */
  const duesOf = (texts: readonly string[], askAt?: number) => {
    const ahead = priceAhead(asked, tariff);
    const account = createAccount({ paid: ahead, promised: ahead });
    const { signal } = new AbortController();
    const purse = createPurse(asked, { account, tariff, voucherMs: 1, signal, ...(askAt && { askAt }) });
    return texts.map((text) => purse.token(text)?.due);
  };

  it('asks for the next part with the first text of a part', () => {
    expect(duesOf(['a'])).to.deep.equal([8]);
    expect(duesOf(['', '', 'é'])).to.deep.equal([undefined, undefined, 8]);
  });

  it('asks with another token of the part if it is told to, and with none before', () => {
    expect(duesOf(['a', 'b', 'c', 'd'], 3)).to.deep.equal([undefined, undefined, 8, undefined]);
  });

  it('asks with tokens of the first quarter of a part in turn', () => {
    const turns = (tokensPerVoucher: number) => {
      const next = createTurnsToAsk({ tokensPerVoucher });
      return Array.from({ length: 4 }, next);
    };
    expect(turns(12)).to.deep.equal([1, 2, 3, 1]);
    for (const small of [1, 3, 7]) expect(turns(small)).to.deep.equal([1, 1, 1, 1]);
  });

  it('says when the next part is due, and asks for nothing when the next one is paid', () => {
    const account = createAccount({ paid: 8, promised: 4 });
    const purse = createPurse(asked, { account, tariff, voucherMs: 1, signal: new AbortController().signal });
    expect(['', 'a', 'b'].map((text) => purse.token(text))).to.deep.equal([undefined, { due: undefined }, undefined]);
  });

  it('asks when nothing is left, even if all of it waits for the end of a character', () => {
    expect(duesOf(['', '', '', ''])).to.deep.equal([undefined, undefined, undefined, 8]);
  });
});
