/** What a transaction offers, in wei per gas (EIP-1559). */
export type Fees = { readonly maxFeePerGas: bigint; readonly maxPriorityFeePerGas: bigint };

/** Nodes replace a pending transaction when both fees rise by a tenth; some ask for an eighth. */
const BUMP_PERCENT = 25n;

/** Fees that replace a transaction that offered `previous`, and are at least what the market asks. */
export function bumpFees(previous: Fees, market: Fees): Fees {
  return {
    maxFeePerGas: larger(raised(previous.maxFeePerGas), market.maxFeePerGas),
    maxPriorityFeePerGas: larger(raised(previous.maxPriorityFeePerGas), market.maxPriorityFeePerGas),
  };
}

function raised(fee: bigint): bigint {
  return fee + (fee * BUMP_PERCENT) / 100n + 1n;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
