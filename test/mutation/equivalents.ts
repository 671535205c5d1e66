/** Mutants that no test can tell from the contracts, each with the reason. */
export const equivalents: Readonly<Record<string, string>> = {};
