// What can go wrong between a chart and its cluster. Messages are Helm's own where Helm has one.

import { Fault } from "#kernel";

export type ReleaseFaultCode =
  | "release-cluster-failed"
  | "release-unknown-kind"
  | "release-not-owned"
  | "release-storage-failed"
  | "release-exists"
  | "release-absent"
  | "release-pending"
  | "release-name"
  | "release-render-failed"
  | "release-apply-failed"
  | "release-hook-failed"
  | "release-wait-failed"
  | "release-delete-failed"
  | "release-options"
  | "release-interrupted";

export function releaseFault(
  code: ReleaseFaultCode,
  message: string,
  more: { hint?: string; cause?: unknown } = {},
): Fault<ReleaseFaultCode> {
  return new Fault({ code, disposition: code === "release-cluster-failed" ? "retry" : "stall", message, ...more });
}
