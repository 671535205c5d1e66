import { expect } from 'chai';
import type { Hex } from 'viem';

import { drawOf } from '../../../sdk/draw.ts';
import { deployProtocol, ETHER, fund, METADATA, pass, ROLE, root, RUN, runParameters, tickAll } from './protocol.ts';
import { WINDOWS } from './protocol.ts';

describe('the draw of the SDK', function () {
  this.timeout(120_000);

  it('is that of the contracts, for every seat in every round', async () => {
    const deployment = await deployProtocol();
    const { runs, signers, networkHelpers } = deployment;
    const opensAt = (await networkHelpers.time.latest()) + 100;
    const rules = { auditRate: 3_000, segments: 5, minSegments: 5, probationRounds: 2 };
    await runs.createRun({ ...runParameters(opensAt, root(0x34)), ...rules }, METADATA);
    const seats = [1, 2, 3, 4, 5, 6];
    for (const seat of seats) {
      const [owner, node] = signers.slice(2 * seat, 2 * seat + 2);
      await fund(deployment, { owner: owner!, node: node! }, 20n * ETHER);
      await runs.connect(owner!).join(RUN, ROLE.miner, ETHER);
    }
    await networkHelpers.time.increaseTo(opensAt);
    await tickAll(deployment);
    let drawn = 0;
    for (let number = 1; number <= 12; number += 1) {
      await pass(deployment, WINDOWS.commit);
      await tickAll(deployment);
      const { beacon, beaconLost } = (await runs.roundOf(RUN, number)) as { beacon: Hex; beaconLost: boolean };
      for (const seat of seats) {
        const [isDrawn, segment] = (await runs.drawn(RUN, number, seat)) as [boolean, bigint];
        const here = drawOf({ beacon, beaconLost, runId: RUN, number, seat, since: 1 }, rules);
        expect(here, `round ${number}, seat ${seat}`).to.deep.equal({ drawn: isDrawn, segment: Number(segment) });
        drawn += Number(isDrawn);
      }
    }
    // Twelve in probation, and 60 draws of 3 in 10.
    expect(drawn).to.be.within(13, 71);
  });
});
