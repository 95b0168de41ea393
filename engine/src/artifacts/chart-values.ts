// `valuesFiles` of a HelmChart: the files merged in their order, which then stand for the chart's own values.yaml
// (source-controller 1.9, mergeChartValues and OverwriteChartDefaultValues).

import { formatYaml, parseYaml } from "#formats/yaml";
import { decodeUtf8, encodeUtf8, isObject, joinPath, type Json, type JsonObject } from "#kernel";
import type { Chart } from "#render/helm";
import { artifactFault } from "./faults.ts";

/** Content of a values file; undefined where there is none. */
export type ReadValues = (path: string) => Uint8Array | undefined;

export type MergedValues = { values: JsonObject; files: string[] };

/** The files that change anything: the chart's own values.yaml alone does not. */
export function effectiveValuesFiles(files: readonly string[]): readonly string[] {
  return files.length === 1 && clean(files[0] ?? "") === "values.yaml" ? [] : files;
}

/** Merges files; a missing one is an error, or left out where the object says so. */
export function mergeValuesFiles(files: readonly string[], read: ReadValues, ignoresMissing: boolean): MergedValues {
  let values: JsonObject = {};
  const merged: string[] = [];
  for (const file of files) {
    const path = clean(file);
    const bytes = path === undefined ? undefined : read(path);
    if (bytes === undefined) {
      if (ignoresMissing) continue;
      throw invalid(file, `no values file found at path '${file}'`);
    }
    values = mergeMaps(values, parse(bytes, file));
    merged.push(file);
  }
  return { values, files: merged };
}

/** The chart with these values as its own. */
export function withValues(chart: Chart, values: JsonObject): Chart {
  const data = Object.keys(values).length === 0 ? new Uint8Array() : encodeUtf8(formatYaml(values));
  if (!chart.raw.some((file) => file.name === "values.yaml"))
    throw invalid("values.yaml", "failed to locate values file: values.yaml");
  return { ...chart, raw: chart.raw.map((file) => (file.name === "values.yaml" ? { ...file, data } : file)) };
}

function clean(file: string): string | undefined {
  return joinPath("", file.replace(/^\/+/, ""));
}

function parse(bytes: Uint8Array, file: string): JsonObject {
  let data: Json;
  try {
    data = parseYaml(decodeUtf8(bytes));
  } catch (cause) {
    throw invalid(file, `unmarshaling values from '${file}' failed`, cause);
  }
  if (data === null) return {};
  if (isObject(data)) return data;
  throw invalid(file, `unmarshaling values from '${file}' failed: it is no mapping`);
}

/** Mappings merge, all else of `top` replaces. */
function mergeMaps(below: JsonObject, top: JsonObject): JsonObject {
  const merged: JsonObject = { ...below };
  for (const [key, value] of Object.entries(top)) {
    const old = merged[key];
    merged[key] = isObject(value) && isObject(old) ? mergeMaps(old, value) : value;
  }
  return merged;
}

function invalid(at: string, message: string, cause?: unknown): Error {
  return artifactFault({
    code: "chart-build-failed",
    disposition: "stall",
    at,
    message,
    hint: "check `valuesFiles`",
    cause,
  });
}
