// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const verdictsAbi = [
  {"inputs":[{"name":"work","type":"uint256"},{"name":"validator","type":"address"}],"name":"AlreadyRevealed","type":"error"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"},{"name":"validator","type":"address"}],"name":"AlreadySealed","type":"error"},
  {"inputs":[{"name":"work","type":"uint256"},{"name":"segment","type":"uint8"}],"name":"NotDrawn","type":"error"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"}],"name":"NotRevealing","type":"error"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"},{"name":"validator","type":"address"}],"name":"SealMismatch","type":"error"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"}],"name":"SealingOver","type":"error"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"runId","type":"uint64"},{"indexed":true,"name":"round","type":"uint32"},{"indexed":false,"name":"id","type":"uint256"},{"components":[{"name":"validator","type":"address"},{"name":"work","type":"uint256"},{"name":"segment","type":"uint8"},{"name":"before","type":"bytes32"},{"name":"trace","type":"bytes32"}],"indexed":false,"name":"verdict","type":"tuple"}],"name":"VerdictRevealed","type":"event"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"runId","type":"uint64"},{"indexed":true,"name":"round","type":"uint32"},{"indexed":true,"name":"validator","type":"address"},{"indexed":false,"name":"root","type":"bytes32"}],"name":"VerdictsSealed","type":"event"},
  {"inputs":[{"name":"work","type":"uint256"},{"name":"validator","type":"address"}],"name":"claimOf","outputs":[{"name":"","type":"uint256"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"}],"name":"isRevealing","outputs":[{"name":"","type":"bool"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"components":[{"name":"validator","type":"address"},{"name":"work","type":"uint256"},{"name":"segment","type":"uint8"},{"name":"before","type":"bytes32"},{"name":"trace","type":"bytes32"}],"name":"verdict","type":"tuple"},{"name":"salt","type":"bytes32"},{"name":"proof","type":"bytes32[]"}],"name":"reveal","outputs":[],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"},{"name":"root","type":"bytes32"}],"name":"seal","outputs":[],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"},{"name":"validator","type":"address"}],"name":"sealOf","outputs":[{"name":"","type":"bytes32"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"id","type":"uint256"}],"name":"workOf","outputs":[{"name":"","type":"uint256"}],"stateMutability":"view","type":"function"},
] as const;
