// The loop over one GitRepository: asks the server what its reference is now, brings what is new into the mirror, offers it
// as an artifact, and says so in the object's status as Flux does (source-controller 1.9).

import {
  type ArtifactStatus,
  fluxFinalizer,
  type GitRepository,
  parseDuration,
  requestedAtAnnotation,
} from "#api/flux";
import type { ReconcileResult } from "#controller";
import { type Fault, faultFrom, formatFault, formatTime, type JsonObject, type Manifest, parseRevision } from "#kernel";
import {
  composeTree,
  filesOf,
  findIgnoreFiles,
  type GitAccess,
  type GitMirror,
  handleKey,
  type MirrorCall,
  type TreeHandle,
} from "#sources/git";
import { conditionsOf, failedWishes, progressWishes, readyWishes } from "./conditions.ts";
import { type Context, withJitter } from "./context.ts";
import { artifactFault } from "./faults.ts";
import { includeTrees } from "./includes.ts";
import { defaultTimeoutMs } from "./limits.ts";
import { jsonOf } from "./objects.ts";
import { accessOf, proxyOf, readSecret } from "./secrets.ts";
import type { TreeArtifact } from "./store.ts";
import { fetchSubmodules } from "./submodules.ts";

/** One level-triggered pass. Faults are written into the status, then thrown on for the back-off. */
export async function reconcileGitRepository(
  object: Manifest,
  context: Context,
  signal: AbortSignal,
): Promise<ReconcileResult> {
  const repository = object as unknown as GitRepository;
  const source = nameOf(object);
  if (object.metadata.deletionTimestamp !== undefined) {
    context.store.remove(source);
    await context.archives.remove(source);
    await context.objects.setFinalizer(object, fluxFinalizer, false);
    return undefined;
  }
  await context.objects.setFinalizer(object, fluxFinalizer, true);
  if (repository.spec.suspend === true) return undefined;
  const pass = new GitPass(object, repository, context);
  const intervalMs = parseDuration(repository.spec.interval) ?? defaultTimeoutMs;
  const later = { requeueAfterMs: withJitter(intervalMs, context.random) };
  try {
    await pass.run(signal);
  } catch (thrown) {
    if (signal.aborted) throw thrown;
    const fault = faultFrom(thrown);
    await pass.fail(fault);
    if (fault.code === "git-damaged" && fault.at !== undefined) await dropDamaged(repository, fault.at, context);
    // What the repository's content caused, another commit may mend: only asking again can tell.
    if (fault.disposition === "stall" && !isOfSpec(fault)) return later;
    throw fault;
  }
  return later;
}

/** Faults that stay until the object itself is changed. */
function isOfSpec(fault: Fault): boolean {
  return ["git-url-invalid", "git-ref-invalid", "not-supported", "spec-invalid"].includes(fault.code);
}

/** A mirror whose own objects are damaged would fail for ever; what a server sends is another matter. */
async function dropDamaged(repository: GitRepository, at: string, context: Context): Promise<void> {
  const mirror = context.mirrors.of(repository.spec.url);
  if (at === mirror.folder) await mirror.reset();
}

/** After a restart: what the status names is offered out of the mirror, without the network. */
export async function resumeGitRepository(object: Manifest, context: Context): Promise<void> {
  const repository = object as unknown as GitRepository;
  const revision = repository.status?.artifact?.revision;
  const isCurrent = repository.status?.observedGeneration === object.metadata.generation;
  if (revision === undefined || !isCurrent || object.metadata.deletionTimestamp !== undefined) return;
  const mirror = context.mirrors.of(repository.spec.url);
  const commit = await mirror.find(parseRevision(revision).digest);
  // What is made of several repositories is made again by its pass.
  const isPlain = repository.spec.recurseSubmodules !== true && (repository.spec.include ?? []).length === 0;
  if (commit === undefined || !isPlain) return;
  const tree = await handleOf({ mirror, tree: commit.tree, revision }, repository, context);
  const { digest, size } = repository.status?.artifact ?? {};
  const known = digest === undefined || size === undefined ? {} : { known: { digest, size } };
  const path = context.archives.offer(nameOf(object), fileOf(revision), tree, known);
  const file = known.known === undefined ? {} : { file: { path, ...known.known } };
  context.store.put({ ...nameOf(object), revision, tree, subject: commit.message, ...file });
}

