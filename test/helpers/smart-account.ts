import { concat, pad, type Address, type Hex } from 'viem';

import type { Call } from '../../sdk/call.ts';
import type { Wallet } from '../../sdk/wallet.ts';
import type { TestNode } from './node.ts';

const VALID: Hex = '0x1626ba7e';

/**
 * An account that is a contract, at an address that has none: it answers for what its owner's key has signed (ERC-1271), and calls
 * what its owner tells it to.
 */
export async function createSmartAccount(node: TestNode, owner: Wallet, address: Address): Promise<Wallet> {
  await node.control.setCode({ address, bytecode: codeFor(owner.address) });
  return {
    address,
    signTypedData: (data) => owner.signTypedData(data),
    send: (call) => owner.send({ to: address, data: told(call), name: call.name }),
  };
}

/** The target in a word, and behind it what it is called with. */
function told({ to, data }: Call): Hex {
  return concat([pad(to), data]);
}

/** In the instructions of Shanghai's EVM, since no Solidity of the tests is compiled for a node. */
function codeFor(owner: Address): Hex {
  return concat([
    // isValidSignature(bytes32, bytes)?
    '0x5f3560e01c', // selector
    '0x63',
    VALID,
    '0x14604657', // to 46 if it is
    // The owner's call.
    '0x3373',
    owner,
    '0x14602b575f5ffd', // to 2b if the owner calls, else revert
    '0x5b60203603', // 2b: bytes behind the first word
    '0x8060205f37', // into memory
    '0x5f5f915f5f5f355af1', // call the target with them
    '0x6044575f5ffd', // to 44 if it has succeeded, else revert
    '0x5b00', // 44: stop
    // Whether ecrecover gives the owner.
    '0x5b6004355f52', // 46: the digest
    '0x60a4355f1a602052', // v
    '0x60406064604037', // r and s
    '0x60205f60805f60015afa50', // by the precompile at 1
    '0x5f5173',
    owner,
    '0x1463',
    VALID,
    '0x60e01b025f5260205ff3', // the magic value, or zero
  ]);
}
