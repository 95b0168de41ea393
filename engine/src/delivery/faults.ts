// What can go wrong with a delivery. Dialects map each code to their own condition reasons.

import { Fault, type FaultOptions } from "#kernel";

export type DeliveryFaultCode =
  | "spec-invalid"
  | "source-not-ready"
  | "dependency-not-ready"
  | "dependency-cycle"
  | "expression-invalid"
  | "path-missing"
  | "render-failed"
  | "substitution-failed"
  | "decryption-missing"
  | "decryption-failed"
  | "account-missing"
  | "target-unusable"
  | "cluster-busy"
  | "kind-unknown"
  | "namespace-missing"
  | "stage-refused"
  | "terminating"
  | "apply-failed"
  | "prune-failed"
  | "health-failed"
  | "health-timeout"
  | "conflict"
  | "access-denied"
  | "cluster-failed";

export class DeliveryFault extends Fault<DeliveryFaultCode> {
  constructor(options: FaultOptions<DeliveryFaultCode>) {
    super(options);
  }
}
