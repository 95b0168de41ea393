// Chart.lock: the versions that a chart's dependencies resolved to, and the digest that ties them to Chart.yaml. The digest
// is the sha256 of encoding/json's text of both lists (internal/resolver of Helm 4.3), so ours and Helm's locks fit together.

import { type JsonObject, encodeUtf8, sha256Hex } from "#kernel";
import { stringOf } from "#formats/gotemplate";
import { formatYaml } from "#formats/yaml";
import type { Chart, ChartFile, Dependency } from "./chart.ts";
import { inFile } from "./faults.ts";
import { formatJson } from "./functions/json.ts";
import { toPlain } from "./functions/plain.ts";
import { parseAsGo } from "./functions/yaml.ts";
import { decodeLock } from "./metadata.ts";

export type Lock = {
  /** RFC 3339. */
  generated: string;
  digest: string;
  /** null where none are named, not even an empty list. */
  dependencies: Dependency[] | null;
};

/** The lock in a chart's folder; undefined when it has none. requirements.lock is the older name, and wins as in Helm. */
export function lockOf(chart: Chart): Lock | undefined {
  const file = chart.raw.findLast(isLock);
  return file === undefined ? undefined : readLock(file);
}

/** True for the file that a lock stands in, by its name of today or of Helm 2. */
export function isLock({ name }: ChartFile): boolean {
  return name === "Chart.lock" || name === "requirements.lock";
}

/** What a lock says; undefined where it says nothing. */
export function readLock(file: ChartFile): Lock | undefined {
  return inFile(file.name, "chart-load", () => {
    const data = parseAsGo(stringOf(file.data));
    return data === null ? undefined : decodeLock(data);
  });
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
