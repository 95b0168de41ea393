// What can fail between a chart repository and a chart.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of chart repositories' faults. */
export type ChartFaultCode =
  | "chart-url-invalid"
  | "chart-index-invalid"
  | "chart-reference-invalid"
  | "chart-absent"
  | "chart-digest-mismatch"
  | "chart-invalid";

export function chartFault(options: FaultOptions<ChartFaultCode>): Fault<ChartFaultCode> {
  return new Fault<ChartFaultCode>(options);
}
