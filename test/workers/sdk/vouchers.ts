import { expect } from 'chai';
import { hashTypedData, toHex, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { settleVouchers } from '../../../sdk/sessions.ts';
import type { Signer } from '../../../sdk/signer.ts';
import {
  isSignedBy,
  parseVoucherToken,
  signVoucher,
  voucherToken,
  type SignedVoucher,
  type VoucherDomain,
} from '../../../sdk/vouchers.ts';
import { flawsOf } from '../../helpers/broken-vouchers.ts';
import { failsWith } from '../../helpers/errors.ts';

const place: VoucherDomain = {
  chainId: 31_337,
  sessions: `0x${'11'.repeat(20)}`,
  credits: `0x${'22'.repeat(20)}`,
};
const key = privateKeyToAccount(generatePrivateKey());
const draw = { session: (7n << 32n) | 3n, route: 3, drawn: 2 ** 48 - 1 };

/** The order of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (let [square, left] = [base, exponent]; left > 0n; square = (square * square) % ORDER, left >>= 1n) {
    if (left & 1n) result = (result * square) % ORDER;
  }
  return result;
}

/** A key that was chosen so that its signature of a voucher, which is right, has this s. */
async function keyForSignature(s: bigint, nonce: bigint): Promise<{ key: Hex; voucher: SignedVoucher }> {
  let digest = 0n;
  const spy: Signer = {
    address: key.address,
    signTypedData(data) {
      digest = BigInt(hashTypedData(data));
      return key.signTypedData(data);
    },
  };
  await signVoucher(spy, place, draw);
  const { publicKey } = privateKeyToAccount(toHex(nonce, { size: 32 }));
  const [x, y] = [BigInt(`0x${publicKey.slice(4, 68)}`), BigInt(`0x${publicKey.slice(68)}`)];
  const secret = (((s * nonce - digest) % ORDER) + ORDER) * power(x % ORDER, ORDER - 2n);
  const voucher = { ...draw, signature: toHex((x << 256n) | s | ((y & 1n) << 255n), { size: 64 }) };
  return { key: privateKeyToAccount(toHex(secret % ORDER, { size: 32 })).address, voucher };
}

describe('vouchers', () => {
  it('are signed by the key of their session, and nobody else', async () => {
    const voucher = await signVoucher(key, place, draw);
    expect(await isSignedBy(key.address, place, voucher)).to.equal(true);
    const another = privateKeyToAccount(generatePrivateKey()).address;
    expect(await isSignedBy(another, place, voucher)).to.equal(false);
  });

  it('are for one amount, session, route, token, contract and chain', async () => {
    const voucher = await signVoucher(key, place, draw);
    for (const change of [{ drawn: 1 }, { session: 1n }, { route: 4 }]) {
      expect(await isSignedBy(key.address, place, { ...voucher, ...change })).to.equal(false);
    }
    const elsewhere: readonly Partial<VoucherDomain>[] = [
      { chainId: 1 },
      { sessions: place.credits },
      { credits: place.sessions },
    ];
    for (const change of elsewhere) {
      expect(await isSignedBy(key.address, { ...place, ...change }, voucher)).to.equal(false);
    }
  });

  it('are refused, not thrown at, when they are no vouchers', async () => {
    const voucher = await signVoucher(key, place, draw);
    for (const change of flawsOf(voucher.signature)) {
      expect(await isSignedBy(key.address, place, { ...voucher, ...change })).to.equal(false);
    }
  });

  it('travel as bearer tokens', async () => {
    const voucher = await signVoucher(key, place, draw);
    expect(parseVoucherToken(voucherToken(voucher))).to.deep.equal(voucher);
    const token = (session: bigint, drawn: number) => voucherToken({ ...voucher, session, drawn });
    expect(parseVoucherToken(token(2n ** 64n - 1n, 0))).to.deep.include({
      session: 2n ** 64n - 1n,
      route: 2 ** 32 - 1,
    });
    await failsWith('VOUCHER_INVALID', () => parseVoucherToken(token(2n ** 64n, 0)));
    await failsWith('VOUCHER_INVALID', () => parseVoucherToken(token(1n, 2 ** 48)));
    for (const other of ['', 'sk-none', 'swarmlock.1.2.3', token(1n, -1), `${token(1n, 1)}0`]) {
      expect(parseVoucherToken(other)).to.equal(undefined);
    }
  });

  it('are taken and refused as by the contract: a client chooses its key so that s is half the order, or more', async () => {
    const half = ORDER / 2n;
    // The y of one point is even, that of the other odd.
    for (const nonce of [5n, ORDER - 5n]) {
      const [highest, beyond] = await Promise.all([half, half + 1n].map((s) => keyForSignature(s, nonce)));
      expect(await isSignedBy(highest!.key, place, highest!.voucher)).to.equal(true);
      expect(await isSignedBy(beyond!.key, place, beyond!.voucher)).to.equal(false);
      expect(() => settleVouchers(place, [highest!.voucher])).not.to.throw();
    }
  });
});
