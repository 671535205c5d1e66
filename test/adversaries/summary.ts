import { table } from '../helpers/adversaries/ledger.ts';

// What each scenario came to, for whoever wants to quote it.
after(() => {
  console.log(`\n${table()}\n`);
});
