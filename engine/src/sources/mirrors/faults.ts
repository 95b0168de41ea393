// What can be wrong with a map of mirrors.

import { Fault, type FaultOptions } from "#kernel";

/** Codes of this unit's faults. */
export type MirrorFaultCode = "mirrors-invalid";

export function mirrorFault(options: FaultOptions<MirrorFaultCode>): Fault<MirrorFaultCode> {
  return new Fault<MirrorFaultCode>(options);
}
