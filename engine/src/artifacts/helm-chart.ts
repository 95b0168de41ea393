// The loop over one HelmChart: finds the version that is wished, fetches or packs it, and offers the packed chart under its
// name and version (source-controller 1.9).

import {
  type FluxObject,
  type HelmChart,
  type HelmChartSpec,
  type HelmChartStatus,
  type HelmRepositorySpec,
  parseDuration,
  type SourceStatus,
} from "#api/flux";
import type { ReconcileResult } from "#controller";
import { baseName, type Fault, joinPath, type JsonObject, type Manifest, parseRevision } from "#kernel";
import {
  chartFault,
  fetchArchive,
  fetchRegistryChart,
  findRegistryChart,
  findVersion,
  normalizeRepositoryUrl,
  pinRegistryChart,
} from "#sources/charts";
import { openTree } from "#sources/git";
import {
  type Build,
  buildFetched,
  buildPhases,
  buildPlaced,
  type BuildWish,
  loadPlace,
  summaryOf,
  versionWith,
} from "./chart-build.ts";
import { addDependencies } from "./chart-dependencies.ts";
import { effectiveValuesFiles } from "./chart-values.ts";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { defaultTimeoutMs } from "./limits.ts";
import { during, failureOf, type Phase, PhaseFault } from "./phases.ts";
import { chartRegistryAccessOf } from "./registry-access.ts";
import { repositoryReachOf } from "./repository-access.ts";
import { type Ending, type FailureMark, reconcileSource, type SourcePass, sourceNameOf } from "./source-pass.ts";
import type { SourceName, StoredFile, TreeArtifact } from "./store.ts";
import { verifyArtifact } from "./verify-artifact.ts";

type Pass = SourcePass<HelmChartSpec, HelmChartStatus>;
type Repository = FluxObject<HelmRepositorySpec, SourceStatus>;

const link = "latest.tar.gz";

export function reconcileHelmChart(object: Manifest, context: Context, signal: AbortSignal): Promise<ReconcileResult> {
  const kind = { work, failureOf: chartFailureOf };
  return reconcileSource<HelmChartSpec, HelmChartStatus>(object, kind, context, signal);
}

/** Whether a chart is made of what this source offers. */
export function readsSource(object: Manifest, source: SourceName): boolean {
  const { spec } = object as unknown as HelmChart;
  const { kind, name } = spec.sourceRef;
  return kind === source.kind && name === source.name && object.metadata.namespace === source.namespace;
}

