// Packs a chart as `helm package` does: the same files in the same order under the chart's name (pkg/chart/v2/util/save.go of
// Helm 4.3). Unlike Helm's, the bytes repeat: every file carries one time, which is given, and subcharts stand sorted.

import { decodeUtf8, encodeUtf8, formatTime, type JsonObject } from "#kernel";
import { formatYaml } from "#formats/yaml";
import type { Chart, ChartFile, Metadata } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { parseVersion } from "./functions/semver.ts";
import { dependencyJson, formatLock, type Lock, lockOf } from "./lock.ts";
import { checkMetadata } from "./metadata.ts";
import { gzipAsHelm, type TarFile, writeTar } from "./tar.ts";

export type PackOptions = {
  /** Replace what Chart.yaml says. */
  version?: string;
  appVersion?: string;
  /**
   * The time that every file in the archive carries, in seconds since 1970, and its lock too. When absent files carry 0 and the
   * lock keeps its own.
   */
  seconds?: number;
};

export type PackedChart = {
  /** NAME-VERSION.tgz */
  name: string;
  bytes: Uint8Array;
};

/** Packs a loaded chart with the charts below it. */
export function packChart(chart: Chart, options: PackOptions = {}): PackedChart {
  const metadata = { ...chart.metadata };
  if (options.version) metadata.version = options.version;
  if (options.appVersion) metadata.appVersion = options.appVersion;
  if (parseVersion(metadata.version) === undefined)
    throw helmFault("chart-load", "invalid semantic version", {
      at: "version",
      hint: "a version is 1.2.3 or 1.2.3-rc.1",
    });
  checkMetadata(metadata);
  const files = [...filesOf({ ...chart, metadata }, "", options.seconds)];
  return { name: `${metadata.name}-${metadata.version}.tgz`, bytes: gzipAsHelm(writeTar(files, options.seconds ?? 0)) };
}

/** Chart.yaml as Go writes it, with the dependencies of either version of charts: what provenance signs. */
export function chartYaml(chart: Chart): string {
  return formatYaml(metadataJson(chart.metadata, true));
}

function* filesOf(chart: Chart, prefix: string, seconds: number | undefined): Generator<TarFile> {
  const base = `${prefix}${chart.metadata.name}`;
  const isV1 = chart.metadata.apiVersion === "v1";
  const place = (file: ChartFile): TarFile => ({ name: `${base}/${file.name}`, data: file.data });
  yield { name: `${base}/Chart.yaml`, data: encodeUtf8(formatYaml(metadataJson(chart.metadata))) };
  const lock = isV1 ? undefined : lockOf(chart);
  if (lock !== undefined) yield { name: `${base}/Chart.lock`, data: encodeUtf8(formatLock(stamp(lock, seconds))) };
  const named = (name: string): ChartFile[] => chart.raw.filter((file) => file.name === name);
  yield* named("values.yaml").map(place);
  for (const file of named("values.schema.json").slice(-1)) yield place(checkSchemaText(file));
  yield* chart.templates.map(place);
  yield* chart.files.map(place);
  for (const dependency of chart.dependencies) yield* filesOf(dependency, `${base}/charts/`, seconds);
}

function stamp(lock: Lock, seconds: number | undefined): Lock {
  return seconds === undefined ? lock : { ...lock, generated: formatTime(seconds * 1000) };
}

function checkSchemaText(file: ChartFile): ChartFile {
  try {
    JSON.parse(decodeUtf8(file.data));
    return file;
  } catch {
    throw helmFault("chart-load", "failed to save: invalid JSON in values.schema.json", { at: file.name });
  }
}

/** Chart.yaml with the members that Go writes: those that are not empty. */
function metadataJson(metadata: Metadata, withDependencies = metadata.apiVersion !== "v1"): JsonObject {
  const json: JsonObject = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value === "string" && value !== "") json[name] = value;
  }
  if (metadata.sources.length > 0) json["sources"] = [...metadata.sources];
  if (metadata.keywords.length > 0) json["keywords"] = [...metadata.keywords];
  if (metadata.maintainers.length > 0) json["maintainers"] = metadata.maintainers.map(withoutEmpty);
  if (metadata.deprecated) json["deprecated"] = true;
  const { annotations, dependencies } = metadata;
  if (annotations !== null && Object.keys(annotations).length > 0) json["annotations"] = { ...annotations };
  // A chart of version 1 keeps its dependencies in requirements.yaml, which is one of its files.
  if (withDependencies && dependencies !== null && dependencies.length > 0)
    json["dependencies"] = dependencies.map(dependencyJson);
  return json;
}

function withoutEmpty(fields: { [name: string]: string }): JsonObject {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ""));
}
