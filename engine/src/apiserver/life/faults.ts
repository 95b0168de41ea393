// What the life of a cluster can fail of.

import type { Status } from "#cluster";
import { Fault } from "#kernel";

export type LifeFaultCode = "life-refused";

/** The server refused what was needed; it is tried again. */
export function refused(what: string, status: Status): Fault<LifeFaultCode> {
  return new Fault({
    code: "life-refused",
    disposition: "retry",
    message: `${what} was refused`,
    cause: new Error(`${status.reason}: ${status.message}`),
  });
}
