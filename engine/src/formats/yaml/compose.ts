// Tokens to node trees, one document at a time: what follows a document is not looked at before it is asked for.

import { forbiddenCharacter } from "./characters.ts";
import { YamlFault } from "./faults.ts";
import { depthMax, textLengthMax } from "./limits.ts";
import { YamlNode } from "./node.ts";
import { Scanner, type YamlComment } from "./scan.ts";
import type { Token, TokenType } from "./token.ts";

const longPrefix = "tag:yaml.org,2002:";

export type ComposerOptions = {
  /** Takes documents that say they are YAML 1.2: go-yaml v3 does, v2 does not. */
  allowsNewer?: boolean;
};

/** Reads the documents of a text one after the other. Throws YamlFault. */
export class Composer {
  readonly #scanner: Scanner;
  readonly #allowsNewer: boolean;
  #anchors = new Map<string, YamlNode>();
  #handles = new Map<string, string>();
  #depth = 0;
  /** Comments behind tokens that were seen, until a node takes them. */
  #comment = "";
  /** The first document needs no `---`. */
  #isFirst = true;

  /** `commented` is told of each comment. */
  constructor(text: string, commented?: (comment: YamlComment) => void, { allowsNewer = true }: ComposerOptions = {}) {
    this.#allowsNewer = allowsNewer;
    if (text.length > textLengthMax)
      throw new YamlFault("yaml-limit", `YAML text is longer than ${textLengthMax} characters`, { line: 1, column: 1 });
    checkCharacters(text);
    this.#scanner = new Scanner(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
    this.#scanner.commented = commented;
  }

