// ConfigMaps and Secrets from literals, files and env files.

import { YamlNode } from "#formats/yaml";
import { baseName, decodeUtf8Strict, encodeUtf8 } from "#kernel";
import { encodeBase64Lines } from "./base64.ts";
import { fault, invalid } from "./faults.ts";
import type { GeneratorArguments, GeneratorOptions } from "./kustomization.ts";
import type { Loader } from "./loader.ts";
import { readNode } from "./read.ts";
import { lookupCreate, setField, text } from "./nodes.ts";
import { type Behavior, Resource } from "./resource.ts";
import type { Schema } from "./schema.ts";

type Pair = { key: string; value: Uint8Array };

export function generate(
  kind: "ConfigMap" | "Secret",
  args: GeneratorArguments,
  { loader, schema }: { loader: Loader; schema: Schema },
): Resource {
  const name = args.name ?? "";
  if (name === "") throw invalid(`a ${kind} generator must have a name`, { at: "name" });
  // Read from text as in kustomize: in the hash of an object whose kind was changed, the places of its nodes count.
  const node = readNode(`\napiVersion: v1\nkind: ${kind}\n`) as YamlNode;
  setPath(node, ["metadata", "name"], text(name));
  if (args.namespace) setPath(node, ["metadata", "namespace"], text(args.namespace));
  if (kind === "Secret") setField(node, "type", text(args.type || "Opaque"));
  const pairs = uniquePairs(name, readPairs(args, loader));
  if (kind === "Secret") writeSecretData(node, pairs);
  else writeConfigData(node, pairs);
  applyOptions(node, args.options);
  const resource = new Resource(node, schema);
  if (!args.options?.disableNameSuffixHash) resource.enable("needsHashSuffix");
  resource.behavior = asBehavior(args.behavior ?? "");
  return resource;
}

function asBehavior(behavior: string): Behavior {
  return behavior === "create" || behavior === "replace" || behavior === "merge" ? behavior : "unspecified";
}

function setPath(node: YamlNode, path: readonly string[], value: YamlNode): void {
  const parent = lookupCreate(node, path.slice(0, -1), "map");
  if (parent !== undefined) setField(parent, path.at(-1) as string, value);
}

/** Options of a generator over those of all; of labels and annotations the generator's own win. */
export function mergeOptions(
  own: GeneratorOptions | undefined,
  all: GeneratorOptions | undefined,
): GeneratorOptions | undefined {
  if (all === undefined) return own;
  const merged: GeneratorOptions = { ...own };
  if (all.labels !== undefined || own?.labels !== undefined) merged.labels = { ...all.labels, ...own?.labels };
  if (all.annotations !== undefined || own?.annotations !== undefined)
    merged.annotations = { ...all.annotations, ...own?.annotations };
  if (all.disableNameSuffixHash) merged.disableNameSuffixHash = true;
  if (all.immutable) merged.immutable = true;
  return merged;
}

function readPairs(args: GeneratorArguments, loader: Loader): Pair[] {
  const pairs: Pair[] = [];
  for (const path of args.envs ?? []) pairs.push(...readEnvFile(loader.load(path), path));
  for (const literal of args.literals ?? []) pairs.push(readLiteral(literal));
  for (const source of args.files ?? []) {
    const { key, path } = splitFileSource(source);
    pairs.push({ key, value: loader.load(path) });
  }
  return pairs;
}

function uniquePairs(name: string, pairs: readonly Pair[]): Pair[] {
  const seen = new Set<string>();
  for (const { key } of pairs) {
    if (seen.has(key)) throw fault("kustomize-conflict", `${name} illegally repeats the key \`${key}\``);
    seen.add(key);
  }
  return pairs.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

function readLiteral(source: string): Pair {
  const equals = source.indexOf("=");
  if (equals <= 0)
    throw invalid(`invalid literal source ${equals < 0 ? source : ""}, expected key=value`, { at: "literals" });
  return { key: source.slice(0, equals), value: encodeUtf8(stripQuotes(source.slice(equals + 1))) };
}

function stripQuotes(value: string): string {
  const first = value.charAt(0);
  if (value.length < 2 || first !== value.charAt(value.length - 1)) return value;
  return first === '"' || first === "'" ? value.slice(1, -1) : value;
}

function splitFileSource(source: string): { key: string; path: string } {
  const parts = source.split("=");
  if (parts.length === 1) return { key: baseName(source.replace(/\/+$/, "")), path: source };
  if (parts.length > 2) throw invalid(`source "${source}" key name or file path contains '='`, { at: "files" });
  const [key, path] = parts as [string, string];
  if (key === "") throw invalid(`missing key name for file path "${path}"`, { at: "files" });
  if (path === "") throw invalid(`missing file path for key name "${key}"`, { at: "files" });
  return { key, path };
}

/** Lines beyond this end Go's line scanner, and what it has read so far is what there is. */
const envLineLengthMax = 64 * 1024;

function readEnvFile(bytes: Uint8Array, path: string): Pair[] {
  const content = decodeUtf8Strict(bytes);
  if (content === undefined) throw invalid("an env file must be UTF-8", { at: path });
  const pairs: Pair[] = [];
  const lines = content.split("\n");
  for (const [i, raw] of lines.entries()) {
    if (raw.length >= envLineLengthMax) break;
    const line = (i === 0 ? raw.replace(/^\ufeff/, "") : raw)
      .replace(/\r$/, "")
      .replace(/^[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/, "");
    if (line === "" || line.startsWith("#")) continue;
    const equals = line.indexOf("=");
    const key = equals < 0 ? line : line.slice(0, equals);
    if (key !== "") pairs.push({ key, value: encodeUtf8(equals < 0 ? "" : line.slice(equals + 1)) });
  }
  return pairs;
}

function writeConfigData(node: YamlNode, pairs: readonly Pair[]): void {
  for (const { key, value } of pairs) {
    const decoded = decodeUtf8Strict(value);
    const map = lookupCreate(node, [decoded === undefined ? "binaryData" : "data"], "map");
    if (map !== undefined) setField(map, key, text(decoded ?? encodeBase64Lines(value)));
  }
}

function writeSecretData(node: YamlNode, pairs: readonly Pair[]): void {
  const map = lookupCreate(node, ["data"], "map") as YamlNode;
  for (const { key, value } of pairs) setField(map, key, text(encodeBase64Lines(value)));
}

function applyOptions(node: YamlNode, options: GeneratorOptions | undefined): void {
  for (const [field, values] of [
    ["labels", options?.labels ?? {}],
    ["annotations", options?.annotations ?? {}],
  ] as const)
    for (const key of Object.keys(values).sort()) {
      const value = text(values[key] as string);
      value.style = "single";
      setPath(node, ["metadata", field, key], value);
    }
  if (options?.immutable) setField(node, "immutable", new YamlNode("scalar", "true", "!!bool"));
}
