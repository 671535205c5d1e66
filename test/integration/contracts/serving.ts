import { expect } from 'chai';
import { network } from 'hardhat';

import ProtocolModule from '../../../deploy/modules/Protocol.ts';
import ServingModule from '../../../deploy/modules/Serving.ts';
import development from '../../../deploy/parameters/development.json' with { type: 'json' };
import drand from '../../../deploy/parameters/drand.json' with { type: 'json' };
import ethereum from '../../../deploy/parameters/ethereum.json' with { type: 'json' };
import { METADATA, root, RUN, runParameters } from './protocol.ts';

describe('the modules of the protocol and of what inference is paid by', function () {
  this.timeout(120_000);

  it('make the credits of a run where its shares say, with the split of the run', async () => {
    const { ethers, ignition, networkHelpers } = await network.create();
    const { runs, ownership, creditsFactory } = await ignition.deploy(ProtocolModule, { parameters: development });
    const { sessions, market } = await ignition.deploy(ServingModule, { parameters: development });
    expect(await sessions.getFunction('closeDelay')()).to.equal(BigInt(development.Serving.closeDelay));
    expect(await ethers.provider.getCode(market)).not.to.equal('0x');

    const opensAt = (await networkHelpers.time.latest()) + 100;
    const toOwnersAlone = { ...runParameters(opensAt, root(0x34)), ownersShare: 1_000_000 };
    await runs.getFunction('createRun')(toOwnersAlone, METADATA);
    const shares = await ethers.getContractAt('ShareToken', await ownership.getFunction('shareTokenOf')(RUN));
    await creditsFactory.getFunction('create')(shares);
    const credits = await ethers.getContractAt('Credits', await shares.getFunction('credits')());
    expect(await credits.getFunction('shares')()).to.equal(await shares.getAddress());
    expect(await credits.getFunction('name')()).to.equal(`${METADATA.name} Credits`);
    expect(await credits.getFunction('pooled')()).to.equal(BigInt(development.Protocol.creditSupply));
    for (const token of [shares, credits]) expect(await token.getFunction('ownersShare')()).to.equal(1_000_000n);
  });

  it('have the same supply of credits on every kind of network', () => {
    const { creditSupply } = development.Protocol;
    for (const terms of [ethereum.ProtocolOnEthereum, drand.ProtocolWithDrand]) {
      expect(terms).to.include({ creditSupply });
    }
    expect(ethereum.Serving).to.deep.equal(drand.Serving);
  });
});
