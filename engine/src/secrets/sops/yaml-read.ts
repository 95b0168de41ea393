// YAML as SOPS reads it: go-yaml v3's types, aliases written out, and each comment in the branch and place where it stands,
// since comments may decide what is encrypted and are encrypted themselves (stores/yaml/store.go, 3.13.3).

import { Composer, formatTimestamp, isTimestamp, resolvePlain, type YamlComment, type YamlNode } from "#formats/yaml";
import { faultFrom, formatFault } from "#kernel";
import { invalidFile, shownKey } from "../faults.ts";
import { treeDepthMost } from "../limits.ts";
import { Branch, type Item, Moment, Remark, textOrBytes, type Value } from "./tree.ts";

/** A branch for each document. Throws SecretsFault. */
export function parseYamlTree(text: string): Branch[] {
  const comments: YamlComment[] = [];
  const roots: YamlNode[] = [];
  try {
    const composer = new Composer(text, (comment) => comments.push(comment));
    for (let root = composer.next(); root !== undefined; root = composer.next()) roots.push(root);
  } catch (thrown) {
    // The message of a syntax fault names a place and a rule, never a value.
    throw invalidFile(`is no YAML: ${formatFault(faultFrom(thrown))}`);
  }
  const lines = text.split("\n");
  // A comment between documents belongs to the one before it, when it stands before the mark that ends that one.
  const ends = documentMarks(lines);
  return roots.map((root, index) => {
    const isOurs = (comment: YamlComment): boolean => documentOf(comment, ends, roots.length) === index;
    return new Reader(comments.filter(isOurs), lines).document(root);
  });
}

