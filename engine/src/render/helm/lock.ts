// Chart.lock: the versions that a chart's dependencies resolved to, and the digest that ties them to Chart.yaml. The digest
// is the sha256 of encoding/json's text of both lists (internal/resolver of Helm 4.3), so ours and Helm's locks fit together.

import { decodeUtf8, isObject, type Json, type JsonObject, encodeUtf8, sha256Hex } from "#kernel";
import { formatYaml, parseYaml } from "#formats/yaml";
import type { Chart, Dependency } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { formatJson } from "./functions/json.ts";
import { toPlain } from "./functions/plain.ts";
import { inFile } from "./load.ts";
import { memberOf, readMetadata, emptyMetadata, scalarText } from "./metadata.ts";

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
  if (file === undefined) return undefined;
  return inFile(file.name, "chart-load", () => readLock(parseYaml(decodeUtf8(file.data)), file.name));
}

function readLock(data: Json, name: string): Lock | undefined {
  if (data === null) return undefined;
  if (!isObject(data)) throw helmFault("chart-load", `cannot load ${name}`, { at: name, hint: "it is no mapping" });
  const dependencies = readMetadata(emptyMetadata(), { dependencies: memberOf(data, "dependencies") ?? null });
  return {
    generated: scalarText(memberOf(data, "generated"), "Lock.generated"),
    digest: scalarText(memberOf(data, "digest"), "Lock.digest"),
    dependencies: dependencies.dependencies,
  };
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
