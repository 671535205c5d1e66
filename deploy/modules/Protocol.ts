import { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

/** No game yet: nobody can decide a challenge. */
const NO_GAME = '0x0000000000000000000000000000000000000000';

/**
 * Everything on one chain: the stake token and the randomness of a development chain, then the protocol, which
 * deploys stake, claims, runs and ownership itself, so that each knows the others for ever.
 *
 * Parameters (`deploy/parameters/*.json`): `unbondingDelay` and `longestWindow`, seconds.
 */
export default buildModule('Protocol', (m) => {
  const token = m.contract('DevelopmentToken');
  const randomness = m.contract('DevelopmentRandomness');
  const shareTokenFactory = m.contract('ShareTokenFactory');
  const protocol = m.contract('Protocol', [
    token,
    randomness,
    shareTokenFactory,
    m.getParameter('game', NO_GAME),
    m.getParameter('unbondingDelay'),
    m.getParameter('longestWindow'),
  ]);
  const stakeManager = m.contractAt('StakeManager', m.staticCall(protocol, 'stake'));
  const claims = m.contractAt('Claims', m.staticCall(protocol, 'claims'));
  const runs = m.contractAt('Runs', m.staticCall(protocol, 'runs'));
  const ownership = m.contractAt('Ownership', m.staticCall(protocol, 'ownership'));
  const runLens = m.contract('RunLens', [runs]);
  return { token, randomness, shareTokenFactory, protocol, stakeManager, claims, runs, ownership, runLens };
});
