import type { Abi, Address, Hex } from 'viem';
import { encodeDeployData, encodeFunctionData, numberToHex, parseAbi } from 'viem';

import { openBuiltHardhat } from '../../cli/demo/hardhat.ts';
import { creditsAbi, creditsFactoryAbi, shareTokenAbi } from '../../sdk/abi/index.ts';

const SHARES = 10n ** 24n;
const SUPPLY = 10n ** 15n;
const OWNERS_SHARE = 570_000;
const shareTokenFactoryAbi = parseAbi([
  'function create(string name, string symbol, uint256 cap, uint32 ownersShare) returns (address shareToken)',
]);

/** The credits of a run on a chain inside this process; its first account mints the shares. */
export type CreditChain = {
  readonly credits: Address;
  readonly accounts: readonly Address[];
  /** Puts a contract of the repository on the chain. */
  deploy(name: string, args: readonly unknown[]): Promise<Address>;
  /** Sends a transaction and gives the gas that its receipt says. */
  send(from: Address, to: Address, data: Hex): Promise<number>;
  /** The answer of a call that changes nothing, by the first account unless it is another's. */
  ask(to: Address, data: Hex, from?: Address): Promise<Hex>;
  /** Mints a thousandth of the shares to an account, and claims the credits that they bring. */
  endow(owner: Address): Promise<void>;
  close(): Promise<void>;
};

type Connection = Awaited<ReturnType<Awaited<ReturnType<typeof openBuiltHardhat>>['network']['create']>>;
type Request = (method: string, params?: readonly unknown[]) => Promise<unknown>;
type Receipt = { readonly gasUsed: Hex; readonly contractAddress: Address; readonly status: Hex };

function senderOf(request: Request) {
  return async (from: Address, to: Address | undefined, data: Hex): Promise<Receipt> => {
    const hash = await request('eth_sendTransaction', [{ from, to, data, gas: '0xf00000' }]);
    return (await request('eth_getTransactionReceipt', [hash])) as Receipt;
  };
}

/** Deploys the credits of a run whose shares are not minted yet. */
export async function openCreditChain(): Promise<CreditChain> {
  const hardhat = await openBuiltHardhat();
  const connection: Connection = await hardhat.network.create({
    network: 'default',
    override: { loggingEnabled: false },
  });
  const request: Request = (method, params = []) => connection.provider.request({ method, params });
  const sendAny = senderOf(request);
  const accounts = (await request('eth_accounts')) as Address[];
  const first = accounts[0]!;
  const send: CreditChain['send'] = async (from, to, data) => Number((await sendAny(from, to, data)).gasUsed);
  const ask: CreditChain['ask'] = async (to, data, from = first) =>
    (await request('eth_call', [{ from, to, data }, 'latest'])) as Hex;
  const deploy: CreditChain['deploy'] = async (name, args) => {
    const { abi, bytecode } = await hardhat.artifacts.readArtifact(name);
    const data = encodeDeployData({ abi: abi as unknown as Abi, bytecode: bytecode as Hex, args });
    return (await sendAny(first, undefined, data)).contractAddress;
  };
  const factory = await deploy('CreditsFactory', [SUPPLY]);
  const maker = await deploy('ShareTokenFactory', [factory]);
  const create = encodeFunctionData({ abi: shareTokenFactoryAbi, args: ['Bench', 'BENCH', SHARES, OWNERS_SHARE] });
  const shares: Address = `0x${(await ask(maker, create)).slice(-40)}`;
  await send(first, maker, create);
  const creation = encodeFunctionData({ abi: creditsFactoryAbi, functionName: 'create', args: [shares] });
  const credits: Address = `0x${(await ask(factory, creation)).slice(-40)}`;
  await send(first, factory, creation);
  const endow: CreditChain['endow'] = async (owner) => {
    const args = [owner, SHARES / 1_000n] as const;
    await send(first, shares, encodeFunctionData({ abi: shareTokenAbi, functionName: 'mint', args }));
    await send(first, credits, encodeFunctionData({ abi: creditsAbi, functionName: 'claim', args: [owner] }));
  };
  return { credits, accounts, deploy, send, ask, endow, close: () => connection.close() };
}

/** An account of which nobody has the key. */
export const stranger = (n: number): Address => numberToHex((1n << 64n) + BigInt(n), { size: 20 });