/** The lines of `---` marks that separate documents. */
function documentMarks(lines: readonly string[]): number[] {
  const marks = lines.flatMap((line, index) => (/^---(\s|$)/.test(line) ? [index + 1] : []));
  const first = lines.findIndex((line) => !/^\s*(#|%|$)/.test(line)) + 1;
  return marks.filter((line) => line !== first);
}

function documentOf(comment: YamlComment, ends: readonly number[], count: number): number {
  return Math.min(ends.filter((end) => end <= comment.line).length, count - 1);
}

/** Something that a comment can stand before: a pair of a map, or an item of a list. */
type Entry = { line: number; column: number; container: YamlNode; index: number; parent: Entry | undefined };

class Reader {
  readonly #before = new Map<YamlNode, Map<number, Remark[]>>();
  readonly #comments: readonly YamlComment[];

  readonly #lines: readonly string[];

  constructor(comments: readonly YamlComment[], lines: readonly string[]) {
    this.#comments = comments;
    this.#lines = lines;
  }

  document(root: YamlNode): Branch {
    if (root.kind === "scalar" && resolve(root) === null) {
      return new Branch(this.#comments.map((comment) => ({ key: new Remark(comment.text), value: null })));
    }
    if (root.kind !== "map") throw invalidFile("a document of the YAML is no mapping");
    const entries = entriesOf(root);
    for (const comment of this.#comments) this.#place(comment, entries, root);
    return this.#branch(root, 0);
  }

  /** Finds the entry that a comment stands before, by line and indent. */
  #place(comment: YamlComment, entries: readonly Entry[], root: YamlNode): void {
    const behind = entries.filter((entry) => entry.line <= comment.line).at(-1);
    if (this.#isBehindDash(comment)) return this.#placeInside(comment, entries, root);
    if (!comment.isOwnLine) {
      if (behind === undefined) return this.#put(root, 0, new Remark(comment.text));
      const value = valueOf(behind);
      const isInline = value.kind === "scalar" || value.kind === "alias";
      return this.#put(behind.container, behind.index, new Remark(comment.text, isInline));
    }
    const remark = new Remark(comment.text);
    if (this.#isInBraces(comment)) return;
    const next = entries.find((entry) => entry.line > comment.line);
    // What else begins in the next line stands behind a dash, where no comment before it can belong.
    if (next?.column === comment.column) return this.#put(next.container, next.index, remark);
    for (let open = behind; open !== undefined; open = open.parent) {
      if (open.column <= comment.column) return this.#put(open.container, Number.MAX_SAFE_INTEGER, remark);
    }
    if (next !== undefined) return this.#put(next.container, next.index, remark);
    this.#put(root, Number.MAX_SAFE_INTEGER, remark);
  }

  #isBehindDash(comment: YamlComment): boolean {
    const before = this.#lines[comment.line - 1]?.slice(0, comment.column - 1) ?? "";
    return /^[\s-]*-\s+$/.test(before);
  }

  /** A comment behind a dash is the first thing of what the dash holds. */
  #placeInside(comment: YamlComment, entries: readonly Entry[], root: YamlNode): void {
    const next = entries.find((entry) => entry.line > comment.line);
    const remark = new Remark(comment.text);
    if (next === undefined) return this.#put(root, Number.MAX_SAFE_INTEGER, remark);
    const value = valueOf(next);
    if (value.kind === "list" || value.kind === "map") this.#put(value, 0, remark);
    else this.#put(next.container, next.index, remark);
  }

  /** SOPS writes the comments of a mapping without keys into its braces, and loses them when it reads them. */
  #isInBraces(comment: YamlComment): boolean {
    let at = comment.line - 2;
    while (/^\s*#/.test(this.#lines[at] ?? "")) at--;
    return /\{\s*$/.test(this.#lines[at] ?? "");
  }

  #put(container: YamlNode, index: number, remark: Remark): void {
    const places = this.#before.get(container) ?? new Map<number, Remark[]>();
    this.#before.set(container, places);
    places.set(index, [...(places.get(index) ?? []), remark]);
  }

  #remarks(container: YamlNode, index: number): readonly Remark[] {
    return this.#before.get(container)?.get(index) ?? [];
  }

  #branch(map: YamlNode, depth: number): Branch {
    if (depth > treeDepthMost) throw invalidFile(`the YAML is nested deeper than ${treeDepthMost}`);
    const items: Item[] = [];
    const seen = new Set<string>();
    const remark = (index: number): void => {
      for (const key of this.#remarks(map, index)) items.push({ key, value: null });
    };
    for (let i = 0; i < map.items.length; i += 2) {
      remark(i / 2);
      const key = keyOf(map.items[i] as YamlNode);
      if (seen.has(key))
        throw invalidFile(`the key ${shownKey(key)} is there twice, at line ${map.items[i]?.line ?? 0}`);
      seen.add(key);
      items.push({ key, value: this.#value(map.items[i + 1] as YamlNode, depth + 1) });
    }
    remark(Number.MAX_SAFE_INTEGER);
    return new Branch(items);
  }

  #value(node: YamlNode, depth: number): Value {
    if (depth > treeDepthMost) throw invalidFile(`the YAML is nested deeper than ${treeDepthMost}`);
    if (node.kind === "alias") return this.#value(node.target as YamlNode, depth + 1);
    if (node.kind === "map") return this.#branch(node, depth);
    if (node.kind === "scalar") return resolve(node);
    const items: Value[] = [];
    node.items.forEach((item, index) => {
      items.push(...this.#remarks(node, index), this.#value(item, depth + 1));
    });
    items.push(...this.#remarks(node, Number.MAX_SAFE_INTEGER));
    return items;
  }
}

/** All entries in the order of their text; an outer one before the inner one that begins in the same place. */
function entriesOf(root: YamlNode): Entry[] {
  const entries: Entry[] = [];
  const visit = (container: YamlNode, parent: Entry | undefined): void => {
    if (container.style === "flow" || container.kind === "alias") return;
    const step = container.kind === "map" ? 2 : 1;
    for (let i = 0; i < container.items.length; i += step) {
      const node = container.items[i] as YamlNode;
      // A block begins at its first dash, key or question mark; with an anchor, that stands before it.
      const isMarked = container.anchor !== "" || container.isTagged;
      const column = isMarked && step === 2 ? node.column : container.column;
      const entry: Entry = { line: node.line, column, container, index: i / step, parent };
      entries.push(entry);
      visit(step === 2 ? (container.items[i + 1] as YamlNode) : node, entry);
    }
  };
  visit(root, undefined);
  return entries;
}

function valueOf(entry: Entry): YamlNode {
  const { container, index } = entry;
  return container.items[container.kind === "map" ? 2 * index + 1 : index] as YamlNode;
}

function keyOf(node: YamlNode): string {
  const scalar = node.kind === "alias" ? (node.target as YamlNode) : node;
  const value = scalar.kind === "scalar" ? resolve(scalar) : undefined;
  if (typeof value === "string") return value;
  throw invalidFile(`a key of the YAML, at line ${node.line}, is no text`);
}

/** The value of a scalar as go-yaml v3 decodes it. */
function resolve(node: YamlNode): Value {
  const { tag, value, style } = node;
  if (tag === "!!binary") return textOrBytes(Buffer.from(value.replace(/\s/g, ""), "base64"));
  if (tag === "!!str" || (tag === "" && style !== "plain")) return value;
  if (tag !== "" && !/^!!(bool|int|float|null|timestamp|merge)$/.test(tag)) return value;
  const resolved = resolvePlain(value, "v3");
  if (resolved.tag === "!!timestamp" || (tag === "!!timestamp" && isTimestamp(value))) {
    return new Moment(formatTimestamp(value));
  }
  if (resolved.tag === "!!int" && tag !== "!!float") return integer(resolved.value, node);
  if (resolved.tag === "!!int") return Number(resolved.value);
  return resolved.value;
}

function integer(value: number | bigint, node: YamlNode): bigint {
  const exact = BigInt(value);
  if (exact >= -(2n ** 63n) && exact < 2n ** 63n) return exact;
  throw invalidFile(`an integer at line ${node.line} has more than 64 bits`);
}
