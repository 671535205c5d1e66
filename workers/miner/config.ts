import { z } from 'zod';

import { computeFields, patience, seatFields, tickAfter, workerFields } from '../lib/config.ts';

export const minerConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  ...seatFields,
  /** Miners have better things to do: they tick when validators and aggregators do not. */
  tickAfter: tickAfter(15),
  patience,
});

export type MinerConfig = z.infer<typeof minerConfig>;
