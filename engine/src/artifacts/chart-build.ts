// A packed chart out of what a source has: its own archive where nothing is to be changed, or packed anew, the same bytes
// for the same input (source-controller 1.9, internal/helm/chart).

import { loadChartArchive, loadChartTree, packChart, parseVersion, type Chart } from "#render/helm";
import type { FileTree } from "#kernel";
import { joinPath } from "#kernel";
import { artifactFault } from "./faults.ts";
import { effectiveValuesFiles, mergeValuesFiles, withValues } from "./chart-values.ts";
import { during, type Phase } from "./phases.ts";

export type BuildWish = {
  valuesFiles: readonly string[];
  ignoresMissing: boolean;
  /** Becomes the build metadata of the chart's version; "" leaves that as it is. */
  versionMetadata: string;
};

export type Build = {
  name: string;
  version: string;
  bytes: Uint8Array;
  /** False: the bytes are the source's own. */
  isPackaged: boolean;
  valuesFiles: readonly string[];
};

/** What Flux calls the failures of each step. */
export const buildPhases: {
  readonly [step in "reference" | "pull" | "metadata" | "values" | "dependencies" | "package"]: Phase;
} = {
  reference: { type: "FetchFailed", reason: "InvalidChartReference", message: "invalid chart reference" },
  pull: { type: "FetchFailed", reason: "ChartPullError", message: "chart pull error" },
  metadata: { type: "BuildFailed", reason: "MetadataPatchError", message: "chart metadata patch error" },
  values: { type: "BuildFailed", reason: "ValuesFilesError", message: "values files merge error" },
  dependencies: { type: "BuildFailed", reason: "DependencyBuildError", message: "dependency build error" },
  package: { type: "BuildFailed", reason: "ChartPackageError", message: "chart package error" },
};

/** A version with other build metadata, in its full form. */
export function versionWith(version: string, metadata: string): Promise<string> {
  if (metadata === "") return Promise.resolve(version);
  return during(buildPhases.metadata, () => {
    const parsed = parseVersion(version);
    if (parsed === undefined)
      throw artifactFault({
        code: "chart-build-failed",
        disposition: "stall",
        at: "Chart.yaml",
        message: `failed to parse version from chart metadata as SemVer: ${JSON.stringify(version)}`,
      });
    const pre = parsed.prerelease === "" ? "" : `-${parsed.prerelease}`;
    return `${parsed.major}.${parsed.minor}.${parsed.patch}${pre}+${metadata}`;
  });
}

/** A chart that was fetched packed. */
export async function buildFetched(
  fetched: { name: string; version: string; bytes: Uint8Array },
  wish: BuildWish,
): Promise<Build> {
  const { name, bytes } = fetched;
  const chart = await during(buildPhases.pull, () => loadChartArchive(bytes, `${name}.tgz`));
  const version = await versionWith(fetched.version, wish.versionMetadata);
  if (effectiveValuesFiles(wish.valuesFiles).length === 0 && wish.versionMetadata === "")
    return { name, version, bytes, isPackaged: false, valuesFiles: [] };
  const files = (path: string): Uint8Array | undefined => chart.raw.find((file) => file.name === path)?.data;
  return repack(chart, { name, version, wish, read: files });
}

/** Where a chart lies in a tree: a folder, or a packed one. */
export type ChartPlace = { tree: FileTree; path: string };

/** Loads the chart that a path names. */
export function loadPlace(place: ChartPlace): Promise<Chart> {
  return during(buildPhases.reference, () => {
    const path = joinPath("", place.path);
    if (path === undefined) throw noChart(place.path, "it leads out of the source");
    const entry = place.tree.entry(path);
    if (entry === undefined || (entry.type !== "folder" && entry.type !== "file"))
      throw noChart(place.path, "no such file or directory");
    return loadChartTree(place.tree, path);
  });
}

function noChart(path: string, why: string): Error {
  return artifactFault({
    code: "chart-build-failed",
    disposition: "stall",
    at: path,
    message: `no chart found: ${why}`,
    hint: "`chart` is a path in the source",
  });
}

/** A chart of a tree, its dependencies being there already. */
export async function buildPlaced(
  chart: Chart,
  place: ChartPlace,
  wish: BuildWish & { version: string },
): Promise<Build> {
  const { name } = chart.metadata;
  const { version } = wish;
  const path = joinPath("", place.path) ?? "";
  const isFolder = place.tree.entry(path)?.type === "folder";
  const hasValues = effectiveValuesFiles(wish.valuesFiles).length > 0;
  if (!isFolder && !hasValues && wish.versionMetadata === "")
    return { name, version, bytes: place.tree.read(path), isPackaged: false, valuesFiles: [] };
  // Values files of a source are named from its root, not from the chart.
  const read = (file: string): Uint8Array | undefined =>
    place.tree.entry(file)?.type === "file" ? place.tree.read(file) : undefined;
  return repack(chart, { name, version, wish, read });
}

async function repack(
  chart: Chart,
  what: { name: string; version: string; wish: BuildWish; read: (path: string) => Uint8Array | undefined },
): Promise<Build> {
  const { name, version, wish, read } = what;
  const files = effectiveValuesFiles(wish.valuesFiles);
  const merged =
    files.length === 0
      ? undefined
      : await during(buildPhases.values, () => mergeValuesFiles(files, read, wish.ignoresMissing));
  const changed =
    merged === undefined ? chart : await during(buildPhases.values, () => withValues(chart, merged.values));
  const { bytes } = await during(buildPhases.package, () => packChart(changed, { version }));
  return { name, version, bytes, isPackaged: true, valuesFiles: merged?.files ?? [] };
}

/** As Flux sums a build up. */
export function summaryOf(build: Pick<Build, "name" | "version" | "isPackaged" | "valuesFiles">): string {
  const action = build.isPackaged ? "packaged" : "pulled";
  const merged = build.valuesFiles.length === 0 ? "" : ` and merged values files [${build.valuesFiles.join(" ")}]`;
  return `${action} '${build.name}' chart with version '${build.version}'${merged}`;
}
