import { z } from 'zod';

import { computeFields, patience, seatFields, tickAfter, workerFields } from '../lib/config.ts';

export const validatorConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  ...seatFields,
  tickAfter: tickAfter(5),
  patience,
});

export type ValidatorConfig = z.infer<typeof validatorConfig>;
