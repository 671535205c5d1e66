// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const creditsFactoryAbi = [
  {"inputs":[{"name":"supply_","type":"uint64"}],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[],"name":"ZeroSupply","type":"error"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"shareToken","type":"address"},{"indexed":false,"name":"credits","type":"address"}],"name":"CreditsCreated","type":"event"},
  {"inputs":[{"name":"shareToken","type":"address"}],"name":"create","outputs":[{"name":"credits","type":"address"}],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[{"name":"shareToken","type":"address"}],"name":"creditsOf","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"supply","outputs":[{"name":"","type":"uint64"}],"stateMutability":"view","type":"function"},
] as const;
