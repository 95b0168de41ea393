// What can go wrong between a chart and its cluster. Messages are Helm's own where Helm has one.

import { Fault } from "#kernel";

export type ReleaseFaultCode = "release-cluster-failed" | "release-unknown-kind" | "release-not-owned";

export function releaseFault(
  code: ReleaseFaultCode,
  message: string,
  more: { hint?: string; cause?: unknown } = {},
): Fault<ReleaseFaultCode> {
  return new Fault({ code, disposition: code === "release-cluster-failed" ? "retry" : "stall", message, ...more });
}
