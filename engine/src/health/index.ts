// Health of an object by its kind, and by a delivery's own expressions.

export { assess, type AssessOptions } from "./assess.ts";
export type { Health, HealthStatus, KStatus } from "./health.ts";
export { checkExpressions, type HealthExpressions } from "./expressions.ts";
