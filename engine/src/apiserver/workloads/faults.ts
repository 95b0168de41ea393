// What the simulation can fail of.

import type { Status } from "#cluster";
import { Fault } from "#kernel";

export type WorkloadFaultCode = "workload-refused" | "workload-stale" | "workload-schedule";

/** The server refused a write; it is tried again. */
export function refused(what: string, status: Status): Fault<WorkloadFaultCode> {
  const isStale = status.code === 409 || status.code === 404;
  return new Fault({
    code: isStale ? "workload-stale" : "workload-refused",
    disposition: "retry",
    message: isStale ? `${what} met a newer state` : `${what} was refused`,
    cause: new Error(`${status.reason}: ${status.message}`),
  });
}
