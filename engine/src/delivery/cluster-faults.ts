// A server's refusal as a Fault: what may pass is retried, what the reader must change says so.

import type { Status } from "#cluster";
import { DeliveryFault, type DeliveryFaultCode } from "./faults.ts";

export function clusterFault(status: Status, message: string, at?: string): DeliveryFault {
  return new DeliveryFault({
    code: codeOf(status),
    disposition: "retry",
    message,
    ...(at === undefined ? {} : { at }),
    ...hintOf(status),
    cause: new Error(status.message),
  });
}

function codeOf(status: Status): DeliveryFaultCode {
  if (isRoutineConflict(status)) return "conflict";
  if (isOverload(status)) return "cluster-failed";
  return status.code === 401 || status.code === 403 ? "access-denied" : "apply-failed";
}

/** True for an answer that says nothing about what was asked: it is asked again soon. */
export function isTransient(status: Status): boolean {
  return isRoutineConflict(status) || isOverload(status);
}

/** Somebody else wrote the object between our read and our write. */
function isRoutineConflict({ code, message }: Status): boolean {
  return (code === 409 && /object has been modified|cannot be fulfilled/i.test(message)) || isFailedTest(code, message);
}

/** A JSON patch that is guarded by the version it was made for. */
function isFailedTest(code: number, message: string): boolean {
  return code === 422 && /test(ing)?( operation)?.*resourceVersion|resourceVersion.*test/i.test(message);
}

/** No server, or one that is too busy or restarting. */
function isOverload({ code }: Status): boolean {
  return code === 0 || code === 429 || code === 502 || code === 503 || code === 504;
}

function hintOf(status: Status): { hint?: string } {
  if (status.code === 0) return { hint: "is the API server running and reachable?" };
  if (status.code === 401) return { hint: "the credentials were not accepted" };
  if (status.code === 403) return { hint: "the identity that applies needs a Role that allows this" };
  return {};
}
