import { expect } from 'chai';

import { emptyMemory, unsaid } from '../../../workers/validator/read.ts';

describe('what a validator remembers of a round that is over', () => {
  const wrong = { outcome: 'differs', wrong: { subject: 'segment', segment: 1 } } as const;

  it('is what it found wrong and has not said yet', () => {
    const memory = emptyMemory();
    memory.judgements.set(1n, { outcome: 'match' });
    memory.judgements.set(2n, wrong);
    memory.judgements.set(3n, wrong);
    memory.judgements.set(4n, { outcome: 'missing' });
    memory.accused.add(3n);
    expect([...unsaid(memory)]).to.deep.equal([[2n, wrong]]);
  });
});
