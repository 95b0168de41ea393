// What can be wrong with YAML text.

import { Fault } from "#kernel";
import type { YamlNode } from "./node.ts";

export type YamlFaultCode = "yaml-syntax" | "yaml-value" | "yaml-duplicate-key" | "yaml-limit";

/** A fault of YAML text at a 1-based line and column. */
export class YamlFault extends Fault<YamlFaultCode> {
  readonly line: number;
  readonly column: number;
  /** The line that go-yaml names for it, 0 where it names none: its scanner tells none for the first line. */
  readonly namedLine: number;
  /** The key that is none, and its value. */
  entry: readonly [key: YamlNode, value: YamlNode] | undefined;

  constructor(
    code: YamlFaultCode,
    message: string,
    place: { line: number; column: number },
    namedLine: number = place.line < 2 ? 0 : place.line,
  ) {
    super({ code, disposition: "stall", at: `line ${place.line}, column ${place.column}`, message });
    this.line = place.line;
    this.column = place.column;
    this.namedLine = namedLine;
  }
}