function nameOf(object: Manifest): { kind: string; namespace: string; name: string } {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

function fileOf(revision: string): string {
  return `${parseRevision(revision).digest}.tar.gz`;
}

class GitPass {
  readonly #object: Manifest;
  readonly #repository: GitRepository;
  readonly #context: Context;
  readonly #now: string;

  constructor(object: Manifest, repository: GitRepository, context: Context) {
    this.#object = object;
    this.#repository = repository;
    this.#context = context;
    this.#now = formatTime(context.clock.now());
  }

  async run(signal: AbortSignal): Promise<void> {
    const { spec } = this.#repository;
    refuseUnsupported(this.#repository);
    // A generation whose failure has been told is not called in progress again with every try.
    const isTold = this.#conditions.some(
      (each) => each.type === "Ready" && each.observedGeneration === this.#generation,
    );
    if (this.#isNewGeneration && !isTold) await this.#progress("asking the repository for its revision");
    const access = await this.#access();
    const timeoutMs = spec.timeout === undefined ? defaultTimeoutMs : (parseDuration(spec.timeout) ?? defaultTimeoutMs);
    const call: MirrorCall = { access, signal, timeoutMs };
    const mirror = this.#context.mirrors.of(spec.url);
    const resolved = await mirror.resolve(spec.ref ?? {}, call);
    if (this.#isSettled(resolved.revision)) return this.#writeStatus({});
    const isNew = this.#repository.status?.artifact?.revision !== resolved.revision;
    if (isNew && !this.#isNewGeneration) await this.#progress(`fetching new revision '${resolved.revision}'`);
    const commit = await mirror.fetch(resolved, call);
    const plain = await handleOf(
      { mirror, tree: commit.tree, revision: resolved.revision },
      this.#repository,
      this.#context,
    );
    const tree = await this.#grafted(plain, mirror, call);
    await this.#publish({ ...nameOf(this.#object), revision: resolved.revision, tree, subject: commit.message });
    await mirror.keepOnly(this.#commitsInUse(mirror), signal);
  }

  /** Nothing but the revision need be looked at: it is offered, and the status says all there is to say. */
  #isSettled(revision: string): boolean {
    const { spec, status } = this.#repository;
    const isGrafted = spec.recurseSubmodules === true || (spec.include ?? []).length > 0;
    const isReady = this.#conditions.some((each) => each.type === "Ready" && each.status === "True");
    const isOffered = this.#context.store.get(nameOf(this.#object))?.revision === revision;
    const isAddressed = status?.artifact?.url.startsWith(`${this.#context.address}/`) === true;
    const isTold = status?.artifact?.revision === revision && isReady && !this.#isNewGeneration;
    return isOffered && isTold && isAddressed && !isGrafted;
  }

  /** Writes why the pass failed; the artifact stays. */
  async fail(fault: Fault): Promise<void> {
    const { type, reason } = failureOf(fault);
    const hint = fault.hint === undefined ? "" : ` (${fault.hint})`;
    const message = `${formatFault(fault)}${hint}`;
    const isStalled = fault.disposition === "stall" && isOfSpec(fault);
    const inStorage = this.#conditions.find((condition) => condition.type === "ArtifactInStorage");
    const wishes = failedWishes({ type, reason, message, isStalled, inStorage });
    await this.#writeStatus({
      conditions: this.#conditionsJson(wishes),
      ...(isStalled ? { observedGeneration: this.#generation } : {}),
    });
    await this.#context.objects.tell(this.#object, { isWarning: true, reason, message });
  }

  get #generation(): number {
    return this.#object.metadata.generation ?? 0;
  }

  get #conditions(): NonNullable<NonNullable<GitRepository["status"]>["conditions"]> {
    return this.#repository.status?.conditions ?? [];
  }

  get #isNewGeneration(): boolean {
    return this.#repository.status?.observedGeneration !== this.#generation;
  }

  async #access(): Promise<GitAccess> {
    const { spec } = this.#repository;
    const namespace = this.#object.metadata.namespace ?? "";
    const { cluster } = this.#context;
    const access =
      spec.secretRef === undefined
        ? {}
        : accessOf(
            await readSecret(cluster, namespace, spec.secretRef.name),
            `Secret/${namespace}/${spec.secretRef.name}`,
          );
    if (spec.proxySecretRef === undefined) return access;
    const at = `Secret/${namespace}/${spec.proxySecretRef.name}`;
    return { ...access, proxy: proxyOf(await readSecret(cluster, namespace, spec.proxySecretRef.name), at) };
  }

  /** The tree with submodules and included repositories put in, where there are any. */
  async #grafted(plain: TreeHandle, mirror: GitMirror, call: MirrorCall): Promise<TreeHandle> {
    const { spec } = this.#repository;
    const namespace = this.#object.metadata.namespace ?? "";
    const modules =
      spec.recurseSubmodules === true
        ? await fetchSubmodules({ ...plain, ignore: "none" }, mirror.url, this.#context, call)
        : [];
    const included = includeTrees(spec.include ?? [], namespace, this.#context.store);
    if (modules.length === 0 && included.length === 0) return plain;
    const base = await filesOf(plain);
    const grafts = await Promise.all(
      [...modules, ...included].map(async ({ path, from, handle }) =>
        (await filesOf(handle))
          .filter((file) => from === "" || file.path.startsWith(`${from}/`))
          .map((file) => ({ ...file, path: `${path}/${from === "" ? file.path : file.path.slice(from.length + 1)}` })),
      ),
    );
    const files = new Map([...base, ...grafts.flat()].map((file) => [file.path, file]));
    const repositories = [plain, ...modules.map((each) => each.handle), ...included.map((each) => each.handle)];
    const options = { folder: this.#context.composed, environment: this.#context.environment, signal: call.signal };
    const composed = await composeTree(
      [...files.values()],
      repositories.map((each) => each.repository),
      options,
    );
    return { ...plain, ...composed };
  }

  async #publish(artifact: TreeArtifact): Promise<void> {
    const { store, archives, address, objects } = this.#context;
    const previous = store.getTree(artifact);
    store.put(artifact);
    const path = archives.offer(artifact, fileOf(artifact.revision), artifact.tree);
    const before = this.#repository.status?.artifact;
    const isSame =
      before?.revision === artifact.revision &&
      previous !== undefined &&
      handleKey(previous.tree) === handleKey(artifact.tree);
    // The digest is of the archive: it is written once for each revision, after deliveries have begun to work on the tree.
    const isStored = isSame && before.digest !== undefined && (await archives.check(path, before.digest)) === "whole";
    const file = isStored ? undefined : await archives.write(path);
    const digest = file?.digest ?? before?.digest ?? "";
    const size = file?.size ?? before?.size ?? 0;
    store.put({ ...artifact, file: { path, digest, size } });
    const isUnchanged = before?.revision === artifact.revision && before.digest === digest;
    const status: ArtifactStatus = {
      path,
      url: `${address}/artifacts/${path}`,
      revision: artifact.revision,
      digest,
      size,
      lastUpdateTime: isUnchanged ? before.lastUpdateTime : this.#now,
    };
    await this.#succeed(status);
    if (isUnchanged) return;
    const message = `stored artifact for commit '${artifact.subject ?? artifact.revision}'`;
    const annotations = {
      "source.toolkit.fluxcd.io/revision": artifact.revision,
      "source.toolkit.fluxcd.io/digest": digest,
    };
    await objects.tell(this.#object, { isWarning: false, reason: "NewArtifact", message, annotations });
  }

  async #succeed(artifact: ArtifactStatus): Promise<void> {
    const { spec } = this.#repository;
    const wishes = readyWishes(`stored artifact for revision '${artifact.revision}'`);
    await this.#writeStatus({
      observedGeneration: this.#generation,
      conditions: this.#conditionsJson(wishes),
      artifact: jsonOf(artifact),
      observedIgnore: spec.ignore ?? null,
      observedRecurseSubmodules: spec.recurseSubmodules === true ? true : null,
      observedInclude: spec.include === undefined ? null : (spec.include as unknown as JsonObject[]),
      observedSparseCheckout: spec.sparseCheckout ?? null,
    });
  }

  async #progress(message: string): Promise<void> {
    await this.#writeStatus({ conditions: this.#conditionsJson(progressWishes(message, this.#conditions)) }, false);
  }

  #conditionsJson(wishes: Parameters<typeof conditionsOf>[0]["wishes"]): JsonObject[] {
    const input = { before: this.#conditions, wishes, generation: this.#generation, now: this.#now };
    return conditionsOf(input) as unknown as JsonObject[];
  }

  /** Every end of a pass notes the request it has handled, a failed one too. */
  async #writeStatus(members: JsonObject, isEnd = true): Promise<void> {
    const requestedAt = this.#object.metadata.annotations?.[requestedAtAnnotation];
    const handled = isEnd && requestedAt !== undefined ? { lastHandledReconcileAt: requestedAt } : {};
    const all = { ...members, ...handled };
    await this.#context.objects.setStatus(this.#object, all);
    // What follows in this pass compares with what now stands there.
    this.#object["status"] = { ...(this.#object["status"] as JsonObject | undefined), ...all };
  }

  /** The commits of every source that reads this mirror, and those of the pass before, which may still be worked on. */
  #commitsInUse(mirror: GitMirror): string[] {
    const { store, commitsBefore } = this.#context;
    const inUse = store.values().filter((artifact) => artifact.kind === "GitRepository");
    const commits = inUse.map((artifact) => parseRevision(artifact.revision).digest);
    const kept = [...new Set([...commits, ...(commitsBefore.get(mirror.folder) ?? [])])];
    commitsBefore.set(mirror.folder, commits);
    return kept;
  }
}

