// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const protocolAbi = [
  {"inputs":[],"name":"claims","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"ownership","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"runs","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"stake","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
] as const;
