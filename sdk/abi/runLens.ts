// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const runLensAbi = [
  {"inputs":[{"name":"runs","type":"address"}],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[{"name":"runId","type":"uint64"},{"name":"round","type":"uint32"}],"name":"dutiesOf","outputs":[{"components":[{"name":"seat","type":"uint32"},{"name":"index","type":"uint8"},{"name":"owner","type":"address"},{"name":"claimId","type":"uint256"},{"name":"word","type":"bytes32"},{"name":"status","type":"uint8"},{"name":"deposit","type":"uint8"},{"name":"drawn","type":"bool"},{"name":"segment","type":"uint8"},{"name":"validators","type":"uint256"},{"name":"standIns","type":"uint256"}],"name":"duties","type":"tuple[]"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"runId","type":"uint64"}],"name":"membersOf","outputs":[{"components":[{"name":"seat","type":"uint32"},{"name":"index","type":"uint8"},{"name":"role","type":"uint8"},{"name":"owner","type":"address"},{"name":"node","type":"address"},{"name":"since","type":"uint32"},{"name":"until","type":"uint32"}],"name":"members","type":"tuple[]"}],"stateMutability":"view","type":"function"},
] as const;
