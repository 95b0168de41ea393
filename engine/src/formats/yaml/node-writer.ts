// Node trees to text as go-yaml v3 writes them for kyaml (emitterc.go): styles and comments kept, lists at their parent's
// indent, no folding. Its emitter sees one event at a time and holds each comment until the next place where such comments
// are written, which may be another node's; that is followed step by step, also where what it makes cannot be read back.

import { blockHints, doubleQuoted, shapeOf, tagText, writtenStyle, writtenTag } from "./node-scalar.ts";
import type { YamlNode } from "./node.ts";

/** What a node is to what holds it; `key` is one that fits a line, `long-key` stands behind a question mark. */
type Place = "root" | "item" | "flow-item" | "key" | "long-key" | "value";

/** A key is simple up to so many bytes (yaml_emitter_check_simple_key). */
const keyBytesMost = 128;
const step = 2;
const lineBreak = /[\n\r\x85\u2028\u2029]/;

export type DocumentComments = { headComment?: string; footComment?: string };

/** The text of a document, with a break at its end. */
export function writeNodes(root: YamlNode, comments: DocumentComments = {}): string {
  return new NodeWriter().write(root, comments);
}

class NodeWriter {
  #out = "";
  #column = 0;
  #indent = -1;
  readonly #indents: number[] = [];
  #isAfterSpace = true;
  /** Nothing but indentation stands in the line so far. */
  #isIndented = true;
  /** At this indent a blank line has to part what comes from the foot above. */
  #footIndent = -1;
  #flowDepth = 0;
  /** Comments that wait to be written. */
  #head = "";
  #line = "";
  #foot = "";
  #tail = "";
  #keyLine = "";

  write(root: YamlNode, { headComment = "", footComment = "" }: DocumentComments): string {
    if (headComment !== "") {
      this.#head = headComment;
      this.#writeHead();
      this.#break();
    }
    this.#announce(root, "root");
    this.#writeHead();
    this.#writeNode(root, "root");
    this.#foot = footComment || this.#foot;
    this.#footIndent = 0;
    this.#writeFoot();
    this.#footIndent = -1;
    this.#writeIndent();
    return this.#out;
  }

