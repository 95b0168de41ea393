// Why a HelmRelease is not reconciled, or not yet.

import { Fault, type FaultOptions } from "#kernel";

export type ReleaseKindFaultCode =
  | "values-unresolved"
  | "chart-unusable"
  | "release-source"
  | "release-access-denied"
  | "release-spec-invalid"
  | "release-refused"
  | "release-state-unknown";

export class ReleaseKindFault extends Fault<ReleaseKindFaultCode> {
  constructor(options: FaultOptions<ReleaseKindFaultCode>) {
    super(options);
  }
}
