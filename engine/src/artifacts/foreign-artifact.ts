// Artifacts that others make: of ExternalArtifacts that somebody else writes, and of sources that another engine, or Flux's own
// controller, looks after. The file is fetched from the URL in the status, checked against the digest and kept, its files as a
// tree like any other.

import type { ArtifactStatus, ExternalArtifact } from "#api/flux";
import { createHash } from "node:crypto";
import type { Manifest } from "#kernel";
import { composeTree, type TreeHandle } from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { defaultTimeoutMs, foreignArchiveMost } from "./limits.ts";
import type { Artifact, SourceName, StoredFile } from "./store.ts";
import { unpackArchive } from "./tar-entries.ts";

const originAnnotation = "org.opencontainers.image.revision";

function sourceOf(object: Manifest): SourceName {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

function offeredBy(object: Manifest): ArtifactStatus | undefined {
  if (object.metadata.deletionTimestamp !== undefined) return undefined;
  return (object as unknown as ExternalArtifact).status?.artifact;
}

/** After a restart: what a generator made before is offered at once. */
export async function resumeGenerated(object: Manifest, context: Context): Promise<void> {
  const artifact = offeredBy(object);
  if (artifact === undefined) return;
  const source = sourceOf(object);
  const noted = await context.records.read(source, artifact.revision, context.environment["PATH"]);
  if (noted === undefined) return;
  const { path, digest, size } = artifact;
  const isOurs = artifact.url === `${context.address}/artifacts/${path}` && digest !== undefined && size !== undefined;
  if (isOurs)
    context.archives.offer(source, path.slice(path.lastIndexOf("/") + 1), noted.tree, { known: { digest, size } });
  context.store.put(isOurs ? { ...noted, file: { path, digest, size } } : noted);
}

/** After a restart: what was fetched before is offered at once. True where it was. */
export async function resumeFetched(object: Manifest, context: Context): Promise<boolean> {
  const artifact = offeredBy(object);
  if (artifact === undefined) return false;
  const source = sourceOf(object);
  const { revision, digest = "", size = 0, url } = artifact;
  const noted = await context.records.read(source, revision, context.environment["PATH"]);
  const stored = { path: context.archives.pathOf(source, fileName(artifact)), digest, size };
  const isKept = await context.archives.resumeFile(source, stored);
  if (noted === undefined && (!isKept || isPacked(artifact, object.kind))) return false;
  return context.store.put({ ...source, revision, ...noted, url, ...(isKept ? { file: stored } : {}) });
}

/** Fetches what the status names, unless it is here already. */
export async function fetchForeign(object: Manifest, context: Context, signal: AbortSignal): Promise<void> {
  const artifact = offeredBy(object);
  const source = sourceOf(object);
  if (artifact === undefined) {
    // One that another engine makes anew stays until it is made.
    if (object.kind !== "ExternalArtifact" && object.metadata.deletionTimestamp === undefined) return;
    context.store.remove(source);
    await context.records.remove(source);
    return;
  }
  const known = context.store.get(source);
  const originRevision = artifact.metadata?.[originAnnotation];
  const isSame = known?.revision === artifact.revision && known.originRevision === originRevision;
  if (isSame && known.file !== undefined && known.file.digest === (artifact.digest ?? known.file.digest)) {
    context.store.put({ ...known, url: artifact.url });
    return;
  }
  const bytes = await download(artifact.url, signal);
  const [algorithm = ""] = /^sha(256|384|512)(?=:)/.exec(artifact.digest ?? "") ?? ["sha256"];
  const digest = `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
  if (artifact.digest !== undefined && artifact.digest !== digest)
    throw artifactFault({
      code: "archive-invalid",
      disposition: "retry",
      at: artifact.url,
      message: `the archive has the digest ${digest}, not ${artifact.digest}`,
    });
  const tree = isPacked(artifact, object.kind) ? await treeOf(bytes, artifact, context, signal) : undefined;
  const file: StoredFile = await context.archives.keepFile(source, fileName({ ...artifact, digest }), bytes);
  const found: Artifact = {
    ...source,
    revision: artifact.revision,
    ...(originRevision === undefined ? {} : { originRevision }),
    ...(tree === undefined ? {} : { tree }),
    file,
    url: artifact.url,
  };
  context.store.put(found);
  if (tree !== undefined) await context.records.write({ ...found, tree });
}

/** Whether deliveries read its files. Indexes have none, and charts are looked into by whoever asks for theirs. */
function isPacked({ url }: ArtifactStatus, kind: string): boolean {
  return kind !== "HelmChart" && !/\.(ya?ml|json)$/.test(url);
}

/** By its digest: what others call it is theirs to choose. */
function fileName({ digest = "", url }: ArtifactStatus): string {
  const ending = /\.(tar\.gz|tgz|ya?ml|json)$/.exec(url)?.[0] ?? "";
  return `${digest.replace(/^.*:/, "")}${ending}`;
}

async function treeOf(
  bytes: Buffer,
  { url, revision }: ArtifactStatus,
  context: Context,
  signal: AbortSignal,
): Promise<TreeHandle> {
  const files = await unpackArchive(bytes, url);
  const composed = await composeTree(files, [], { folder: context.composed, environment: context.environment, signal });
  const environment = { PATH: context.environment["PATH"] };
  return { kind: "git" as const, ...composed, revision, ignore: "none" as const, environment };
}

async function download(url: string, signal: AbortSignal): Promise<Buffer> {
  if (!/^https?:\/\//.test(url))
    throw artifactFault({
      code: "download-failed",
      disposition: "stall",
      at: url,
      message: "the artifact's URL is neither http nor https",
    });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(defaultTimeoutMs)]);
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    const response = await fetch(url, { signal: limit, redirect: "error" });
    if (!response.ok || response.body === null) throw new Error(`the server answered ${response.status}`);
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      size += chunk.length;
      if (size > foreignArchiveMost) throw new Error(`it is larger than ${foreignArchiveMost / 1024 / 1024} MiB`);
      chunks.push(chunk);
    }
  } catch (cause) {
    if (signal.aborted) throw cause;
    throw artifactFault({
      code: "download-failed",
      disposition: "retry",
      at: url,
      message: "the artifact cannot be fetched",
      cause,
    });
  }
  return Buffer.concat(chunks);
}