  /** Notes the comments of a node that begins; those at the end of a list or map come with its end. */
  #announce(node: YamlNode, place: Place, tail = ""): void {
    this.#head = node.headComment || this.#head;
    if (node.kind === "scalar" || node.kind === "map") this.#tail = tail || this.#tail;
    if (node.kind === "scalar" || node.kind === "alias") this.#announceEnd(node, place);
  }

  #announceEnd(node: YamlNode, place: Place, tail = ""): void {
    this.#tail = tail || this.#tail;
    this.#line = node.lineComment || this.#line;
    // The foot of a key comes behind its value, as the tail of the next key or of the map's end.
    if (place !== "key" && place !== "long-key") this.#foot = node.footComment || this.#foot;
  }

  /** The node, the comments behind its beginning, and what it holds. */
  #writeNode(node: YamlNode, place: Place): void {
    this.#begin(node, place);
    this.#writeLine();
    this.#writeFoot();
    this.#writeBody(node, place);
  }

  /** A scalar, or what stands in front of a list or map. */
  #begin(node: YamlNode, place: Place): void {
    if (node.kind === "alias") return this.#indicator(`*${node.value}`, { isApart: true });
    if (node.anchor !== "") this.#indicator(`&${node.anchor}`, { isApart: true });
    const tag = writtenTag(node);
    if (tag !== "") this.#indicator(tagText(tag), { isApart: true });
    if (node.kind === "scalar") this.#writeScalar(node, place);
  }

  #writeBody(node: YamlNode, place: Place): void {
    if (node.kind !== "list" && node.kind !== "map") return;
    const isFlow = this.#flowDepth > 0 || node.style === "flow" || node.items.length === 0;
    if (node.kind === "list") return isFlow ? this.#writeFlowList(node, place) : this.#writeBlockList(node, place);
    return isFlow ? this.#writeFlowMap(node, place) : this.#writeBlockMap(node, place);
  }

  #writeBlockList(node: YamlNode, place: Place): void {
    const isInMap = place === "value" || place === "key" || place === "long-key";
    this.#enter({ place, isCompact: isInMap && (this.#column === 0 || !this.#isIndented) });
    for (const item of node.items) {
      this.#announce(item, "item");
      this.#writeHead();
      this.#writeIndent();
      this.#indicator("-", { isApart: true, isIndentation: true });
      this.#writeNode(item, "item");
    }
    this.#announceEnd(node, place);
    this.#leave();
  }

  #writeBlockMap(node: YamlNode, place: Place): void {
    this.#enter({ place });
    const { items } = node;
    let tail = "";
    for (let i = 0; i + 1 < items.length; i += 2) {
      const key = items[i] as YamlNode;
      this.#writeBlockKey(key, tail);
      this.#writeBlockValue(items[i + 1] as YamlNode, isSimpleKey(key));
      tail = key.footComment;
    }
    this.#announceEnd(node, place, tail);
    this.#writeHead();
    this.#leave();
  }

  #writeBlockKey(key: YamlNode, tail: string): void {
    const place = isSimpleKey(key) ? "key" : "long-key";
    this.#announce(key, place, tail);
    this.#writeHead();
    this.#writeIndent();
    if (this.#line !== "") {
      this.#keyLine = this.#line;
      this.#line = "";
    }
    if (place === "long-key") this.#indicator("?", { isApart: true, isIndentation: true });
    this.#begin(key, place);
    this.#writeBody(key, place);
  }

  #writeBlockValue(value: YamlNode, isSimple: boolean): void {
    this.#announce(value, "value");
    if (!isSimple) this.#writeIndent();
    this.#indicator(":", { isApart: !isSimple, isIndentation: !isSimple });
    this.#placeKeyLine(value);
    this.#writeNode(value, "value");
  }

  /** A comment behind a key goes behind a scalar, or stands in front of a block. */
  #placeKeyLine(value: YamlNode): void {
    if (this.#keyLine === "") return;
    if (value.kind === "scalar") {
      if (this.#line !== "") return;
      this.#line = this.#keyLine;
      this.#keyLine = "";
    } else if (value.kind !== "alias" && value.style !== "flow") {
      const line = this.#line;
      this.#line = this.#keyLine;
      this.#writeLine();
      this.#keyLine = this.#line;
      this.#line = line;
    }
  }

  #writeFlowList(node: YamlNode, place: Place): void {
    this.#openFlow("[", place);
    let needsComma = false;
    for (const item of node.items) {
      this.#announce(item, "flow-item");
      if (needsComma) this.#indicator(",");
      this.#writeHead();
      if (this.#column === 0) this.#writeIndent();
      needsComma = !this.#hasTrail();
      this.#writeFlowNode(item, "flow-item");
    }
    this.#announceEnd(node, place);
    this.#flowDepth--;
    this.#leave();
    if (this.#column === 0) this.#writeIndent();
    this.#closeFlow("]");
  }

  #writeFlowMap(node: YamlNode, place: Place): void {
    this.#openFlow("{", place);
    let needsComma = false;
    let tail = "";
    for (let i = 0; i + 1 < node.items.length; i += 2) {
      const key = node.items[i] as YamlNode;
      const keyPlace = isSimpleKey(key) ? "key" : "long-key";
      this.#announce(key, keyPlace, tail);
      tail = key.footComment;
      if (needsComma) this.#indicator(",");
      this.#writeHead();
      if (this.#column === 0) this.#writeIndent();
      if (keyPlace === "long-key") this.#indicator("?", { isApart: true });
      this.#begin(key, keyPlace);
      this.#writeBody(key, keyPlace);
      const value = node.items[i + 1] as YamlNode;
      this.#announce(value, "value");
      this.#indicator(":", { isApart: keyPlace === "long-key" });
      needsComma = !this.#hasTrail();
      this.#writeFlowNode(value, "value");
    }
    this.#announceEnd(node, place, tail);
    if (needsComma && (this.#head !== "" || this.#foot !== "" || this.#tail !== "")) this.#indicator(",");
    this.#writeHead();
    this.#flowDepth--;
    this.#leave();
    this.#closeFlow("}");
  }

  #hasTrail(): boolean {
    return this.#line !== "" || this.#foot !== "" || this.#tail !== "";
  }

  /** In a flow the comma comes before the comment. */
  #writeFlowNode(node: YamlNode, place: Place): void {
    this.#begin(node, place);
    if (this.#hasTrail()) this.#indicator(",");
    this.#writeLine();
    this.#writeFoot();
    this.#writeBody(node, place);
  }

  #openFlow(mark: string, place: Place): void {
    this.#indicator(mark, { isApart: true, isSpace: true });
    this.#enter({ place, isFlow: true });
    this.#flowDepth++;
  }

  #closeFlow(mark: string): void {
    this.#indicator(mark);
    this.#writeLine();
    this.#writeFoot();
  }

  #enter({ place, isFlow = false, isCompact = false }: { place: Place; isFlow?: boolean; isCompact?: boolean }): void {
    this.#indents.push(this.#indent);
    if (this.#indent < 0) this.#indent = isFlow ? step : 0;
    else if (place === "item") this.#indent += step;
    else this.#indent = step * Math.floor((this.#indent + step) / step) - (isCompact ? step : 0);
  }

  #leave(): void {
    this.#indent = this.#indents.pop() as number;
  }

  #writeScalar(node: YamlNode, place: Place): void {
    const { value } = node;
    const shape = shapeOf(value);
    const style = writtenStyle(node, shape, { isInFlow: this.#flowDepth > 0, isKey: place === "key" });
    this.#enter({ place, isFlow: true });
    if (style === "literal") this.#writeBlockText(value, "|");
    else if (style === "folded") this.#writeBlockText(value, ">");
    else if (style === "double") this.#indicator(doubleQuoted(value), { isApart: true });
    else if (style === "single") this.#writeSingle(value);
    else if (value !== "") this.#indicator(value, { isApart: true });
    else this.#isIndented = false;
    this.#leave();
  }

  #writeSingle(value: string): void {
    this.#indicator("'", { isApart: true });
    if (lineBreak.test(value)) this.#writeBroken(value.replaceAll("'", "''"));
    else this.#put(value.replaceAll("'", "''"));
    this.#isIndented = false;
    this.#indicator("'");
  }

  /** Quoted text of several lines: the first of each run of breaks is doubled. */
  #writeBroken(value: string): void {
    let isAfterBreak = false;
    for (const character of value) {
      if (lineBreak.test(character)) {
        if (!isAfterBreak && character === "\n") this.#break();
        this.#takeBreak(character);
        isAfterBreak = true;
        continue;
      }
      if (isAfterBreak && character !== " ") this.#writeIndent();
      this.#put(character);
      if (character === " ") continue;
      this.#isIndented = false;
      isAfterBreak = false;
    }
  }

  #writeBlockText(value: string, mark: "|" | ">"): void {
    this.#indicator(mark + blockHints(value), { isApart: true });
    if (this.#line === "") this.#break();
    else this.#writeLine();
    this.#isAfterSpace = true;
    // go-yaml looks at how the text begins, not at what follows the break.
    const doublesBreaks = mark === ">" && !/^[\n\r\x85\u2028\u2029]*(?:[ \t]|$)/.test(value);
    let isIndentedLine = true;
    for (const piece of value.split(/([\n\r\x85\u2028\u2029])/)) {
      if (piece === "") continue;
      if (lineBreak.test(piece)) {
        if (piece === "\n" && doublesBreaks && this.#column > 0 && !isIndentedLine) this.#break();
        this.#takeBreak(piece);
        continue;
      }
      this.#writeIndent();
      isIndentedLine = /^[ \t]/.test(piece);
      this.#put(piece);
      this.#isIndented = false;
    }
  }

  /** Comments that wait for a line of their own in front of what comes next. */
  #writeHead(): void {
    if (this.#tail !== "") {
      this.#writeIndent();
      this.#writeComment(this.#tail);
      this.#tail = "";
      this.#footIndent = Math.max(0, this.#indent);
    }
    if (this.#head === "") return;
    this.#writeIndent();
    this.#writeComment(this.#head);
    this.#head = "";
  }

  #writeLine(): void {
    if (this.#line === "") return;
    if (!this.#isAfterSpace) this.#put(" ");
    this.#writeComment(this.#line);
    this.#line = "";
  }

  #writeFoot(): void {
    if (this.#foot === "") return;
    this.#writeIndent();
    this.#writeComment(this.#foot);
    this.#foot = "";
    this.#footIndent = Math.max(0, this.#indent);
  }

  #writeComment(comment: string): void {
    let isAfterBreak = false;
    for (const piece of comment.split(/([\n\r\x85\u2028\u2029])/)) {
      if (piece === "") continue;
      if (lineBreak.test(piece)) {
        this.#takeBreak(piece);
        isAfterBreak = true;
        continue;
      }
      if (isAfterBreak) this.#writeIndent();
      this.#put(piece.startsWith("#") ? piece : `# ${piece}`);
      this.#isIndented = false;
      isAfterBreak = false;
    }
    if (!isAfterBreak) this.#break();
    this.#isAfterSpace = true;
  }

  #put(text: string): void {
    this.#out += text;
    this.#column += text.length;
  }

  #break(): void {
    this.#takeBreak("\n");
  }

  #takeBreak(character: string): void {
    this.#out += character;
    this.#column = 0;
    this.#isIndented = true;
  }

  #writeIndent(): void {
    const indent = Math.max(0, this.#indent);
    if (!this.#isIndented || this.#column > indent || (this.#column === indent && !this.#isAfterSpace)) this.#break();
    if (this.#footIndent === indent) this.#break();
    if (this.#column < indent) this.#put(" ".repeat(indent - this.#column));
    this.#isAfterSpace = true;
    this.#footIndent = -1;
  }

  #indicator(
    mark: string,
    {
      isApart = false,
      isSpace = false,
      isIndentation = false,
    }: { isApart?: boolean; isSpace?: boolean; isIndentation?: boolean } = {},
  ): void {
    this.#put(isApart && !this.#isAfterSpace ? ` ${mark}` : mark);
    this.#isAfterSpace = isSpace;
    this.#isIndented &&= isIndentation;
  }
}

function isSimpleKey(key: YamlNode): boolean {
  if (key.kind === "alias") return utf8Length(key.value) <= keyBytesMost;
  if (key.kind !== "scalar") return key.items.length === 0;
  if (shapeOf(key.value).isMultiline) return false;
  const tag = writtenTag(key);
  return utf8Length(key.value) + key.anchor.length + tag.length <= keyBytesMost;
}

function utf8Length(text: string): number {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) length += code > 0x7ff && (code < 0xd800 || code > 0xdfff) ? 2 : 1;
  }
  return length;
}
