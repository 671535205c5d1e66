import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { readLedger, readPay, readShares, type Pay } from '../../sdk/shares.ts';
import type { Address } from 'viem';
import type { Fate, MinerStory, Story } from './story.ts';

/** What a miner got, and why. */
export type MinerPay = {
  readonly name: string;
  readonly address: Address;
  readonly cheats: boolean;
  /** Rounds whose work was accepted, unchallenged and final, with the pay for each. */
  readonly paid: readonly { readonly round: number; readonly amount: bigint }[];
  readonly unpaid: readonly { readonly round: number; readonly why: string }[];
  /** Shares on the owner's account. */
  readonly balance: bigint;
};

/** What a validator got. */
export type ValidatorPay = {
  readonly name: string;
  readonly address: Address;
  /** That it was paid for. */
  readonly verdicts: number;
  /** Shares on the owner's account. */
  readonly balance: bigint;
};

/** Who has got what of the shares that have accrued; the rest is carried over, or not paid yet. */
export type Pays = {
  readonly miners: readonly MinerPay[];
  readonly validators: readonly ValidatorPay[];
  readonly accrued: bigint;
};

/** @param addressOf of a member by its name */
export async function readPays(
  client: Client,
  deployment: Deployment,
  runId: bigint,
  story: Story,
  addressOf: (name: string) => Address,
): Promise<Pays> {
  const [miners, validators, { accrued }] = await Promise.all([
    Promise.all(story.miners.map((one) => readMinerPay(client, deployment, runId, story, one, addressOf(one.name)))),
    Promise.all(
      story.validators.map(async ({ name, verdicts }) => {
        const address = addressOf(name);
        return { name, address, verdicts, balance: await readShares(client, deployment, runId, address) };
      }),
    ),
    readLedger(client, deployment, runId),
  ]);
  return { miners, validators, accrued };
}

/** Asks the chain for every round's pay of one miner. */
async function readMinerPay(
  client: Client,
  deployment: Deployment,
  runId: bigint,
  story: Story,
  miner: MinerStory,
  address: Address,
): Promise<MinerPay> {
  const { name, cheats, seat } = miner;
  const rounds = Array.from({ length: story.rounds }, (_, i) => i + 1);
  const balance = await readShares(client, deployment, runId, address);
  const none = { name, address, cheats, balance };
  if (seat === undefined) return { ...none, paid: [], unpaid: rounds.map((round) => ({ round, why: 'had no seat' })) };
  const pays = await Promise.all(rounds.map((round) => readPay(client, deployment, runId, round, seat)));
  const isPaid = ({ status }: Pay) => status === 'paid' || status === 'claimable';
  return {
    ...none,
    paid: pays.filter(isPaid).map(({ round, amount }) => ({ round, amount })),
    unpaid: pays.filter((pay) => !isPaid(pay)).map((pay) => ({ round: pay.round, why: whyUnpaid(pay, miner.fates) })),
  };
}

function whyUnpaid({ round, status }: Pay, fates: ReadonlyMap<number, Fate>): string {
  const fate = fates.get(round);
  if (fate === 'convicted') return 'convicted on chain';
  if (fate === 'challenged') return 'challenged: frozen with its bond';
  if (status === 'frozen') return 'not vested, or built on challenged work: frozen';
  if (status === 'pending') return 'accepted, not final or not vested yet';
  if (status === 'forfeitable' || status === 'forfeited')
    return 'not vested, or built on voided work: lost with the game';
  if (fate === undefined) return 'not a member yet';
  return fate === 'missed' ? 'no commitment in time' : 'left out: its payload or segments were not served';
}
