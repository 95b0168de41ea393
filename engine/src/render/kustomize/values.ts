// Node trees to plain data, as kustomize's last step does it: written by go-yaml v3, read back by it, then JSON. And plain
// data back to nodes, as it does after a JSON patch.

import { formatGoFloat, formatTimestamp, isTimestamp, resolvePlain, textStyle, YamlNode } from "#formats/yaml";
import { decodeUtf8, isObject, type Json, type JsonObject, setOwn } from "#kernel";
import { decodeBase64 } from "./base64.ts";
import { invalid } from "./faults.ts";
import { encodeGoString } from "./go-json.ts";
import { readWritten } from "./commented.ts";
import { stringTag } from "./nodes.ts";
import { roundTripFolded } from "./folded.ts";

/** How a node reaches the reader: written in a block or in brackets, or not written at all. */
type Form = "block" | "flow" | "none";

/** The data of a map or list. Throws on duplicate keys, keys that are no text, and numbers JSON does not have. */
export function nodeToData(node: YamlNode): Json {
  const read = readWritten(node);
  return read === node ? toData(node, "block") : decodeNode(read);
}

/** The same of nodes that are decoded as they are, without having been written. */
export function decodeNode(node: YamlNode): Json {
  return toData(node, "none");
}

function toData(node: YamlNode, form: Form): Json {
  return node.kind === "map" ? mapToData(node, form, true) : convert(node, form);
}

/** The same, read once more from JSON text by go-yaml v2, as all that kustomize prints. */
export function nodeToOutput(node: YamlNode): Json {
  return readBack(nodeToData(node));
}

/** Data, changed in place, as go-yaml v2 reads it from JSON text. */
export function readBack(data: Json): Json {
  if (typeof data === "string") return checkText(data);
  if (typeof data !== "object" || data === null) return data;
  if (Array.isArray(data)) {
    for (const [i, item] of data.entries()) data[i] = readBack(item);
    return data;
  }
  for (const key of Object.keys(data)) {
    checkKey(key);
    const value = data[key] as Json;
    const read = readBack(value);
    if (read !== value) setOwn(data, key, read);
  }
  return data;
}

function convert(node: YamlNode, form: Form): Json {
  switch (node.kind) {
    case "map":
      return mapToData(node, form, false);
    case "list": {
      const inner = formInside(node, form);
      return node.items.map((item) => convert(item, inner));
    }
    case "alias":
      return convert(node.target as YamlNode, form);
    case "scalar":
      // An empty plain text would vanish in a flow, so go-yaml writes quotes, and reads them back as text.
      if (form === "flow" && node.value === "" && node.style === "plain" && !writesTag(node)) return "";
      return scalarToData(node, form);
    default:
      return null;
  }
}

function formInside(node: YamlNode, form: Form): Form {
  return form === "block" && node.style === "flow" ? "flow" : form;
}

function mapToData(node: YamlNode, form: Form, isTop: boolean): JsonObject {
  const object: JsonObject = {};
  const inner = formInside(node, form);
  for (let i = 0; i < node.items.length; i += 2) {
    const key = node.items[i] as YamlNode;
    const name = key.value;
    if (Object.hasOwn(object, name)) throw invalid(`mapping key "${name}" already defined`, placeOf(key));
    if (!isTop && scalarTag(key) !== stringTag) throw invalid(`key ${name} is no text`, placeOf(key));
    setOwn(object, name, convert(node.items[i + 1] as YamlNode, inner));
  }
  return object;
}

function placeOf(node: YamlNode): { at?: string } {
  return node.line > 0 ? { at: `line ${node.line}` } : {};
}

/** The tag a scalar has once written and read back. */
export function scalarTag(node: YamlNode): string {
  const isQuoted = (node.style !== "plain" && node.style !== "flow") || node.value.includes("\n");
  if (node.tag === "") return isQuoted ? stringTag : resolvePlain(node.value, "v3").tag;
  if (node.tag === stringTag && !node.isTagged) return stringTag;
  if (!node.isTagged && isQuoted && resolvePlain(node.value, "v3").tag === node.tag) return stringTag;
  return node.tag;
}

/** A tag stands in the text where the value alone would not be read as what it says. */
export function writesTag({ value, tag, isTagged }: YamlNode): boolean {
  if (isTagged || tag === "" || tag === stringTag) return isTagged;
  return resolvePlain(value, "v3").tag !== tag;
}

/** What stands in double quotes instead: signs that are escaped there, blanks in front of a break or at the end. */
const unfitForBlock = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]| \n| $/;

