// index.yaml of a chart repository, whole: read from YAML or JSON, written as JSON in the very form in which Flux stores it
// (encoding/json over Helm's IndexFile), searched for a version as Flux does. https://helm.sh/docs/topics/chart_repository

import { parseYaml } from "#formats/yaml";
import { decodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import {
  checkMetadata,
  decodeMetadata,
  compareVersions,
  dependencyJson,
  parseConstraints,
  parseVersion,
  readMetadata,
  satisfies,
} from "#render/helm";
import { isFull } from "#sources/oci";
import { chartFault } from "./faults.ts";

/** What is needed to choose and fetch one version. */
export type ChartEntry = {
  name: string;
  version: string;
  /** Absolute, or relative to the repository. */
  urls: readonly string[];
  /** sha256 in hex; "" where the index has none. */
  digest: string;
  createdMs: number;
};

/** Versions of each chart, newest first. */
export type ChartIndex = { get(name: string): readonly ChartEntry[] | undefined };

/** All of them at once. */
export type FullIndex = ReadonlyMap<string, readonly ChartEntry[]>;

/** Reads an index of either form; `json` is the text that Flux stores of it. Throws Fault `chart-index-invalid`. */
export function readIndex(bytes: Uint8Array, at: string): { index: FullIndex; json: string } {
  const data = parse(bytes, at);
  if (typeof data["apiVersion"] !== "string" || data["apiVersion"] === "") throw invalid(at, "names no apiVersion");
  const given = data["entries"];
  if (given !== undefined && given !== null && !isObject(given)) throw invalid(at, "has entries that are no mapping");
  const entries = new Map<string, Ordered>();
  const index = new Map<string, readonly ChartEntry[]>();
  for (const [name, versions] of Object.entries(given ?? {})) {
    const list = (Array.isArray(versions) ? versions : []).flatMap(readVersion);
    list.sort((a, b) => newestFirst(a.entry, b.entry));
    entries.set(
      name,
      list.map((each) => each.json),
    );
    index.set(
      name,
      list.map((each) => each.entry),
    );
  }
  return { index, json: writeJson(indexJson(data, entries), "\n") };
}

/** Reads what `readIndex` has written: no checks, for it is our own file. */
export function readStoredIndex(bytes: Uint8Array): FullIndex {
  const { entries } = JSON.parse(decodeUtf8(bytes)) as { entries: { [name: string]: JsonObject[] } | null };
  return new Map(Object.entries(entries ?? {}).map(([name, versions]) => [name, versions.map(entryOf)]));
}

/** A version of a chart: the one named, or the newest in the range. "" and `*` mean the newest that is no pre-release. */
export function findVersion(index: ChartIndex, name: string, wanted: string): ChartEntry {
  const versions = index.get(name);
  if (versions === undefined) throw absent(name, "no chart name found");
  if (versions.length === 0) throw absent(name, "no chart version found");
  const exact = wanted === "" ? undefined : versions.find((each) => each.version === wanted);
  if (exact !== undefined) return exact;
  const newest = newestOf(versions, wanted, name);
  if (newest !== undefined) return newest;
  throw absent(name, `no '${name}' chart with version matching '${wanted}' found`);
}

/** The newest in a range, by version and then by the time of its making. */
function newestOf(versions: readonly ChartEntry[], wanted: string, name: string): ChartEntry | undefined {
  const range = rangeOf(wanted, name);
  return versions
    .flatMap((entry) => {
      const version = isFull(entry.version) ? parseVersion(entry.version) : undefined;
      return version !== undefined && satisfies(range, version) ? [{ entry, version }] : [];
    })
    .sort((a, b) => compareVersions(b.version, a.version) || b.entry.createdMs - a.entry.createdMs)[0]?.entry;
}

/** The constraints of a version field; throws Fault `chart-reference-invalid`. */
export function rangeOf(wanted: string, at: string): ReturnType<typeof parseConstraints> {
  try {
    return parseConstraints(wanted === "" ? "*" : wanted);
  } catch (cause) {
    throw chartFault({
      code: "chart-reference-invalid",
      disposition: "stall",
      at,
      message: `the version ${JSON.stringify(wanted)} is no range`,
      cause,
    });
  }
}

function absent(at: string, message: string): Error {
  return chartFault({
    code: "chart-absent",
    disposition: "stall",
    at,
    message,
    hint: "check `chart` and `version` against the repository's index",
  });
}

function invalid(at: string, what: string, cause?: unknown): Error {
  return chartFault({
    code: "chart-index-invalid",
    disposition: "retry",
    at,
    message: `the index ${what}`,
    hint: "check that the URL is a chart repository's",
    cause,
  });
}

function parse(bytes: Uint8Array, at: string): JsonObject {
  if (bytes.length === 0) throw invalid(at, "is empty");
  const text = decodeUtf8(bytes);
  let data: Json;
  try {
    data = readText(text);
  } catch (cause) {
    throw invalid(at, "cannot be read", cause);
  }
  if (!isObject(data)) throw invalid(at, "is no mapping");
  return data;
}

function readText(text: string): Json {
  if (!text.trimStart().startsWith("{")) return parseYaml(text);
  try {
    return JSON.parse(text) as Json;
  } catch {
    return parseYaml(text);
  }
}

/** One version; those that Helm's own reading drops are left out. */
function readVersion(data: Json): { json: Ordered; entry: ChartEntry }[] {
  if (!isObject(data)) return [];
  try {
    const metadata = readMetadata(decodeMetadata(data));
    if (metadata.apiVersion === "") metadata.apiVersion = "v1";
    checkForIndex(metadata);
    const json = versionJson(metadata, data);
    return [{ json, entry: entryOf(Object.fromEntries(json) as JsonObject) }];
  } catch {
    return [];
  }
}

/** Some servers drop aliases from their indexes: two dependencies of one name are let pass, as by Helm. */
function checkForIndex(metadata: ReturnType<typeof readMetadata>): void {
  try {
    checkMetadata(metadata);
  } catch (thrown) {
    if (!(thrown instanceof Error) || !thrown.message.includes("more than one dependency with name or alias"))
      throw thrown;
  }
}

function entryOf(json: JsonObject): ChartEntry {
  const { name, version, urls, digest, created } = json;
  return {
    name: textOf(name),
    version: textOf(version),
    urls: Array.isArray(urls) ? urls.filter((url): url is string => typeof url === "string") : [],
    digest: textOf(digest)
      .replace(/^sha256:/, "")
      .toLowerCase(),
    createdMs: Date.parse(textOf(created)) || 0,
  };
}

/** A scalar where text is meant: YAML may have read it as a number. */
function textOf(value: Json | undefined): string {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

function newestFirst(a: ChartEntry, b: ChartEntry): number {
  const [left, right] = [parseVersion(a.version), parseVersion(b.version)];
  if (left === undefined || right === undefined) return left === right ? 0 : left === undefined ? 1 : -1;
  return compareVersions(right, left);
}

/** JSON whose members keep the order given. */
type Ordered = Json | Map<string, Ordered> | Ordered[];

/** Members in the order of Helm's struct; empty ones are left out, as encoding/json does. */
function versionJson(metadata: ReturnType<typeof readMetadata>, data: JsonObject): Map<string, Ordered> {
  const { maintainers, annotations, dependencies } = metadata;
  const text = (name: string): Ordered => textOf(data[name]);
  const members: [string, Ordered][] = [
    ["name", metadata.name],
    ["home", metadata.home],
    ["sources", [...metadata.sources]],
    ["version", metadata.version],
    ["description", metadata.description],
    ["keywords", [...metadata.keywords]],
    ["maintainers", maintainers.map((each) => withoutEmpty(Object.entries(each)))],
    ["icon", metadata.icon],
    ["apiVersion", metadata.apiVersion],
    ["condition", metadata.condition],
    ["tags", metadata.tags],
    ["appVersion", metadata.appVersion],
    ["deprecated", metadata.deprecated],
    ["annotations", sorted(annotations ?? {})],
    ["kubeVersion", metadata.kubeVersion],
    ["dependencies", (dependencies ?? []).map((each) => new Map(Object.entries(dependencyJson(each))))],
    ["type", metadata.type],
  ];
  const urls = Array.isArray(data["urls"]) ? data["urls"].filter((url) => typeof url === "string") : null;
  const rest: [string, Ordered][] = [
    ["removed", data["removed"] === true],
    ["digest", text("digest")],
    ["checksum", text("checksum")],
    ["engine", text("engine")],
    ["tillerVersion", text("tillerVersion")],
    ["url", text("url")],
  ];
  const fixed: [string, Ordered][] = [
    ["urls", urls],
    ["created", timeText(data["created"])],
  ];
  return new Map([...withoutEmpty(members), ...fixed, ...withoutEmpty(rest)]);
}

function indexJson(data: JsonObject, entries: Map<string, Ordered>): Ordered {
  const { serverInfo, publicKeys, annotations } = data;
  const texts = isObject(annotations)
    ? Object.fromEntries(Object.entries(annotations).map(([key, value]) => [key, textOf(value)]))
    : {};
  return new Map<string, Ordered>([
    ...withoutEmpty([["serverInfo", sorted(isObject(serverInfo) ? serverInfo : {})]]),
    ["apiVersion", textOf(data["apiVersion"])],
    ["generated", timeText(data["generated"])],
    ["entries", isObject(data["entries"]) ? sorted(Object.fromEntries(entries) as { [key: string]: Ordered }) : null],
    ...withoutEmpty([
      ["publicKeys", Array.isArray(publicKeys) ? publicKeys : []],
      ["annotations", sorted(texts)],
    ]),
  ]);
}

function withoutEmpty(members: [string, Ordered][]): Map<string, Ordered> {
  return new Map(
    members.filter(
      ([, value]) =>
        value !== "" &&
        value !== false &&
        !(Array.isArray(value) && value.length === 0) &&
        !(value instanceof Map && value.size === 0),
    ),
  );
}

/** As Go sorts a map's keys: by their bytes. */
function sorted(members: { [key: string]: Ordered }): Map<string, Ordered> {
  const keys = Object.keys(members).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return new Map(keys.map((key) => [key, members[key] as Ordered]));
}

const timePattern = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,9})\d*)?(Z|[+-]\d{2}:\d{2})$/;

