// A YAML document as a tree that can be changed. One class for all kinds, so that the engine sees one shape. A map's
// items are key, value, key, value. Comments are in it only where the composer was told to keep them.

export type NodeKind = "scalar" | "map" | "list" | "alias";
/** `flow` is the style of lists in brackets and maps in braces; on a scalar it means plain. */
export type ScalarStyle = "plain" | "single" | "double" | "literal" | "folded" | "flow";

export class YamlNode {
  kind: NodeKind;
  /** The tag as written, in short form ("!!str", "!own"), or "" where none is written. */
  tag: string;
  /** True when the tag is written out, not implied. */
  isTagged: boolean;
  /** A scalar's text, an alias' name; "" otherwise. */
  value: string;
  style: ScalarStyle;
  items: YamlNode[];
  /** True where a list or map has lost all items it had. */
  isEmptied: boolean;
  anchor: string;
  target: YamlNode | undefined;
  /** 1-based; 0 for a node that was not read from text. */
  line: number;
  column: number;
  /** The comment behind it in its line, with its `#`; behind a key, where the value begins on a later line. */
  lineComment: string;
  /** Comments in front of it, each line with its `#`; blank lines may be among them. */
  headComment: string;
  /** Comments below it. */
  footComment: string;

  constructor(kind: NodeKind, value = "", tag = "") {
    this.kind = kind;
    this.tag = tag;
    this.isTagged = false;
    this.value = value;
    this.style = "plain";
    this.items = kind === "scalar" || kind === "alias" ? noItems : [];
    this.isEmptied = false;
    this.anchor = "";
    this.target = undefined;
    this.line = 0;
    this.column = 0;
    this.lineComment = "";
    this.headComment = "";
    this.footComment = "";
  }
}

/** Shared by all scalars: frozen, so that none gives its items to all others. */
const noItems = Object.freeze([]) as unknown as YamlNode[];
