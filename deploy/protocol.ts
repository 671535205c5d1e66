import type { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

type Builder = Parameters<Parameters<typeof buildModule>[1]>[0];

/**
 * Everything on one chain: the stake token, the limits of runs, the referee and the rules of the game, which keep nothing, then the protocol,
 * which deploys stake, claims, runs and ownership itself, and has the game, the verdicts and the contract of the availability
 * committees made, so that each knows the others for ever. Only the source of randomness depends on the chain; it takes parameters of its own, by name.
 *
 * Parameters (`deploy/parameters/*.json`), in seconds: `clock` that each side has in a game, `unbondingDelay` and
 * `longestWindow`.
 */
export function deployProtocol(
  m: Builder,
  source: 'DevelopmentRandomness' | 'HeaderRandomness' | 'DrandRandomness',
  sourceParameters: readonly string[] = [],
) {
  const token = m.contract('DevelopmentToken');
  const randomness = m.contract(
    source,
    sourceParameters.map((name) => m.getParameter(name)),
  );
  const limits = m.contract('RunLimits');
  const shareTokenFactory = m.contract('ShareTokenFactory');
  const availabilityFactory = m.contract('AvailabilityFactory');
  const referee = m.contract('Referee');
  const rules = m.contract('Rules', [referee]);
  const gameFactory = m.contract('GameFactory', [rules, m.contract('VerdictsFactory')]);
  const protocol = m.contract('Protocol', [
    token,
    randomness,
    limits,
    shareTokenFactory,
    availabilityFactory,
    gameFactory,
    m.getParameter('clock'),
    m.getParameter('unbondingDelay'),
    m.getParameter('longestWindow'),
  ]);
  const stakeManager = m.contractAt('StakeManager', m.staticCall(protocol, 'stake'));
  const claims = m.contractAt('Claims', m.staticCall(protocol, 'claims'));
  const runs = m.contractAt('Runs', m.staticCall(protocol, 'runs'));
  const ownership = m.contractAt('Ownership', m.staticCall(protocol, 'ownership'));
  const availability = m.contractAt('Availability', m.staticCall(protocol, 'availability'));
  const game = m.contractAt('Game', m.staticCall(protocol, 'game'));
  const verdicts = m.contractAt('Verdicts', m.staticCall(protocol, 'verdicts'));
  const runLens = m.contract('RunLens', [runs]);
  return {
    token,
    randomness,
    limits,
    shareTokenFactory,
    availabilityFactory,
    referee,
    rules,
    gameFactory,
    protocol,
    stakeManager,
    claims,
    runs,
    ownership,
    availability,
    game,
    verdicts,
    runLens,
  };
}
