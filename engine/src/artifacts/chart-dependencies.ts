// The charts that a chart in a folder asks for and does not have: from the same source, or from repositories, with the
// credentials of the HelmRepository in the namespace that names the same address (source-controller 1.9).

import type { FluxObject, HelmRepositorySpec, SourceStatus } from "#api/flux";
import { baseName, joinPath } from "#kernel";
import {
  type Chart,
  type Dependency,
  loadChartArchive,
  loadChartTree,
  lockOf,
  parseVersion,
  satisfies,
} from "#render/helm";
import {
  fetchArchive,
  fetchIndex,
  fetchRegistryChart,
  findRegistryChart,
  findVersion,
  normalizeRepositoryUrl,
  rangeOf,
} from "#sources/charts";
import type { OpenTree } from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { defaultTimeoutMs } from "./limits.ts";
import { chartRegistryAccessOf } from "./registry-access.ts";
import { repositoryReachOf } from "./repository-access.ts";

export type DependencyScope = {
  context: Context;
  /** Of the HelmChart: its HelmRepositories are asked. */
  namespace: string;
  open: OpenTree;
  /** The chart's folder in the tree. */
  path: string;
  signal: AbortSignal;
};

/** Adds what is missing; returns how many charts that were. */
export async function addDependencies(chart: Chart, scope: DependencyScope): Promise<number> {
  const wanted = lockOf(chart)?.dependencies ?? chart.metadata.dependencies ?? [];
  if (wanted.length === chart.dependencies.length) return 0;
  const present = new Set(chart.dependencies.map((each) => each.metadata.name));
  const missing = wanted.filter((each) => !present.has(nameOf(each)));
  for (const dependency of missing) {
    const found = await bring(dependency, scope);
    if (dependency.alias !== "") found.metadata.name = dependency.alias;
    found.parent = chart;
    chart.dependencies = [...chart.dependencies, found];
  }
  return missing.length;
}

function nameOf({ alias, name }: Dependency): string {
  return alias === "" ? name : alias;
}

async function bring(dependency: Dependency, scope: DependencyScope): Promise<Chart> {
  const { repository } = dependency;
  if (repository === "" || repository.startsWith("file://")) return fromSource(dependency, scope);
  if (repository.startsWith("oci://")) return fromRegistry(dependency, scope);
  if (/^https?:\/\//.test(repository)) return fromRepository(dependency, scope);
  const what = repository.startsWith("@")
    ? "aliased repository dependency is not supported"
    : "invalid dependency repository URL";
  throw failed(dependency, `${what}: ${repository}`);
}

async function fromSource(dependency: Dependency, scope: DependencyScope): Promise<Chart> {
  const { repository, name, version } = dependency;
  const relative = repository === "" ? `charts/${name}` : repository.slice("file://".length);
  // What climbs out of the source ends at its root, as a path does in a folder of its own.
  const path = joinPath(scope.path, relative) ?? joinPath("", relative.replace(/^(\.\.\/)+/, ""));
  await scope.open.prefetch(path ?? "");
  if (path === undefined || scope.open.tree.entry(path) === undefined)
    throw failed(dependency, `no chart found at '/${path ?? relative}' (reference '${repository}')`);
  const chart = loadChartTree(scope.open.tree, path);
  const found = parseVersion(chart.metadata.version);
  if (found === undefined || !satisfies(rangeOf(version, name), found))
    throw failed(dependency, `can't get a valid version for constraint '${version}'`);
  return chart;
}

async function fromRepository(dependency: Dependency, scope: DependencyScope): Promise<Chart> {
  const { context, namespace, signal } = scope;
  const known = repositoryOf(dependency.repository, scope);
  const spec = known?.spec ?? { url: dependency.repository };
  const { url, call } = await repositoryReachOf(context, namespace, spec, signal);
  const artifact =
    known === undefined
      ? undefined
      : context.store.get({ kind: "HelmRepository", namespace, name: known.metadata.name });
  const { file } = artifact ?? {};
  const index =
    file === undefined
      ? (
          await context.indexes.read(
            (await fetchIndex(context.http, url, call))?.bytes ?? new Uint8Array(),
            url,
            signal,
          )
        ).index
      : await context.indexes.get(
          file.digest,
          async () => (await context.archives.bytes(file.path)) ?? new Uint8Array(),
          signal,
        );
  const entry = findVersion(index, dependency.name, dependency.version);
  const bytes = await fetchArchive(context.http, { repository: url, entry }, call);
  return loadChartArchive(bytes, `${dependency.name}.tgz`);
}

async function fromRegistry(dependency: Dependency, scope: DependencyScope): Promise<Chart> {
  const { context, namespace, signal } = scope;
  const spec = repositoryOf(dependency.repository, scope)?.spec ?? { url: dependency.repository };
  const limits = { signal, timeoutMs: defaultTimeoutMs };
  const reach = await chartRegistryAccessOf(context, namespace, spec, limits);
  const call = { ...reach.call, ...limits };
  const { name, version } = dependency;
  const wanted = { repository: reach.url, name, version, isInsecure: reach.isInsecure };
  const found = await findRegistryChart(context.registry, wanted, call);
  const { bytes } = await fetchRegistryChart(context.registry, found.reference, call);
  return loadChartArchive(bytes, `${baseName(name)}.tgz`);
}

type Repository = FluxObject<HelmRepositorySpec, SourceStatus>;

/** The HelmRepository of the namespace with the same address. */
function repositoryOf(url: string, { context, namespace }: DependencyScope): Repository | undefined {
  const wanted = normalizeRepositoryUrl(url);
  const isSame = (repository: Repository): boolean => {
    try {
      return normalizeRepositoryUrl(repository.spec.url) === wanted;
    } catch {
      return false;
    }
  };
  return context
    .all("HelmRepository")
    .filter((object) => object.metadata.namespace === namespace)
    .map((object) => object as unknown as Repository)
    .find(isSame);
}

function failed({ name }: Dependency, message: string): Error {
  return artifactFault({
    code: "chart-build-failed",
    disposition: "retry",
    at: `dependency ${name}`,
    message,
    hint: "check `dependencies` in Chart.yaml, and its lock",
  });
}
