/** Units of cost that one rule of a definition may be estimated at (apiextensions validation, StaticEstimatedCostLimit). */
export const ruleCostMax = 10_000_000n;

/** Units of all rules of one schema (StaticEstimatedCRDCostLimit). */
export const definitionCostMax = 100_000_000n;

/** Where the sum is too much, the rules that cost most are named: so many, and none below a hundredth of the limit. */
export const namedCostsMax = 4;
export const namedCostMin: bigint = definitionCostMax / 100n;

/** Bytes of a request, by which the number of values is bounded where a schema does not (celconfig.MaxRequestSizeBytes). */
export const requestBytesMax: number = 3 * 1024 * 1024;
