// Chart.yaml: reading, checking, and the form in which templates see it.

import { isObject, type Json, type JsonObject } from "#kernel";
import { formatShortest } from "#formats/go-numbers";
import { type GoMap, GoError, mapSet, nilContainer, quote, typed, type Value } from "#formats/gotemplate";
import type { Dependency, Maintainer, Metadata } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { parseVersion } from "./functions/semver.ts";
import { toFloats } from "./functions/yaml.ts";

/** Text of a scalar where Go's type is string: numbers and booleans are written out, as sigs.k8s.io/yaml does. */
export function scalarText(value: Json | undefined, field: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isInteger(value) ? BigInt(value).toString() : formatShortest(value);
  if (typeof value === "boolean" || typeof value === "bigint") return String(value);
  throw new GoError(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${Array.isArray(value) ? "array" : "object"} into Go struct field ${field} of type string`,
  );
}

/** A member by its name in any case, as encoding/json finds it. Members come sorted by their bytes, and the last that says something stays. */
export function memberOf(object: JsonObject, name: string): Json | undefined {
  const lower = name.toLowerCase();
  const keys = Object.keys(object).filter((key) => key.length === name.length && key.toLowerCase() === lower);
  const said = keys.length < 2 ? keys : keys.sort().filter((key) => object[key] !== null);
  return object[said.at(-1) ?? keys.at(-1) ?? name];
}

function listOf(value: Json | undefined, field: string, type = "[]string"): Json[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw unfit(value, field, type);
}

/** A value of another type than Go's struct has there. */
function unfit(value: Json, field: string, type: string): GoError {
  return new GoError(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${typeNameOf(value)} into Go struct field ${field} of type ${type}`,
  );
}

/** A whole document of another type than Go's. */
export function unfitValue(value: Json, type: string): GoError {
  return new GoError(
    `error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${typeNameOf(value)} into Go value of type ${type}`,
  );
}

function typeNameOf(value: Json): string {
  if (Array.isArray(value)) return "array";
  if (typeof value === "boolean") return "bool";
  return typeof value === "bigint" ? "number" : typeof value;
}

/** Normal blanks, and nothing that cannot be printed. */
function sanitize(text: string): string {
  return text.replace(/[\s\u0085]/gu, " ").replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}]/gu, "");
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

/** Reads the members that `data` has into `metadata`; requirements.yaml is read over Chart.yaml this way. */
export function readMetadata(metadata: Metadata, data: Json): Metadata {
  if (data === null) return metadata;
  if (!isObject(data)) throw unfitValue(data, "loader.chartBase");
  const text = (name: keyof Metadata): string => {
    const value = memberOf(data, name);
    return value === undefined || value === null ? (metadata[name] as string) : scalarText(value, `Metadata.${name}`);
  };
  const list = (name: "sources" | "keywords"): string[] => {
    const value = memberOf(data, name);
    return value === undefined
      ? metadata[name]
      : listOf(value, `Metadata.${name}`).map((item) => scalarText(item, `Metadata.${name}`));
  };
  const maintainers = memberOf(data, "maintainers");
  const dependencies = memberOf(data, "dependencies");
  return {
    name: text("name"),
    home: text("home"),
    sources: list("sources"),
    version: text("version"),
    description: text("description"),
    keywords: list("keywords"),
    icon: text("icon"),
    apiVersion: text("apiVersion"),
    condition: text("condition"),
    tags: text("tags"),
    appVersion: text("appVersion"),
    kubeVersion: text("kubeVersion"),
    type: text("type"),
    maintainers:
      maintainers === undefined
        ? metadata.maintainers
        : listOf(maintainers, "Metadata.maintainers", "[]*v2.Maintainer").map(readMaintainer),
    deprecated: readSwitch(memberOf(data, "deprecated"), "Metadata.deprecated", metadata.deprecated),
    annotations: readAnnotations(memberOf(data, "annotations")) ?? metadata.annotations,
    dependencies:
      dependencies === undefined || dependencies === null
        ? metadata.dependencies
        : listOf(dependencies, "Metadata.dependencies", "[]*v2.Dependency").map(readDependency),
  };
}

function readSwitch(value: Json | undefined, field: string, otherwise: boolean): boolean {
  if (value === undefined || value === null) return otherwise;
  if (typeof value !== "boolean") throw unfit(value, field, "bool");
  return value;
}

function readAnnotations(value: Json | undefined): { [key: string]: string } | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw unfit(value, "Metadata.annotations", "map[string]string");
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, scalarText(item, "Metadata.annotations")]),
  );
}

function readMaintainer(value: Json): Maintainer {
  if (value === null) throw helmFault("chart-load", "validation: maintainers must not contain empty or null nodes");
  if (!isObject(value)) throw unfit(value, "Metadata.maintainers", "v2.Maintainer");
  const text = (name: string): string => scalarText(memberOf(value, name), `Maintainer.${name}`);
  return { name: text("name"), email: text("email"), url: text("url") };
}

function readDependency(value: Json): Dependency {
  if (value === null) throw helmFault("chart-load", "validation: dependencies must not contain empty or null nodes");
  if (!isObject(value)) throw unfit(value, "Metadata.dependencies", "v2.Dependency");
  const text = (name: string): string => sanitize(scalarText(memberOf(value, name), `Dependency.${name}`));
  return {
    name: text("name"),
    version: text("version"),
    repository: text("repository"),
    condition: text("condition"),
    tags: listOf(memberOf(value, "tags"), "Dependency.dependencies.tags").map((tag) =>
      sanitize(scalarText(tag, "Dependency.dependencies.tags")),
    ),
    enabled: readSwitch(memberOf(value, "enabled"), "Dependency.dependencies.enabled", false),
    importValues: listOf(
      memberOf(value, "import-values"),
      "Dependency.dependencies.import-values",
      "[]interface {}",
    ).map((item) => toFloats(item)),
    alias: scalarText(memberOf(value, "alias"), "Dependency.alias"),
  };
}

/** Checks a chart's metadata and cleans its texts. */
export function checkMetadata(metadata: Metadata): void {
  const fail = (message: string): never => {
    throw helmFault("chart-load", `validation: ${message}`);
  };
  for (const name of ["name", "description", "home", "icon", "condition", "tags", "appVersion", "kubeVersion"] as const)
    metadata[name] = sanitize(metadata[name]);
  if (metadata.apiVersion === "") fail("chart.metadata.apiVersion is required");
  if (metadata.name === "") fail("chart.metadata.name is required");
  if (metadata.name === "." || metadata.name === "..")
    fail(`chart.metadata.name ${quote(metadata.name)} is not allowed`);
  if (metadata.name.includes("/")) fail(`chart.metadata.name ${quote(metadata.name)} is invalid`);
  if (metadata.version === "") fail("chart.metadata.version is required");
  if (parseVersion(metadata.version) === undefined)
    fail(`chart.metadata.version ${quote(metadata.version)} is invalid`);
  if (!["", "application", "library"].includes(metadata.type))
    fail("chart.metadata.type must be application or library");
  checkDependencies(metadata.dependencies ?? [], fail);
}

function checkDependencies(dependencies: readonly Dependency[], fail: (message: string) => never): void {
  const seen = new Set<string>();
  for (const { name, alias } of dependencies) {
    if (alias !== "" && !/^[a-zA-Z0-9_-]+$/.test(alias))
      fail(`dependency ${quote(name)} has disallowed characters in the alias`);
    const key = alias === "" ? name : alias;
    if (seen.has(key)) fail(`more than one dependency with name or alias ${quote(key)}`);
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
