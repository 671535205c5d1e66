// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export const refereeAbi = [
  {"inputs":[],"name":"DescriptorInvalid","type":"error"},
  {"inputs":[{"name":"element","type":"uint256"},{"name":"elements","type":"uint256"}],"name":"ElementOutOfRange","type":"error"},
  {"inputs":[],"name":"HashFailed","type":"error"},
  {"inputs":[{"name":"operand","type":"uint256"},{"name":"leaf","type":"uint256"}],"name":"LeafNotUnderRoot","type":"error"},
  {"inputs":[{"name":"operand","type":"uint256"}],"name":"OperandNotUnderRoot","type":"error"},
  {"inputs":[],"name":"TokensNotUnderRoot","type":"error"},
  {"inputs":[{"name":"opcode","type":"uint16"}],"name":"UnknownOpcode","type":"error"},
  {"inputs":[{"name":"operand","type":"uint256"},{"name":"given","type":"uint256"},{"name":"expected","type":"uint256"}],"name":"WrongLeaves","type":"error"},
  {"inputs":[{"name":"given","type":"uint256"},{"name":"expected","type":"uint256"}],"name":"WrongOperands","type":"error"},
  {"inputs":[{"name":"descriptor","type":"bytes"},{"name":"element","type":"uint256"},{"components":[{"name":"program","type":"bytes32"},{"name":"trace","type":"bytes32"},{"name":"inputs","type":"bytes32[]"},{"name":"dataset","type":"bytes32"},{"name":"seed","type":"bytes32"},{"name":"participant","type":"address"},{"name":"step","type":"uint32"}],"name":"context","type":"tuple"},{"components":[{"components":[{"name":"dtype","type":"uint8"},{"name":"extents","type":"uint32[]"},{"name":"tree","type":"bytes32"},{"name":"siblings","type":"bytes32[]"},{"components":[{"name":"data","type":"bytes"},{"name":"siblings","type":"bytes32[]"}],"name":"leaves","type":"tuple[]"}],"name":"operands","type":"tuple[]"},{"components":[{"name":"vocabulary","type":"uint32"},{"name":"trainTokens","type":"uint64"},{"name":"heldOutTokens","type":"uint64"},{"name":"trainRoot","type":"bytes32"},{"name":"heldOutRoot","type":"bytes32"},{"components":[{"name":"data","type":"bytes"},{"name":"siblings","type":"bytes32[]"}],"name":"leaf","type":"tuple"}],"name":"tokens","type":"tuple"}],"name":"evidence","type":"tuple"}],"name":"evaluate","outputs":[{"components":[{"name":"fault","type":"bool"},{"name":"bits","type":"uint32"}],"name":"","type":"tuple"}],"stateMutability":"view","type":"function"},
] as const;
