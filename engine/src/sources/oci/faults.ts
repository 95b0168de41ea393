// What can fail between an OCI reference and its content.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of registries' faults. */
export type OciFaultCode =
  | "oci-url-invalid"
  | "oci-reference-invalid"
  | "oci-credentials-invalid"
  | "oci-manifest-invalid"
  | "oci-digest-mismatch"
  | "oci-tag-absent"
  | "oci-layer-absent"
  | "oci-signature-absent"
  | "oci-signature-invalid"
  | "oci-trust-invalid";

export function ociFault(options: FaultOptions<OciFaultCode>): Fault<OciFaultCode> {
  return new Fault<OciFaultCode>(options);
}
