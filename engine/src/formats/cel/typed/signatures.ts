// The overloads of a function, read from the list of all when one is first asked for.

import { functions } from "./functions.ts";
import { type CelType, dyn, listOf, mapOf, optionalOf, parameter, simpleType, stringType, typeOf } from "./types.ts";

export type Overload = {
  id: string;
  isMember: boolean;
  /** The target first, where there is one. */
  args: readonly CelType[];
  result: CelType;
  /** Names of type parameters. */
  parameters: readonly string[];
};

let lines: ReadonlyMap<string, string> | undefined;
const known = new Map<string, readonly Overload[]>();

/** undefined: there is no such function. */
export function overloadsOf(name: string): readonly Overload[] | undefined {
  const found = known.get(name);
  if (found !== undefined) return found;
  lines ??= new Map(functions.map((line) => splitAt(line, line.indexOf(": "), 2)));
  const line = lines.get(name);
  if (line === undefined) return undefined;
  const overloads = line.split(" | ").map(parseOverload);
  known.set(name, overloads);
  return overloads;
}

function splitAt(text: string, at: number, width: number): [string, string] {
  return [text.slice(0, at), text.slice(at + width)];
}

/** `id (int,A) bool` or `id string.(int) bool`. */
function parseOverload(text: string): Overload {
  const [id, signature] = splitAt(text, text.indexOf(" "), 1);
  const start = signature.startsWith("(") ? 0 : signature.indexOf(".(") + 1;
  const close = closing(signature, start);
  const target = signature.slice(0, Math.max(0, start - 1));
  const args = partsOf(signature.slice(start + 1, close)).map(parseType);
  const all = target === "" ? args : [parseType(target), ...args];
  const result = parseType(signature.slice(close + 2));
  const parameters = [...new Set(signature.match(/\b[A-Z]\b/g) ?? [])];
  return { id, isMember: target !== "", args: all, result, parameters };
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at;
  }
  return text.length;
}

/** Parts between commas that are in no brackets. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= text.length; at++) {
    if (text[at] === "(") depth++;
    else if (text[at] === ")") depth--;
    else if (at === text.length || (text[at] === "," && depth === 0)) {
      if (text.slice(from, at).trim() !== "") parts.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return parts;
}

/** A type as messages write it. */
function parseType(text: string): CelType {
  const [, name = "", inner = ""] = /^([\w.]+)\((.*)\)$/.exec(text) ?? [];
  const [first, second] = partsOf(inner).map(parseType);
  if (name === "list" && first !== undefined) return listOf(first);
  if (name === "map" && first !== undefined && second !== undefined) return mapOf(first, second);
  if (name === "optional_type" && first !== undefined) return optionalOf(first);
  if (name === "type" && first !== undefined) return typeOf(first);
  if (/^[A-Z]$/.test(text)) return parameter(text);
  return simpleType(text) ?? libraryType(text);
}

/** A type of Kubernetes' libraries. */
export function libraryType(name: string): CelType {
  return { kind: name.startsWith("net.") ? "opaque" : "struct", name, parameters: [] };
}

const named: ReadonlyMap<string, string> = new Map([
  ...["bool", "bytes", "double", "int", "string", "uint"].map((name): [string, string] => [name, name]),
  ["google.protobuf.Duration", "duration"],
  ["google.protobuf.Timestamp", "timestamp"],
  ["list", "list(dyn)"],
  ["map", "map(dyn,dyn)"],
  ["null_type", "null"],
  ["type", "type"],
]);

/** The type of a name that stands for a type, `int`; undefined for any other. */
export function namedType(name: string): CelType | undefined {
  const type = named.get(name);
  if (type === undefined) return undefined;
  return typeOf(type === "type" ? { kind: "type", name: "type", parameters: [] } : parseType(type));
}

/** Types that only expressions which make changes know: `Object`, `Object.spec`, `JSONPatch`. */
export function isPatchType(name: string): boolean {
  return name === "JSONPatch" || name === "Object" || name.startsWith("Object.");
}

/** The type of a field of one of them; undefined: it has no such field. */
export function patchFieldType(type: string, field: string): CelType | undefined {
  if (type !== "JSONPatch" || field === "value") return dyn;
  return ["op", "path", "from"].includes(field) ? stringType : undefined;
}

/** Functions that only they know. */
export function isPatchFunction(name: string): boolean {
  return name.startsWith("jsonpatch.");
}
