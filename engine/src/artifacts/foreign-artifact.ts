// ExternalArtifacts that others write: their archive is fetched from the URL in the status, checked against the digest and
// kept as a tree like any other.

import type { ExternalArtifact } from "#api/flux";
import { createHash } from "node:crypto";
import type { Manifest } from "#kernel";
import { composeTree } from "#sources/git";
import type { Context } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { defaultTimeoutMs, foreignArchiveMost } from "./limits.ts";
import { unpackArchive } from "./tar-entries.ts";

const originAnnotation = "org.opencontainers.image.revision";

/** After a restart: what was fetched or made before is offered at once. */
export async function resumeForeignArtifact(object: Manifest, context: Context): Promise<void> {
  const { artifact } = (object as unknown as ExternalArtifact).status ?? {};
  if (artifact === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  const noted = await context.records.read(source, artifact.revision, context.environment["PATH"]);
  if (noted === undefined) return;
  const { path, digest, size } = artifact;
  const isOurs = artifact.url === `${context.address}/artifacts/${path}` && digest !== undefined && size !== undefined;
  if (isOurs)
    context.archives.offer(source, path.slice(path.lastIndexOf("/") + 1), noted.tree, { known: { digest, size } });
  context.store.put(isOurs ? { ...noted, file: { path, digest, size } } : noted);
}

/** Fetches what the status names, unless it is here already. */
export async function reconcileForeignArtifact(object: Manifest, context: Context, signal: AbortSignal): Promise<void> {
  const { artifact } = (object as unknown as ExternalArtifact).status ?? {};
  const source = { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
  if (artifact === undefined || object.metadata.deletionTimestamp !== undefined) {
    context.store.remove(source);
    await context.records.remove(source);
    return;
  }
  const known = context.store.get(source);
  const originRevision = artifact.metadata?.[originAnnotation];
  if (known?.revision === artifact.revision && known.originRevision === originRevision) return;
  const bytes = await download(artifact.url, signal);
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  if (artifact.digest !== undefined && artifact.digest !== digest)
    throw artifactFault({
      code: "archive-invalid",
      disposition: "retry",
      at: artifact.url,
      message: `the archive has the digest ${digest}, not ${artifact.digest}`,
    });
  const files = await unpackArchive(bytes, artifact.url);
  const composed = await composeTree(files, [], { folder: context.composed, environment: context.environment, signal });
  const environment = { PATH: context.environment["PATH"] };
  const tree = { kind: "git" as const, ...composed, revision: artifact.revision, ignore: "none" as const, environment };
  const found = {
    ...source,
    revision: artifact.revision,
    ...(originRevision === undefined ? {} : { originRevision }),
    tree,
  };
  context.store.put(found);
  await context.records.write(found);
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
