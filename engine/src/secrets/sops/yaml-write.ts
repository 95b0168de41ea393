// YAML as SOPS writes it: go-yaml v3's block style with an indent of four, never folded, comments where they were
// (stores/yaml/store.go 3.13.3; emitterc.go of go.yaml.in/yaml v3.0.5, whose pending comments are kept the same way).

import { escapeCharacter, formatGoFloat, formatTimestamp, resolvePlain, textStyle } from "#formats/yaml";
import { encodeUtf8 } from "#kernel";
import { Branch, Moment, Remark, type Scalar, type Value } from "./tree.ts";

const indentStep = 4;

/** Documents as one YAML text. */
export function formatYamlTree(documents: readonly Branch[]): Uint8Array {
  const writer = new Writer();
  for (const document of documents) writer.document(document);
  return encodeUtf8(writer.text());
}

type Comments = { head: string[]; line: string[]; foot: string[] };

/** A node with the comments that belong to it, as go-yaml's nodes carry them. */
type Node = Comments & { key: string; value: Value };

class Writer {
  readonly #out: string[] = [];
  #column = 0;
  /** Nothing but blanks and dashes in this line so far. */
  #isIndention = true;
  #hasBlank = true;
  #footIndent = -1;
  #isFirst = true;
  /** Comments that wait for the place where the emitter writes them. */
  #pending = { head: "", line: "", foot: "", tail: "" };

  text(): string {
    return this.#out.join("");
  }

  document(branch: Branch): void {
    if (!this.#isFirst) {
      this.#startLine(0);
      this.#put("---");
      this.#hasBlank = false;
      this.#isIndention = false;
      this.#startLine(0);
    }
    this.#isFirst = false;
    const { nodes, head } = pairsOf(branch);
    if (head !== "") this.#pending.head = head;
    this.#head(0);
    if (nodes.length === 0) this.#put("{}");
    else this.#pairs(nodes, 0);
    this.#footIndent = 0;
    this.#foot(0);
    this.#footIndent = -1;
    this.#startLine(0);
  }

