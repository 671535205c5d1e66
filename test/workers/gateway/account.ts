import { expect } from 'chai';

import { createAccount } from '../../../workers/gateway/account.ts';

describe('the account of a session', () => {
  it('promises what is paid, and not one unit more', () => {
    const account = createAccount({ paid: 100, promised: 40 });
    expect(account.take(61)).to.equal(false);
    expect(account.dueFor(61)).to.equal(101);
    expect(account.take(60)).to.equal(true);
    expect([account.paid, account.promised]).to.deep.equal([100, 100]);
  });

  it('serves those that ask in their order, and each as soon as it is paid', () => {
    const account = createAccount({ paid: 0, promised: 0 });
    const paid: string[] = [];
    const first = account.owe(30, () => paid.push('first'));
    const second = account.owe(10, () => paid.push('second'));
    expect([first.due, second.due]).to.deep.equal([30, 40]);
    account.credit(29);
    expect([paid, account.take(1)]).to.deep.equal([[], false]);
    account.credit(30);
    expect(paid).to.deep.equal(['first']);
    account.credit(40);
    expect([paid, account.promised]).to.deep.equal([['first', 'second'], 40]);
  });

  it('lets the next one have what another asks for no more, or gives back', () => {
    const account = createAccount({ paid: 50, promised: 50 });
    const paid: string[] = [];
    const first = account.owe(30, () => paid.push('first'));
    account.owe(20, () => paid.push('second'));
    account.giveBack(20);
    expect(paid).to.deep.equal([]);
    first.cancel();
    expect(paid).to.deep.equal(['second']);
    first.cancel();
    expect([account.promised, account.dueFor(5)]).to.deep.equal([50, 55]);
  });

  it('is not changed by a voucher that says less than another before it', () => {
    const account = createAccount({ paid: 0, promised: 0 });
    account.credit(20);
    account.credit(10);
    expect(account.paid).to.equal(20);
  });
});