  /** The next document's root, or undefined at the end of the text. */
  next(): YamlNode | undefined {
    this.#anchors = new Map();
    this.#handles = new Map([
      ["!", "!"],
      ["!!", longPrefix],
    ]);
    if (!this.#isFirst) this.#skipAll("document-end");
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const token = this.#peek();
    if (token.type === "stream-end") return undefined;
    const isExplicit = !isFirst || token.type === "directive" || token.type === "document-start";
    if (isExplicit) this.#startDocument();
    const isEmpty = isExplicit && isDocumentEnd(this.#peek().type);
    const root = isEmpty ? this.#empty(this.#peek()) : this.#node(true, false);
    if (this.#peek().type === "document-end") this.#scanner.skip();
    return root;
  }

  #startDocument(): void {
    for (;;) {
      const token = this.#peek();
      if (token.type !== "directive") break;
      this.#readDirective(token);
      this.#scanner.skip();
    }
    const token = this.#peek();
    if (token.type !== "document-start") throw fault(token, "did not find expected <document start>");
    this.#scanner.skip();
  }

  #readDirective(token: Token): void {
    const [name, first, second] = token.value.split(/[ \t]+/);
    if (name === "%YAML") {
      if (first !== "1.1" && !(first === "1.2" && this.#allowsNewer))
        throw fault(token, "found incompatible YAML document");
    } else if (name === "%TAG") {
      if (first === undefined || second === undefined || !/^!([\w-]*!)?$/.test(first))
        throw fault(token, "did not find expected tag handle and prefix");
      this.#handles.set(first, second);
    } else throw fault(token, "found unknown directive name");
  }

  #peek(): Token {
    const token = this.#scanner.peek();
    if (token.comment !== "") {
      this.#comment = this.#comment === "" ? token.comment : `${this.#comment}\n${token.comment}`;
      token.comment = "";
    }
    return token;
  }

  #takeComment(): string {
    const comment = this.#comment;
    this.#comment = "";
    return comment;
  }

  #skipAll(type: TokenType): void {
    while (this.#peek().type === type) this.#scanner.skip();
  }

  #empty(token: Token): YamlNode {
    return place(new YamlNode("scalar"), token);
  }

  #emptyBehind(mark: Token): YamlNode {
    const node = this.#empty(mark);
    node.column++;
    return node;
  }

  #node(isBlock: boolean, mayBeIndentless: boolean): YamlNode {
    let token = this.#peek();
    if (token.type === "alias") {
      this.#scanner.skip();
      return this.#alias(token);
    }
    const first = token;
    let anchor = "";
    let tag = "";
    for (let i = 0; i < 2; i++) {
      if (token.type === "anchor" && anchor === "") anchor = token.value;
      else if (token.type === "tag" && tag === "") tag = this.#resolveTag(token);
      else break;
      this.#scanner.skip();
      token = this.#peek();
    }
    const node = this.#create(token, isBlock, mayBeIndentless);
    if (node === undefined && anchor === "" && tag === "")
      throw fault(
        token,
        isBlock ? "did not find expected node content" : "did not find expected node content in a flow",
      );
    const made = place(node ?? new YamlNode("scalar"), first);
    made.tag = tag;
    made.isTagged = tag !== "" && tag !== "!";
    if (anchor !== "") {
      made.anchor = anchor;
      this.#anchors.set(anchor, made);
    }
    if (node !== undefined) this.#fill(made, token);
    return made;
  }

  #alias(token: Token): YamlNode {
    const node = place(new YamlNode("alias", token.value), token);
    node.lineComment = this.#takeComment();
    node.target = this.#anchors.get(token.value);
    if (node.target === undefined) throw fault(token, `unknown anchor '${token.value}' referenced`);
    return node;
  }

  /** The node that `token` begins, still without items. */
  #create(token: Token, isBlock: boolean, mayBeIndentless: boolean): YamlNode | undefined {
    if (token.type === "scalar") {
      this.#scanner.skip();
      const node = new YamlNode("scalar", token.value);
      node.style = token.style;
      node.lineComment = this.#takeComment();
      return node;
    }
    if (token.type === "flow-list-start" || token.type === "flow-map-start") {
      // What stands behind the bracket gets lost, as in go-yaml: the one behind the end takes its place.
      this.#takeComment();
      return flowNode(token.type === "flow-list-start" ? "list" : "map");
    }
    if (token.type === "block-list-start") return isBlock ? new YamlNode("list") : undefined;
    if (token.type === "block-map-start") return isBlock ? new YamlNode("map") : undefined;
    return token.type === "block-entry" && mayBeIndentless ? new YamlNode("list") : undefined;
  }

  #fill(node: YamlNode, token: Token): void {
    if (node.kind === "scalar") return;
    if (++this.#depth > depthMax)
      throw new YamlFault("yaml-limit", `lists and maps are nested deeper than ${depthMax}`, token);
    if (token.type !== "block-entry") this.#scanner.skip();
    if (token.type === "block-map-start") this.#fillBlockMap(node.items);
    else if (token.type === "block-list-start") this.#fillBlockList(node.items);
    else if (token.type === "block-entry") this.#fillIndentless(node.items);
    else if (token.type === "flow-list-start") this.#fillFlowList(node.items);
    else this.#fillFlowMap(node.items);
    if (node.kind === "map" || node.style === "flow") node.lineComment = this.#takeComment();
    this.#depth--;
  }

  #fillBlockMap(items: YamlNode[]): void {
    for (;;) {
      const token = this.#peek();
      if (token.type === "block-end") return this.#scanner.skip();
      if (token.type !== "key") throw fault(token, "did not find expected key");
      this.#scanner.skip();
      const key = this.#blockPart(token);
      items.push(key);
      const value = this.#peek();
      if (value.type === "value") {
        this.#scanner.skip();
        items.push(this.#blockPart(value));
      } else items.push(this.#empty(value));
    }
  }

  /** A key or a value of a block map; nothing where the next one begins already: that stands behind its `mark`. */
  #blockPart(mark: Token): YamlNode {
    const token = this.#peek();
    if (token.type === "key" || token.type === "value" || token.type === "block-end") return this.#emptyBehind(mark);
    return this.#node(true, true);
  }

  #fillBlockList(items: YamlNode[]): void {
    for (;;) {
      const token = this.#peek();
      if (token.type === "block-end") return this.#scanner.skip();
      if (token.type !== "block-entry") throw fault(token, "did not find expected '-' indicator");
      this.#scanner.skip();
      const next = this.#peek();
      const isEmpty = next.type === "block-entry" || next.type === "block-end";
      items.push(isEmpty ? this.#emptyBehind(token) : this.#node(true, false));
    }
  }

  #fillIndentless(items: YamlNode[]): void {
    for (let token = this.#peek(); token.type === "block-entry"; token = this.#peek()) {
      this.#scanner.skip();
      const next = this.#peek();
      const isEmpty = ["block-entry", "key", "value", "block-end"].includes(next.type);
      items.push(isEmpty ? this.#emptyBehind(token) : this.#node(true, false));
    }
  }

  #fillFlowList(items: YamlNode[]): void {
    for (let isFirst = true; ; isFirst = false) {
      if (this.#peek().type !== "flow-list-end" && !isFirst) this.#expectEntry("did not find expected ',' or ']'");
      const token = this.#peek();
      if (token.type === "flow-list-end") return this.#scanner.skip();
      if (token.type === "key") items.push(this.#flowPair(token));
      else items.push(this.#node(false, false));
    }
  }

  /** A map of one pair that stands in a list without braces. */
  #flowPair(start: Token): YamlNode {
    const pair = place(new YamlNode("map"), start);
    this.#scanner.skip();
    pair.items.push(this.#flowPart("flow-list-end", true));
    pair.items.push(this.#flowValue("flow-list-end"));
    return pair;
  }

  #fillFlowMap(items: YamlNode[]): void {
    for (let isFirst = true; ; isFirst = false) {
      if (this.#peek().type !== "flow-map-end" && !isFirst) this.#expectEntry("did not find expected ',' or '}'");
      const token = this.#peek();
      if (token.type === "flow-map-end") return this.#scanner.skip();
      if (token.type === "key") {
        this.#scanner.skip();
        items.push(this.#flowPart("flow-map-end", true), this.#flowValue("flow-map-end"));
      } else {
        const key = this.#node(false, false);
        items.push(key, this.#empty(this.#peek()));
      }
    }
  }

  #flowValue(end: TokenType): YamlNode {
    if (this.#peek().type !== "value") return this.#empty(this.#peek());
    this.#scanner.skip();
    return this.#flowPart(end, false);
  }

  #flowPart(end: TokenType, isKey: boolean): YamlNode {
    const token = this.#peek();
    if (token.type === end || token.type === "flow-entry" || (isKey && token.type === "value"))
      return this.#empty(token);
    return this.#node(false, false);
  }

  #expectEntry(message: string): void {
    const token = this.#peek();
    if (token.type !== "flow-entry") throw fault(token, message);
    this.#scanner.skip();
  }

  #resolveTag(token: Token): string {
    const text = token.value;
    if (text === "!") return "!";
    if (text.startsWith("!<")) return shortTag(text.slice(2, -1));
    const match = /^(!(?:[\w-]*!)?)(.*)$/.exec(text);
    const prefix = match && this.#handles.get(match[1] as string);
    if (match === null || prefix === undefined) throw fault(token, "found undefined tag handle");
    return shortTag(prefix + (match[2] as string));
  }
}

/** The fault when text holds characters that YAML does not allow. */
function checkCharacters(text: string): void {
  const found = forbiddenCharacter.exec(text);
  if (found === null) return;
  if (found.index === 0 && text.charCodeAt(0) === 0xfeff) return;
  const before = text.slice(0, found.index);
  const line = before.split("\n").length;
  const column = found.index - before.lastIndexOf("\n");
  throw new YamlFault("yaml-syntax", "control characters are not allowed", { line, column });
}

function flowNode(kind: "list" | "map"): YamlNode {
  const node = new YamlNode(kind);
  node.style = "flow";
  return node;
}

function isDocumentEnd(type: TokenType): boolean {
  return type === "directive" || type === "document-start" || type === "document-end" || type === "stream-end";
}

function place(node: YamlNode, token: Token): YamlNode {
  node.line = token.line;
  node.column = token.column;
  return node;
}

function fault(token: Token, message: string): YamlFault {
  return new YamlFault("yaml-syntax", message, token);
}

export function shortTag(tag: string): string {
  return tag.startsWith(longPrefix) ? `!!${tag.slice(longPrefix.length)}` : tag;
}
