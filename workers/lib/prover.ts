import { SwarmlockError } from '../../engine/errors.ts';
import type { Call } from '../../sdk/call.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { proofOf, readRandomness, type Randomness } from '../../sdk/randomness.ts';
import type { Log } from './log.ts';

/** Finds the proofs that rounds wait for. */
export type Prover = {
  /**
   * The call that proves the answer to a ticket; undefined while there is none. What goes wrong is told and not thrown:
   * others prove too, and a worker has other duties.
   */
  proofOf(ticket: bigint): Promise<Call | undefined>;
};

export type ProverOptions = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly log: Log;
  readonly drandUrls?: readonly string[];
};

export function createProver({ client, deployment, log, drandUrls }: ProverOptions): Prover {
  let randomness: Randomness | undefined;
  let lastTrouble = '';
  return {
    async proofOf(ticket) {
      try {
        randomness ??= await readRandomness(client, deployment);
        return await proofOf(client, randomness, ticket, drandUrls);
      } catch (error) {
        if (!(error instanceof SwarmlockError)) throw error;
        log[lastTrouble === error.message ? 'debug' : 'warn']({ err: error, ticket: String(ticket) }, error.message);
        lastTrouble = error.message;
        return undefined;
      }
    },
  };
}
