// The suffix that ties a generated object's name to its content (api/hasher).

import { isObject, type Json, type JsonObject, sha256Hex } from "#kernel";
import type { YamlNode } from "#formats/yaml";
import { encodeGoJson, encodeGoString } from "./go-json.ts";
import { field } from "./nodes.ts";
import { nodeToData } from "./values.ts";

const letters: { readonly [digit: string]: string } = { "0": "g", "1": "h", "3": "k", a: "m", e: "t" };

/** Ten letters and digits: for a ConfigMap or Secret of its data, for an object of another kind of its whole node tree. */
export function contentHash(node: YamlNode): string {
  const kind = field(node, "kind")?.value ?? "";
  const isData = kind === "ConfigMap" || kind === "Secret";
  const digest = sha256Hex(isData ? encodeData(node, kind) : encodeTree(node));
  return digest.slice(0, 10).replace(/[013ae]/g, (digit) => letters[digit] as string);
}

function encodeData(node: YamlNode, kind: string): string {
  const parts: JsonObject = { data: valueOf(node, "data"), kind, name: "" };
  if (kind === "Secret") parts["type"] = valueOf(node, "type");
  const extra = kind === "Secret" ? "stringData" : "binaryData";
  const value = valueOf(node, extra);
  if (isObject(value)) parts[extra] = value;
  return encodeGoJson(parts);
}

const kindNumbers = { list: 2, map: 4, scalar: 8, alias: 16 } as const;
const styleNumbers = { plain: 0, double: 2, single: 4, literal: 8, folded: 16, flow: 32 } as const;
const taggedStyle = 1;

/** The tree as Go's encoding/json writes go-yaml's nodes: also where and how each was written counts. */
function encodeTree(node: YamlNode): string {
  const style = styleNumbers[node.style] + (node.isTagged ? taggedStyle : 0);
  const content = node.items.length > 0 || isEmptied(node) ? `[${node.items.map(encodeTree).join(",")}]` : "null";
  return [
    `{"Kind":${kindNumbers[node.kind]},"Style":${style},"Tag":${encodeGoString(node.tag)},"Value":${encodeGoString(node.value)}`,
    `"Anchor":"","Alias":null,"Content":${content}`,
    `"HeadComment":${encodeGoString(node.headComment)},"LineComment":${encodeGoString(node.lineComment)}`,
    `"FootComment":${encodeGoString(node.footComment)}`,
    `"Line":${node.line},"Column":${node.column}}`,
  ].join(",");
}

/** What was read as a block had items once, and Go tells a list that was emptied from one that never was. */
function isEmptied({ kind, style, line, isEmptied: isKnown }: YamlNode): boolean {
  return isKnown || ((kind === "map" || kind === "list") && style === "plain" && line > 0);
}

function valueOf(node: YamlNode, name: string): Json {
  const value = field(node, name);
  if (value === undefined) return "";
  return value.kind === "scalar" ? value.value : toDoubles(nodeToData(value));
}

/** Numbers pass through a double on their way into the hash. */
function toDoubles(data: Json): Json {
  if (typeof data === "bigint") return Number(data);
  if (Array.isArray(data)) return data.map(toDoubles);
  if (!isObject(data)) return data;
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, toDoubles(value)]));
}
