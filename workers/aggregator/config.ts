import { z } from 'zod';

import { computeFields, tickAfter, workerFields } from '../lib/config.ts';

export const aggregatorConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  tickAfter: tickAfter(0),
});

export type AggregatorConfig = z.infer<typeof aggregatorConfig>;
