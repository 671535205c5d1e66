import { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

import { deployProtocol } from '../protocol.ts';

/**
 * The protocol on Ethereum itself: its proposers are the randomness, proved by a block's header. A chain that does not
 * keep the hashes of its past refuses it with `NoBlockHistory`.
 */
export default buildModule('ProtocolOnEthereum', (m) => deployProtocol(m, 'HeaderRandomness'));
