import { expect } from 'chai';
import type { Hex } from 'viem';

import recorded from '../../fixtures/drand.json' with { type: 'json' };
import { SwarmlockError } from '../../../engine/errors.ts';
import { fetchSignature } from '../../../sdk/drand.ts';
import { drandServer, type DrandServer } from '../../helpers/drand-server.ts';
import { failsWith } from '../../helpers/errors.ts';

const chainHash = recorded.chain.chainHash as Hex;
const { round, signature } = recorded.rounds[4]!;
const path = `/${chainHash.slice(2)}/public/${round}`;
const right = { round, signature: signature.slice(2), randomness: 'ignored' };
const dead = 'http://127.0.0.1:9';

describe('rounds of drand', () => {
  const servers: DrandServer[] = [];
  const serve = async (answers: Readonly<Record<string, unknown>>): Promise<string> => {
    servers.push(await drandServer(answers));
    return servers.at(-1)!.url;
  };
  afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

  const ask = (urls: readonly string[], isRight = async (given: Hex) => given === signature) =>
    fetchSignature({ urls, chainHash, round: BigInt(round), isRight });

  it('are taken from the first endpoint that has the right signature', async () => {
    const lying = await serve({ [path]: { round, signature: recorded.rounds[3]!.signature.slice(2) } });
    const broken = await serve({ [path]: 'busy' });
    const other = await serve({ [path]: { ...right, round: round + 1 } });
    const good = await serve({ [path]: right });
    expect(await ask([dead, lying, broken, other, `${good}/`, good])).to.equal(signature);
    expect(servers.at(-1)!.asked).to.deep.equal([path]);
  });

  it('are not there while no endpoint has published them', async () => {
    expect(await ask([await serve({}), dead])).to.equal(undefined);
  });

  it('cannot be had when every endpoint is dead or lies, which may pass', async () => {
    const lying = await serve({ [path]: { round, signature: '00'.repeat(64) } });
    expect((await failsWith('DRAND_UNREACHABLE', ask([dead, lying]))).retryable).to.equal(true);
  });

  it('are not looked for elsewhere when it is the chain that cannot be asked', async () => {
    const good = await serve({ [path]: right });
    const down = new SwarmlockError('down', { code: 'RPC_UNREACHABLE', retryable: true });
    await failsWith(
      'RPC_UNREACHABLE',
      ask([good], () => Promise.reject(down)),
    );
  });
});
