// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const protocolAbi = [
  {"inputs":[{"name":"token","type":"address"},{"name":"randomness","type":"address"},{"name":"limits","type":"address"},{"name":"ownershipFactory","type":"address"},{"name":"availabilityFactory","type":"address"},{"name":"verdictsFactory","type":"address"},{"name":"receiptsFactory","type":"address"},{"name":"gameFactory","type":"address"},{"name":"clock","type":"uint32"},{"name":"unbondingDelay","type":"uint32"},{"name":"longestWindow","type":"uint32"}],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[],"name":"availability","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"claims","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"game","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"ownership","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"receipts","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"runs","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"stake","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"verdicts","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
] as const;
