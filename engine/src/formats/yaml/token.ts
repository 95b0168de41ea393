// What the scanner hands to the composer, and what the scalars' readers need of the scanner.

import type { YamlFault } from "./faults.ts";
import type { ScalarStyle } from "./node.ts";

export type TokenType =
  | "stream-end"
  | "directive"
  | "document-start"
  | "document-end"
  | "block-list-start"
  | "block-map-start"
  | "block-end"
  | "block-entry"
  | "flow-list-start"
  | "flow-list-end"
  | "flow-map-start"
  | "flow-map-end"
  | "flow-entry"
  | "key"
  | "value"
  | "alias"
  | "anchor"
  | "tag"
  | "scalar";

export class Token {
  type: TokenType;
  value: string;
  style: ScalarStyle;
  line: number;
  column: number;
  /** The comment that stands behind it in its line, with its `#`. */
  comment: string;

  constructor(type: TokenType, place: { line: number; column: number }, value = "", style: ScalarStyle = "plain") {
    this.type = type;
    this.value = value;
    this.style = style;
    this.line = place.line;
    this.column = place.column;
    this.comment = "";
  }
}

/** A place in the text that moves forward. */
export interface Cursor {
  readonly text: string;
  /** Index of the next character. */
  at: number;
  readonly line: number;
  readonly column: number;
  readonly flowLevel: number;
  readonly indent: number;
  /** Whether a key may begin here without a question mark. */
  isKeyAllowed: boolean;
  code(offset?: number): number;
  skipBreak(): void;
  skipComment(): void;
  isAtDocumentMark(): boolean;
  fault(message: string): YamlFault;
}
