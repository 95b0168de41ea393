// Tokens to node trees, one document at a time: what follows a document is not looked at before it is asked for.

import { forbiddenCharacter } from "./characters.ts";
import { CommentQueue } from "./comments.ts";
import { parseDirective } from "./directive.ts";
import { YamlFault } from "./faults.ts";
import { depthMax, textLengthMax } from "./limits.ts";
import { YamlNode } from "./node.ts";
import { Scanner, type YamlComment } from "./scan.ts";
import type { Token, TokenType } from "./token.ts";

const longPrefix = "tag:yaml.org,2002:";

export type ComposerOptions = {
  /** Takes documents that say they are YAML 1.2: go-yaml v3 does, v2 does not. */
  allowsNewer?: boolean;
  /** Nodes get their comments, and what is wrong shortly behind a document is noticed with it, as by go-yaml v3. */
  keepsComments?: boolean;
};

/** Reads the documents of a text one after the other. Throws YamlFault. */
export class Composer {
  readonly #scanner: Scanner;
  readonly #allowsNewer: boolean;
  #anchors = new Map<string, YamlNode>();
  #handles = new Map<string, string>();
  #depth = 0;
  readonly #comments: CommentQueue | undefined;
  /** The first document needs no `---`. */
  #isFirst = true;
  /** Comments of the document that was read last: above its root, apart from it, and at its end. */
  headComment = "";
  footComment = "";

  /** `commented` is told of each comment, unless the nodes keep them. */
  constructor(
    text: string,
    commented?: (comment: YamlComment) => void,
    { allowsNewer = true, keepsComments = false }: ComposerOptions = {},
  ) {
    this.#allowsNewer = allowsNewer;
    this.#comments = keepsComments ? new CommentQueue() : undefined;
    if (text.length > textLengthMax)
      throw new YamlFault("yaml-limit", `YAML text is longer than ${textLengthMax} characters`, { line: 1, column: 1 });
    checkCharacters(text);
    this.#scanner = new Scanner(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text, this.#comments);
    this.#scanner.commented = commented;
  }