/** After a restart: the packed chart that the status names is offered again, without the network. */
export async function resumeHelmChart(object: Manifest, context: Context): Promise<void> {
  const { artifact } = (object as unknown as HelmChart).status ?? {};
  if (artifact?.digest === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = sourceNameOf(object);
  const { path, digest, size = 0, revision } = artifact;
  const file: StoredFile = { path, digest, size };
  if (!(await context.archives.resumeFile(source, file, { link }))) return;
  context.store.put({ ...source, revision, file });
}

/** Failures that only another spec or another revision of the source can mend. */
const persistent: readonly string[] = [
  "InvalidChartReference",
  "MetadataPatchError",
  "ValuesFilesError",
  "UnsupportedSourceKind",
];

function chartFailureOf(fault: Fault): FailureMark {
  const mark = failureOf(fault);
  const isPersistent =
    persistent.includes(mark.reason) || ["oci-url-invalid", "chart-url-invalid"].includes(fault.code);
  return { ...mark, isStalled: fault.disposition === "stall" && isPersistent };
}

const phase = (reason: string, message: string): Phase => ({ type: "FetchFailed", reason, message });

const unsigned: Phase = { type: "FetchFailed", reason: "AuthenticationFailed" };

async function work(pass: Pass, signal: AbortSignal): Promise<void> {
  if (pass.conditions.is("SourceVerified", "False") || pass.spec.verify === undefined)
    pass.conditions.remove("SourceVerified");
  const { kind, name } = pass.spec.sourceRef;
  const source = { kind, namespace: pass.source.namespace, name };
  const object = await during(phase("SourceUnavailable", "failed to get source"), () => sourceObject(pass, source));
  if (kind === "HelmRepository") {
    const repository = object as unknown as Repository;
    if (repository.spec.type === "oci") return fromRegistry(pass, repository, signal);
    return fromRepository(pass, repository, signal);
  }
  return fromTree(pass, source, signal);
}

function sourceObject({ context }: Pass, source: SourceName): Manifest {
  if (!["HelmRepository", "GitRepository", "Bucket"].includes(source.kind))
    throw new PhaseFault(
      phase("UnsupportedSourceKind", `unsupported source kind '${source.kind}'`),
      artifactFault({
        code: "not-supported",
        disposition: "stall",
        message: "a chart comes of a HelmRepository, GitRepository or Bucket",
      }),
    );
  const object = context.find(source);
  if (object !== undefined) return object;
  throw artifactFault({
    code: "source-unavailable",
    disposition: "retry",
    at: `${source.kind}/${source.namespace}/${source.name}`,
    message: "the source does not exist",
    hint: "create it, or correct `sourceRef`",
  });
}

function noArtifact({ kind, namespace, name }: SourceName): Error {
  const cause = artifactFault({
    code: "source-unavailable",
    disposition: "retry",
    at: `${kind}/${namespace}/${name}`,
    message: "it has nothing to offer yet",
    hint: "its own conditions say why",
  });
  return new PhaseFault(phase("NoSourceArtifact", `no artifact available for ${kind} source '${name}'`), cause);
}

/** What the values files and the strategy make of the version, and whether the chart at hand is that very one. */
async function planOf(
  pass: Pass,
  found: { name: string; version: string },
  sourceDigest: string,
): Promise<{
  wish: BuildWish;
  version: string;
  isThere: boolean;
}> {
  const { spec, status } = pass;
  const valuesFiles = spec.valuesFiles ?? [];
  const parts = [
    sourceDigest === "" ? "" : sourceDigest.slice(0, 12),
    effectiveValuesFiles(valuesFiles).length > 0 ? String(pass.generation) : "",
  ];
  const versionMetadata = parts.filter((part) => part !== "").join(".");
  const version = await versionWith(found.version, versionMetadata);
  const isThere = !pass.isNewGeneration && pass.isOffered(version) && status.observedChartName === found.name;
  const wish = { valuesFiles, ignoresMissing: spec.ignoreMissingValuesFiles === true, versionMetadata };
  return { wish, version, isThere };
}

async function fromRepository(pass: Pass, repository: Repository, signal: AbortSignal): Promise<void> {
  const { spec, context, source } = pass;
  const name = { kind: "HelmRepository", namespace: source.namespace, name: repository.metadata.name };
  const artifact = context.store.get(name);
  const { file } = artifact ?? {};
  if (artifact === undefined || file === undefined) throw noArtifact(name);
  pass.observe(observedMember(artifact.revision));
  const reach = await during(unsigned, () => repositoryReachOf(context, source.namespace, repository.spec, signal));
  await during(buildPhases.reference, () => checkName(spec.chart));
  const versionPhase = { ...buildPhases.reference, message: `${buildPhases.reference.message}: ${versionWords}` };
  const entry = await during(versionPhase, async () => {
    const read = async (): Promise<Uint8Array> =>
      (await context.archives.bytes(file.path)) ?? Promise.reject(noArtifact(name));
    return findVersion(await context.indexes.get(file.digest, read, signal), spec.chart, spec.version ?? "*");
  });
  // Charts of a repository with an index carry no signatures that could be asked for: what must be verified is not served.
  if (spec.verify !== undefined) await during(verifyPhase, () => Promise.reject(unverifiable()));
  const { wish, version, isThere } = await planOf(pass, entry, "");
  const observed = artifact.revision;
  if (isThere) return keep(pass, { name: entry.name, version, wish, observed });
  const bytes = await during(downloadPhase, () =>
    fetchArchive(context.http, { repository: normalizeRepositoryUrl(reach.url), entry }, reach.call),
  );
  await store(pass, await buildFetched({ name: entry.name, version: entry.version, bytes }, wish), observed);
}

async function fromRegistry(pass: Pass, repository: Repository, signal: AbortSignal): Promise<void> {
  const { spec, context, source } = pass;
  const timeoutMs = parseDuration(repository.spec.timeout ?? "") ?? defaultTimeoutMs;
  const reach = await during(unsigned, () =>
    chartRegistryAccessOf(context, source.namespace, repository.spec, { signal, timeoutMs }),
  );
  const call = { ...reach.call, signal, timeoutMs };
  const { isInsecure } = reach;
  const wanted = { repository: reach.url, name: spec.chart, version: spec.version ?? "*", isInsecure };
  await during(buildPhases.reference, () => checkName(spec.chart));
  await during(phase("Failed", "failed to construct Helm client"), () => checkRegistryUrl(repository.spec.url));
  const versionPhase = { ...buildPhases.pull, message: `${buildPhases.pull.message}: ${versionWords}` };
  const found = await during(versionPhase, () => findRegistryChart(context.registry, wanted, call));
  const { wish, version, isThere } = await planOf(pass, found, "");
  const { verify } = spec;
  if (isThere && verify === undefined) return keep(pass, { name: found.name, version, wish });
  // What is verified and what is fetched are one: the tag may be moved in between.
  const pinned = await during(downloadPhase, () => pinRegistryChart(context.registry, found.reference, call));
  if (verify !== undefined) {
    const outcome = await during(verifyPhase, () =>
      verifyArtifact(context, { namespace: source.namespace, verification: verify, reference: pinned }, call),
    );
    const message = `verified signature of version ${version}`;
    if (outcome === "verified") pass.conditions.set("SourceVerified", "True", { reason: "Succeeded", message });
    else pass.conditions.remove("SourceVerified");
  }
  if (isThere) return keep(pass, { name: found.name, version, wish });
  const { bytes } = await during(downloadPhase, () => fetchRegistryChart(context.registry, pinned, call));
  await store(pass, await buildFetched({ name: found.name, version: found.version, bytes }, wish));
}

async function fromTree(pass: Pass, source: SourceName, signal: AbortSignal): Promise<void> {
  const { spec, context } = pass;
  const artifact = context.store.getTree(source);
  if (artifact === undefined) throw noArtifact(source);
  pass.observe(observedMember(artifact.revision));
  const open = await openTree(artifact.tree);
  const path = joinPath("", spec.chart) ?? spec.chart;
  const valuesFiles = (spec.valuesFiles ?? []).flatMap((file) => joinPath("", file.replace(/^\/+/, "")) ?? []);
  await during(buildPhases.reference, () => Promise.all([path, ...valuesFiles].map((each) => open.prefetch(each))));
  const place = { tree: open.tree, path: spec.chart };
  const chart = await loadPlace(place);
  const { wish, version, isThere } = await planOf(pass, chart.metadata, strategyDigest(spec, artifact));
  const observed = artifact.revision;
  if (isThere) return keep(pass, { name: chart.metadata.name, version, wish, observed, isPackaged: true });
  if (open.tree.entry(path)?.type === "folder")
    await during(buildPhases.dependencies, () =>
      addDependencies(chart, { context, namespace: source.namespace, open, path, signal }),
    );
  await store(pass, await buildPlaced(chart, place, { ...wish, version }), observed);
}

/** With the strategy Revision each revision of the source is a version of its own. */
function strategyDigest({ reconcileStrategy }: HelmChartSpec, { revision }: TreeArtifact): string {
  return reconcileStrategy === "Revision" ? parseRevision(revision).digest : "";
}

const verifyPhase: Phase = {
  type: "SourceVerified",
  status: "False",
  reason: "VerificationError",
  message: "chart verification error",
  also: { type: "BuildFailed", reason: "ChartVerificationError" },
};

function unverifiable(): Error {
  return artifactFault({
    code: "not-supported",
    disposition: "retry",
    message: "not implemented: only charts of a HelmRepository of the type oci can be verified",
    hint: "take `verify` out, or fetch the chart from a registry",
  });
}

const versionWords = "failed to get chart version for remote reference";
const downloadPhase: Phase = {
  ...buildPhases.pull,
  message: "chart pull error: failed to download chart for remote reference",
};

function checkRegistryUrl(url: string): void {
  if (url.startsWith("oci://")) return;
  throw chartFault({
    code: "chart-url-invalid",
    disposition: "stall",
    message: `invalid OCI registry URL: ${url}`,
    hint: "a HelmRepository of the type oci has a URL that begins with oci://",
  });
}

function checkName(name: string): void {
  if (/^([-a-z0-9]+\/?\.?)+$/.test(name)) return;
  throw artifactFault({
    code: "chart-build-failed",
    disposition: "stall",
    at: "spec.chart",
    message: `invalid chart name '${name}': a valid name must be lower case letters and numbers and MAY be separated with dashes (-), slashes (/) or periods (.)`,
  });
}

type Kept = { name: string; version: string; wish: BuildWish; observed?: string; isPackaged?: boolean };

async function keep(pass: Pass, { name, version, wish, observed, isPackaged }: Kept): Promise<void> {
  const files = pass.status.observedValuesFiles ?? effectiveValuesFiles(wish.valuesFiles);
  const isMade = isPackaged === true || wish.versionMetadata !== "";
  const ending = endingOf(pass, { name, version, isPackaged: isMade, valuesFiles: files });
  await pass.keep(ending, observedMember(observed));
}

/** Offers a packed chart. */
async function store(pass: Pass, build: Build, observed?: string): Promise<void> {
  const { context, source } = pass;
  const isSame = pass.status.observedChartName === build.name && pass.artifact?.revision === build.version;
  if (!isSame) await pass.outdated(summaryOf(build), "NewChart");
  const file = `${baseName(build.name)}-${build.version}.tgz`;
  const stored = await context.archives.keepFile(source, file, build.bytes, { link });
  const ending = endingOf(pass, build);
  const members = { ...ending.members, ...observedMember(observed) };
  await pass.storeFile({ revision: build.version, stored, link }, { ...ending, members });
}

function observedMember(revision: string | undefined): JsonObject {
  return { observedSourceArtifactRevision: revision ?? null };
}

function endingOf(pass: Pass, build: Pick<Build, "name" | "version" | "isPackaged" | "valuesFiles">): Ending {
  const mark = {
    reason: build.isPackaged ? "ChartPackageSucceeded" : "ChartPullSucceeded",
    message: summaryOf(build),
  };
  const isObserved = pass.spec.ignoreMissingValuesFiles === true && build.valuesFiles.length > 0;
  return {
    stored: mark,
    members: {
      observedChartName: build.name,
      observedValuesFiles: isObserved ? [...build.valuesFiles] : null,
    },
    event: mark,
  };
}
