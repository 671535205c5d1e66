/** Mutants that no test can tell from the contracts, each with the reason. */
export const equivalents: Readonly<Record<string, string>> = {
  'claim/Game.sol _reward: amount == 0 fails': 'nothing is sent, for the gas of a call',
  'claim/Verdicts.sol seal: isStandIn holds, no. 2': 'what was sealed before is looked at for those who stand in alone',
  'claim/Verdicts.sol _drawDuties: !kept.isEmpty() fails': 'who is kept is who would be drawn again',
  'claim/Verdicts.sol _termsOf: terms.challengeBond != 0 fails': 'what is kept is what the run would say again',
  'claim/rules/Cases.sol _requireClaim: id.kind() == kind holds':
    'words of two kinds are hashes of two encodings, so that none is both',
  ...everyHash(),
};

/** A hash that lacks gas leaves its caller 1/64 of what a hash takes: not enough to return anything. */
function everyHash(): Record<string, string> {
  const functions = ['hashLeaf', 'hashNode', 'rootOf', 'rootOfChildren', 'hash'];
  const reason = 'whoever lacks the gas for a hash has not enough left to go on';
  return Object.fromEntries(functions.map((name) => [`claim/referee/Openings.sol ${name}: !isDone fails`, reason]));
}
