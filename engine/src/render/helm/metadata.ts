// Chart.yaml: reading, checking, and the form in which templates see it.

import { isObject, type Json, type JsonObject } from "#kernel";
import { type GoMap, mapSet, nilContainer, quote, typed, type Value } from "#formats/gotemplate";
import type { Dependency, Maintainer, Metadata } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { parseTime } from "./functions/dates.ts";
import { parseVersion } from "./functions/semver.ts";
import { toFloats } from "./functions/yaml.ts";
import { decodeStruct, type Shape, type Struct } from "./go-struct.ts";

/** Normal blanks, and nothing that cannot be printed. */
function sanitize(text: string): string {
  return text.replace(/\p{White_Space}/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, "");
}

export function emptyMetadata(): Metadata {
  return {
    name: "",
    home: "",
    sources: [],
    version: "",
    description: "",
    keywords: [],
    maintainers: [],
    icon: "",
    apiVersion: "",
    condition: "",
    tags: "",
    appVersion: "",
    deprecated: false,
    annotations: null,
    kubeVersion: "",
    dependencies: null,
    type: "",
  };
}

const text: Shape = { type: "text" };
const texts: Shape = { type: "list", name: "[]string", of: text };

const maintainerShape: Struct = {
  type: "struct",
  name: "v2.Maintainer",
  fields: { name: text, email: text, url: text },
};

const dependencyShape: Struct = {
  type: "struct",
  name: "v2.Dependency",
  fields: {
    name: text,
    version: text,
    repository: text,
    condition: text,
    tags: texts,
    enabled: { type: "switch" },
    "import-values": { type: "list", name: "[]interface {}", of: { type: "any" } },
    alias: text,
  },
};

const dependenciesShape: Shape = { type: "list", name: "[]*v2.Dependency", of: dependencyShape };

/** The members of Chart.yaml that are text. */
const textNames = [
  ...(["name", "home", "version", "description", "icon", "apiVersion", "condition", "tags"] as const),
  ...(["appVersion", "kubeVersion", "type"] as const),
];

const metadataShape: Struct = {
  type: "struct",
  name: "v2.Metadata",
  fields: {
    name: text,
    home: text,
    sources: texts,
    version: text,
    description: text,
    keywords: texts,
    maintainers: { type: "list", name: "[]*v2.Maintainer", of: maintainerShape },
    icon: text,
    apiVersion: text,
    condition: text,
    tags: text,
    appVersion: text,
    deprecated: { type: "switch" },
    annotations: { type: "map", name: "map[string]string" },
    kubeVersion: text,
    dependencies: dependenciesShape,
    type: text,
  },
};

/** What Helm looks at to tell which of its loaders a chart is for. */
const baseShape: Struct = { type: "struct", name: "loader.chartBase", fields: { apiVersion: text } };

const lockShape: Struct = {
  type: "struct",
  name: "v2.Lock",
  fields: {
    generated: { type: "time", check: (value) => parseTime("2006-01-02T15:04:05Z07:00", value) },
    digest: text,
    dependencies: dependenciesShape,
  },
};

/** The apiVersion of a Chart.yaml, before anything else of it counts. */
export function readApiVersion(data: Json): string {
  return (decodeStruct(baseShape, data)["apiVersion"] as string | undefined) ?? "";
}

/** The members of Chart.yaml, on top of `previous`: requirements.yaml is read over Chart.yaml this way. */
export function decodeMetadata(data: Json, previous: JsonObject = {}): JsonObject {
  return decodeStruct(metadataShape, data, previous);
}

/** The members of a lock; they fit, or this throws. */
export function decodeLock(data: Json): { generated: string; digest: string; dependencies: Dependency[] | null } {
  const decoded = decodeStruct(lockShape, data);
  const { generated = "", digest = "", dependencies } = decoded;
  const nodes = Array.isArray(dependencies) ? dependencies.filter(isObject).map(dependencyOf) : null;
  return { generated: generated as string, digest: digest as string, dependencies: nodes };
}

/** Decoded members as a chart's metadata, without a check beyond that of types. */
export function readMetadata(decoded: JsonObject): Metadata {
  const metadata = emptyMetadata();
  for (const name of textNames) metadata[name] = (decoded[name] as string | undefined) ?? "";
  metadata.sources = (decoded["sources"] as string[] | null | undefined) ?? [];
  metadata.keywords = (decoded["keywords"] as string[] | null | undefined) ?? [];
  metadata.deprecated = decoded["deprecated"] === true;
  metadata.annotations = (decoded["annotations"] as { [key: string]: string } | null | undefined) ?? null;
  metadata.maintainers = nodesOf(decoded, "maintainers").map(maintainerOf);
  if (Array.isArray(decoded["dependencies"]))
    metadata.dependencies = nodesOf(decoded, "dependencies").map(dependencyOf);
  return metadata;
}

