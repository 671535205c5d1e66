import { expect } from 'chai';

import { createAccount } from '../../../workers/gateway/account.ts';
import { createPurse, priceAhead } from '../../../workers/gateway/purse.ts';

const tariff = { promptPrice: 0, tokenPrice: 1, tokensPerVoucher: 4 };
const asked = { isStream: true, maxTokens: 8, prompt: [1] };

describe('the purse of a stream', () => {
  /** What is asked for after each of some tokens. */
  const duesOf = (texts: readonly string[]) => {
    const ahead = priceAhead(asked, tariff);
    const account = createAccount({ paid: ahead, promised: ahead });
    const dues: number[] = [];
    const { signal } = new AbortController();
    const purse = createPurse(asked, { account, tariff, voucherMs: 1, signal, onDue: (drawn) => dues.push(drawn) });
    return texts.map((text) => {
      purse.token(text);
      return dues.at(-1);
    });
  };

  it('asks for the next part with the first text of a part', () => {
    expect(duesOf(['a'])).to.deep.equal([8]);
    expect(duesOf(['', '', 'é'])).to.deep.equal([undefined, undefined, 8]);
  });

  it('asks when nothing is left, even if all of it waits for the end of a character', () => {
    expect(duesOf(['', '', '', ''])).to.deep.equal([undefined, undefined, undefined, 8]);
  });
});
