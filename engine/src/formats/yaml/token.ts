// What the scanner hands to the composer, and what the scalars' readers need of the scanner.

import type { YamlFault } from "./faults.ts";
import type { ScalarStyle } from "./node.ts";

export type TokenType =
  | "stream-start"
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

export type TokenPlace = { at: number; line: number; column: number };

export class Token {
  type: TokenType;
  value: string;
  style: ScalarStyle;
  line: number;
  column: number;
  /** Index into the text. */
  at: number;

  constructor(type: TokenType, place: TokenPlace, value = "", style: ScalarStyle = "plain") {
    this.type = type;
    this.value = value;
    this.style = style;
    this.line = place.line;
    this.column = place.column;
    this.at = place.at;
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
  /** Where the next character stands, 1-based. */
  here(): TokenPlace;
  /** Steps over the comment of a token that begins at `owner`. */
  skipComment(owner: number): void;
  isAtDocumentMark(): boolean;
  fault(message: string): YamlFault;
}
