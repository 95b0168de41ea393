// Why an object of Flux's kinds is not reconciled.

import { Fault, type FaultOptions } from "#kernel";

export type FluxFaultCode =
  | "kind-later"
  | "field-later"
  | "expression-invalid"
  | "spec-invalid"
  | "access-denied"
  | "gate-closed";

export class FluxFault extends Fault<FluxFaultCode> {
  constructor(options: FaultOptions<FluxFaultCode>) {
    super(options);
  }
}
