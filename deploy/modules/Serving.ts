import { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

/**
 * What inference is paid by, and where credits are traded, for the credits of every run; it knows nothing of the protocol.
 *
 * Parameter: `closeDelay`, the seconds that a gateway has to bring its vouchers once a client closes its session.
 */
export default buildModule('Serving', (m) => ({
  sessions: m.contract('Sessions', [m.getParameter('closeDelay')]),
  market: m.contract('Market'),
}));
