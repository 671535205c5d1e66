import { readFile } from 'node:fs/promises';
import { Wallet } from 'ethers';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { SwarmlockError } from '../../engine/errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** An account and the values that must not reach a log. */
export type Key = { readonly account: PrivateKeyAccount; readonly secrets: readonly string[] };

/**
 * The node key of a worker: `SWARMLOCK_PRIVATE_KEY`, or the Ethereum v3 keystore file `SWARMLOCK_KEYSTORE` opened with
 * `SWARMLOCK_KEYSTORE_PASSWORD`. Never an argument of the command line, which every user of the machine can read.
 */
export async function loadKey(environment: Environment): Promise<Key> {
  const privateKey = environment['SWARMLOCK_PRIVATE_KEY'];
  const keystore = environment['SWARMLOCK_KEYSTORE'];
  if (privateKey !== undefined) return fromPrivateKey(privateKey);
  if (keystore !== undefined) return fromKeystore(keystore, environment['SWARMLOCK_KEYSTORE_PASSWORD']);
  throw new SwarmlockError('No key to sign with', {
    code: 'KEY_MISSING',
    hint: 'Set SWARMLOCK_KEYSTORE and SWARMLOCK_KEYSTORE_PASSWORD, or SWARMLOCK_PRIVATE_KEY.',
  });
}

function fromPrivateKey(privateKey: string): Key {
  if (!/^0x[0-9a-fA-F]{64}$/.test(privateKey)) {
    throw new SwarmlockError('SWARMLOCK_PRIVATE_KEY is not a private key', {
      code: 'KEY_INVALID',
      argument: 'SWARMLOCK_PRIVATE_KEY',
      hint: 'A private key is 0x followed by 64 hexadecimal digits.',
    });
  }
  return { account: privateKeyToAccount(privateKey as `0x${string}`), secrets: [privateKey] };
}

async function fromKeystore(path: string, password: string | undefined): Promise<Key> {
  if (password === undefined) {
    throw new SwarmlockError('The keystore needs a password', {
      code: 'KEY_MISSING',
      argument: 'SWARMLOCK_KEYSTORE_PASSWORD',
      hint: 'Set SWARMLOCK_KEYSTORE_PASSWORD.',
    });
  }
  try {
    const wallet = await Wallet.fromEncryptedJson(await readFile(path, 'utf8'), password);
    return { account: privateKeyToAccount(wallet.privateKey as `0x${string}`), secrets: [wallet.privateKey, password] };
  } catch (cause) {
    throw new SwarmlockError(`Cannot open the keystore ${path}`, {
      code: 'KEY_INVALID',
      argument: 'SWARMLOCK_KEYSTORE',
      hint: 'Check that it is an Ethereum v3 keystore file and that the password is the right one.',
      cause,
    });
  }
}
