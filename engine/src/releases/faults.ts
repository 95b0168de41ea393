// What can go wrong with a release. Messages are Helm's own where Helm has one.

import { type Disposition, Fault } from "#kernel";

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

const retried: ReadonlySet<ReleaseFaultCode> = new Set([
  "release-cluster-failed",
  "release-storage-failed",
  "release-exists",
  "release-pending",
  "release-apply-failed",
  "release-hook-failed",
  "release-wait-failed",
  "release-delete-failed",
  "release-interrupted",
]);

export function releaseFault(
  code: ReleaseFaultCode,
  message: string,
  more: { hint?: string; cause?: unknown; disposition?: Disposition } = {},
): Fault<ReleaseFaultCode> {
  return new Fault({ code, disposition: retried.has(code) ? "retry" : "stall", message, ...more });
}
