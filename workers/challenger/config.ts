import { z } from 'zod';

import { computeFields, seatFields, tickAfter, workerFields } from '../lib/config.ts';

export const challengerConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  data: seatFields.data,
  /** A folder of receipts (`*.json`, as gateways send them) whose answers are recomputed, too. */
  receipts: z.string().min(1).optional(),
  /** Challengers have better things to do: they tick when nobody else does. */
  tickAfter: tickAfter(30),
});

export type ChallengerConfig = z.infer<typeof challengerConfig>;
