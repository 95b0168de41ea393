// Text of resource files, patches and inline plugins to objects, as kyaml reads it: documents split at lines of dashes,
// tags fixed at once, aliases and merge keys written out, lists of objects unpacked.

import { Composer, type DocumentComments, resolvePlain, YamlNode } from "#formats/yaml";
import { decodeUtf8Strict, isObject, type Json } from "#kernel";
import { fault, invalid } from "./faults.ts";
import { expandedNodesMax } from "./limits.ts";
import { clearField, copyNode, field, isEmpty, isMissing, nullTag, stringTag } from "./nodes.ts";
import { Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";
import { decodeNode, nodeToData } from "./values.ts";

export function decodeText(bytes: Uint8Array): string {
  const text = decodeUtf8Strict(bytes);
  if (text === undefined) throw invalid("the file is not valid UTF-8");
  return text;
}

/** All objects of a text. Throws when a document is no Kubernetes object. */
export function readResources(text: string, schema: Schema): Resource[] {
  return unpackLists(readNodes(text).filter(isObjectNode)).map((node) => new Resource(node, schema));
}

/** Root nodes of a text's documents, without empty ones. */
export function readNodes(text: string): YamlNode[] {
  const parts = splitDocuments(text.replaceAll("\r\n", "\n"));
  const nodes: YamlNode[] = [];
  for (const part of parts) {
    const root = readAnchored(part);
    if (root === undefined) continue;
    const node = expandAliases(root);
    if (isMissing(node)) continue;
    if (parts.length === 1 && isWrapper(node)) nodes.push(...(field(node, "items")?.items ?? []));
    else nodes.push(node);
  }
  return nodes;
}

/** One document as kyaml's parser gives it, for text that stands inside a field. */
export function readNode(text: string): YamlNode | undefined {
  const root = readAnchored(text);
  return root && expandAliases(root);
}

/** The same, with its anchors. */
export function readAnchored(text: string): YamlNode | undefined {
  return readDocument(text)?.root;
}

/** The same, and the comments that are the document's own. */
export function readDocument(text: string): { root: YamlNode; comments: DocumentComments } | undefined {
  const composer = new Composer(text, undefined, { keepsComments: true });
  const root = composer.next();
  return root && { root: fixTags(root), comments: composer };
}

/** One document as data, with the words and numbers of kustomize's resources, not of its kustomization files. */
export function readData(text: string): Json {
  const node = readNode(text);
  return node === undefined ? null : nodeToData(node);
}

/** Splits at any line that begins with three dashes, also inside a block of text; kyaml does not look closer. */
function splitDocuments(text: string): string[] {
  if (text === "") return [];
  const parts: string[] = [];
  let start = 0;
  for (const found of text.matchAll(/\n---(.*)\n/g)) {
    const behind = (found[1] as string).trim();
    if (behind !== "" && !behind.startsWith("#")) throw invalid(`invalid document separator: ---${found[1]}`);
    parts.push(`${text.slice(start, found.index)}\n`);
    start = found.index + found[0].length;
  }
  parts.push(text.slice(start));
  return parts;
}

/** A `List` or `ResourceList` alone in its file stands for its items. */
function isWrapper(node: YamlNode): boolean {
  const kind = field(node, "kind")?.value;
  if (kind !== "List" && kind !== "ResourceList") return false;
  return field(node, "items") !== undefined || field(node, "functionConfig") !== undefined;
}

/** Gives every node without a written tag the one it implies, as go-yaml v3 does when it parses. */
function fixTags(node: YamlNode): YamlNode {
  // To go-yaml v3 a lone `!` is no tag; to v2, which reads kustomization files, it makes text.
  if (node.tag === "!") node.tag = "";
  if (node.kind === "scalar") {
    if (node.tag === "") node.tag = node.style === "plain" ? plainTag(node.value) : stringTag;
  } else if (node.kind !== "alias") {
    if (node.tag === "") node.tag = node.kind === "map" ? "!!map" : "!!seq";
    for (const item of node.items) fixTags(item);
  }
  return node;
}

function plainTag(value: string): string {
  return value === "<<" ? "!!merge" : resolvePlain(value, "v3").tag;
}

function expandAliases(root: YamlNode): YamlNode {
  return new Expander().expand(root);
}

class Expander {
  #count = 0;
  readonly #open = new Set<YamlNode>();

  expand(node: YamlNode): YamlNode {
    if (node.kind === "alias") return this.#expandAlias(node);
    this.#countNode();
    node.anchor = "";
    if (node.kind === "scalar") return node;
    if (node.kind === "map") this.#mergeKeys(node);
    for (let i = 0; i < node.items.length; i++) node.items[i] = this.expand(node.items[i] as YamlNode);
    return node;
  }

  #countNode(): void {
    if (++this.#count > expandedNodesMax)
      throw fault("kustomize-limit", `aliases stand for more than ${expandedNodesMax} nodes`);
  }

  #expandAlias(node: YamlNode): YamlNode {
    const target = node.target as YamlNode;
    if (this.#open.has(target)) throw invalid(`anchor '${node.value}' value contains itself`);
    this.#open.add(target);
    const copy = copyCounted(this.expand(target), () => this.#countNode());
    this.#open.delete(target);
    return copy;
  }

  /** `<<`: the fields of other maps, behind the map's own, which win. In a list of maps the earlier ones win. */
  #mergeKeys(node: YamlNode): void {
    const value = mergeValue(node);
    // One in quotes merges nothing, and yet it goes.
    clearField(node, "<<");
    if (value === undefined) return;
    const ownItems = [...node.items];
    for (const map of mergedMaps(value)) this.#setAll(node, map.items);
    this.#setAll(node, ownItems);
  }

  #setAll(node: YamlNode, items: readonly YamlNode[]): void {
    for (let i = 0; i < items.length; i += 2) {
      const key = items[i] as YamlNode;
      const value = items[i + 1] as YamlNode;
      this.#countNode();
      const at = node.items.findIndex((one, j) => j % 2 === 0 && one.value === key.value);
      if (at < 0) node.items.push(copyNode(key), copyNode(value));
      else node.items[at + 1] = copyNode(value);
    }
  }
}