/** A time in the form that Go writes; Go's zero where there is none. */
function timeText(value: Json | undefined): string {
  const match = typeof value === "string" ? timePattern.exec(value) : null;
  if (match === null) return "0001-01-01T00:00:00Z";
  const fraction = (match[2] ?? "").replace(/0+$/, "");
  const zone = match[3] === "+00:00" ? "Z" : (match[3] ?? "Z");
  return `${match[1]}${fraction === "" ? "" : `.${fraction}`}${zone}`;
}

/** As json.MarshalIndent with two blanks. */
function writeJson(value: Ordered, lineBreak: string): string {
  const inner = `${lineBreak}  `;
  if (Array.isArray(value))
    return value.length === 0
      ? "[]"
      : `[${inner}${value.map((item) => writeJson(item, inner)).join(`,${inner}`)}${lineBreak}]`;
  if (value instanceof Map || isObject(value as Json)) {
    const members = value instanceof Map ? [...value] : [...sorted(value as { [key: string]: Ordered })];
    if (members.length === 0) return "{}";
    const lines = members.map(([key, member]) => `${quote(key)}: ${writeJson(member, inner)}`);
    return `{${inner}${lines.join(`,${inner}`)}${lineBreak}}`;
  }
  return typeof value === "string" ? quote(value) : (JSON.stringify(value) ?? "null");
}

/** As encoding/json: what could end a script in a page is escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
