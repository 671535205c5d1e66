// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const randomnessAbi = [
  {"inputs":[{"name":"ticket","type":"uint64"}],"name":"read","outputs":[{"name":"draw","type":"uint8"},{"name":"value","type":"bytes32"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"request","outputs":[{"name":"ticket","type":"uint64"}],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[],"name":"source","outputs":[{"name":"","type":"string"}],"stateMutability":"view","type":"function"},
] as const;
