import { formatEther } from 'viem';

import type { Claimed, PaidInference } from './inference.ts';

/** For programs: amounts are strings in the smallest unit. */
export function inferenceObject(inference: PaidInference): object {
  return JSON.parse(
    JSON.stringify(inference, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
  ) as object;
}

/** For people: what the model has answered, who got what for it, and where all credits are. */
export function inferenceLines(inference: PaidInference): string[] {
  const { root, prompt, completion, receipt, trade, promptTokens, completionTokens, burned, toServer, toOwners } =
    inference;
  const { circulating, escrowed, pooled, supply } = inference.whereabouts;
  const answer = `${prompt}▸${completion}`.replaceAll(/\r?\n/g, '\n  ');
  return [
    `Paid inference (settled state ${root.slice(0, 10)}, streamed by the OpenAI client; amounts in credits)`,
    `  ${answer}`,
    `  the gateway has signed for it with ${formatEther(receipt.bond)} WETH at stake; recomputed, all ${receipt.tokens} tokens are right`,
    `  a buyer got ${credits(trade.amount)} of ${trade.seller} for ${formatEther(trade.cost)} WETH, with a bound of ${formatEther(trade.maxCost)}`,
    `  burned ${credits(burned)} for ${promptTokens} tokens of the prompt and ${completionTokens} of the answer`,
    `  minted again ${credits(toServer)} to the gateway, ${credits(sum(toOwners))} to the owners`,
    ...toOwners.map((claimed) => ownerLine(claimed, inference.firstClaims)),
    `  circulating ${credits(circulating)} + escrowed ${credits(escrowed)} + pooled ${credits(pooled)} = ${credits(supply)}`,
  ];
}

function ownerLine({ name, amount }: Claimed, firstClaims: readonly Claimed[]): string {
  const first = firstClaims.find((claimed) => claimed.name === name)?.amount ?? 0n;
  return `    ${name.padEnd(11)} ${credits(amount).padStart(10)}, beside ${credits(first)} that its shares brought along`;
}

function sum(claims: readonly Claimed[]): bigint {
  return claims.reduce((total, { amount }) => total + amount, 0n);
}

/** All digits, with thousands set off. */
function credits(amount: bigint): string {
  return `${(amount / 1_000_000n).toLocaleString('en-US')}.${String(amount % 1_000_000n).padStart(6, '0')}`;
}
