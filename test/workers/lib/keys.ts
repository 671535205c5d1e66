import { expect } from 'chai';
import { encryptKeystoreJsonSync } from 'ethers';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { privateKeyToAddress } from 'viem/accounts';

import { loadKey } from '../../../workers/lib/keys.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';

const privateKey = `0x${'1f'.repeat(32)}` as const;
const address = privateKeyToAddress(privateKey);

describe('node key', () => {
  const folder = freshFolder();
  const keystore = (): string => {
    const path = join(folder(), 'key.json');
    // Few rounds, so that the test is fast; the format is the same.
    writeFileSync(path, encryptKeystoreJsonSync({ address, privateKey }, 'secret', { scrypt: { N: 2 } }));
    return path;
  };

  it('comes from the environment', async () => {
    const { account, secrets } = await loadKey({ SWARMLOCK_PRIVATE_KEY: privateKey });
    expect(account.address).to.equal(address);
    expect(secrets).to.include(privateKey);
  });

  it('comes from an encrypted keystore file', async () => {
    const environment = { SWARMLOCK_KEYSTORE: keystore(), SWARMLOCK_KEYSTORE_PASSWORD: 'secret' };
    const { account, secrets } = await loadKey(environment);
    expect(account.address).to.equal(address);
    expect(secrets).to.include.members([privateKey, 'secret']);
  });

  it('is refused with a wrong password, without repeating it', async () => {
    const environment = { SWARMLOCK_KEYSTORE: keystore(), SWARMLOCK_KEYSTORE_PASSWORD: 'wr0ng' };
    const error = await failsWith('KEY_INVALID', loadKey(environment));
    expect(JSON.stringify(error)).to.not.include('wr0ng');
  });

  it('is refused when it is not a key, without repeating it', async () => {
    const error = await failsWith('KEY_INVALID', loadKey({ SWARMLOCK_PRIVATE_KEY: 'abcdef' }));
    expect(JSON.stringify(error)).to.not.include('abcdef');
  });

  it('is asked for when it is missing, and so is the password of a keystore', async () => {
    await failsWith('KEY_MISSING', loadKey({}));
    const error = await failsWith('KEY_MISSING', loadKey({ SWARMLOCK_KEYSTORE: keystore() }));
    expect(error.argument).to.equal('SWARMLOCK_KEYSTORE_PASSWORD');
  });
});
