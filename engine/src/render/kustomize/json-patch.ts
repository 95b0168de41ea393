// JSON patches (RFC 6902) as kustomize applies them (evanphx/json-patch v4): negative indexes count from the end, a
// replaced field need not exist, numbers become doubles.

import { parseYaml } from "#formats/yaml";
import { copyJson, decodeJson, equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { invalid } from "./faults.ts";

export type JsonPatch = readonly JsonObject[];

/** Reads a patch; text that begins with a bracket is JSON, any other is YAML. */
export function parseJsonPatch(text: string): JsonPatch {
  const data = text.startsWith("[") ? parseStrictJson(text) : parseYaml(text);
  if (data === null) return [];
  if (!Array.isArray(data)) throw invalid("a JSON patch is a list of operations");
  return data.map((operation) => {
    if (operation !== null && !isObject(operation)) throw invalid("an operation of a JSON patch is a map");
    return operation ?? {};
  });
}

function parseStrictJson(text: string): Json {
  try {
    return decodeJson(text);
  } catch (thrown) {
    throw invalid("text that begins with a bracket must be JSON", { cause: thrown });
  }
}

/** The document after all operations; the given one is not changed. */
export function applyOperations(document: Json, patch: JsonPatch): Json {
  let result = copyJson(document);
  for (const operation of patch) result = applyOne(result, operation);
  return result;
}

function applyOne(document: Json, operation: JsonObject): Json {
  const kind = typeof operation["op"] === "string" ? operation["op"] : "unknown";
  const path = pointerOf(operation, "path");
  switch (kind) {
    case "add":
      addAt(document, path, valueOf(operation));
      return document;
    case "remove":
      removeAt(document, path, kind);
      return document;
    case "replace":
      return replaceAt(document, path, valueOf(operation));
    case "move":
      return moveAt(document, pointerOf(operation, "from"), path);
    case "copy":
      addAt(document, path, copyJson(getAt(document, pointerOf(operation, "from"), kind) ?? null));
      return document;
    case "test":
      testAt(document, path, valueOf(operation));
      return document;
    default:
      throw invalid(`Unexpected kind: ${kind}`, { hint: "op is add, remove, replace, move, copy or test" });
  }
}

function pointerOf(operation: JsonObject, field: string): string {
  const path = operation[field];
  if (typeof path !== "string") throw invalid(`an operation misses its ${field}`);
  return path;
}

function valueOf(operation: JsonObject): Json {
  return copyJson(operation["value"] ?? null);
}

type Place = { parent: Json[] | JsonObject; key: string };

function decodePart(part: string): string {
  return part.replace(/~[01]/g, (escape) => (escape === "~1" ? "/" : "~"));
}

function findPlace(document: Json, path: string, kind: string): Place {
  const parts = path.split("/");
  let parent: Json | undefined = document;
  for (const part of parts.slice(1, -1)) {
    if (typeof parent !== "object" || parent === null) break;
    const key = decodePart(part);
    parent = Array.isArray(parent) ? itemAt(parent, key) : Object.hasOwn(parent, key) ? parent[key] : undefined;
  }
  if (parts.length < 2 || typeof parent !== "object" || parent === null)
    throw invalid(`${kind} operation does not apply: doc is missing path: "${path}"`);
  return { parent, key: decodePart(parts.at(-1) as string) };
}

function itemAt(list: readonly Json[], key: string): Json | undefined {
  const index = parseIndex(key);
  return index === undefined ? undefined : list[index < 0 ? index + list.length : index];
}

function parseIndex(key: string): number | undefined {
  return /^[-+]?\d+$/.test(key) ? Number(key) : undefined;
}

/** An index into a list of `size`, counted from the end when negative. */
function checkIndex(key: string, size: number): number {
  const index = parseIndex(key);
  if (index === undefined) throw invalid(`value was not a proper array index: '${key}'`);
  const place = index < 0 ? index + size : index;
  if (place < 0 || place >= size) throw invalid(`Unable to access invalid index: ${index}`);
  return place;
}

function addAt(document: Json, path: string, value: Json): void {
  const { parent, key } = findPlace(document, path, "add");
  if (!Array.isArray(parent)) parent[key] = value;
  else if (key === "-") parent.push(value);
  else parent.splice(checkIndex(key, parent.length + 1), 0, value);
}

function removeAt(document: Json, path: string, kind: string): void {
  const { parent, key } = findPlace(document, path, kind);
  if (Array.isArray(parent)) parent.splice(checkIndex(key, parent.length), 1);
  else if (Object.hasOwn(parent, key)) delete parent[key];
  else throw invalid(`Unable to remove nonexistent key: ${key}`, { at: path });
}

function replaceAt(document: Json, path: string, value: Json): Json {
  if (path === "") {
    if (typeof value !== "object" || value === null) throw invalid("replace operation value must be object or array");
    return value;
  }
  const { parent, key } = findPlace(document, path, "replace");
  if (Array.isArray(parent)) parent[checkIndex(key, parent.length)] = value;
  else parent[key] = value;
  return document;
}

function getAt(document: Json, path: string, kind: string): Json | undefined {
  const { parent, key } = findPlace(document, path, kind);
  if (Array.isArray(parent)) return parent[checkIndex(key, parent.length)];
  return Object.hasOwn(parent, key) ? parent[key] : undefined;
}

function moveAt(document: Json, from: string, to: string): Json {
  const value = getAt(document, from, "move") ?? null;
  removeAt(document, from, "move");
  addAt(document, to, value);
  return document;
}

function testAt(document: Json, path: string, value: Json): void {
  const found = path === "" ? document : (getAt(document, path, "test") ?? null);
  if (!equalJson(found, value)) throw invalid(`testing value ${path} failed`);
}
