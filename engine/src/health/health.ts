// How an object is doing, and the words rules build it from. Pure data: equal objects give equal health.

/** Best to worst for one object is no order: a reader chooses what matters to it. */
export type HealthStatus = "healthy" | "progressing" | "degraded" | "suspended" | "missing" | "unknown";

/** The status that kstatus (the library that Flux waits with) computes for the same object. */
export type KStatus = "Current" | "InProgress" | "Failed" | "Terminating" | "NotFound" | "Unknown";

export type Health = {
  status: HealthStatus;
  /** One CamelCase word, as in conditions. */
  reason: string;
  /** Plain words: what is, and how far it is. */
  message: string;
  /** As kstatus names it, to the letter. */
  kstatus: KStatus;
  /** As Flux's waits see it: kstatus, but a Job is Current only once it is complete or suspended. Failed fails fast. */
  waits: KStatus;
};

/** What a rule finds; `status` and `waits` follow from `kstatus` unless the rule says otherwise. */
export type Finding = {
  kstatus: KStatus;
  reason: string;
  message: string;
  status?: HealthStatus;
  waits?: KStatus;
};

const statusOf: Readonly<Record<KStatus, HealthStatus>> = {
  Current: "healthy",
  InProgress: "progressing",
  Failed: "degraded",
  Terminating: "progressing",
  NotFound: "missing",
  Unknown: "unknown",
};

export function healthOf(finding: Finding): Health {
  return {
    status: finding.status ?? statusOf[finding.kstatus],
    reason: finding.reason,
    message: finding.message,
    kstatus: finding.kstatus,
    waits: finding.waits ?? finding.kstatus,
  };
}

export function current(message: string, reason = "Current"): Finding {
  return { kstatus: "Current", reason, message };
}

export function inProgress(reason: string, message: string): Finding {
  return { kstatus: "InProgress", reason, message };
}

export function failed(reason: string, message: string): Finding {
  return { kstatus: "Failed", reason, message };
}

/** `1 of 3 replicas`, with the noun in its right number. */
export function share(have: number, want: number, noun: string): string {
  return `${have} of ${want} ${noun}${want === 1 ? "" : "s"}`;
}
