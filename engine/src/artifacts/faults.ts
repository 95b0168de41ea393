// What can fail between a fetched source and its artifact.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of this folder's faults. */
export type ArtifactFaultCode =
  | "secret-absent"
  | "spec-invalid"
  | "not-supported"
  | "include-unavailable"
  | "source-unavailable"
  | "generate-failed"
  | "cluster-refused"
  | "archive-invalid"
  | "download-failed";

export function artifactFault(options: FaultOptions<ArtifactFaultCode>): Fault<ArtifactFaultCode> {
  return new Fault<ArtifactFaultCode>(options);
}
