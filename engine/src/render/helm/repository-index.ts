// index.yaml of a chart repository: which versions there are and where their archives lie. https://helm.sh/docs/topics/chart_repository

import { decodeUtf8, isObject, type Json } from "#kernel";
import { GoError } from "#formats/gotemplate";
import { parseYaml } from "#formats/yaml";
import { helmFault } from "./faults.ts";
import { compareVersions, parseConstraints, parseVersion, satisfies } from "./functions/semver.ts";

export type ChartVersion = {
  version: string;
  /** As they stand in the index: absolute, or relative to the repository. */
  urls: readonly string[];
  /** sha256 of the archive in hex; "" when the index has none. */
  digest: string;
};

/** Versions of each chart, newest first. */
export type RepositoryIndex = ReadonlyMap<string, readonly ChartVersion[]>;

/** Reads an index. Entries that are no version are left out, as Helm does. */
export function readRepositoryIndex(bytes: Uint8Array): RepositoryIndex {
  if (bytes.length === 0) throw helmFault("chart-dependency", "empty index.yaml file");
  const text = decodeUtf8(bytes);
  const data = text.trimStart().startsWith("{") ? readJson(text) : parseYaml(text);
  if (!isObject(data)) throw helmFault("chart-dependency", "index.yaml is no mapping");
  if (typeof data["apiVersion"] !== "string" || data["apiVersion"] === "")
    throw helmFault("chart-dependency", "no API version specified", { at: "index.yaml" });
  const { entries } = data;
  const index = new Map<string, readonly ChartVersion[]>();
  for (const [name, versions] of Object.entries(isObject(entries) ? entries : {}))
    index.set(name, (Array.isArray(versions) ? versions.flatMap(readVersion) : []).sort(newestFirst));
  return index;
}

function readJson(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return parseYaml(text);
  }
}

function readVersion(entry: Json): ChartVersion[] {
  if (!isObject(entry)) return [];
  const { version, urls, digest } = entry;
  if (typeof version !== "string" || parseVersion(version) === undefined) return [];
  const texts = Array.isArray(urls) ? urls.filter((url) => typeof url === "string") : [];
  return [{ version, urls: texts, digest: typeof digest === "string" ? digest.replace(/^sha256:/, "") : "" }];
}

function newestFirst(a: ChartVersion, b: ChartVersion): number {
  const [left, right] = [parseVersion(a.version), parseVersion(b.version)];
  return left === undefined || right === undefined ? 0 : compareVersions(right, left);
}

/** The newest version in the range that can be downloaded. The range is one that `checkRange` accepts. */
export function newestInRange(versions: readonly ChartVersion[], range: string): ChartVersion | undefined {
  return versions.find(({ version, urls }) => urls.length > 0 && isInRange(range, version));
}

/** The entry of an exact version; metadata and a leading v do not count. */
export function exactVersion(versions: readonly ChartVersion[], wanted: string): ChartVersion | undefined {
  const parsed = parseVersion(wanted);
  return versions.find(({ version, urls }) => {
    const candidate = parseVersion(version);
    if (urls.length === 0) return false;
    return parsed === undefined || candidate === undefined
      ? version === wanted
      : compareVersions(parsed, candidate) === 0;
  });
}

/** True when the version lies in the range. Throws when the range of the dependency cannot be read. */
export function isInRange(range: string, version: string, name = ""): boolean {
  const parsed = parseVersion(version);
  try {
    const constraints = parseConstraints(range);
    return parsed !== undefined && satisfies(constraints, parsed);
  } catch (error) {
    if (!(error instanceof GoError)) throw error;
    throw helmFault(
      "chart-dependency",
      `dependency ${JSON.stringify(name)} has an invalid version/constraint format: ${error.message}`,
      { at: "Chart.yaml" },
    );
  }
}