function copyCounted(node: YamlNode, count: () => void): YamlNode {
  const copy = copyNode(node);
  const visit = (one: YamlNode): void => {
    count();
    for (const item of one.items) visit(item);
  };
  visit(copy);
  return copy;
}

function mergeValue(node: YamlNode): YamlNode | undefined {
  let found: YamlNode | undefined;
  for (let i = 0; i < node.items.length; i += 2) {
    if ((node.items[i] as YamlNode).tag !== "!!merge") continue;
    if (found !== undefined) throw invalid("duplicate merge key");
    found = node.items[i + 1];
  }
  return found;
}

function mergedMaps(value: YamlNode): YamlNode[] {
  if (value.kind === "map") return [value];
  if (value.kind === "alias") {
    const target = value.target as YamlNode;
    if (target.kind !== "map") throw invalid("invalid map merge: received alias for a non-map value");
    return [target];
  }
  if (value.kind !== "list") throw invalid("map merge requires map or sequence of maps as the value");
  if (value.items.some((item) => item.kind === "list")) throw invalid("invalid map merge: received a nested sequence");
  return value.items.flatMap(mergedMaps).reverse();
}

/** False for what is empty; throws for what is no Kubernetes object. */
function isObjectNode(node: YamlNode): boolean {
  if (isEmpty(node)) return false;
  const at = node.line > 0 ? { at: `line ${node.line}` } : {};
  const kind = metaText(node, "kind");
  if (node.kind !== "map") throw invalid("a document is no Kubernetes object", at);
  if (kind === "") throw invalid("an object has no kind", at);
  if (kind.endsWith("List")) return true;
  const metadata = field(node, "metadata");
  if (isEmpty(metadata) || metaText(metadata as YamlNode, "name") === "")
    throw invalid(`an object of kind ${kind} has no metadata.name`, at);
  return true;
}

function metaText(node: YamlNode, name: string): string {
  const value = field(node, name);
  return value === undefined || isEmpty(value) ? "" : value.value;
}

/** Objects of a kind that ends in List give way to their items, which come after all others. */
function unpackLists(nodes: readonly YamlNode[]): YamlNode[] {
  const queue = [...nodes];
  const result: YamlNode[] = [];
  for (let i = 0; i < queue.length; i++) {
    const node = queue[i] as YamlNode;
    if (!metaText(node, "kind").endsWith("List") || field(node, "items") === undefined) {
      result.push(node);
      continue;
    }
    const data = decodeNode(node);
    const items = isObject(data) ? data["items"] : null;
    if (items === null || items === undefined) continue;
    if (!Array.isArray(items)) throw invalid(`items of a ${metaText(node, "kind")} must be a list`);
    for (const item of items) {
      const made = quotedNode(item);
      if (isObjectNode(made)) queue.push(made);
    }
  }
  return result;
}

/** Nodes of JSON text: lists and maps in brackets, numbers as they are, text in double quotes. */
function quotedNode(data: Json): YamlNode {
  if (Array.isArray(data)) {
    const list = new YamlNode("list", "", "!!seq");
    list.style = "flow";
    list.items = data.map(quotedNode);
    return list;
  }
  if (isObject(data)) {
    const map = new YamlNode("map", "", "!!map");
    map.style = "flow";
    for (const key of Object.keys(data).sort()) map.items.push(quotedNode(key), quotedNode(data[key] as Json));
    return map;
  }
  if (typeof data === "string") {
    const node = new YamlNode("scalar", data, stringTag);
    node.style = "double";
    return node;
  }
  const value = String(data);
  return new YamlNode("scalar", value, data === null ? nullTag : resolvePlain(value, "v3").tag);
}
