// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const creditsFactoryAbi = [
  {"inputs":[{"components":[{"name":"supply","type":"uint64"},{"name":"owners","type":"uint32"}],"name":"terms","type":"tuple"}],"stateMutability":"nonpayable","type":"constructor"},
  {"inputs":[{"name":"part","type":"uint32"},{"name":"whole","type":"uint32"}],"name":"PartBeyondWhole","type":"error"},
  {"inputs":[],"name":"ZeroSupply","type":"error"},
  {"anonymous":false,"inputs":[{"indexed":true,"name":"shareToken","type":"address"},{"indexed":false,"name":"credits","type":"address"}],"name":"CreditsCreated","type":"event"},
  {"inputs":[{"name":"shareToken","type":"address"}],"name":"create","outputs":[{"name":"credits","type":"address"}],"stateMutability":"nonpayable","type":"function"},
  {"inputs":[{"name":"shareToken","type":"address"}],"name":"creditsOf","outputs":[{"name":"","type":"address"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"ownersShare","outputs":[{"name":"","type":"uint32"}],"stateMutability":"view","type":"function"},
  {"inputs":[],"name":"supply","outputs":[{"name":"","type":"uint64"}],"stateMutability":"view","type":"function"},
] as const;
