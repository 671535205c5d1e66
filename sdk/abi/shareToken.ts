// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const shareTokenAbi = [
  {"inputs":[{"name":"supply","type":"uint256"},{"name":"cap","type":"uint256"}],"name":"CapExceeded","type":"error"},
  {"inputs":[{"name":"caller","type":"address"},{"name":"ownership","type":"address"}],"name":"NotOwnership","type":"error"},
  {"inputs":[],"name":"cap","outputs":[{"name":"","type":"uint256"}],"stateMutability":"view","type":"function"},
  {"inputs":[{"name":"to","type":"address"},{"name":"amount","type":"uint256"}],"name":"mint","outputs":[],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[],"name":"ownership","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
] as const;
