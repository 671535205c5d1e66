// Generated from the compiled contracts by sdk/generate.ts. Do not edit.
export * from './availability.ts';
export * from './claims.ts';
export * from './developmentToken.ts';
export * from './drandRandomness.ts';
export * from './errors.ts';
export * from './game.ts';
export * from './headerRandomness.ts';
export * from './ownership.ts';
export * from './protocol.ts';
export * from './randomness.ts';
export * from './referee.ts';
export * from './rules.ts';
export * from './runLens.ts';
export * from './runs.ts';
export * from './shareToken.ts';
export * from './stakeManager.ts';
export * from './verdicts.ts';
