import { z } from 'zod';

import { computeFields, patience, seatFields, tickAfter, workerFields } from '../lib/config.ts';

export const minerConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  ...seatFields,
  /** Miners have better things to do: they tick when validators and aggregators do not. */
  tickAfter: tickAfter(15),
  patience,
  /** The part of the commit window in which a round is trained: what would end later is left out, where the run allows it. */
  trainingShare: z.coerce.number().min(0).max(1).default(0.8),
  /** In bytes: a payload up to this, without error feedback, is published on chain when the committee leaves it out. */
  publishOnChain: z.coerce.number().int().nonnegative().default(65_536),
});

export type MinerConfig = z.infer<typeof minerConfig>;
