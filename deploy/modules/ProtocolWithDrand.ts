import { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

import { deployProtocol } from '../protocol.ts';

/**
 * The protocol on any other chain: rounds of drand are the randomness, proved by their signatures.
 *
 * Parameters beside those of the protocol: `drand` describes the network as its information endpoint does, and a mistyped
 * field is refused with `WrongNetwork`; `drandChainHash` names it; `drandDelay`, in seconds, is more than the chain's
 * clock can be behind; after `drandPatience` seconds without a proof a draw is given up, and everyone is audited.
 */
export default buildModule('ProtocolWithDrand', (m) =>
  deployProtocol(m, 'DrandRandomness', ['drand', 'drandChainHash', 'drandDelay', 'drandPatience']),
);
