// What can be wrong with YAML text.

import { Fault } from "#kernel";

export type YamlFaultCode = "yaml-syntax" | "yaml-value" | "yaml-duplicate-key" | "yaml-limit";

/** A fault of YAML text at a 1-based line and column. */
export class YamlFault extends Fault<YamlFaultCode> {
  readonly line: number;
  readonly column: number;

  constructor(code: YamlFaultCode, message: string, place: { line: number; column: number }) {
    super({ code, disposition: "stall", at: `line ${place.line}, column ${place.column}`, message });
    this.line = place.line;
    this.column = place.column;
  }
}