/** A block whose first sign is a tab cannot be read back: the reader takes the tab for its indent (yaml_parser_scan_block_scalar). */
function checkBlock({ style, value }: YamlNode): void {
  const isBlock = style === "literal" || style === "folded" || (style === "plain" && value.includes("\n"));
  if (isBlock && value.startsWith("\t") && !unfitForBlock.test(value))
    throw invalid("text that begins with a tab cannot stand in a block", { hint: "write it in double quotes" });
}

function scalarToData(node: YamlNode, form: Form): Json {
  if (form === "block") checkBlock(node);
  const value = node.style === "folded" && form === "block" ? roundTripFolded(node.value) : node.value;
  const tag = scalarTag(node);
  if (tag === stringTag) return value;
  if (tag === "!!binary") return decodeBinary(value);
  const resolved = resolvePlain(value, "v3");
  if (tag === resolved.tag || (tag === "!!float" && resolved.tag === "!!int")) {
    if (typeof resolved.value === "number" && !Number.isFinite(resolved.value))
      throw invalid(`${value} is a number that JSON does not have`, placeOf(node));
    if (tag === "!!timestamp") return isTimestamp(value) ? formatTimestamp(value) : value;
    if (tag === "!!float") return Number(resolved.value);
    return Object.is(resolved.value, -0) ? 0 : resolved.value;
  }
  if (ownTags.has(tag)) throw invalid(`cannot decode ${resolved.tag} \`${value}\` as a ${tag}`, placeOf(node));
  return value;
}

const ownTags: ReadonlySet<string> = new Set(["!!int", "!!float", "!!bool", "!!null", "!!timestamp"]);

/** JSON leaves these as they are, and the YAML reader that comes next refuses them. */
const unreadable = /[\x7f-\x84\x86-\x9f\ufffe\uffff]/;

/** The longest key that go-yaml v2 reads from JSON text, in characters with its quotes (simple keys of yaml_parser_t). */
const keyLengthMax = 1_024;

function checkKey(key: string): void {
  if (key.includes("\x85")) throw invalid("a key cannot hold a line break");
  if (unreadable.test(key)) throw invalid("control characters are not allowed in keys");
  // A character of JSON text takes six at most.
  if (key.length > keyLengthMax / 6 && Array.from(encodeGoString(key)).length > keyLengthMax)
    throw invalid(`a key is longer than ${keyLengthMax} characters`, { at: `${key.slice(0, 40)}…` });
}

function checkText(value: string): string {
  if (unreadable.test(value)) throw invalid("control characters are not allowed in text");
  return value.includes("\x85") ? foldNextLines(value) : value;
}

/** JSON text holds U+0085 as it is, and the YAML reader takes it for a line break, which it folds. */
function foldNextLines(value: string): string {
  return value.replace(/ *\x85(?: *\x85)* */g, (breaks) => {
    const count = breaks.replaceAll(" ", "").length;
    return count === 1 ? " " : "\n".repeat(count - 1);
  });
}

function decodeBinary(value: string): string {
  const bytes = decodeBase64(value);
  if (bytes === undefined) throw invalid("!!binary value contains invalid base64 data");
  return decodeUtf8(bytes);
}

/** Nodes of data that came out of a JSON patch: all numbers are doubles, text has the quotes go-yaml gives it. */
export function dataToNode(data: Json): YamlNode {
  const node = makeNode(data);
  // kustomize reads them from text, so they differ from nodes that it sets, which have no place.
  node.column = 1;
  return node;
}

function makeNode(data: Json): YamlNode {
  if (Array.isArray(data)) {
    const list = new YamlNode("list", "", "!!seq");
    for (const item of data) list.items.push(dataToNode(item));
    return list;
  }
  if (isObject(data)) {
    const map = new YamlNode("map", "", "!!map");
    for (const key of Object.keys(data)) map.items.push(textNode(key), dataToNode(data[key] as Json));
    return map;
  }
  if (data === null) return new YamlNode("scalar", "null", "!!null");
  if (typeof data === "boolean") return new YamlNode("scalar", String(data), "!!bool");
  if (typeof data === "string") return textNode(data);
  const value = formatGoFloat(Number(data));
  return new YamlNode("scalar", value, resolvePlain(value, "v3").tag);
}

function textNode(value: string): YamlNode {
  const node = new YamlNode("scalar", value, stringTag);
  node.style = textStyle(value);
  // Written plain, it reads back as a merge key.
  if (value === "<<") node.tag = "!!merge";
  return node;
}