  #pairs(nodes: readonly Node[], indent: number): void {
    let tail = "";
    for (const node of nodes) {
      if (tail !== "") this.#pending.tail = tail;
      if (node.head.length > 0) this.#pending.head = commentText(node.head);
      this.#head(indent);
      this.#startLine(indent);
      this.#key(node.key, indent);
      tail = commentText(node.foot);
      this.#value(node, indent);
    }
    if (tail !== "") this.#pending.tail = tail;
    this.#head(indent);
  }

  /** A long key, or one of several lines, needs a question mark. */
  #key(key: string, indent: number): void {
    const isSimple = !key.includes("\n") && Buffer.byteLength(key) <= 128;
    if (isSimple) {
      this.#put(`${keyText(key)}:`);
      this.#hasBlank = false;
      this.#isIndention = false;
      return;
    }
    this.#put("?");
    this.#hasBlank = false;
    this.#scalar(key, nextIndent(indent));
    this.#startLine(indent);
    this.#put(":");
    this.#hasBlank = false;
  }

  #value(node: Node, indent: number): void {
    const { value } = node;
    const inner = nextIndent(indent);
    const list = listOf(value);
    if (list !== undefined) this.#nested(list, { outer: indent, inner });
    else {
      if (node.line.length > 0) this.#pending.line = commentText(node.line);
      this.#scalar(value as Scalar, inner);
    }
    this.#line();
    this.#foot(indent);
  }

  #nested(list: Nodes, indent: { outer: number; inner: number }): void {
    if (list.head !== "") this.#pending.head = list.head;
    if (list.nodes.length > 0) {
      if (list.isList) this.#items(list.nodes, indent.inner);
      else this.#pairs(list.nodes, indent.inner);
      return;
    }
    this.#space();
    this.#put(list.isList ? "[" : "{");
    this.#hasBlank = true;
    this.#isIndention = false;
    // Comments of an empty mapping stand in its braces; those of an empty list wait for what comes next.
    if (!list.isList) this.#head(indent.inner);
    this.#put(list.isList ? "]" : "}");
    this.#hasBlank = false;
    this.#isIndention = false;
    this.#line();
    this.#foot(indent.outer);
  }

  #items(nodes: readonly Node[], indent: number): void {
    for (const node of nodes) {
      const { value } = node;
      const list = listOf(value);
      const head = [commentText(node.head), list?.head ?? ""].filter((text) => text !== "").join("\n");
      if (head !== "") this.#pending.head = head;
      const foot = commentText(node.foot);
      this.#head(indent);
      this.#startLine(indent);
      this.#space();
      this.#put("-");
      this.#hasBlank = false;
      if (list === undefined) {
        if (node.line.length > 0) this.#pending.line = commentText(node.line);
        if (foot !== "") this.#pending.foot = foot;
        this.#scalar(value as Scalar, indent + 2);
      } else {
        // A foot comment is met at the end of a block: the emitter writes it behind what comes next.
        if (list.nodes.length === 0 && foot !== "") this.#pending.foot = foot;
        this.#nested({ ...list, head: "" }, { outer: indent, inner: indent + 2 });
        if (list.nodes.length > 0 && foot !== "") this.#pending.foot = foot;
        if (list.nodes.length > 0) continue;
      }
      this.#line();
      this.#foot(indent);
    }
  }

  #scalar(value: Scalar, indent: number): void {
    const text = scalarText(value);
    if (text.style !== "literal") {
      if (text.text === "") return;
      this.#space();
      // Quoted text goes on at the indent after the two breaks that YAML has beside the line feed.
      this.#put(
        text.text.replace(/^'.*'$/s, (quoted) => quoted.replace(/[\u2028\u2029]+/g, `$&${" ".repeat(indent)}`)),
      );
      this.#hasBlank = false;
      this.#isIndention = false;
      return;
    }
    this.#space();
    this.#put(`|${blockHints(text.text)}`);
    this.#hasBlank = false;
    if (this.#pending.line === "") this.#break();
    else this.#line();
    this.#hasBlank = true;
    for (const piece of text.text.split(/([\n\u2028\u2029])/)) {
      if (piece === "\n") this.#break();
      else if (piece === "\u2028" || piece === "\u2029") this.#otherBreak(piece);
      else if (piece !== "") {
        if (this.#isIndention) this.#put(" ".repeat(indent));
        this.#put(piece);
        this.#isIndention = false;
      }
    }
  }

  #otherBreak(mark: string): void {
    this.#out.push(mark);
    this.#column = 0;
    this.#isIndention = true;
  }

  /** Begins a line at an indent, unless one stands begun there. */
  #startLine(indent: number): void {
    if (!this.#isIndention || this.#column > indent || (this.#column === indent && !this.#hasBlank)) this.#break();
    if (this.#footIndent === indent) this.#break();
    if (this.#column < indent) this.#put(" ".repeat(indent - this.#column));
    this.#hasBlank = true;
    this.#footIndent = -1;
  }

  #head(indent: number): void {
    if (this.#pending.tail !== "") {
      this.#startLine(indent);
      this.#comment(this.#take("tail"), indent);
      this.#footIndent = indent;
    }
    if (this.#pending.head === "") return;
    this.#startLine(indent);
    this.#comment(this.#take("head"), indent);
  }

  #line(): void {
    if (this.#pending.line === "") return;
    this.#space();
    this.#comment(this.#take("line"), this.#column);
  }

  #foot(indent: number): void {
    if (this.#pending.foot === "") return;
    this.#startLine(indent);
    this.#comment(this.#take("foot"), indent);
    this.#footIndent = indent;
  }

  #take(which: "head" | "line" | "foot" | "tail"): string {
    const text = this.#pending[which];
    this.#pending[which] = "";
    return text;
  }

  #comment(text: string, indent: number): void {
    text.split("\n").forEach((line, index) => {
      if (index > 0) {
        this.#break();
        this.#startLine(indent);
      }
      this.#put(line);
      this.#isIndention = false;
    });
    this.#break();
    this.#hasBlank = true;
  }

  #space(): void {
    if (!this.#hasBlank) this.#put(" ");
  }

  #put(text: string): void {
    this.#out.push(text);
    this.#column += text.length;
  }

  #break(): void {
    this.#out.push("\n");
    this.#column = 0;
    this.#isIndention = true;
  }
}

/** The next stop of the indent: a list's dash may have put the last one between two. */
function nextIndent(indent: number): number {
  return indentStep * Math.floor((indent + indentStep) / indentStep);
}

type Nodes = { nodes: Node[]; head: string; isList: boolean };

