// In which step a pass failed, so that the condition is called as Flux calls it.

import { Fault, faultFrom } from "#kernel";
import type { FailureMark } from "./source-pass.ts";

export type Phase = {
  type: string;
  reason: string;
  status?: "True" | "False";
  /** undefined: the fault's own words. */
  message?: string;
  /** A second condition that Flux sets True with it. */
  also?: { type: string; reason: string; prefix?: string };
};

/** A fault that knows its condition. */
export class PhaseFault extends Fault {
  readonly phase: Phase;

  constructor(phase: Phase, cause: Fault) {
    const { code, disposition, hint } = cause;
    const { message } = phase;
    const told = message === undefined ? { message: cause.message, cause: cause.cause } : { message, cause };
    super({ code, disposition, ...told, ...(hint === undefined ? {} : { hint }) });
    this.phase = phase;
  }
}

/** Runs a step; what fails in it is told as a failure of the phase. */
export async function during<T>(phase: Phase, step: () => Promise<T> | T): Promise<T> {
  try {
    return await step();
  } catch (thrown) {
    if (thrown instanceof PhaseFault) throw thrown;
    throw new PhaseFault(phase, faultFrom(thrown));
  }
}

/** Codes that no repetition mends: the object itself must be changed. */
const ofSpec: readonly string[] = [
  "oci-url-invalid",
  "oci-reference-invalid",
  "http-url-invalid",
  "chart-url-invalid",
  "chart-reference-invalid",
  "chart-absent",
  "bucket-invalid",
  "not-supported",
];

/** The condition for a fault, in whatever step it came up. */
export function failureOf(fault: Fault): FailureMark {
  const isStalled = fault.disposition === "stall" && ofSpec.includes(fault.code);
  if (fault.code === "storage-failed")
    return { type: "StorageOperationFailed", status: "True", reason: "ArchiveOperationFailed", isStalled };
  if (fault.code === "cluster-refused")
    return { type: "StorageOperationFailed", status: "True", reason: "PatchOperationFailed", isStalled };
  if (!(fault instanceof PhaseFault)) return { type: "FetchFailed", status: "True", reason: "Failed", isStalled };
  const { type, reason, status = "True", also } = fault.phase;
  return { type, status, reason, isStalled, ...(also === undefined ? {} : { also }) };
}
