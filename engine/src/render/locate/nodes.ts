// Fields of YAML text with their lines: a step of a field's path is a name, the keys of a list's item, a value of a set, or
// an index.

import { Composer, nodeToJson, type YamlNode } from "#formats/yaml";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { fileLengthMost } from "./limits.ts";

export type FieldStep = string | { match: JsonObject } | { value: Json } | { index: number };

/** Roots of all documents of a text; none where it is not YAML. */
export function documentsOf(text: string): YamlNode[] {
  if (text.length > fileLengthMost) return [];
  const roots: YamlNode[] = [];
  try {
    const composer = new Composer(text);
    for (let root = composer.next(); root !== undefined; root = composer.next()) roots.push(root);
  } catch {
    // What cannot be read states nothing that could be found.
  }
  return roots;
}

/** An alias stands for what it names. */
function meant(node: YamlNode | undefined): YamlNode | undefined {
  return node?.kind === "alias" ? node.target : node;
}

/** A member's value in a map; `at` is where its name stands. */
export function memberOf(map: YamlNode | undefined, name: string): { value: YamlNode; at: YamlNode } | undefined {
  const node = meant(map);
  if (node?.kind !== "map") return undefined;
  for (let i = 0; i + 1 < node.items.length; i += 2) {
    const [at, value] = [node.items[i] as YamlNode, meant(node.items[i + 1])];
    if (at.value === name && value !== undefined) return { value, at };
  }
  return undefined;
}

/** The value at a path of names; undefined where there is none. */
export function nodeAt(root: YamlNode | undefined, ...names: readonly string[]): YamlNode | undefined {
  let node = meant(root);
  for (const name of names) node = memberOf(node, name)?.value;
  return node;
}

export function itemsOf(list: YamlNode | undefined): readonly YamlNode[] {
  return meant(list)?.kind === "list" ? (meant(list)?.items ?? []).map((item) => meant(item) ?? item) : [];
}

export function scalarOf(node: YamlNode | undefined): string {
  return node?.kind === "scalar" ? node.value : "";
}

/** Where a field stands, and its value there; undefined where the document does not have it. */
export function fieldAt(root: YamlNode, steps: readonly FieldStep[]): { line: number; value: YamlNode } | undefined {
  let found = { line: root.line, value: root };
  for (const step of steps) {
    const next = stepInto(found.value, step);
    if (next === undefined) return undefined;
    found = next;
  }
  return found;
}

function stepInto(node: YamlNode, step: FieldStep): { line: number; value: YamlNode } | undefined {
  if (typeof step === "string") {
    const member = memberOf(node, step);
    return member && { line: member.at.line, value: member.value };
  }
  const items = itemsOf(node);
  const item =
    "index" in step
      ? items[step.index]
      : items.find((each) => ("match" in step ? hasKeys(each, step.match) : isValue(each, step.value)));
  return item && { line: item.line, value: item };
}

/** Keys that the server filled in (a port's protocol) may be missing in the text; one at least must be there. */
function hasKeys(item: YamlNode, keys: JsonObject): boolean {
  let count = 0;
  for (const [name, value] of Object.entries(keys)) {
    const node = nodeAt(item, name);
    if (node === undefined) continue;
    if (!isValue(node, value)) return false;
    count += 1;
  }
  return count > 0;
}

/** True when a node says this value. */
export function isValue(node: YamlNode, value: Json | undefined): boolean {
  if (value === undefined) return false;
  if (node.kind === "scalar" && typeof value !== "object") return node.value === String(value);
  const plain = plainOf(node);
  return plain !== undefined && equalJson(plain, value);
}

function plainOf(node: YamlNode): Json | undefined {
  try {
    return nodeToJson(node);
  } catch {
    return undefined;
  }
}

/** The value at a path in plain data. */
export function valueAt(value: Json | undefined, steps: readonly FieldStep[]): Json | undefined {
  let found = value;
  for (const step of steps) found = valueIn(found, step);
  return found;
}

function valueIn(value: Json | undefined, step: FieldStep): Json | undefined {
  if (typeof step === "string") return isObject(value) ? value[step] : undefined;
  if (!Array.isArray(value)) return undefined;
  if ("index" in step) return value[step.index];
  if ("value" in step) return value.find((item) => equalJson(item, step.value));
  return value.find((item) => isObject(item) && fits(item, step.match));
}

function fits(item: JsonObject, keys: JsonObject): boolean {
  const known = Object.entries(keys).filter(([name]) => item[name] !== undefined);
  return known.length > 0 && known.every(([name, value]) => equalJson(item[name], value));
}
