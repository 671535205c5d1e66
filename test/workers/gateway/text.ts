import { expect } from 'chai';
import fc from 'fast-check';

import { byteTokenizer } from '../../../engine/data/tokenizer.ts';
import { textStream } from '../../../workers/gateway/text.ts';

function pieces(text: string, stops: readonly string[] = []) {
  const stream = textStream(byteTokenizer, stops);
  const found = [...byteTokenizer.encode(text)].map((token) => stream.push(token));
  return { found, end: stream.end(), isStopped: stream.isStopped };
}

describe('text of tokens that come one by one', () => {
  it('has whole characters only', () => {
    expect(pieces('aé€😀').found).to.deep.equal(['a', '', 'é', '', '', '€', '', '', '', '😀']);
  });

  it('gives what is no character when it is clear that it will be none', () => {
    const stream = textStream(byteTokenizer, []);
    expect([0x80, 0xc3, 0xc3, 0xe2].map((token) => stream.push(token))).to.deep.equal([
      '\uFFFD',
      '',
      '\uFFFD',
      '\uFFFD',
    ]);
    expect(stream.end()).to.equal('\uFFFD');
  });

  it('is the text that the same tokens are together', () => {
    // Half of them are likely to be beginnings or ends of characters.
    const bytes = fc.oneof(fc.nat(255), fc.constantFrom(0xc3, 0xa9, 0xe2, 0x82, 0xf0, 0x9f, 0x98, 0xef, 0xbb, 0xbf));
    fc.assert(
      fc.property(fc.array(bytes, { maxLength: 12 }), (tokens) => {
        const stream = textStream(byteTokenizer, []);
        const found = tokens.map((token) => stream.push(token)).join('');
        expect(found + stream.end()).to.equal(byteTokenizer.decode(tokens));
      }),
    );
  });

  it('holds back what may begin a stop sequence, and gives it when it does not', () => {
    expect(pieces('a##b', ['###']).found).to.deep.equal(['a', '', '', '##b']);
    expect(pieces('a##', ['###'])).to.deep.include({ end: '##', isStopped: false });
    expect(pieces('a###b', ['###'])).to.deep.equal({ found: ['a', '', '', '', ''], end: '', isStopped: true });
  });

  it('is the text before the first stop sequence, wherever pieces end', () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'é'), maxLength: 12 });
    const stops = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', 'é'), minLength: 1, maxLength: 3 }), {
      maxLength: 3,
    });
    fc.assert(
      fc.property(letters, stops, (text, some) => {
        const ends = some.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
        const { found, end } = pieces(text, some);
        const whole = found.join('') + end;
        // Of stops that overlap, the one that is complete first counts.
        if (some.length <= 1) expect(whole).to.equal(text.slice(0, Math.min(text.length, ...ends)));
        else expect(text.startsWith(whole) && some.every((stop) => !whole.includes(stop))).to.equal(true);
      }),
    );
  });
});
