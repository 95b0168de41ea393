// Reading and changing node trees the way kyaml does it: what counts as absent, how a field is set, which style a value
// takes over from the one it replaces. A node made here without a tag is untyped: its text decides when it is written.

import { type NodeKind, parseYaml, resolvePlain, type ScalarStyle, YamlNode } from "#formats/yaml";
import { attempt, invalid } from "./faults.ts";

export const nullTag = "!!null";
export const stringTag = "!!str";

/** Absent, or a null. */
export function isMissing(node: YamlNode | undefined): node is undefined {
  return node === undefined || node.tag === nullTag;
}

/** Absent, a null, or a list or map without items. */
export function isEmpty(node: YamlNode | undefined): boolean {
  return isMissing(node) || ((node as YamlNode).kind !== "scalar" && (node as YamlNode).items.length === 0);
}

export function isText(node: YamlNode): boolean {
  return node.kind === "scalar" && (node.tag === stringTag || node.tag === "");
}

/** An untyped scalar: written plain, it may become a number. */
export function untyped(value: string): YamlNode {
  return new YamlNode("scalar", value);
}

/** Text as go-yaml v3 makes it: a literal block once it has several lines. */
export function text(value: string): YamlNode {
  const node = new YamlNode("scalar", value, stringTag);
  if (value.includes("\n")) node.style = "literal";
  return node;
}

export function copyNode(node: YamlNode): YamlNode {
  const copy = new YamlNode(node.kind, node.value, node.tag);
  copy.isTagged = node.isTagged;
  copy.style = node.style;
  copy.anchor = node.anchor;
  copy.target = node.target;
  copy.isEmptied = node.isEmptied;
  copy.line = node.line;
  copy.column = node.column;
  takeComments(copy, node);
  if (node.items.length > 0) copy.items = node.items.map(copyNode);
  return copy;
}

function takeComments(node: YamlNode, from: YamlNode): void {
  node.lineComment = from.lineComment;
  node.headComment = from.headComment;
  node.footComment = from.footComment;
}

/** A null takes items too, as in kyaml; nobody ever writes them. */
export function addItems(node: YamlNode, ...items: readonly YamlNode[]): void {
  if (node.kind === "map" || node.kind === "list") node.items.push(...items);
  else node.items = [...node.items, ...items];
}

/** Makes `node` what `value` is, in place: whoever holds the node sees the change. */
export function assignNode(node: YamlNode, value: YamlNode): void {
  node.kind = value.kind;
  node.tag = value.tag;
  node.isTagged = value.isTagged;
  node.value = value.value;
  node.isEmptied = value.isEmptied;
  node.style = value.style;
  node.line = value.line;
  node.column = value.column;
  node.anchor = value.anchor;
  takeComments(node, value);
  node.items = value.items.length > 0 ? value.items.slice() : value.kind === "scalar" ? value.items : [];
}

const kindNames: { readonly [kind in NodeKind]: string } = {
  scalar: "a single value",
  map: "a map",
  list: "a list",
  alias: "an alias",
};

/** Throws unless the node is absent, null, or of this kind. */
export function expectKind(node: YamlNode | undefined, kind: NodeKind): void {
  if (!isMissing(node) && (node as YamlNode).kind !== kind)
    throw invalid(`expected ${kindNames[kind]} but found ${kindNames[(node as YamlNode).kind]}`);
}

/** The value of a map's field; undefined where there is none or the node is no map. */
export function field(node: YamlNode | undefined, name: string): YamlNode | undefined {
  if (node === undefined || node.kind !== "map") return undefined;
  const { items } = node;
  for (let i = 0; i < items.length; i += 2) if ((items[i] as YamlNode).value === name) return items[i + 1];
  return undefined;
}

/** The key of a map's field. */
export function keyOf(node: YamlNode | undefined, name: string): YamlNode | undefined {
  if (node === undefined || node.kind !== "map") return undefined;
  for (let i = 0; i < node.items.length; i += 2) if ((node.items[i] as YamlNode).value === name) return node.items[i];
  return undefined;
}

/** As `field`, but a node that is neither a map nor null is an error. */
export function getField(node: YamlNode | undefined, name: string): YamlNode | undefined {
  if (isMissing(node)) return undefined;
  expectKind(node, "map");
  return field(node, name);
}

export function clearField(node: YamlNode, name: string): void {
  expectKind(node, "map");
  if (node.kind !== "map") return;
  for (let i = 0; i < node.items.length; i += 2)
    if ((node.items[i] as YamlNode).value === name) {
      takeOut(node, i);
      return;
    }
}

/** Takes out the first field of this name that holds nothing, be it a null; one of the same name that holds more stays. */
export function clearIfEmpty(node: YamlNode, name: string): void {
  expectKind(node, "map");
  if (node.kind !== "map") return;
  for (let i = 0; i < node.items.length; i += 2) {
    if ((node.items[i] as YamlNode).value !== name || (node.items[i + 1] as YamlNode).items.length > 0) continue;
    takeOut(node, i);
    return;
  }
}

function takeOut(map: YamlNode, at: number): void {
  map.items.splice(at, 2);
  if (map.items.length === 0) map.isEmptied = true;
}

/** Names of a map's fields, in order, duplicates included. */
export function fieldNames(node: YamlNode | undefined): string[] {
  const names: string[] = [];
  if (node === undefined || node.kind !== "map") return names;
  for (let i = 0; i < node.items.length; i += 2) names.push((node.items[i] as YamlNode).value);
  return names;
}

