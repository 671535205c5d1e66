// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const shareTokenFactoryAbi = [
  {"inputs":[{"name":"creditsFactory_","type":"address"}],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[{"name":"name","type":"string"},{"name":"symbol","type":"string"},{"name":"cap","type":"uint256"},{"name":"ownersShare","type":"uint32"}],"name":"create","outputs":[{"name":"shareToken","type":"address"}],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[],"name":"creditsFactory","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
] as const;
