// Data as Go prints it, and as Go's words name its type: for the messages of strategic merge patches.

import { isObject, type Json } from "#kernel";

function isList(value: Json | readonly Json[]): value is readonly Json[] {
  return Array.isArray(value);
}

/** Data as Go's %v prints it. */
export function formatGo(value: Json | readonly Json[]): string {
  if (isList(value)) return `[${value.map((item) => formatGo(item)).join(" ")}]`;
  if (!isObject(value)) return value === null ? "<nil>" : String(value);
  const members = Object.keys(value).sort();
  return `map[${members.map((name) => `${name}:${formatGo(value[name] as Json)}`).join(" ")}]`;
}

/** The type that Go decodes such data into. */
export function goTypeOf(value: Json): string {
  if (value === null) return "<nil>";
  if (isObject(value)) return "map[string]interface {}";
  if (Array.isArray(value)) return "[]interface {}";
  if (typeof value === "number") return Number.isInteger(value) ? "int64" : "float64";
  return typeof value === "bigint" ? "int64" : typeof value === "boolean" ? "bool" : "string";
}
