// Chart.lock: the versions that a chart's dependencies resolved to, and the digest that ties them to Chart.yaml. The digest
// is the sha256 of encoding/json's text of both lists (internal/resolver of Helm 4.3), so ours and Helm's locks fit together.

import { isObject, type Json, type JsonObject, encodeUtf8, sha256Hex } from "#kernel";
import { GoError, stringOf } from "#formats/gotemplate";
import { formatYaml } from "#formats/yaml";
import type { Chart, ChartFile, Dependency } from "./chart.ts";
import { inFile } from "./faults.ts";
import { formatJson } from "./functions/json.ts";
import { toPlain } from "./functions/plain.ts";
import { parseAsGo } from "./functions/yaml.ts";
import { memberOf, readMetadata, emptyMetadata, scalarText, unfitValue } from "./metadata.ts";

export type Lock = {
  /** RFC 3339. */
  generated: string;
  digest: string;
  /** null where none are named, not even an empty list. */
  dependencies: Dependency[] | null;
};

/** The lock in a chart's folder; undefined when it has none. requirements.lock is the older name, and wins as in Helm. */
export function lockOf(chart: Chart): Lock | undefined {
  const named = chart.raw.filter((file) => file.name === "Chart.lock" || file.name === "requirements.lock");
  const file = named.at(-1);
  return file === undefined ? undefined : readLock(file);
}

/** Reads a lock; one that cannot be read ends the loading of its chart. */
export function readLock({ name, data }: ChartFile): Lock | undefined {
  return inFile(name, "chart-load", () => lockFrom(parseAsGo(stringOf(data))));
}

function lockFrom(data: Json): Lock | undefined {
  if (data === null) return undefined;
  if (!isObject(data)) throw unfitValue(data, "v2.Lock");
  const dependencies = readMetadata(emptyMetadata(), { dependencies: memberOf(data, "dependencies") ?? null });
  return {
    generated: timeText(memberOf(data, "generated")),
    digest: scalarText(memberOf(data, "digest"), "Lock.digest"),
    dependencies: dependencies.dependencies,
  };
}

/** A time as encoding/json reads it into time.Time: text in RFC 3339. */
function timeText(value: Json | undefined): string {
  if (value === undefined || value === null) return "";
  if (typeof value !== "string")
    throw new GoError("error unmarshaling JSON: while decoding JSON: Time.UnmarshalJSON: input is not a JSON string");
  if (/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)$/.test(value)) return value;
  throw new GoError(
    `error unmarshaling JSON: while decoding JSON: parsing time ${JSON.stringify(value)}: it is not written as 2006-01-02T15:04:05Z07:00`,
  );
}

/** A dependency on some exact version, as a lock lists it. */
export function lockedDependency(name: string, repository: string, version: string): Dependency {
  return {
    name,
    version,
    repository,
    condition: "",
    tags: [],
    enabled: false,
    importValues: [],
    alias: "",
  };
}

/** A dependency with the members that encoding/json writes, in the order of Go's struct. */
export function dependencyJson(dependency: Dependency): JsonObject {
  const { name, version, repository, condition, tags, enabled, importValues, alias } = dependency;
  return {
    name,
    ...(version === "" ? {} : { version }),
    repository,
    ...(condition === "" ? {} : { condition }),
    ...(tags.length === 0 ? {} : { tags: [...tags] }),
    ...(enabled ? { enabled } : {}),
    ...(importValues.length === 0 ? {} : { "import-values": toPlain(importValues) }),
    ...(alias === "" ? {} : { alias }),
  };
}

/** The digest of a lock: over what Chart.yaml asks for and what that resolved to. */
export function lockDigest(requested: readonly Dependency[], locked: readonly Dependency[]): string {
  return digestOf(`[${listJson(requested)},${listJson(locked)}]`);
}

/** The digest that Helm 2 wrote into requirements.lock: over what is asked for alone. */
export function lockDigestOfHelm2(requested: readonly Dependency[]): string {
  return digestOf(`{"dependencies":${listJson(requested)}}`);
}

function digestOf(text: string): string {
  return `sha256:${sha256Hex(encodeUtf8(text))}`;
}

// Members stand in the struct's order, which an object written as a whole would lose.
function listJson(dependencies: readonly Dependency[]): string {
  const texts = dependencies.map((dependency) => {
    const members = Object.entries(dependencyJson(dependency));
    return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${formatJson(value)}`).join(",")}}`;
  });
  return `[${texts.join(",")}]`;
}

/** The text of Chart.lock. */
export function formatLock(lock: Lock): string {
  return formatYaml({
    generated: lock.generated,
    digest: lock.digest,
    dependencies: (lock.dependencies ?? []).map(dependencyJson),
  });
}
