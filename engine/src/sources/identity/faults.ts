// What can fail between an identity and its credentials.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of this unit's faults. */
export type IdentityFaultCode = "identity-invalid" | "identity-refused";

export function identityFault(options: FaultOptions<IdentityFaultCode>): Fault<IdentityFaultCode> {
  return new Fault<IdentityFaultCode>(options);
}

/** What is written wrongly, and where. */
export function invalid(at: string, message: string, hint: string): Fault<IdentityFaultCode> {
  return identityFault({ code: "identity-invalid", disposition: "retry", at, message, hint });
}