  /** The next document's root, or undefined at the end of the text. */
  next(): YamlNode | undefined {
    this.#anchors = new Map();
    this.#handles = new Map([
      ["!", "!"],
      ["!!", longPrefix],
    ]);
    this.headComment = "";
    if (this.#isFirst) this.#skipAll("stream-start");
    else this.#skipAll("document-end");
    const isFirst = this.#isFirst;
    this.#isFirst = false;
    const token = this.#peek();
    if (token.type === "stream-end") return undefined;
    const isExplicit = !isFirst || token.type === "directive" || token.type === "document-start";
    if (isExplicit) this.#startDocument();
    else this.headComment = this.#comments?.splitDocumentHead() ?? "";
    const isEmpty = isExplicit && isDocumentEnd(this.#peek().type);
    const root = isEmpty ? this.#empty(this.#peek()) : this.#node(true, false);
    if (this.#peek().type === "document-end") this.#scanner.skip();
    this.footComment = this.#takeDocumentFoot();
    return root;
  }

  #takeDocumentFoot(): string {
    if (this.#comments === undefined) return "";
    const { head, foot } = this.#comments.take();
    return foot === "" ? head : foot;
  }

  #startDocument(): void {
    const seen = new Set<string>();
    for (;;) {
      const token = this.#peek();
      if (token.type !== "directive") break;
      this.#readDirective(token, seen);
      this.#scanner.skip();
    }
    const token = this.#peek();
    if (token.type !== "document-start") throw fault(token, "did not find expected <document start>");
    this.#scanner.skip();
  }

  #readDirective(token: Token, seen: Set<string>): void {
    const directive = parseDirective(token.value);
    const isVersion = "version" in directive;
    const subject = isVersion ? "%YAML" : directive.handle;
    if (seen.has(subject)) throw fault(token, `found duplicate ${isVersion ? "%YAML" : "%TAG"} directive`);
    seen.add(subject);
    if (!isVersion) this.#handles.set(directive.handle, directive.prefix);
    else if (directive.version !== "1.1" && !(directive.version === "1.2" && this.#allowsNewer))
      throw fault(token, "found incompatible YAML document");
  }

  #peek(): Token {
    const token = this.#scanner.peek();
    this.#comments?.unfold(token);
    return token;
  }

  /** Gives a node the comments that were met so far. */
  #comment(node: YamlNode): YamlNode {
    if (this.#comments === undefined) return node;
    const { head, line, foot } = this.#comments.take();
    node.headComment = head;
    node.lineComment = line;
    node.footComment = foot;
    return node;
  }

  /** The same at the end of a flow or of a block map: what stands in front of the end gets lost. */
  #commentEnd(node: YamlNode): void {
    const { headComment } = node;
    this.#comment(node).headComment = headComment;
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
    const node = this.#comment(place(new YamlNode("alias", token.value), token));
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
      return this.#comment(node);
    }
    if (token.type === "flow-list-start" || token.type === "flow-map-start")
      return this.#comment(flowNode(token.type === "flow-list-start" ? "list" : "map"));
    if (token.type === "block-list-start") return isBlock ? this.#block("list") : undefined;
    if (token.type === "block-map-start") return isBlock ? this.#block("map") : undefined;
    return token.type === "block-entry" && mayBeIndentless ? new YamlNode("list") : undefined;
  }

  #block(kind: "list" | "map"): YamlNode {
    const node = new YamlNode(kind);
    node.headComment = this.#comments?.takeStem() ?? "";
    return node;
  }

  #fill(node: YamlNode, token: Token): void {
    if (node.kind === "scalar") return;
    if (++this.#depth > depthMax)
      throw new YamlFault("yaml-limit", `lists and maps are nested deeper than ${depthMax}`, token);
    if (token.type !== "block-entry") this.#scanner.skip();
    if (token.type === "block-map-start") this.#fillBlockMap(node);
    else if (token.type === "block-list-start") this.#fillBlockList(node.items);
    else if (token.type === "block-entry") this.#fillIndentless(node.items);
    else {
      if (token.type === "flow-list-start") this.#fillFlowList(node.items);
      else this.#fillFlowMap(node.items);
      this.#commentEnd(node);
    }
    this.#depth--;
  }

  #fillBlockMap(map: YamlNode): void {
    const { items } = map;
    for (;;) {
      const token = this.#peek();
      if (token.type === "block-end") {
        this.#commentEnd(map);
        if (map.footComment !== "") moveFoot(map, items.at(-2));
        return this.#scanner.skip();
      }
      if (token.type !== "key") throw fault(token, "did not find expected key");
      this.#scanner.skip();
      const key = this.#blockPart(token);
      // Of a key that stands less deep than what is above it, the foot is that of the key before.
      if (key.footComment !== "") moveFoot(key, items.at(-2));
      items.push(key);
      const value = this.#peek();
      if (value.type === "value") {
        this.#scanner.skip();
        items.push(this.#blockPart(value));
      } else items.push(this.#empty(value));
      moveFootOfValue(items);
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
      const next = this.#enterItem();
      const isEmpty = next.type === "block-entry" || next.type === "block-end";
      items.push(isEmpty ? this.#emptyBehind(token) : this.#node(true, false));
    }
  }

  #fillIndentless(items: YamlNode[]): void {
    for (let token = this.#peek(); token.type === "block-entry"; token = this.#peek()) {
      const next = this.#enterItem();
      const isEmpty = ["block-entry", "key", "value", "block-end"].includes(next.type);
      items.push(isEmpty ? this.#emptyBehind(token) : this.#node(true, false));
    }
  }

  /** Steps over a dash: what stood in front of it belongs to the whole of a block behind it. */
  #enterItem(): Token {
    const length = this.#comments?.headLength ?? 0;
    this.#scanner.skip();
    const next = this.#peek();
    if (length > 0 && (next.type === "block-list-start" || next.type === "block-map-start"))
      this.#comments?.splitStem(length);
    return next;
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
    const pair = place(flowNode("map"), start);
    this.#scanner.skip();
    pair.items.push(this.#flowPairKey());
    pair.items.push(this.#flowValue("flow-list-end"));
    moveFootOfValue(pair.items);
    return pair;
  }

  /** Where there is none, go-yaml steps over what stands in its place. */
  #flowPairKey(): YamlNode {
    const token = this.#peek();
    if (token.type !== "value" && token.type !== "flow-entry" && token.type !== "flow-list-end")
      return this.#node(false, false);
    this.#scanner.skip();
    return this.#emptyBehind(token);
  }

  #fillFlowMap(items: YamlNode[]): void {
    for (let isFirst = true; ; isFirst = false) {
      if (this.#peek().type !== "flow-map-end" && !isFirst) this.#expectEntry("did not find expected ',' or '}'");
      const token = this.#peek();
      if (token.type === "flow-map-end") return this.#scanner.skip();
      if (token.type === "key") {
        this.#scanner.skip();
        items.push(this.#flowKey(), this.#flowValue("flow-map-end"));
      } else {
        const key = this.#node(false, false);
        items.push(key, this.#empty(this.#peek()));
      }
      moveFootOfValue(items);
    }
  }

  #flowValue(end: TokenType): YamlNode {
    const mark = this.#peek();
    if (mark.type !== "value") return this.#empty(mark);
    this.#scanner.skip();
    const next = this.#peek();
    if (next.type !== end && next.type !== "flow-entry") return this.#node(false, false);
    // An absent one stands at the colon in a list, and behind it in a map.
    return this.#empty(end === "flow-list-end" ? mark : next);
  }

  #flowKey(): YamlNode {
    const token = this.#peek();
    if (token.type === "flow-map-end" || token.type === "flow-entry" || token.type === "value")
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

function moveFoot(from: YamlNode, to: YamlNode | undefined): void {
  if (to === undefined) return;
  to.footComment = from.footComment;
  from.footComment = "";
}

/** The foot of a pair's value is the key's, which has none of its own. */
function moveFootOfValue(items: readonly YamlNode[]): void {
  const [key, value] = [items.at(-2) as YamlNode, items.at(-1) as YamlNode];
  if (key.footComment === "" && value.footComment !== "") moveFoot(value, key);
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

/** go-yaml's parser counts lines from 0 and names none for the first. */
function fault(token: Token, message: string): YamlFault {
  return new YamlFault("yaml-syntax", message, token, token.line - 1);
}

export function shortTag(tag: string): string {
  return tag.startsWith(longPrefix) ? `!!${tag.slice(longPrefix.length)}` : tag;
}
