import type { Hex } from 'viem';

import type { SignedVoucher } from '../../sdk/vouchers.ts';

/** What makes no voucher of one that has this signature. */
export function flawsOf(signature: Hex): readonly Partial<SignedVoucher>[] {
  return [
    { signature: '0x' },
    { signature: signature.slice(0, -2) as Hex },
    { signature: `${signature}00` },
    { signature: `0x${'zz'.repeat(64)}` },
    { signature: `0x${'00'.repeat(32)}${signature.slice(66)}` },
    { drawn: -1 },
    { drawn: 2 ** 48 },
    { session: 2n ** 64n },
    { route: 1.5 },
  ];
}
