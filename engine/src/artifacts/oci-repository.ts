// The loop over one OCIRepository: asks the registry what its reference is now, verifies and pulls what is new, and offers
// the layer's files, or the layer as it is (source-controller 1.9).

import type { LayerSelector, OciRepository, OciRepositorySpec, OciRepositoryStatus } from "#api/flux";
import type { ReconcileResult } from "#controller";
import { baseName, equalJson, type Fault, type Json, type JsonObject, type Manifest } from "#kernel";
import {
  byDigest,
  chartLayerType,
  type Descriptor,
  formatReference,
  type Manifest as OciManifest,
  manifestForPlatform,
  newestTag,
  parseRepository,
  type Pinned,
  type Reference,
  type RegistryCall,
  type Repository,
  tagged,
} from "#sources/oci";
import type { TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { layerMost } from "./limits.ts";
import { during, failureOf, type Phase } from "./phases.ts";
import { registryAccessOf, signIn } from "./registry-access.ts";
import { type Ending, type FailureMark, reconcileSource, sourceNameOf, type SourcePass } from "./source-pass.ts";
import { tarEntries } from "./tar-entries.ts";
import { plainTreeOf, treeOf, treeOfFile } from "./trees.ts";
import { verifyArtifact } from "./verify-artifact.ts";

type Pass = SourcePass<OciRepositorySpec, OciRepositoryStatus>;

export function reconcileOciRepository(
  object: Manifest,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  return reconcileSource<OciRepositorySpec, OciRepositoryStatus>(
    object,
    { work, failureOf: ociFailureOf },
    context,
    signal,
  );
}

/** A range or filter that is none is asked for again, as in Flux: only a URL stalls. */
function ociFailureOf(fault: Fault): FailureMark {
  const mark = failureOf(fault);
  return { ...mark, isStalled: mark.isStalled && mark.reason !== "ReadOperationFailed" };
}

/** The layer's files at an earlier revision, where they are still kept. */
export async function pastOciTree(
  object: Manifest,
  revision: string,
  context: Context,
): Promise<TreeHandle | undefined> {
  const { status } = object as unknown as OciRepository;
  const selector = status?.observedLayerSelector;
  if (selector?.operation === "copy") return undefined;
  const snapshot = await context.snapshots.find(sourceNameOf(object), keyOf(revision, selector));
  return snapshot && treeOf(context, snapshot, { revision, ignore: status?.observedIgnore });
}

/** After a restart: what the status names is offered again as it was kept, without the network. */
export async function resumeOciRepository(object: Manifest, context: Context): Promise<void> {
  const { status } = object as unknown as OciRepository;
  const artifact = status?.artifact;
  if (artifact?.digest === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = sourceNameOf(object);
  const { revision, path, digest, size = 0 } = artifact;
  const stored = { path, digest, size };
  const link = "latest.tar.gz";
  if (status?.observedLayerSelector?.operation === "copy") {
    if (!(await context.archives.resumeFile(source, stored, { link }))) return;
    const key = JSON.stringify(["file", digest]);
    const snapshot = await context.snapshots.find(source, key);
    const tree = snapshot && { tree: plainTreeOf(context, snapshot, revision) };
    context.store.put({ ...source, revision, file: stored, ...tree });
    return;
  }
  const snapshot = await context.snapshots.find(source, keyOf(revision, status?.observedLayerSelector));
  if (snapshot === undefined) return;
  const tree = await treeOf(context, snapshot, { revision, ignore: status?.observedIgnore });
  const originRevision = artifact.metadata?.[originAnnotation];
  context.archives.offer(source, baseName(path), tree, { link, known: { digest, size } });
  context.store.put({ ...source, revision, file: stored, tree, ...(originRevision && { originRevision }) });
}

const originAnnotation = "org.opencontainers.image.revision";

const fetchPhase = (reason: string, message: string): Phase => ({ type: "FetchFailed", reason, message });
const layerPhase: Phase = fetchPhase(
  "OCIArtifactLayerOperationFailed",
  "failed to extract layer contents from artifact",
);

const unsigned: Phase = { type: "FetchFailed", reason: "AuthenticationFailed" };

async function work(pass: Pass, signal: AbortSignal): Promise<void> {
  const { spec, context } = pass;
  const { registry } = context;
  if (pass.conditions.is("SourceVerified", "False")) pass.conditions.remove("SourceVerified");
  const reach = await during(unsigned, () => registryAccessOf(context, pass.source.namespace, spec));
  const repository = await during(fetchPhase("URLInvalid", `URL validation failed for '${spec.url}'`), () =>
    parseRepository(reach.url, reach.isInsecure),
  );
  const tagPhase = fetchPhase("ReadOperationFailed", `failed to determine the artifact tag for '${spec.url}'`);
  const digestPhase = fetchPhase("OCIArtifactPullFailed", "failed to determine artifact digest");
  const limits = { signal, timeoutMs: pass.timeoutMs };
  // Signing in is part of the first question to the registry.
  const access = await during(asksForTags(spec) ? tagPhase : digestPhase, () => signIn(context, reach, spec, limits));
  const call: RegistryCall = { ...access, ...limits };
  const reference = await during(tagPhase, () => referenceOf(pass, repository, call));
  const digest = await during(digestPhase, () => registry.resolve(reference, call));
  const revision = "tag" in reference ? `${reference.tag}@${digest}` : digest;
  const pinned = byDigest(repository, digest);
  const isSame = pass.isOffered(revision) && isContentAsWished(pass);
  if (pass.artifact?.revision !== revision)
    await pass.outdated(`new revision '${revision}' for '${formatReference(reference)}'`);
  await verify(pass, { reference: pinned, revision }, call);
  if (isSame) return pass.keep(endingOf(pass, revision, pass.artifact?.metadata ?? {}));
  await pull(pass, { repository, digest, revision }, call);
}

function asksForTags({ ref }: OciRepositorySpec): boolean {
  return !ref?.digest && Boolean(ref?.semver);
}

/** Digest before range before tag; `latest` when nothing is named. */
async function referenceOf({ spec, context }: Pass, repository: Repository, call: RegistryCall): Promise<Reference> {
  const { digest, semver, semverFilter, tag } = spec.ref ?? {};
  if (digest) return byDigest(repository, digest);
  if (!semver) return tagged(repository, tag || "latest");
  const tags = await context.registry.tags(repository, call);
  const isChart = spec.layerSelector?.mediaType === chartLayerType;
  return tagged(
    repository,
    newestTag(tags, { range: semver, isChart, ...(semverFilter && { filter: semverFilter }) }, spec.url),
  );
}

/** Whether the artifact was made with the ignore rules and selector that are wished now. */
function isContentAsWished({ spec, status }: Pass): boolean {
  const json = (value: unknown): Json => (value ?? null) as Json;
  return (
    spec.ignore === status.observedIgnore && equalJson(json(spec.layerSelector), json(status.observedLayerSelector))
  );
}

/** A revision is verified once: again only when it, the object or the last outcome is another. */
async function verify(pass: Pass, what: { reference: Pinned; revision: string }, call: RegistryCall): Promise<void> {
  const { spec, conditions } = pass;
  if (spec.verify === undefined) return conditions.remove("SourceVerified");
  const before = conditions.get("SourceVerified");
  const isDone =
    before?.status === "True" &&
    before.observedGeneration === pass.generation &&
    pass.artifact?.revision === what.revision;
  if (isDone) return undefined;
  // What an older artifact's signature said holds no more for this one.
  conditions.remove("SourceVerified");
  const provider =
    spec.verify.secretRef === undefined && spec.verify.provider === "cosign" ? "cosign keyless" : spec.verify.provider;
  const phase: Phase = {
    type: "SourceVerified",
    status: "False",
    reason: "VerificationError",
    message: `failed to verify the signature using provider '${provider}'`,
  };
  const verification = spec.verify;
  const outcome = await during(phase, () =>
    verifyArtifact(pass.context, { namespace: pass.source.namespace, verification, reference: what.reference }, call),
  );
  if (outcome === "verified")
    conditions.set("SourceVerified", "True", {
      reason: "Succeeded",
      message: `verified signature of revision ${what.revision}`,
    });
}

async function pull(
  pass: Pass,
  what: { repository: Repository; digest: string; revision: string },
  call: RegistryCall,
): Promise<void> {
  const { spec } = pass;
  const { repository, digest, revision } = what;
  const manifest = await during(fetchPhase("OCIArtifactPullFailed", `failed to pull artifact from '${spec.url}'`), () =>
    manifestOf(pass.context, byDigest(repository, digest), call),
  );
  const layer = await during({ type: "FetchFailed", reason: layerPhase.reason }, () => selectLayer(pass, manifest));
  const ending = endingOf(pass, revision, manifest.annotations);
  const pieces = (): AsyncIterable<Buffer> => pass.context.registry.blob(repository, layer, call);
  if (spec.layerSelector?.operation === "copy") {
    const copyPhase = fetchPhase(layerPhase.reason, "failed to copy layer from artifact");
    const link = "latest.tar.gz";
    const stored = await during(copyPhase, () =>
      pass.context.archives.keepFile(pass.source, `${digest}.tar.gz`, pieces(), { link }),
    );
    const tree = await treeOfFile(pass, { revision, stored }, call.signal);
    return pass.storeFile({ revision, stored, link, metadata: manifest.annotations, ...(tree && { tree }) }, ending);
  }
  const key = keyOf(revision, spec.layerSelector);
  const at = `${formatReference(byDigest(repository, digest))} layer ${layer.digest}`;
  const snapshot =
    (await pass.context.snapshots.find(pass.source, key)) ??
    (await during(layerPhase, () =>
      pass.context.snapshots.make(pass.source, { key, at, files: () => tarEntries(pieces(), at) }, call.signal),
    ));
  const tree = await treeOf(pass.context, snapshot, { revision, ignore: spec.ignore });
  const originRevision = manifest.annotations[originAnnotation];
  await pass.storeTree(
    {
      revision,
      tree,
      file: `${digest}.tar.gz`,
      metadata: manifest.annotations,
      ...(originRevision && { originRevision }),
    },
    ending,
  );
}

/** By the selector as well: another one is another tree of the same revision. */
function keyOf(revision: string, selector: LayerSelector | undefined): string {
  return JSON.stringify([revision, selector?.mediaType ?? ""]);
}

/** The manifest of the reference, or of linux/amd64 in an index. */
async function manifestOf(context: Context, reference: Pinned, call: RegistryCall): Promise<OciManifest> {
  const fetched = await context.registry.manifest(reference, call);
  if ("manifest" in fetched) return fetched.manifest;
  const chosen = manifestForPlatform(fetched.index);
  const inner =
    chosen === undefined ? undefined : await context.registry.manifest(byDigest(reference, chosen.digest), call);
  if (inner !== undefined && "manifest" in inner) return inner.manifest;
  throw artifactFault({
    code: "archive-invalid",
    disposition: "retry",
    at: formatReference(reference),
    message: "the index holds no manifest for linux/amd64",
  });
}

function selectLayer({ spec }: Pass, { layers }: OciManifest): Descriptor {
  const wanted = spec.layerSelector?.mediaType ?? "";
  const layer = wanted === "" ? layers[0] : layers.find((each) => each.mediaType === wanted);
  if (layer !== undefined && layer.size <= layerMost) return layer;
  const message =
    layer !== undefined
      ? `the layer has ${layer.size} bytes; no more than ${layerMost} are read`
      : layers.length === 0
        ? "no layers found in artifact"
        : `failed to find layer with media type '${wanted}' in artifact`;
  throw artifactFault({
    code: "archive-invalid",
    disposition: "retry",
    message,
    hint: "check `layerSelector`",
  });
}

function endingOf(pass: Pass, revision: string, annotations: { [key: string]: string }): Ending {
  const { spec } = pass;
  const source = annotations["org.opencontainers.image.source"];
  const origin = annotations[originAnnotation];
  const extra = source && origin ? `, origin source '${source}', origin revision '${origin}'` : "";
  return {
    stored: { reason: "Succeeded", message: `stored artifact for digest '${revision}'` },
    members: {
      observedIgnore: spec.ignore ?? null,
      observedLayerSelector: (spec.layerSelector as JsonObject | undefined) ?? null,
    },
    event: { reason: "NewArtifact", message: `stored artifact with revision '${revision}' from '${spec.url}'${extra}` },
  };
}
