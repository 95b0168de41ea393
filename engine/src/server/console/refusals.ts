// What the console is told when something cannot be shown or done: an HTTP status, plain words, and what to do.

import type { Refusal, RefusalCode } from "#api/console";
import type { Status } from "#cluster";
import { Fault, formatFault } from "#kernel";

/** Thrown by whatever answers a request; the edge sends it. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(code: RefusalCode, message: string, hint?: string) {
    super(message);
    this.name = "Refused";
    this.refusal = { code, message, ...(hint === undefined ? {} : { hint }) };
  }
}

const statuses: Readonly<Record<RefusalCode, number>> = {
  malformed: 400,
  "signed-out": 401,
  denied: 403,
  "read-only": 403,
  foreign: 403,
  absent: 404,
  moved: 409,
  "not-possible": 409,
  "too-large": 413,
  busy: 429,
  failed: 502,
  "not-ready": 503,
  internal: 500,
};

export function statusOf({ code }: Refusal): number {
  return statuses[code];
}

/** A Kubernetes refusal in the console's words; `doing` says what was tried. */
export function refusedBy(status: Status, doing: string): Refused {
  const { code, message } = status;
  if (code === 403)
    return new Refused(
      "denied",
      `${doing}: you may not: ${message}`,
      "ask for a Role that allows it; the console can do nothing that you cannot do with kubectl",
    );
  if (code === 404)
    return new Refused(
      "absent",
      `${doing}: ${message}`,
      "see whether kind, namespace and name are right; it may be gone",
    );
  if (code === 409) return new Refused("moved", `${doing}: somebody else changed it meanwhile`, "look again");
  if (code === 429) return new Refused("busy", `${doing}: the cluster has too much to do`, "try again in a moment");
  if (code === 0) return new Refused("failed", `${doing}: the cluster does not answer: ${message}`);
  return new Refused("failed", `${doing}: ${message}`);
}

/** Whatever was thrown; a bug says nothing of itself to the reader. */
export function refusalOf(thrown: unknown): Refusal {
  if (thrown instanceof Refused) return thrown.refusal;
  if (thrown instanceof Fault)
    return {
      code: "failed",
      message: formatFault(thrown),
      ...(thrown.hint === undefined ? {} : { hint: thrown.hint }),
    };
  return { code: "internal", message: "the server made a mistake", hint: "its log says which" };
}
