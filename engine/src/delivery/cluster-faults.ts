// A server's refusal as a Fault: what may pass is retried, what the reader must change says so.

import type { Status } from "#cluster";
import { DeliveryFault, type DeliveryFaultCode } from "./faults.ts";

export function clusterFault(status: Status, message: string, at?: string): DeliveryFault {
  const code: DeliveryFaultCode =
    status.code === 401 || status.code === 403
      ? "access-denied"
      : status.code === 0
        ? "cluster-failed"
        : "apply-failed";
  return new DeliveryFault({
    code,
    disposition: "retry",
    message,
    ...(at === undefined ? {} : { at }),
    ...hintOf(status),
    cause: new Error(status.message),
  });
}

function hintOf(status: Status): { hint?: string } {
  if (status.code === 0) return { hint: "is the API server running and reachable?" };
  if (status.code === 401) return { hint: "the credentials were not accepted" };
  if (status.code === 403) return { hint: "the identity that applies needs a Role that allows this" };
  return {};
}