function listOf(value: Value): Nodes | undefined {
  if (value instanceof Branch) return pairsOf(value);
  return Array.isArray(value) ? itemsOf(value as readonly Value[]) : undefined;
}

function commentText(lines: readonly string[]): string {
  return lines.map((line) => `#${line}`).join("\n");
}

/** Comments before the first key belong to the mapping, later ones to the key after them, the last ones behind the last. */
function pairsOf(branch: Branch): Nodes {
  const entries = branch.items.map((item) =>
    item.key instanceof Remark ? item.key : { key: item.key, value: item.value },
  );
  return { ...nodesOf(entries), isList: false };
}

function itemsOf(items: readonly Value[]): Nodes {
  const entries = items.map((item) => (item instanceof Remark ? item : { key: "", value: item }));
  return { ...nodesOf(entries), isList: true };
}

function nodesOf(entries: readonly (Remark | { key: string; value: Value })[]): Omit<Nodes, "isList"> {
  const nodes: Node[] = [];
  let before: string[] = [];
  let inline: string[] = [];
  let head = "";
  for (const entry of entries) {
    if (entry instanceof Remark) {
      (entry.isInline ? inline : before).push(entry.text);
      continue;
    }
    if (nodes.length === 0) {
      head = commentText(before);
      before = [];
    }
    nodes.push({ ...entry, head: before, line: inline, foot: [] });
    before = [];
    inline = [];
  }
  const rest = [...before, ...inline];
  const last = nodes.at(-1);
  if (last !== undefined) last.foot = rest;
  else head = commentText(rest);
  return { nodes, head };
}

function keyText(key: string): string {
  if (key === "") return '""';
  const { text, style } = scalarText(key);
  return style === "literal" ? doubleQuoted(key) : text;
}

function scalarText(value: Scalar): { text: string; style: "literal" | "other" } {
  const other = (text: string): { text: string; style: "other" } => ({ text, style: "other" });
  if (value === null) return other("null");
  if (value instanceof Moment) return other(formatTimestamp(value.text));
  if (value instanceof Uint8Array) return other(`!!binary ${Buffer.from(value).toString("base64")}`);
  if (typeof value === "number") return other(formatGoFloat(value));
  if (typeof value !== "string") return other(String(value));
  if (value === "") return other('""');
  // Text that begins a merge elsewhere is marked as go-yaml marks it.
  if (value === "<<") return other("!!merge <<");
  return textOf(value);
}

function textOf(value: string): { text: string; style: "literal" | "other" } {
  const hasTab = value.includes("\t");
  if (value.includes("\n")) {
    // A tab may stand in a block, where go-yaml v2 did not let it.
    const style = textStyle(value.replaceAll("\t", "x"));
    const isBlock = style === "literal" && !/[\ud800-\udfff]/.test(value);
    return isBlock ? { text: value, style: "literal" } : { text: doubleQuoted(value), style: "other" };
  }
  const style = hasTab ? "double" : textStyle(value);
  const isText = resolvePlain(value, "v3").tag === "!!str";
  if (!isText || style === "double" || style === "literal") return { text: doubleQuoted(value), style: "other" };
  return { text: style === "single" ? `'${value.replaceAll("'", "''")}'` : value, style: "other" };
}

function blockHints(text: string): string {
  const hint = /^[ \n\u2028\u2029]/.test(text) ? String(indentStep) : "";
  if (!/[\n\u2028\u2029]$/.test(text)) return `${hint}-`;
  return /^[\n\u2028\u2029]$|[\n\u2028\u2029]{2}$/.test(text) ? `${hint}+` : hint;
}

/** What go-yaml takes as printable: all else is escaped, and so is everything beyond the basic plane. */
const printable = /^[\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]$/;

function doubleQuoted(text: string): string {
  let out = "";
  // go-yaml looks for the byte order mark at the text's start, whatever it writes: then it escapes all (is_bom).
  const isAllEscaped = text.startsWith("\ufeff");
  for (const character of text) {
    const code = character.codePointAt(0) as number;
    if (isAllEscaped) {
      out += escapeCharacter(code);
      continue;
    }
    const isPlain = printable.test(character) && code !== 34 && code !== 92 && code !== 0x2028 && code !== 0x2029;
    out += isPlain ? character : escapeCharacter(code);
  }
  return `"${out}"`;
}