type Fetched = { mirror: GitMirror; tree: string; revision: string };

/** The tree with its own ignore files and the object's patterns; the latter come last, so they win. */
async function handleOf(fetched: Fetched, repository: GitRepository, context: Context): Promise<TreeHandle> {
  const { ignore, sparseCheckout } = repository.spec;
  const base = {
    kind: "git" as const,
    repository: fetched.mirror.folder,
    tree: fetched.tree,
    revision: fetched.revision,
    environment: { PATH: context.environment["PATH"] },
    ...(sparseCheckout === undefined || sparseCheckout.length === 0 ? {} : { folders: sparseCheckout }),
  };
  const own = await findIgnoreFiles(base);
  return { ...base, ignore: ignore === undefined ? own : [...own, { folder: "", text: ignore }] };
}

function refuseUnsupported({ spec }: GitRepository): void {
  const refuse = (message: string, hint: string): never => {
    throw artifactFault({ code: "not-supported", disposition: "stall", message, hint });
  };
  if (spec.verify !== undefined)
    refuse(
      "signatures cannot be verified yet, so nothing is fetched",
      "take `verify` out to accept unverified commits",
    );
  if (spec.provider !== undefined && spec.provider !== "generic" && spec.provider !== "")
    refuse(`the provider ${spec.provider} is not supported`, "use a token in the Secret and the provider generic");
}

/** The condition type and reason that Flux has for a failure. */
function failureOf(fault: Fault): { type: string; reason: string } {
  switch (fault.code) {
    case "git-authentication-failed":
    case "git-credentials-invalid":
    case "git-host-key-rejected":
    case "git-certificate-rejected":
    case "secret-absent":
      return { type: "FetchFailed", reason: "AuthenticationFailed" };
    case "git-url-invalid":
      return { type: "FetchFailed", reason: "URLInvalid" };
    case "include-unavailable":
      return { type: "IncludeUnavailable", reason: "NotFound" };
    case "cluster-refused":
      return { type: "StorageOperationFailed", reason: "PatchOperationFailed" };
    default:
      return { type: "FetchFailed", reason: "GitOperationFailed" };
  }
}