/** True when YAML 1.1 would read the text, as a document of its own, as anything but text (kyaml, IsValueNonString). */
export function isNonText11(value: string): boolean {
  if (value === "" || value.includes("\n")) return false;
  if (simpleText.test(value)) {
    const { tag } = resolvePlain(value, "v2");
    return tag !== "!!str" && tag !== "!!timestamp" && tag !== "!!merge";
  }
  const parsed = attempt(() => ({ data: parseYaml(value) }));
  return parsed.value !== undefined && typeof parsed.value.data !== "string";
}

/** No mark of a document, and no more than a word or number. */
const simpleText = /^(?!---|\.\.\.)[A-Za-z0-9_./+-]+$/;

/** Sets a scalar's value; the style of the old one stays. */
export function setScalar(node: YamlNode, value: YamlNode): void {
  expectKind(node, "scalar");
  if (isMissing(value)) return;
  value.style = node.style;
  value.isTagged = node.isTagged;
  assignNode(node, value);
}

export type SetOptions = {
  /** A null is set instead of clearing the field. */
  isNullKept?: boolean | undefined;
  /** The style of the key, should it be new. */
  keyStyle?: ScalarStyle | undefined;
};

/** Sets a map's field. A null clears it, unless it is to be kept; the value takes over the style of the old one. */
export function setField(map: YamlNode, name: string, value: YamlNode | undefined, options: SetOptions = {}): void {
  if (
    value !== undefined &&
    (value.style === "plain" || value.style === "flow") &&
    !value.isTagged &&
    isText(value) &&
    isNonText11(value.value)
  )
    value.style = "double";
  // A null cannot hold fields; kyaml gives it some, which are never written.
  if (map.kind === "scalar") return expectKind(map, "map");
  // To kyaml a field without a name is the node itself.
  if (name === "") expectKind(map, "scalar");
  if (value === undefined || (value.tag === nullTag && !options.isNullKept)) {
    clearField(map, name);
    return;
  }
  const old = getField(map, name);
  if (old !== undefined) {
    value.style = old.style;
    value.isTagged = old.isTagged;
    if (old !== value) assignNode(old, value);
    return;
  }
  const key = untyped(name);
  key.style = options.keyStyle ?? "plain";
  addItems(map, key, value);
}

const indexPart = /^\d+$/;

export function isIndex(part: string): boolean {
  return indexPart.test(part);
}

/** `[name=value]`: an element of a list. */
export function isElement(part: string): boolean {
  return part.startsWith("[") && part.endsWith("]");
}

export function splitElement(part: string): { name: string; value: string } {
  const inner = part.slice(1, -1);
  const equals = inner.indexOf("=");
  if (equals < 0) throw invalid(`list path element '${part}' must contain fieldName=fieldValue`);
  return { name: inner.slice(0, equals), value: inner.slice(equals + 1) };
}

/** The node at a path of field names, indexes and `[name=value]`; undefined when something on the way is absent. */
export function lookup(node: YamlNode | undefined, path: readonly string[]): YamlNode | undefined {
  let found = node;
  for (const part of path) {
    if (part.trim() === "") continue;
    found = lookupPart(found, part.trim());
    if (found === undefined) return undefined;
  }
  return found;
}

function lookupPart(node: YamlNode | undefined, part: string): YamlNode | undefined {
  if (isIndex(part) || part === "-") {
    expectKind(node, "list");
    const items = node?.kind === "list" ? node.items : [];
    return part === "-" ? items.at(-1) : items[Number(part)];
  }
  if (part === "*") throw invalid("a wildcard cannot stand in this path");
  if (!isElement(part)) return getField(node, part);
  const { name, value } = splitElement(part);
  return findElement(node, [name], [value]);
}

/** The first element of a list whose fields have these values; for the key "" the element with this text. */
export function findElement(
  list: YamlNode | undefined,
  keys: readonly string[],
  values: readonly string[],
): YamlNode | undefined {
  if (isMissing(list)) return undefined;
  expectKind(list, "list");
  const items = (list as YamlNode).items;
  if (keys.length === 0 || keys[0] === "") return items.find((item) => item.value === (values[0] ?? ""));
  return items.find(
    (item) =>
      item.kind === "map" &&
      keys.every((key, i) => field(item, key) !== undefined && field(item, key)?.value === values[i]),
  );
}

/** As `lookup` over field names, but what is absent is made: maps on the way, a node of `kind` at the end. */
export function lookupCreate(node: YamlNode, path: readonly string[], kind: NodeKind): YamlNode | undefined {
  let found: YamlNode | undefined = node;
  for (let i = 0; i < path.length; i++) {
    if (isMissing(found)) return undefined;
    const part = path[i] as string;
    const next = path[i + 1];
    const partKind = next === undefined ? kind : isElement(next) || isIndex(next) ? "list" : "map";
    found = createPart(found as YamlNode, part, partKind);
    if (found === undefined) return undefined;
  }
  return found;
}

function createPart(node: YamlNode, part: string, kind: NodeKind): YamlNode | undefined {
  if (isIndex(part) || part === "-" || part === "*") return lookupPart(node, part);
  if (isElement(part)) {
    const { name, value } = splitElement(part);
    return findElement(node, [name], [value]) ?? appendElement(node, name, untyped(value));
  }
  const old = getField(node, part);
  if (old !== undefined) return old;
  const made = new YamlNode(kind);
  setField(node, part, made);
  return made;
}

/** Adds an element that holds `value` under `name`, or is the value itself where the name is "". */
export function appendElement(list: YamlNode, name: string, value: YamlNode): YamlNode {
  expectKind(list, "list");
  let element = value;
  if (name !== "") {
    element = new YamlNode("map");
    element.items.push(untyped(name), value);
  }
  addItems(list, element);
  return element;
}
