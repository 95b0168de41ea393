// YAML to plain data exactly as sigs.k8s.io/yaml v1.6 does it (go-yaml v2, then JSON): YAML 1.1 words, Go's numbers, merge
// keys, keys that become text, later duplicates win. Unknown tags leave the text as it is.

import { decodeUtf8, type Json, type JsonObject, setOwn, unreachable } from "#kernel";
import { shortestSingle } from "#formats/go-numbers";
import { Composer } from "./compose.ts";
import { YamlFault } from "./faults.ts";
import { formatGoFloat } from "./go-float.ts";
import { aliasRangeHigh, aliasRangeLow } from "./limits.ts";
import type { YamlNode } from "./node.ts";
import { type Resolved, resolvePlain } from "./resolve.ts";

export type ParseOptions = {
  /** Duplicate keys are an error instead of the last one winning. */
  isStrict?: boolean;
};

/** The first document of the text as plain data; null when the text is empty. Throws YamlFault. */
export function parseYaml(text: string, options: ParseOptions = {}): Json {
  const root = new Composer(text, undefined, { allowsNewer: false }).next();
  return root === undefined ? null : new Converter(options.isStrict ?? false).document(root);
}

/** All documents as plain data, without those that hold nothing. Throws YamlFault. */
export function parseYamlDocuments(text: string, options: ParseOptions = {}): Json[] {
  const composer = new Composer(text);
  const documents: Json[] = [];
  for (let root = composer.next(); root !== undefined; root = composer.next()) {
    const value = new Converter(options.isStrict ?? false).document(root);
    if (value !== null) documents.push(value);
  }
  return documents;
}

/** Plain data of a node tree, read as `parseYaml` reads text. */
export function nodeToJson(node: YamlNode): Json {
  return new Converter(false).document(node);
}

class Converter {
  readonly #isStrict: boolean;
  readonly #open = new Set<YamlNode>();
  #count = 0;
  #aliasedCount = 0;
  #aliasDepth = 0;
  /** What go-yaml reads and JSON has no room for: noticed once all is read, keys before numbers. */
  #unwrittenKey: YamlFault | undefined;
  #unwrittenNumber: YamlFault | undefined;

  constructor(isStrict: boolean) {
    this.#isStrict = isStrict;
  }

  document(root: YamlNode): Json {
    const value = this.convert(root);
    const problem = this.#unwrittenKey ?? this.#unwrittenNumber;
    if (problem !== undefined) throw problem;
    return value;
  }

  convert(node: YamlNode): Json {
    this.#countNode(node);
    switch (node.kind) {
      case "alias":
        return this.#followAlias(node, (target) => this.convert(target));
      case "list":
        return node.items.map((item) => this.convert(item));
      case "map": {
        const object: JsonObject = {};
        this.#addPairs(node, object, this.#isStrict ? new Set() : undefined);
        return object;
      }
      case "scalar":
        return this.#scalar(node);
      default:
        return unreachable(node.kind);
    }
  }

