// JSON text as Go writes it, for hashes and for what stands inside fields.

import type { Json } from "#kernel";

/** JSON text as Go's encoding/json writes it: keys sorted, HTML's signs escaped. */
export function encodeGoJson(value: Json, indent = ""): string {
  return write(value, indent, "");
}

function write(value: Json, indent: string, padding: string): string {
  if (typeof value === "string") return encodeGoString(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = padding + indent;
  const isList = Array.isArray(value);
  const members = isList
    ? value.map((item) => write(item, indent, inner))
    : Object.keys(value)
        .sort()
        .map((key) => `${encodeGoString(key)}:${indent === "" ? "" : " "}${write(value[key] as Json, indent, inner)}`);
  const [open, close] = isList ? ["[", "]"] : ["{", "}"];
  if (members.length === 0 || indent === "") return `${open}${members.join(",")}${close}`;
  return `${open}\n${inner}${members.join(`,\n${inner}`)}\n${padding}${close}`;
}

/** A text in quotes, as Go's encoding/json writes it. */
export function encodeGoString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
