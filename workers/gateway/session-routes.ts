import { z } from 'zod';
import type { Hex } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import { checked } from '../../sdk/vouchers.ts';
import type { Cashier } from './cashier.ts';
import { readJson, sendJson, type Exchange, type HttpOptions, type Route } from './http.ts';

const signed = z.strictObject({
  drawn: z.int().nonnegative(),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/) as unknown as z.ZodType<Hex>,
});

/** Where vouchers are brought while a stream is under way. */
export function sessionRoutes(cashier: Cashier, limits: Pick<HttpOptions, 'mostBodyBytes'>): readonly Route[] {
  const take = async ({ request, response, parts: [session = ''] }: Exchange) => {
    const parsed = signed.safeParse(await readJson(request, limits));
    if (!parsed.success) throw new SwarmlockError('This is no voucher', { code: 'VOUCHER_INVALID', argument: 'body' });
    sendJson(response, 200, await cashier.credit(checked({ ...parsed.data, session: BigInt(session) })));
  };
  return [{ method: 'POST', path: /^\/v1\/sessions\/(\d{1,20})\/vouchers$/, handle: take }];
}
