// A chart as a release keeps it: what encoding/json makes of Helm's own type. Subcharts are not kept.

import { encodeUtf8, type JsonObject } from "#kernel";
import { type Chart, type ChartFile, dependencyJson, lockOf, type Metadata, toPlain } from "#render/helm";
import type { StoredChart, StoredFile } from "./contract.ts";

/** `hasDefaults`: its defaults are those of the revision before. */
export function storedChart(chart: Chart, { hasDefaults }: { hasDefaults: boolean }): StoredChart {
  const lock = lockOf(chart);
  // Without values.yaml Go's map was never made, unless dependencies put theirs into it.
  const isNil = !hasDefaults && chart.metadata.dependencies === null && !chart.raw.some(isValuesFile);
  return {
    metadata: metadataJson(chart.metadata),
    lock:
      lock === undefined
        ? null
        : {
            generated: lock.generated === "" ? zeroTime : lock.generated,
            digest: lock.digest,
            dependencies: lock.dependencies?.map(dependencyJson) ?? null,
          },
    templates: filesJson(chart.templates),
    values: isNil ? null : (toPlain(chart.values) as JsonObject),
    schema: chart.schema === undefined ? null : base64(encodeUtf8(chart.schema)),
    schemamodtime: zeroTime,
    files: filesJson(chart.files),
  };
}

function isValuesFile({ name }: ChartFile): boolean {
  return name === "values.yaml";
}

/** Go's time that was never set. */
const zeroTime = "0001-01-01T00:00:00Z";

function filesJson(files: readonly ChartFile[]): StoredFile[] | null {
  if (files.length === 0) return null;
  return files.map(({ name, data }) => ({ name, data: base64(data) }));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

/** Empty members are left out, in the order of Go's struct. */
function metadataJson(metadata: Metadata): JsonObject {
  const { name, home, sources, version, description, keywords, maintainers, icon, apiVersion } = metadata;
  const { condition, tags, appVersion, deprecated, annotations, kubeVersion, dependencies, type } = metadata;
  const all: JsonObject = {
    name,
    home,
    sources,
    version,
    description,
    keywords,
    maintainers: maintainers.map((maintainer) => withoutEmpty({ ...maintainer })),
    icon,
    apiVersion,
    condition,
    tags,
    appVersion,
    deprecated,
    annotations: annotations ?? {},
    kubeVersion,
    dependencies: (dependencies ?? []).map(dependencyJson),
    type,
  };
  return withoutEmpty(all);
}

function withoutEmpty(object: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(object).filter(
      ([, value]) =>
        value !== "" &&
        value !== false &&
        !(Array.isArray(value) && value.length === 0) &&
        !(typeof value === "object" && value !== null && Object.keys(value).length === 0),
    ),
  );
}
