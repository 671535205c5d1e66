import { join } from 'node:path';
import { numberToHex, type Address, type Hex } from 'viem';

import { createHasher } from '../../engine/commit/hasher.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { globalLayout, trainingLayout } from '../../engine/programs.ts';
import { chainError } from '../../sdk/errors.ts';
import { readParameters, readRun } from '../../sdk/run.ts';
import { judge } from '../../workers/challenger/judge.ts';
import { commitmentBook } from '../../workers/lib/commitments.ts';
import { folderBlobs } from '../../workers/lib/folder-blobs.ts';
import { openPlayer, type OpenPlayer, type PlayerNeeds } from '../../workers/lib/game/open-player.ts';
import { globalStates } from '../../workers/lib/global-states.ts';
import { createHand } from '../../workers/lib/hand.ts';
import type { Log } from '../../workers/lib/log.ts';
import type { Model } from '../../workers/lib/model.ts';
import { programsOf } from '../../workers/lib/programs.ts';
import type { Sender } from '../../workers/lib/sender.ts';
import { MAX_MEMBERS, RUN, type World } from './adversaries/world.ts';
import { steppingClock } from './clocks.ts';
import { silentLog } from './logs.ts';

const { signal } = new AbortController();

/** A worker's player as it runs in a process of its own, with its engine and its folder, moved by hand. */
export type Desk = OpenPlayer & {
  /** Reads, decides and acts, once. Everything it has done, by type. */
  pass(): Promise<readonly string[]>;
  /** Recomputes a claim, and accuses what is wrong. */
  inspect(claimId: bigint): Promise<void>;
};

/** What a machine needs to compute a world's run. */
export async function modelOf({ recipe }: World): Promise<Model> {
  const hasher = createHasher({ threads: 1 });
  const { root: _, ...bound } = programsOf(recipe, MAX_MEMBERS);
  return {
    recipe,
    executor: { kernel: await chooseKernel({ threads: 1 }), threads: 1 },
    globalLayout: globalLayout(recipe),
    trainingLayout: trainingLayout(recipe),
    ...bound,
    rootOf: (state) => hasher.stateRoot(state),
    close: () => hasher.close(),
  };
}

export type DeskOptions = PlayerNeeds & {
  readonly owner: Address;
  /** Of this worker; the same one again after a crash. */
  readonly folder: string;
  readonly model: Model;
  readonly log?: Log;
};

/** Nothing is served in these worlds: whoever has not computed a state rebuilds it. */
export async function openDesk(world: World, options: DeskOptions): Promise<Desk> {
  const { client, deployment, dataset } = world;
  const { owner, folder, model, log = silentLog, ...needs } = options;
  const blobs = folderBlobs(join(folder, 'shared'), log);
  const book = commitmentBook(client, deployment, RUN);
  const parameters = await readParameters(client, deployment, RUN);
  const { genesisRoot } = parameters;
  const isSettled = async (root: string) => (await readRun(client, deployment, RUN)).root === root;
  const states = globalStates({ model, blobs, book, log, genesisRoot, isSettled });
  const sender = senderIn(world, owner);
  const hand = createHand({ client, deployment, runId: RUN, sender, log });
  const config = { runId: RUN, checkpoint: folder };
  const shop = {
    client,
    deployment,
    config,
    clock: steppingClock(),
    log,
    blobs,
    sender,
    parameters,
    model,
    book,
    states,
    hand,
    owner,
  };
  const open = openPlayer(shop, { dataset, ...needs });
  const { duty } = open.player;
  return {
    ...open,
    async pass() {
      const done: string[] = [];
      for (const action of duty.decide(await duty.read(signal))) {
        await duty.act(action, signal);
        done.push(action.type === 'play' ? action.move.type : action.type);
      }
      return done;
    },
    async inspect(claimId) {
      const found = await judge(open.witnessing, (await open.disputedOf(claimId))!, signal);
      if (typeof found === 'object') open.player.accuse(found);
    },
  };
}

/** What nobody else sees. */
const unseen = ['prepare', 'prepareOpening', 'drop'];

/** Lets the desks act in turn until nobody has anything to do; what each has done. */
export async function playOn(desks: Readonly<Record<string, Desk>>): Promise<readonly string[]> {
  const done: string[] = [];
  for (let silent = 0, passes = 0; silent < Object.keys(desks).length; passes += 1) {
    if (passes > 200) throw new Error(`the game does not end: ${done.slice(-12).join(', ')}`);
    for (const [name, desk] of Object.entries(desks)) {
      const types = await desk.pass();
      const visible = types.filter((type) => !unseen.includes(type));
      done.push(...visible.map((type) => `${name} ${type}`));
      silent = types.every((type) => type === 'concede') ? silent + 1 : 0;
    }
  }
  return done;
}

/** Signs with an account of the world, at the price that is asked. */
function senderIn({ client, request }: World, address: Address): Sender {
  return {
    address,
    settle: async () => undefined,
    async send({ to, data, value = 0n, name }) {
      try {
        const gas = await client.estimateGas({ account: address, to, data, value });
        const { maxFeePerGas, maxPriorityFeePerGas } = await client.estimateFeesPerGas();
        const offer = {
          maxFeePerGas: numberToHex(maxFeePerGas),
          maxPriorityFeePerGas: numberToHex(maxPriorityFeePerGas),
        };
        const transaction = { from: address, to, data, value: numberToHex(value), gas: numberToHex((gas * 3n) / 2n) };
        const hash = await request('eth_sendTransaction', [{ ...transaction, ...offer }]);
        return await client.getTransactionReceipt({ hash: hash as Hex });
      } catch (error) {
        throw chainError(error, name);
      }
    },
  };
}
