// The loop over one HelmRepository: fetches the index and stores it in Flux's form. One for a registry is static: it has no
// index, no status, nothing to do (source-controller 1.9).

import { type FluxObject, fluxFinalizer, type HelmRepositorySpec, type SourceStatus } from "#api/flux";
import type { ReconcileResult } from "#controller";
import { createHash } from "node:crypto";
import type { JsonObject, Manifest } from "#kernel";
import { chartFault, fetchIndex, normalizeRepositoryUrl } from "#sources/charts";
import type { Context } from "./context.ts";
import { during, failureOf, type Phase } from "./phases.ts";
import { repositoryReachOf } from "./repository-access.ts";
import { type Ending, reconcileSource, removeSource, type SourcePass, sourceNameOf } from "./source-pass.ts";
import type { StoredFile } from "./store.ts";

type Pass = SourcePass<HelmRepositorySpec, SourceStatus>;

export function reconcileHelmRepository(
  object: Manifest,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const { spec } = object as unknown as FluxObject<HelmRepositorySpec, SourceStatus>;
  if (spec.type === "oci" && object.metadata.deletionTimestamp === undefined) return makeStatic(object, spec, context);
  return reconcileSource<HelmRepositorySpec, SourceStatus>(object, { work, failureOf }, context, signal);
}

/** One that had an index before is freed of all it had. */
async function makeStatic(object: Manifest, spec: HelmRepositorySpec, context: Context): Promise<undefined> {
  const status = object["status"] as JsonObject | undefined;
  const isClean = object.metadata.finalizers?.includes(fluxFinalizer) !== true && status?.["conditions"] === undefined;
  if (spec.suspend === true || isClean) return undefined;
  const gone = Object.fromEntries(Object.keys(status ?? {}).map((name) => [name, null]));
  await context.objects.setStatus(object, gone);
  return removeSource(object, context);
}

/** After a restart: the index that the status names is offered again, without the network. */
export async function resumeHelmRepository(object: Manifest, context: Context): Promise<void> {
  const { status } = object as unknown as FluxObject<HelmRepositorySpec, SourceStatus>;
  const { artifact } = status ?? {};
  if (artifact?.digest === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = sourceNameOf(object);
  const file: StoredFile = { path: artifact.path, digest: artifact.digest, size: artifact.size ?? 0 };
  if (await context.archives.resumeFile(source, file, { link: "index.yaml" }))
    context.store.put({ ...source, revision: artifact.revision, file });
}

const phase = (reason: string, message: string): Phase => ({ type: "FetchFailed", reason, message });

const unsigned: Phase = { type: "FetchFailed", reason: "AuthenticationFailed" };

async function work(pass: Pass, signal: AbortSignal): Promise<void> {
  const { spec, context, source } = pass;
  await during(phase("URLInvalid", "invalid Helm repository URL"), () => checkUrl(spec.url));
  const reach = await during(unsigned, () => repositoryReachOf(context, source.namespace, spec, signal));
  const uid = pass.object.metadata.uid ?? "";
  const current = pass.artifact?.revision ?? "";
  const mark = pass.isOffered(current) && !pass.isNewGeneration ? context.indexes.markOf(uid, current) : undefined;
  const fetched = await during(phase("Failed", "failed to fetch Helm repository index"), () =>
    fetchIndex(context.http, reach.url, reach.call, mark),
  );
  const hex = fetched === undefined ? "" : createHash("sha256").update(fetched.bytes).digest("hex");
  const revision = fetched === undefined ? current : `sha256:${hex}`;
  const known = pass.artifact;
  const shown = { size: known?.size ?? 0, revision };
  if (fetched === undefined || pass.isOffered(revision)) {
    if (fetched !== undefined) context.indexes.setMark(uid, revision, fetched.mark);
    return pass.keep(endingOf(pass, shown));
  }
  const { index, stored: bytes } = await during(
    phase("IndexationFailed", "failed to load Helm repository from index YAML"),
    () => context.indexes.read(fetched.bytes, `${normalizeRepositoryUrl(spec.url)}index.yaml`, signal),
  );
  await pass.outdated(`new index revision '${revision}'`);
  const link = "index.yaml";
  const stored = await context.archives.keepFile(source, `index-${hex}.yaml`, bytes, { link });
  context.indexes.put(stored.digest, index, bytes.length);
  await pass.storeFile({ revision, stored, link }, endingOf(pass, { size: stored.size, revision }));
  context.indexes.setMark(uid, revision, fetched.mark);
}

function checkUrl(url: string): void {
  if (url.startsWith("oci://"))
    throw chartFault({
      code: "chart-url-invalid",
      disposition: "stall",
      at: url,
      message: "'oci' URL scheme cannot be used with 'default' HelmRepository type",
      hint: "set `type: oci`",
    });
  normalizeRepositoryUrl(url);
}

function endingOf({ spec }: Pass, { size, revision }: { size: number; revision: string }): Ending {
  return {
    stored: { reason: "Succeeded", message: `stored artifact: revision '${revision}'` },
    members: {},
    event: { reason: "NewArtifact", message: `stored fetched index of size ${humanSize(size)} from '${spec.url}'` },
  };
}

/** Four digits and a decimal unit, as Docker's go-units writes sizes. */
export function humanSize(bytes: number): string {
  const units = ["B", "kB", "MB", "GB"];
  let size = bytes;
  let unit = 0;
  for (; size >= 1000 && unit < units.length - 1; unit++) size /= 1000;
  return `${Number(size.toPrecision(4))}${units[unit]}`;
}
