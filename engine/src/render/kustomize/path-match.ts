// All nodes that a path with wildcards, indexes and `[field=pattern]` leads to (kyaml, PathMatcher). What is absent can be
// made on the way.

import { type NodeKind, writeNodes, YamlNode } from "#formats/yaml";
import { invalid } from "./faults.ts";
import {
  addItems,
  appendElement,
  expectKind,
  field,
  getField,
  isElement,
  isIndex,
  setField,
  splitElement,
  untyped,
} from "./nodes.ts";
import { compileUnanchored } from "./patterns.ts";
import { readAnchored } from "./read.ts";

/** Matching nodes; none when the path leads nowhere. With `create`, what is absent is made, a node of that kind at the end. */
export function matchPath(node: YamlNode, path: readonly string[], create: NodeKind | undefined): YamlNode[] {
  const part = path[0];
  if (part === undefined) return [node];
  if (isIndex(part)) return matchIndex(node, path, create);
  if (isElement(part)) return matchElements(node, path, create);
  if (part === "*") return itemsOf(node).flatMap((item) => matchPath(item, path.slice(1), create));
  return matchField(node, path, create);
}

function itemsOf(node: YamlNode): readonly YamlNode[] {
  expectKind(node, "list");
  return node.kind === "list" ? node.items : [];
}

function kindOf(next: string | undefined, create: NodeKind): NodeKind {
  if (next === undefined) return create;
  return isElement(next) || isIndex(next) ? "list" : "map";
}

function matchField(node: YamlNode, path: readonly string[], create: NodeKind | undefined): YamlNode[] {
  const name = path[0] as string;
  let found = getField(node, name);
  if (found === undefined) {
    if (create === undefined) return [];
    found = new YamlNode(kindOf(path[1], create));
    setField(node, name, found);
  }
  if (found.kind !== "scalar" || path.length === 1) return matchPath(found, path.slice(1), create);
  const root = readAnchored(found.value);
  if (root === undefined) throw invalid(`'${name}' holds no structured data`);
  return matchPath(root, path.slice(1), create);
}

function matchIndex(node: YamlNode, path: readonly string[], create: NodeKind | undefined): YamlNode[] {
  const index = Number(path[0]);
  const items = itemsOf(node);
  if (index === items.length && create !== undefined) addItems(node, new YamlNode(kindOf(path[1], create)));
  const item = node.items[index];
  if (item === undefined) throw invalid(`index ${index} specified but only ${items.length} elements found`);
  return matchPath(item, path.slice(1), create);
}

function matchElements(node: YamlNode, path: readonly string[], create: NodeKind | undefined): YamlNode[] {
  const { name, value } = splitElement(path[0] as string);
  const isMatch = compileUnanchored(value);
  const found = itemsOf(node).flatMap((item) => {
    if (name === "") return isMatch(writeNodes(item).trim()) ? [item] : [];
    const own = field(item, name);
    return own !== undefined && isMatch(writeNodes(own).trim()) ? matchPath(item, path.slice(1), create) : [];
  });
  if (found.length > 0 || create === undefined) return found;
  const made = appendElement(node, name, untyped(value));
  return name === "" ? [made] : matchPath(made, path.slice(1), create);
}