  #scalar(node: YamlNode): Json {
    const resolved = resolveNode(node);
    if (resolved.tag === "!!float" && !Number.isFinite(resolved.value))
      this.#unwrittenNumber ??= fault(node, `unsupported value: ${resolved.value}: JSON has no such number`);
    // go-yaml's integers have no minus zero, its floats lose it on the way through JSON text.
    return Object.is(resolved.value, -0) ? 0 : resolved.value;
  }

  #followAlias<T>(node: YamlNode, visit: (target: YamlNode) => T): T {
    const target = node.target as YamlNode;
    if (this.#open.has(target)) throw fault(node, `anchor '${node.value}' value contains itself`);
    this.#open.add(target);
    this.#aliasDepth++;
    const result = visit(target);
    this.#aliasDepth--;
    this.#open.delete(target);
    return result;
  }

  #addPairs(node: YamlNode, object: JsonObject, seen: Set<string> | undefined): void {
    for (let i = 0; i < node.items.length; i += 2) {
      const key = node.items[i] as YamlNode;
      const value = node.items[i + 1] as YamlNode;
      if (isMergeKey(key)) {
        this.#merge(value, object);
        continue;
      }
      const name = this.#keyText(key, value);
      if (seen?.has(name)) throw new YamlFault("yaml-duplicate-key", `key "${name}" already set in map`, key);
      seen?.add(name);
      setOwn(object, name, this.convert(value));
    }
  }

  /** In a list of maps the earlier win, so they are written last. */
  #merge(node: YamlNode, object: JsonObject): void {
    this.#countNode(node);
    if (node.kind === "alias") return this.#followAlias(node, (target) => this.#merge(target, object));
    if (node.kind === "map") return this.#addPairs(node, object, undefined);
    const maps = node.kind === "list" ? node.items : [];
    const areMaps = maps.every((item) => (item.target ?? item).kind === "map");
    if (node.kind !== "list" || !areMaps) throw fault(node, "map merge requires map or sequence of maps as the value");
    for (const item of maps.toReversed()) this.#merge(item, object);
  }

  #keyText(key: YamlNode, value: YamlNode): string {
    const node = key.kind === "alias" ? (key.target as YamlNode) : key;
    if (node.kind !== "scalar") throw keyFault(key, value, "invalid map key: it is a list or a map");
    this.#countNode(node);
    const resolved = resolveNode(node);
    if (typeof resolved.value === "string") return resolved.value;
    if (resolved.tag === "!!null") this.#unwrittenKey ??= keyFault(key, value, "unsupported map key of type: null");
    if (resolved.tag === "!!float") return floatKeyText(resolved.value);
    if (typeof resolved.value === "bigint" && resolved.value > 2n ** 63n - 1n)
      this.#unwrittenKey ??= keyFault(key, value, "unsupported map key of type: uint64");
    return String(resolved.value);
  }

  #countNode(node: YamlNode): void {
    this.#count++;
    if (this.#aliasDepth === 0) return;
    this.#aliasedCount++;
    if (this.#aliasedCount <= 100 || this.#count <= 1_000) return;
    if (this.#aliasedCount / this.#count > allowedAliasShare(this.#count))
      throw new YamlFault("yaml-limit", "document contains excessive aliasing", node);
  }
}

function allowedAliasShare(count: number): number {
  if (count <= aliasRangeLow) return 0.99;
  if (count >= aliasRangeHigh) return 0.1;
  return 0.99 - (0.89 * (count - aliasRangeLow)) / (aliasRangeHigh - aliasRangeLow);
}

/** True for the key that merges maps in. */
export function isMergeKey(node: YamlNode): boolean {
  return (
    node.kind === "scalar" &&
    node.value === "<<" &&
    node.style === "plain" &&
    (node.tag === "" || node.tag === "!!merge")
  );
}

/** go-yaml writes a float key with the precision of a float32 (sigs.k8s.io/yaml, convertToJSONableObject). */
function floatKeyText(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  return formatGoFloat(shortestSingle(value));
}

/** The value of a scalar with its tag, if any, taken into account. */
export function resolveNode(node: YamlNode): Resolved {
  const { tag, value } = node;
  if (tag === "" && node.style !== "plain") return { tag: "!!str", value };
  if (tag === "!!binary") return { tag: "!!str", value: decodeBinary(node) };
  if (tag === "!!str" || (tag !== "" && !resolvableTags.has(tag))) return { tag: "!!str", value };
  const resolved = resolvePlain(value, "v2");
  if (tag === "" || tag === resolved.tag) return resolved;
  if (tag === "!!float" && resolved.tag === "!!int") return { tag: "!!float", value: Number(resolved.value) };
  throw fault(node, `cannot decode ${resolved.tag} \`${value}\` as a ${tag}`);
}

const resolvableTags: ReadonlySet<string> = new Set(["!!bool", "!!int", "!!float", "!!null", "!!timestamp"]);

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** The text that base64 stands for; bytes that are no UTF-8 become U+FFFD, as Go's JSON writes them. */
function decodeBinary(node: YamlNode): string {
  const text = node.value.replace(/[\r\n]/g, "");
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw fault(node, "!!binary value contains invalid base64 data");
  const bytes: number[] = [];
  let bits = 0;
  let held = 0;
  for (const character of text.replace(/=+$/, "")) {
    bits = ((bits << 6) | base64Alphabet.indexOf(character)) & 0xffff;
    held += 6;
    if (held >= 8) bytes.push((bits >> (held -= 8)) & 0xff);
  }
  return decodeUtf8(Uint8Array.from(bytes));
}

function fault(node: YamlNode, message: string): YamlFault {
  return new YamlFault("yaml-value", message, node);
}

function keyFault(key: YamlNode, value: YamlNode, message: string): YamlFault {
  const found = fault(key, message);
  found.entry = [key, value];
  return found;
}
