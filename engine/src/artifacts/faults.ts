// What can fail between a fetched source and its artifact.

import { Fault, faultFrom, type FaultOptions } from "#kernel";

/** Codes of this folder's faults. */
export type ArtifactFaultCode =
  | "secret-absent"
  | "spec-invalid"
  | "not-supported"
  | "include-unavailable"
  | "source-unavailable"
  | "access-denied"
  | "verification-failed"
  | "generate-failed"
  | "cluster-refused"
  | "storage-failed"
  | "chart-build-failed"
  | "archive-invalid"
  | "download-failed";

export function artifactFault(options: FaultOptions<ArtifactFaultCode>): Fault<ArtifactFaultCode> {
  return new Fault<ArtifactFaultCode>(options);
}

/** What the disk said while an artifact was written; a Fault of the content itself is passed on. */
export function storageFault(at: string, cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  const { code = "" } = (cause ?? {}) as NodeJS.ErrnoException;
  if (!/^E[A-Z]+$/.test(code)) return faultFrom(cause);
  const isFull = code === "ENOSPC" || code === "EDQUOT";
  return artifactFault({
    code: "storage-failed",
    disposition: "retry",
    at,
    message: isFull ? "the disk is full, so the artifact cannot be stored" : "the artifact cannot be stored",
    hint: isFull
      ? "free some space; the artifact before stays until then"
      : "check the data folder and its permissions; the artifact before stays until then",
    cause,
  });
}
