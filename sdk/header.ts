import { keccak256, toRlp, trim, type Hex } from 'viem';
import { z } from 'zod';

import { SwarmlockError } from '../engine/errors.ts';

/** Fields of a header as a node names them, in the order in which they are hashed; quantities without leading zeros. */
const fields = [
  ['parentHash', 'data'],
  ['sha3Uncles', 'data'],
  ['miner', 'data'],
  ['stateRoot', 'data'],
  ['transactionsRoot', 'data'],
  ['receiptsRoot', 'data'],
  ['logsBloom', 'data'],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'data'],
  ['mixHash', 'data'],
  ['nonce', 'data'],
  // Each fork adds to the end: London, Shanghai, Cancun (3), Prague, Amsterdam (2).
  ['baseFeePerGas', 'quantity'],
  ['withdrawalsRoot', 'data'],
  ['blobGasUsed', 'quantity'],
  ['excessBlobGas', 'quantity'],
  ['parentBeaconBlockRoot', 'data'],
  ['requestsHash', 'data'],
  ['blockAccessListHash', 'data'],
  ['slotNumber', 'quantity'],
] as const;

const hex = z.custom<Hex>((value) => typeof value === 'string' && /^0x[0-9a-fA-F]*$/.test(value));
const header = z.record(z.string(), z.unknown());

/**
 * A header as the chain hashes it, RLP, from a block as `eth_getBlockByNumber` gives it.
 * @throws HEADER_UNKNOWN when that does not give the block's hash: the chain has fields that are not known here
 */
export function encodeHeader(block: unknown): Hex {
  const given = header.parse(block);
  const values: Hex[] = [];
  for (const [name, kind] of fields) {
    const { data, success } = hex.safeParse(given[name]);
    if (!success) break;
    values.push(kind === 'data' ? data : quantity(data));
  }
  const encoded = toRlp(values);
  if (keccak256(encoded) === given['hash']) return encoded;
  throw new SwarmlockError(`The header of block ${String(given['number'])} does not hash to ${String(given['hash'])}`, {
    code: 'HEADER_UNKNOWN',
    argument: 'block',
    hint: 'Use an endpoint of Ethereum, and a version of this software that knows its present fork.',
  });
}

/** `0x0` -> no bytes, `0x123` -> two bytes. */
function quantity(value: Hex): Hex {
  const digits = value.slice(2);
  const bytes = trim(`0x${digits.length % 2 === 0 ? '' : '0'}${digits}`);
  return bytes === '0x00' ? '0x' : bytes;
}
