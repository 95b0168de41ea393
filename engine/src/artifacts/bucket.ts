// The loop over one Bucket: lists what it holds, fetches what is new, and offers the files. Its revision is over keys and
// tags, so an unchanged listing costs nothing more (source-controller 1.9).

import type { Bucket, BucketSpec, SourceStatus } from "#api/flux";
import type { ReconcileResult } from "#controller";
import { baseName, decodeUtf8, type Manifest, parseRevision } from "#kernel";
import {
  type BucketCall,
  type BucketClient,
  bucketBytesMost,
  bucketFault,
  type BucketObject,
  bucketRevision,
} from "#sources/bucket";
import { filesOf, type ImportedFile, IgnoreRules } from "#sources/git";
import { bucketReachOf } from "./bucket-client.ts";
import type { Context } from "./context.ts";
import { bucketAheadBytes, bucketAheadMost, ignoreFileMost } from "./limits.ts";
import { during, failureOf, type Phase } from "./phases.ts";
import { type Ending, reconcileSource, type SourcePass, sourceNameOf } from "./source-pass.ts";
import { plainTreeOf } from "./trees.ts";

type BucketStatus = SourceStatus & { observedIgnore?: string };
type Pass = SourcePass<BucketSpec, BucketStatus>;

const ignoreFile = ".sourceignore";
const phase = (reason: string, message: string): Phase => ({ type: "FetchFailed", reason, message });

export function reconcileBucket(object: Manifest, context: Context, signal: AbortSignal): Promise<ReconcileResult> {
  return reconcileSource<BucketSpec, BucketStatus>(object, { work, failureOf }, context, signal);
}

/** After a restart: the files that the status names are offered again, without the network. */
export async function resumeBucket(object: Manifest, context: Context): Promise<void> {
  const { artifact } = (object as unknown as Bucket).status ?? {};
  if (artifact?.digest === undefined || object.metadata.deletionTimestamp !== undefined) return;
  const source = sourceNameOf(object);
  const { revision, path, digest, size = 0 } = artifact;
  const snapshot = await context.snapshots.find(source, revision);
  if (snapshot === undefined) return;
  const tree = plainTreeOf(context, snapshot, revision);
  context.archives.offer(source, baseName(path), tree, { link: "latest.tar.gz", known: { digest, size } });
  context.store.put({ ...source, revision, tree, file: { path, digest, size } });
}

const unsigned: Phase = { type: "FetchFailed", reason: "AuthenticationFailed" };

async function work(pass: Pass, signal: AbortSignal): Promise<void> {
  const { spec, context, source } = pass;
  const { bucket, access } = await during(unsigned, () => bucketReachOf(context, source.namespace, spec));
  const call: BucketCall = { access, signal, timeoutMs: pass.timeoutMs };
  const listed = await list(bucket, spec, call);
  const found = bucketRevision(etagsOf(listed.objects));
  if (pass.isOffered(found)) return pass.keep(endingOf(pass, found, listed.objects.length));
  if (pass.artifact?.revision !== found) await pass.outdated(`new upstream revision '${found}'`);
  const fetched = new Map<string, string>();
  const snapshot =
    (await context.snapshots.find(source, found)) ??
    (await during(phase("BucketOperationFailed", `fetch from bucket '${spec.bucketName}' failed`), () =>
      context.snapshots.make(
        source,
        {
          key: found,
          at: `${spec.endpoint}/${spec.bucketName}`,
          files: (repository) => filesIn({ ...listed, bucket, fetched, known: knownIn(pass, repository) }, call),
        },
        signal,
      ),
    ));
  // What changed or went while it was fetched makes another revision than was listed.
  const revision = fetched.size === 0 ? found : bucketRevision(fetched);
  const tree = plainTreeOf(context, snapshot, revision);
  const file = `${parseRevision(revision).digest}.tar.gz`;
  await pass.storeTree({ revision, tree, file }, endingOf(pass, revision, listed.objects.length));
  await remember(pass, { repository: snapshot.repository, etags: fetched });
}

type Listed = { objects: readonly BucketObject[]; ignored: Buffer | undefined };

async function list(bucket: BucketClient, spec: BucketSpec, call: BucketCall): Promise<Listed> {
  const { bucketName } = spec;
  const failed = (message?: string): Phase => ({
    type: "FetchFailed",
    reason: "BucketOperationFailed",
    ...(message === undefined ? {} : { message }),
  });
  const exists = await during(failed(`failed to confirm existence of '${bucketName}' bucket`), () =>
    bucket.exists(call),
  );
  if (!exists) await during(failed(), () => Promise.reject(absent(spec)));
  const ignored = await during(failed(`failed to get Etag for '${ignoreFile}' object`), () =>
    readIgnoreFile(bucket, call),
  );
  return during(failed(`indexation of objects from bucket '${bucketName}' failed`), () =>
    index(bucket, { spec, ignored }, call),
  );
}

function absent({ bucketName }: BucketSpec): Error {
  return bucketFault({
    code: "bucket-absent",
    disposition: "retry",
    message: `bucket '${bucketName}' not found`,
    hint: "check `bucketName`, `endpoint` and what the credentials may see",
  });
}

