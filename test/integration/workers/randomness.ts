import type {} from '@nomicfoundation/hardhat-ignition-ethers';
import { expect } from 'chai';
import { artifacts, network } from 'hardhat';
import {
  encodeAbiParameters,
  encodeFunctionData,
  keccak256,
  numberToHex,
  sha256,
  type Address,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import onEthereum from '../../../deploy/modules/ProtocolOnEthereum.ts';
import withDrand from '../../../deploy/modules/ProtocolWithDrand.ts';
import drandParameters from '../../../deploy/parameters/drand.json' with { type: 'json' };
import ethereumParameters from '../../../deploy/parameters/ethereum.json' with { type: 'json' };
import { developmentTokenAbi } from '../../../sdk/abi/index.ts';
import type { Call } from '../../../sdk/call.ts';
import { deploymentAt, type Deployment } from '../../../sdk/deployment.ts';
import { join } from '../../../sdk/membership.ts';
import { readRandomness } from '../../../sdk/randomness.ts';
import { readRound } from '../../../sdk/round.ts';
import { createRun, readRun } from '../../../sdk/run.ts';
import { approve, deposit, setNode } from '../../../sdk/stake.ts';
import { createHand } from '../../../workers/lib/hand.ts';
import { tickWhenDue } from '../../../workers/lib/progress.ts';
import recorded from '../../fixtures/drand.json' with { type: 'json' };
import { clientOf, send, type Connection, type Request } from '../../helpers/adversaries/chain.ts';
import { drandServer, type DrandServer } from '../../helpers/drand-server.ts';
import { recordingLog } from '../../helpers/logs.ts';
import { parameters } from '../../helpers/runs.ts';

const RUN = 1n;
const HISTORY = '0x0000F90827F1C53a10cb7A02335B175320002935';
const HISTORY_CODE =
  '0x3373fffffffffffffffffffffffffffffffffffffffe14604657602036036042575f35600143038111604257611fff81430311604257611fff9006545f5260205ff35b5f5ffd5b5f35611fff60014303065500';
const { signal } = new AbortController();

/** What a miner needs to enlist: its node key, the joining price and its deposit. */
function enlisting(deployment: Deployment, owner: Address): readonly Call[] {
  const amount = 1_000n;
  const wrap = encodeFunctionData({ abi: developmentTokenAbi, functionName: 'deposit' });
  return [
    { to: deployment.token, data: wrap, value: amount, name: 'WETH.deposit' },
    ...[setNode(deployment, owner), approve(deployment, amount), deposit(deployment, amount)],
    join(deployment, RUN, 'miner', amount),
  ];
}

/** A run with one miner, which does nothing, and somebody who ticks and proves when it is time. */
async function openStage(
  deploy: (
    connection: Connection,
  ) => Promise<{ protocol: { getAddress(): Promise<string> }; runLens: { getAddress(): Promise<string> } }>,
  initialDate: Date,
  drandUrls: readonly string[] = [],
) {
  const connection = await network.create({ override: { initialDate, loggingEnabled: false } });
  const request: Request = (method, params = []) => connection.provider.request({ method, params });
  const client = clientOf(connection);
  const { protocol, runLens } = await deploy(connection);
  const places = { protocol: (await protocol.getAddress()) as Address, lens: (await runLens.getAddress()) as Address };
  const deployment = await deploymentAt(places, client);
  const [address] = (await request('eth_accounts')) as [Address];
  const sent: { name: string; gas: bigint }[] = [];
  const sender = {
    address,
    settle: async () => undefined,
    async send(call: Call): Promise<TransactionReceipt> {
      const receipt = await send(client, request, address, call);
      sent.push({ name: call.name, gas: receipt.gasUsed });
      return receipt;
    },
  };
  const { log } = recordingLog();
  const hand = createHand({ client, deployment, runId: RUN, sender, log, drandUrls });
  await sender.send(createRun(deployment, parameters, { name: 'Run', symbol: 'RUN', uri: '' }));
  // The simulated chain has no wrapped ether at its public address.
  const { deployedBytecode } = await artifacts.readArtifact('DevelopmentToken');
  await request('hardhat_setCode', [deployment.token, deployedBytecode]);
  for (const call of enlisting(deployment, address)) await sender.send(call);
  return {
    ...{ client, deployment, request, sent },
    /** What a worker does about the round now. */
    async turn(): Promise<string[]> {
      const run = await readRun(client, deployment, RUN);
      const round = await readRound(client, deployment, RUN, run.round);
      const actions = tickWhenDue({ run, round, moved: undefined, parameters, verified: [], dueFor: 0, tickAfter: 0 });
      const before = sent.length;
      for (const action of actions) await hand.act(action, signal);
      return sent.slice(before).map(({ name }) => name);
    },
  };
}

describe('workers with the randomness of a public chain', function () {
  this.timeout(120_000);
  const servers: DrandServer[] = [];

  // Also after a failure: an open server would keep the process from ending.
  after(async () => {
    for (const server of servers) await server.close();
  });

  it('prove the header that a round waits for, 64 blocks later, and go on', async () => {
    const stage = await openStage(
      ({ ignition }) => ignition.deploy(onEthereum, { parameters: ethereumParameters }),
      new Date('2030-01-01T00:00:00Z'),
    );
    const { client, deployment, request, turn, sent } = stage;
    expect((await readRandomness(client, deployment)).source).to.equal('l1');
    expect(await turn()).to.deep.equal(['Runs.tick']);
    const { ticket } = await readRound(client, deployment, RUN, 0);
    expect(ticket).to.equal((await client.getBlockNumber()) + 64n);
    expect(await turn()).to.deep.equal([]);
    await request('hardhat_mine', [numberToHex(64)]);
    expect(await turn()).to.deep.equal([]);
    await request('hardhat_mine', [numberToHex(1)]);
    expect(await turn()).to.deep.equal(['HeaderRandomness.prove']);
    expect(await turn()).to.deep.equal(['Runs.tick']);
    const { mixHash } = (await request('eth_getBlockByNumber', [numberToHex(ticket), false])) as { mixHash: Hex };
    const answer = keccak256(encodeAbiParameters([{ type: 'bytes32' }, { type: 'uint64' }], [mixHash, ticket]));
    const { beacon, beaconLost } = await readRound(client, deployment, RUN, 0);
    expect({ beacon, beaconLost }).to.deep.equal({ beacon: answer, beaconLost: false });
    expect(await turn()).to.deep.equal(['Runs.tick']);
    expect((await readRun(client, deployment, RUN)).round).to.equal(1);
    expect(Number(sent.find(({ name }) => name === 'HeaderRandomness.prove')!.gas)).to.be.below(100_000);
  });

  it('find the header of a block that is older than 256 blocks', async () => {
    const { client, deployment, request, turn } = await openStage(
      ({ ignition }) => ignition.deploy(onEthereum, { parameters: ethereumParameters }),
      new Date('2030-01-01T00:00:00Z'),
    );
    expect(await turn()).to.deep.equal(['Runs.tick']);
    await request('hardhat_mine', [numberToHex(1_000)]);
    const { ticket } = await readRound(client, deployment, RUN, 0);
    const { hash } = await client.getBlock({ blockNumber: ticket });
    // The simulated chain does not keep hashes as Ethereum does: this is the contract of EIP-2935, and what it would hold.
    await request('hardhat_setCode', [HISTORY, HISTORY_CODE]);
    await request('hardhat_setStorageAt', [HISTORY, numberToHex(ticket % 8_191n), hash]);
    expect(await turn()).to.deep.equal(['HeaderRandomness.prove']);
    expect(await turn()).to.deep.equal(['Runs.tick']);
  });

  it('prove the round of drand that a round waits for, once it is published, and go on', async () => {
    const { chain, rounds } = recorded;
    const { round, signature } = rounds[4]!;
    const dueAt = chain.genesis + (round - 1) * chain.period;
    const answers: Record<string, unknown> = {};
    const server = await drandServer(answers);
    servers.push(server);
    const { client, deployment, request, turn, sent } = await openStage(
      ({ ignition }) => ignition.deploy(withDrand, { parameters: drandParameters }),
      new Date((dueAt - 3_600) * 1_000),
      ['http://127.0.0.1:9', server.url],
    );
    expect((await readRandomness(client, deployment)).source).to.equal('drand');
    await request('evm_setNextBlockTimestamp', [dueAt - drandParameters.ProtocolWithDrand.drandDelay]);
    expect(await turn()).to.deep.equal(['Runs.tick']);
    expect((await readRound(client, deployment, RUN, 0)).ticket).to.equal(BigInt(round));
    expect(await turn()).to.deep.equal([]);
    expect(server.asked).to.deep.equal([]);
    await request('evm_setNextBlockTimestamp', [dueAt]);
    await request('evm_mine');
    expect(await turn()).to.deep.equal([]);
    expect(server.asked).to.have.length(1);
    answers[server.asked[0]!] = { round, signature: signature.slice(2) };
    expect(await turn()).to.deep.equal(['DrandRandomness.prove']);
    expect(await turn()).to.deep.equal(['Runs.tick']);
    expect((await readRound(client, deployment, RUN, 0)).beacon).to.equal(sha256(signature as Hex));
    expect(await turn()).to.deep.equal(['Runs.tick']);
    expect((await readRun(client, deployment, RUN)).round).to.equal(1);
    expect(Number(sent.find(({ name }) => name === 'DrandRandomness.prove')!.gas)).to.be.below(300_000);
  });
});