/** Decoded members as a chart's metadata, cleaned and checked, in Helm's order. */
export function metadataOf(decoded: JsonObject): Metadata {
  checkTexts(readMetadata({ ...decoded, maintainers: null, dependencies: null }));
  const metadata = readMetadata(decoded);
  checkMetadata(metadata);
  return metadata;
}

function nodesOf(decoded: JsonObject, name: "maintainers" | "dependencies"): JsonObject[] {
  const nodes = (decoded[name] ?? []) as (JsonObject | null)[];
  if (nodes.includes(null)) throw invalid(`${name} must not contain empty or null nodes`);
  return nodes as JsonObject[];
}

function maintainerOf(decoded: JsonObject): Maintainer {
  const { name = "", email = "", url = "" } = decoded as { [name: string]: string };
  return { name: sanitize(name), email: sanitize(email), url: sanitize(url) };
}

function dependencyOf(decoded: JsonObject): Dependency {
  const member = (name: string): string => sanitize((decoded[name] as string | undefined) ?? "");
  return {
    name: member("name"),
    version: member("version"),
    repository: member("repository"),
    condition: member("condition"),
    tags: ((decoded["tags"] ?? []) as string[]).map(sanitize),
    enabled: decoded["enabled"] === true,
    importValues: ((decoded["import-values"] ?? []) as Json[]).map((item) => toFloats(item)),
    alias: (decoded["alias"] as string | undefined) ?? "",
  };
}

const invalid = (message: string): Error => helmFault("chart-load", `validation: ${message}`);

/** Checks a chart's metadata and cleans its texts. */
export function checkMetadata(metadata: Metadata): void {
  checkTexts(metadata);
  checkDependencies(metadata.dependencies ?? []);
}

function checkTexts(metadata: Metadata): void {
  for (const name of ["name", "description", "home", "icon", "condition", "tags", "appVersion", "kubeVersion"] as const)
    metadata[name] = sanitize(metadata[name]);
  metadata.sources = metadata.sources.map(sanitize);
  metadata.keywords = metadata.keywords.map(sanitize);
  const { name, version } = metadata;
  if (metadata.apiVersion === "") throw invalid("chart.metadata.apiVersion is required");
  if (name === "") throw invalid("chart.metadata.name is required");
  if (name === "." || name === "..") throw invalid(`chart.metadata.name ${quote(name)} is not allowed`);
  if (name.includes("/")) throw invalid(`chart.metadata.name ${quote(name)} is invalid`);
  if (version === "") throw invalid("chart.metadata.version is required");
  if (parseVersion(version) === undefined) throw invalid(`chart.metadata.version ${quote(version)} is invalid`);
  if (!["", "application", "library"].includes(metadata.type))
    throw invalid("chart.metadata.type must be application or library");
}

function checkDependencies(dependencies: readonly Dependency[]): void {
  const seen = new Set<string>();
  for (const { name, alias } of dependencies) {
    if (alias !== "" && !/^[a-zA-Z0-9_-]+$/.test(alias))
      throw invalid(`dependency ${quote(name)} has disallowed characters in the alias`);
    const key = alias === "" ? name : alias;
    if (seen.has(key)) throw invalid(`more than one dependency with name or alias ${quote(key)}`);
    seen.add(key);
  }
}

/** `.Chart`: a map by Go's field names. */
export function metadataMap(metadata: Metadata, isRoot: boolean): GoMap {
  const annotations =
    metadata.annotations === null
      ? nilContainer(typed({}, "map[string]string"))
      : typed({ ...metadata.annotations }, "map[string]string");
  return {
    Name: metadata.name,
    Home: metadata.home,
    Sources: stringList(metadata.sources),
    Version: metadata.version,
    Description: metadata.description,
    Keywords: stringList(metadata.keywords),
    Icon: metadata.icon,
    APIVersion: metadata.apiVersion,
    Condition: metadata.condition,
    Tags: metadata.tags,
    AppVersion: metadata.appVersion,
    Deprecated: metadata.deprecated,
    Annotations: annotations,
    KubeVersion: metadata.kubeVersion,
    Type: metadata.type,
    IsRoot: isRoot,
    Maintainers: metadata.maintainers.map((person) => ({ Name: person.name, Email: person.email, URL: person.url })),
    Dependencies: (metadata.dependencies ?? []).map(dependencyMap),
  };
}

function stringList(items: readonly string[]): Value {
  return [...items];
}

function dependencyMap(dependency: Dependency): GoMap {
  const map: GoMap = {};
  const fields: [string, Value][] = [
    ["Name", dependency.name],
    ["Version", dependency.version],
    ["Repository", dependency.repository],
    ["Condition", dependency.condition],
    ["Tags", stringList(dependency.tags)],
    ["Enabled", dependency.enabled],
    ["ImportValues", dependency.importValues],
    ["Alias", dependency.alias],
  ];
  for (const [name, value] of fields) mapSet(map, name, value);
  return map;
}
