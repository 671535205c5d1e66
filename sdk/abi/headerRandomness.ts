// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const headerRandomnessAbi = [
  {"inputs":[],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[{"name":"ticket","type":"uint64"}],"name":"AlreadyProved","type":"error"},
  {"inputs":[{"name":"","type":"uint8"}],"name":"FieldNotPresentInBlockHeader","type":"error"},
  {"inputs":[{"name":"number","type":"uint256"},{"name":"difficulty","type":"uint256"}],"name":"ForeignHeader","type":"error"},
  {"inputs":[{"name":"height","type":"uint64"},{"name":"current","type":"uint256"}],"name":"HeaderOutOfReach","type":"error"},
  {"inputs":[{"name":"chainId","type":"uint256"}],"name":"NoBlockHistory","type":"error"},
  {"inputs":[],"name":"RLPInvalidEncoding","type":"error"},
  {"inputs":[{"name":"given","type":"bytes32"},{"name":"known","type":"bytes32"}],"name":"WrongHeader","type":"error"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"ticket","type":"uint64"},{"indexed":false,"name":"mixHash","type":"bytes32"}],"name":"Proved","type":"event"},
  {"inputs":[],"name":"DELAY","outputs":[{"name":"","type":"uint64"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"REACH","outputs":[{"name":"","type":"uint64"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"ticket","type":"uint64"},{"name":"header","type":"bytes"}],"name":"prove","outputs":[],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[{"name":"ticket","type":"uint64"}],"name":"read","outputs":[{"name":"draw","type":"uint8"},{"name":"value","type":"bytes32"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"request","outputs":[{"name":"ticket","type":"uint64"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"source","outputs":[{"name":"","type":"string"}],"stateMutability":"pure","type":"function"},
] as const;
