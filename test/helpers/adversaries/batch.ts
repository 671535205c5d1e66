import { numberToHex, type Address, type Hex, type TransactionReceipt } from 'viem';

import type { Call } from '../../../sdk/call.ts';
import { GAS_PRICE } from './chain.ts';
import type { World } from './world.ts';

export type Sending = { readonly from: Address; readonly call: Call };

/** More than any move takes, and little enough for many in one block. */
const GAS = 2_000_000n;

/** Sends many transactions at once, so that no clock runs while they wait for one another. */
export async function sendAll(world: World, sendings: readonly Sending[]): Promise<readonly TransactionReceipt[]> {
  const { request, client } = world;
  const hashes: Hex[] = [];
  await request('evm_setAutomine', [false]);
  try {
    for (const { from, call } of sendings) {
      const { to, data, value = 0n } = call;
      const price = { gas: numberToHex(GAS), gasPrice: numberToHex(GAS_PRICE) };
      hashes.push(
        (await request('eth_sendTransaction', [{ from, to, data, value: numberToHex(value), ...price }])) as Hex,
      );
    }
    while (hashes.length > 0 && !(await isMined(world, hashes.at(-1)!))) await request('evm_mine');
  } finally {
    await request('evm_setAutomine', [true]);
  }
  const receipts: TransactionReceipt[] = [];
  for (const [i, hash] of hashes.entries()) {
    const receipt = await client.getTransactionReceipt({ hash });
    world.spent.push({ name: sendings[i]!.call.name, gas: receipt.gasUsed });
    receipts.push(receipt);
  }
  return receipts;
}

async function isMined({ request }: World, hash: Hex): Promise<boolean> {
  return (await request('eth_getTransactionReceipt', [hash])) !== null;
}
