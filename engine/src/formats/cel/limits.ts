/** Steps that one evaluation may take at most, estimated from the expression and its data; Kubernetes stops a rule at ten million. */
export const stepsMax = 50_000_000;

/** Programs kept parsed: an API server's rules and health expressions are a few thousand. */
export const programsCachedMax = 5_000;

/** Length of an expression; Kubernetes' own definitions stay far below. */
export const expressionLengthMax: number = 64 * 1024;

/** Regular expressions kept compiled. */
export const patternsCachedMax = 1_000;

/** Numbers that lists.range may count out: more cost more than any rule may. */
export const rangeMax = 1_000_000n;

/** Expressions within expressions: cel-go's own limit. */
export const nestingMax = 250;

/** Bytes of a request, by which Kubernetes bounds what a schema does not. */
export const requestBytesMax: number = 3 * 1024 * 1024;

/** Bytes of values of fixed forms in JSON (apiserver/pkg/cel/limits.go): the longest duration and time, the shortest, a date. */
export const durationBytes = 32;
export const durationBytesMin = 3;
export const timeBytes = 32;
export const timeBytesMin = 21;
export const dateBytes = 12;
