import { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

import { deployProtocol } from '../protocol.ts';

/** The protocol on a development chain: the hash of a block is the randomness. Not for a chain with money. */
export default buildModule('Protocol', (m) => deployProtocol(m, 'DevelopmentRandomness'));
