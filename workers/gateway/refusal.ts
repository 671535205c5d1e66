import { SwarmlockError } from '../../engine/errors.ts';
import { PaymentRequired } from './payment-required.ts';

/** An error as the OpenAI API tells it. */
export type Refusal = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly error: object };
};

type Kind = { readonly status: number; readonly type: string; readonly retryAfter?: number };

const invalid = { status: 400, type: 'invalid_request_error' };
const unpaid = { status: 402, type: 'payment_required_error' };
const busy = { status: 429, type: 'rate_limit_error', retryAfter: 1 };

/** By code. What is not here is this server's fault. */
const kinds: Readonly<Record<string, Kind>> = {
  REQUEST_INVALID: invalid,
  CONTEXT_LENGTH_EXCEEDED: invalid,
  MODEL_NOT_FOUND: { ...invalid, status: 404 },
  NOT_FOUND: { ...invalid, status: 404 },
  METHOD_NOT_ALLOWED: { ...invalid, status: 405 },
  BODY_TOO_LARGE: { ...invalid, status: 413 },
  PAYMENT_REQUIRED: unpaid,
  SESSION_UNKNOWN: unpaid,
  SESSION_CLOSING: unpaid,
  VOUCHER_OVERDRAWN: unpaid,
  VOUCHER_MISSING: unpaid,
  VOUCHER_INVALID: invalid,
  VOUCHER_FORGED: { status: 401, type: 'authentication_error' },
  SESSION_BUSY: busy,
  LOOKUPS_BUSY: busy,
  QUEUE_FULL: busy,
  PLEDGE_INVALID: { status: 503, type: 'service_unavailable_error' },
  DRAINING: { status: 503, type: 'service_unavailable_error', retryAfter: 5 },
};

const fault: Kind = { status: 500, type: 'server_error' };

/** Says nothing of what went wrong inside. */
export function refusalOf(error: unknown): Refusal {
  const known = error instanceof SwarmlockError ? kinds[error.code] : undefined;
  const { status, type, retryAfter } = known ?? fault;
  const told = known === undefined ? undefined : (error as SwarmlockError);
  return {
    status,
    headers: retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) },
    body: {
      error: {
        message: told?.message ?? 'The gateway failed to answer',
        type,
        param: told?.argument ?? null,
        code: told?.code.toLowerCase() ?? 'internal_error',
        ...(error instanceof PaymentRequired && { payment: error.payment }),
      },
    },
  };
}
