// Faults in Flux's words: the reason of the Ready condition, and what its message says.

import type { DeliveryFaultCode } from "#delivery";
import { type Fault, formatFault } from "#kernel";
import type { FluxFaultCode } from "./faults.ts";

/** The reason of the Ready condition for each thing that can go wrong. */
const reasons: Readonly<Record<DeliveryFaultCode | FluxFaultCode, string>> = {
  "spec-invalid": "InvalidSpec",
  "source-not-ready": "ArtifactFailed",
  "dependency-not-ready": "DependencyNotReady",
  "dependency-cycle": "DependencyNotReady",
  "expression-invalid": "InvalidCELExpression",
  "path-missing": "ArtifactFailed",
  "render-failed": "BuildFailed",
  "substitution-failed": "BuildFailed",
  // Flux builds it, and refuses to apply it.
  "decryption-missing": "ReconciliationFailed",
  "decryption-failed": "BuildFailed",
  "account-missing": "ReconciliationFailed",
  "target-unusable": "ReconciliationFailed",
  "cluster-busy": "ReconciliationFailed",
  "kind-unknown": "ReconciliationFailed",
  "namespace-missing": "ReconciliationFailed",
  "stage-refused": "ReconciliationFailed",
  terminating: "ReconciliationFailed",
  "apply-failed": "ReconciliationFailed",
  "prune-failed": "PruneFailed",
  "health-failed": "HealthCheckFailed",
  "health-timeout": "HealthCheckFailed",
  conflict: "ReconciliationFailed",
  "access-denied": "AccessDenied",
  "gate-closed": "FeatureGateDisabled",
  "cluster-failed": "ReconciliationFailed",
  "kind-later": "NotReconciled",
  "field-later": "NotReconciled",
};

export function reasonOf(fault: Fault): string {
  // Only a forbidden reference is denied to Flux; a refusal by the API server is a failure like any other.
  if (fault.code === "access-denied" && fault.disposition !== "stall") return "ReconciliationFailed";
  return (reasons as { readonly [code: string]: string | undefined })[fault.code] ?? "ReconciliationFailed";
}

/** The chain of what went wrong, and what to do about it. */
export function messageOf(fault: Fault): string {
  const isTerminal = fault.code === "expression-invalid";
  const text = `${isTerminal ? "Reconciliation failed terminally due to configuration error: " : ""}${formatFault(fault)}`;
  return fault.hint === undefined || text.includes(fault.hint) ? text : `${text}. What to do: ${fault.hint}`;
}

/** What is done when a thing goes wrong, in the order in which Flux does it. */
export type Step = "fetching" | "building" | "applying" | "checking";

/** Where in an attempt this goes wrong; what is not named meets the API server. */
export function stepOf({ code }: Fault): Step {
  if (code === "path-missing") return "fetching";
  if (code !== "decryption-missing" && /^(render|substitution|decryption|account|target)-/.test(code))
    return "building";
  return code.startsWith("health-") ? "checking" : "applying";
}

/** True for what comes before a revision is tried: the source, the dependencies. */
export function isBeforeAttempt(fault: Fault | undefined): boolean {
  return fault !== undefined && /^(source|dependency|expression)-/.test(fault.code);
}
