import type { buildModule } from '@nomicfoundation/hardhat-ignition/modules';

type Builder = Parameters<Parameters<typeof buildModule>[1]>[0];

/**
 * Everything on one chain: the stake token, the limits of runs, the referee and the rules of the game, which keep nothing, then the protocol,
 * which creates stake, claims and runs and names the addresses at which factories then create the others, each in a transaction of its own.
 * So each knows the others for ever. Only the source of randomness depends on the chain; it takes parameters of its own, by name.
 *
 * Parameters (`deploy/parameters/*.json`), in seconds: `clock` that each side has in a game, `unbondingDelay` and
 * `longestWindow`; and `creditSupply`, the supply of the credits of every run, in millionths of a credit.
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
  const creditsFactory = m.contract('CreditsFactory', [m.getParameter('creditSupply')]);
  const shareTokenFactory = m.contract('ShareTokenFactory', [creditsFactory]);
  const ownershipFactory = m.contract('OwnershipFactory', [shareTokenFactory]);
  const availabilityFactory = m.contract('AvailabilityFactory');
  const verdictsFactory = m.contract('VerdictsFactory');
  const receiptsFactory = m.contract('ReceiptsFactory');
  const referee = m.contract('Referee');
  const rules = m.contract('Rules', [referee]);
  const gameFactory = m.contract('GameFactory', [rules]);
  const clock = m.getParameter('clock');
  const protocol = m.contract('Protocol', [
    token,
    randomness,
    limits,
    ownershipFactory,
    availabilityFactory,
    verdictsFactory,
    receiptsFactory,
    gameFactory,
    clock,
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
  const receipts = m.contractAt('Receipts', m.staticCall(protocol, 'receipts'));
  const foundation = [stakeManager, claims, runs] as const;
  m.call(availabilityFactory, 'create', [...foundation]);
  m.call(verdictsFactory, 'create', [...foundation]);
  m.call(receiptsFactory, 'create', [...foundation]);
  m.call(gameFactory, 'create', [...foundation, verdicts, clock]);
  m.call(ownershipFactory, 'create', [runs, verdicts]);
  const runLens = m.contract('RunLens', [runs]);
  return {
    token,
    randomness,
    limits,
    creditsFactory,
    referee,
    rules,
    protocol,
    stakeManager,
    claims,
    runs,
    ownership,
    availability,
    game,
    verdicts,
    receipts,
    runLens,
  };
}
