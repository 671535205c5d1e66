import { fault, requireType, rule, type Operator } from './operator.ts';

const name = 'load_batch';

/**
 * load_batch(; rows, length): `rows` rows of `length` successive tokens of the dataset, at the positions that follow from
 * (seed, participant, step, row), see engine/data. The executor is handed the tokens; it does not compute them.
 */
export const loadBatch: Operator = {
  name,
  opcode: 64,
  check(inputs, application) {
    const [rows = 0, length = 0] = application.attributes;
    rule(inputs.length === 0, name, 'takes no inputs');
    rule(rows >= 1 && length >= 2, name, `a batch of ${rows} rows of ${length} tokens is empty`);
    requireType(name, application, 'u32', [rows, length]);
    return undefined;
  },
  attributeCount: () => 2,
  reads: () => [],
  evaluate() {
    throw fault(name, 'the executor was given no batch');
  },
  lower(to) {
    return to.batch();
  },
};