async function index(
  bucket: BucketClient,
  { spec, ignored }: { spec: BucketSpec; ignored: Buffer | undefined },
  call: BucketCall,
): Promise<Listed> {
  const own = ignored === undefined ? [] : [{ folder: "", text: decodeUtf8(ignored) }];
  const rules = new IgnoreRules(
    [...own, ...(spec.ignore === undefined ? [] : [{ folder: "", text: spec.ignore }])],
    true,
  );
  const objects: BucketObject[] = [];
  let bytes = 0;
  for await (const object of bucket.list(spec.prefix ?? "", call)) {
    const { key } = object;
    if (key.endsWith("/") || key === ignoreFile || !isPath(key) || rules.isExcluded(key, false)) continue;
    bytes += object.size;
    if (bytes > bucketBytesMost) throw tooLarge(spec);
    objects.push(object);
  }
  return { objects, ignored };
}

function tooLarge(spec: BucketSpec): Error {
  return bucketFault({
    code: "bucket-listing-invalid",
    disposition: "retry",
    at: spec.endpoint,
    message: `the objects of bucket '${spec.bucketName}' have more than ${bucketBytesMost / 1024 / 1024} MiB`,
    hint: "leave some out with `prefix`, `ignore` or .sourceignore",
  });
}

async function readIgnoreFile(bucket: BucketClient, call: BucketCall): Promise<Buffer | undefined> {
  const content = await bucket.get(ignoreFile, ignoreFileMost, call);
  if (content === undefined) return undefined;
  const pieces: Buffer[] = [];
  for await (const piece of content.pieces) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** A key that can be a file's path below the root. */
function isPath(key: string): boolean {
  return !key.includes("\0") && key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

function etagsOf(objects: readonly BucketObject[]): Map<string, string> {
  return new Map(objects.map(({ key, etag }) => [key, etag]));
}

type Fetching = Listed & {
  bucket: BucketClient;
  /** Filled with the tag of each object as it was fetched. */
  fetched: Map<string, string>;
  /** Content that is there already, by key. */
  known: ReadonlyMap<string, Held>;
};

/** The files in the order of the listing; small ones are asked for ahead, so that their round trips overlap. */
async function* filesIn(what: Fetching, call: BucketCall): AsyncIterable<ImportedFile> {
  if (what.ignored !== undefined)
    yield { path: ignoreFile, isExecutable: false, size: what.ignored.length, pieces: [what.ignored] };
  const ahead: { object: BucketObject; content: Promise<Fetched> }[] = [];
  let next = 0;
  let aheadBytes = 0;
  for (;;) {
    while (ahead.length < bucketAheadMost && next < what.objects.length) {
      const object = what.objects[next];
      if (object === undefined || (ahead.length > 0 && aheadBytes + object.size > bucketAheadBytes)) break;
      const content = fetchObject(object, what, call);
      content.catch(() => {});
      ahead.push({ object, content });
      aheadBytes += object.size;
      next += 1;
    }
    const first = ahead.shift();
    if (first === undefined) return;
    const content = await first.content;
    aheadBytes -= first.object.size;
    if (content === undefined) continue;
    const { key } = first.object;
    what.fetched.set(key, content.etag);
    if ("id" in content) yield { path: key, isExecutable: false, id: content.id };
    else yield { path: key, isExecutable: false, size: content.size, pieces: content.pieces };
  }
}

type Content = { id: string } | { size: number; pieces: AsyncIterable<Buffer> | Buffer[] };
type Fetched = ({ etag: string } & Content) | undefined;

async function fetchObject(object: BucketObject, { bucket, known }: Fetching, call: BucketCall): Promise<Fetched> {
  const held = known.get(object.key);
  if (held !== undefined && held.etag === object.etag) return held;
  const isLarge = object.size > bucketAheadBytes;
  const content = await bucket.get(object.key, isLarge ? object.size : bucketAheadBytes, call);
  // It was there when the bucket was listed, and is no more: it is left out, as in Flux.
  if (content === undefined) return undefined;
  const { etag, pieces } = content;
  if (isLarge) return { etag, size: object.size, pieces };
  const whole: Buffer[] = [];
  for await (const piece of pieces) whole.push(piece);
  return { etag, size: whole.reduce((sum, piece) => sum + piece.length, 0), pieces: whole };
}

export type Held = { etag: string; id: string };

/** Objects whose content stands in this very repository since the last revision. */
function knownIn({ context, source }: Pass, repository: string): ReadonlyMap<string, Held> {
  const held = context.heldObjects.get(`${source.namespace}/${source.name}`);
  return held?.repository === repository ? held.objects : new Map();
}

async function remember(
  { context, source }: Pass,
  { repository, etags }: { repository: string; etags: ReadonlyMap<string, string> },
): Promise<void> {
  const tree = context.store.getTree(source)?.tree;
  if (tree === undefined || etags.size === 0) return;
  const objects = new Map<string, Held>();
  for (const { path, id } of await filesOf(tree)) {
    const etag = etags.get(path);
    if (etag !== undefined && etag !== "") objects.set(path, { etag, id });
  }
  context.heldObjects.set(`${source.namespace}/${source.name}`, { repository, objects });
}

function endingOf({ spec }: Pass, revision: string, count: number): Ending {
  return {
    stored: { reason: "Succeeded", message: `stored artifact: revision '${revision}'` },
    members: { observedIgnore: spec.ignore ?? null },
    event: {
      reason: "NewArtifact",
      message: `stored artifact with ${count} fetched files from '${spec.bucketName}' bucket`,
    },
  };
}
