// What can fail between an artifact and the signatures of the Notary Project on it.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of this folder's faults. */
export type NotationFaultCode = "notation-policy-invalid" | "notation-signature-absent" | "notation-signature-invalid";

export function notationFault(options: FaultOptions<NotationFaultCode>): Fault<NotationFaultCode> {
  return new Fault<NotationFaultCode>(options);
}
