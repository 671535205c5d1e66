import { expect } from 'chai';
import fc from 'fast-check';
import { bytesToHex, concatHex, isAddressEqual, keccak256, type Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

import { signerOfTypedData } from '../../../sdk/compact-signature.ts';
import { signVoucher, voucherTypedData, type SignedVoucher, type VoucherDomain } from '../../../sdk/vouchers.ts';
import { voucherSigner } from '../../../workers/gateway/voucher-signer.ts';
import { flawsOf } from '../../helpers/broken-vouchers.ts';

const HALF_ORDER = '7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0';
const ORDER = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141';
const word = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => bytesToHex(bytes));
/** Numbers at the edges of what a part of a signature may be. */
const edge = fc.constantFrom<Hex>(
  `0x${'00'.repeat(32)}`,
  `0x${'00'.repeat(31)}01`,
  `0x${HALF_ORDER}`,
  `0x${HALF_ORDER.slice(0, -1)}1`,
  `0x${ORDER}`,
  `0x${'ff'.repeat(32)}`,
);
const part = fc.oneof(word, edge);
const address = word.map((hex): Hex => `0x${hex.slice(26)}`);
const domains = fc.record({ chainId: fc.integer({ min: 1 }), sessions: address, credits: address });
const vouchers = fc.record({
  session: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  route: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  drawn: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
});

/** By viem alone. */
const byViem = (domain: VoucherDomain, voucher: SignedVoucher) =>
  signerOfTypedData(voucherTypedData(domain, voucher), voucher.signature);

describe('the signer of a voucher, by WebAssembly', function () {
  this.timeout(20_000);
  it('is whose key has signed it', async () => {
    await fc.assert(
      fc.asyncProperty(word, domains, vouchers, async (secret, domain, voucher) => {
        const key = privateKeyToAccount(keccak256(secret));
        const signer = voucherSigner(domain)(await signVoucher(key, domain, voucher));
        expect(isAddressEqual(signer!, key.address)).to.equal(true);
      }),
      { numRuns: 50 },
    );
  });

  it('is nobody where viem says so, and else the same', async () => {
    await fc.assert(
      fc.asyncProperty(domains, vouchers, part, part, async (domain, voucher, r, vs) => {
        const signed = { ...voucher, signature: concatHex([r, vs]) };
        const expected = await byViem(domain, signed);
        expect(voucherSigner(domain)(signed)).to.equal(expected?.toLowerCase());
      }),
      { numRuns: 200 },
    );
  });

  it('is nobody, and nothing is thrown, where it is no voucher', async () => {
    const domain: VoucherDomain = { chainId: 1, sessions: `0x${'11'.repeat(20)}`, credits: `0x${'22'.repeat(20)}` };
    const key = privateKeyToAccount(`0x${'33'.repeat(32)}`);
    const voucher = await signVoucher(key, domain, { session: 7n, route: 7, drawn: 100 });
    for (const change of flawsOf(voucher.signature))
      expect(voucherSigner(domain)({ ...voucher, ...change })).to.equal(undefined);
  });
});
