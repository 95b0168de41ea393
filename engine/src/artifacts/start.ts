// Starts the loops over source objects: watches them, decides when each is looked at, and keeps what they have fetched.

import { requestedAtAnnotation } from "#api/flux";
import { type Cluster, Informer, type Status } from "#cluster";
import { type Priority, type ReconcileResult, runController, WorkQueue } from "#controller";
import { type Clock, type Fault, faultFrom, formatFault, isObject, type Manifest } from "#kernel";
import { closeReaders, type Environment, GitMirrors, tidyComposed, watchRefs } from "#sources/git";
import { LoginCache } from "#sources/identity";
import { type MirrorMap, mirroredUrl } from "#sources/mirrors";
import { HttpClient, proxySettings } from "#sources/http";
import { PublicTrustRoot, Registry } from "#sources/oci";
import { mkdir } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { join } from "node:path";
import { Archives } from "./archives.ts";
import { reconcileArtifactGenerator } from "./artifact-generator.ts";
import type { Context } from "./context.ts";
import { fetchForeign, resumeFetched, resumeGenerated } from "./foreign-artifact.ts";
import { reconcileGitRepository, resumeGitRepository } from "./git-repository.ts";
import { reconcileBucket, resumeBucket } from "./bucket.ts";
import { ChartIndexes } from "./chart-indexes.ts";
import { reconcileHelmChart, readsSource, resumeHelmChart } from "./helm-chart.ts";
import { reconcileHelmRepository, resumeHelmRepository } from "./helm-repository.ts";
import { reconcileOciRepository, resumeOciRepository } from "./oci-repository.ts";
import { artifactFault } from "./faults.ts";
import { concurrentSources, intervalJitter } from "./limits.ts";
import { MirrorUse } from "./mirror-use.ts";
import { Histories, type SourceHistory } from "./history.ts";
import { Objects, refusalFault, resourceOf } from "./objects.ts";
import { pastTreeOf } from "./past.ts";
import { Records } from "./records.ts";
import { makerOf, Shard } from "./shard.ts";
import { type ArtifactFile, ArtifactStore, type ArtifactView, openableTree, type SourceName } from "./store.ts";
import { Snapshots } from "./snapshots.ts";

export type ArtifactsOptions = {
  cluster: Cluster;
  clock: Clock;
  /** A folder of our own for mirrors and archives; deleting it loses nothing. */
  folder: string;
  /** For git: PATH, and trust settings where set. */
  environment: Environment;
  /** Where `serve` can be reached: `http://127.0.0.1:7440`. */
  address: string;
  signal: AbortSignal;
  /** URL prefixes that are fetched from elsewhere; no object shows it. */
  mirrors?: MirrorMap;
  random?: () => number;
  /** Lets an object's own ServiceAccount be a cloud identity; Flux's gate ObjectLevelWorkloadIdentity. */
  hasObjectIdentity?: boolean;
  /** By which share of it an interval is longer or shorter; 0.05 when absent. */
  jitter?: number;
  /** False: no object may name sources in other namespaces. */
  isCrossNamespaceAllowed?: boolean;
  /** Which objects are looked after, by label; absent: all. */
  selector?: string | undefined;
  /** Told of each failed pass. */
  failed?: (source: SourceName, fault: Fault) => void;
  /** Told of each pass. */
  passed?: (source: SourceName, tookMs: number) => void;
};

export type Artifacts = {
  readonly store: ArtifactStore;
  /** What the loop over deliveries asks. */
  readonly view: ArtifactView;
  /** What sources were before. */
  readonly history: SourceHistory;
  /** Resolved once all source objects are known and what mirrors hold is offered again. */
  readonly ready: Promise<void>;
  /** Resolved when the signal has aborted and all work has ended. */
  readonly ended: Promise<void>;
  /** Looks at a source now: for webhooks. */
  hook(source: SourceName): void;
  /** Answers requests below `/artifacts/`; false for others. */
  serve(request: IncomingMessage, response: ServerResponse): boolean;
};

type Loop = (object: Manifest, context: Context, signal: AbortSignal) => Promise<ReconcileResult>;

/** The kinds, and the pass over an object of each. */
const loops: { readonly [kind: string]: Loop } = {
  GitRepository: reconcileGitRepository,
  OCIRepository: reconcileOciRepository,
  HelmRepository: reconcileHelmRepository,
  HelmChart: reconcileHelmChart,
  Bucket: reconcileBucket,
  ArtifactGenerator: reconcileArtifactGenerator,
  // What a generator makes is in the store before its object says so.
  ExternalArtifact: () => Promise.resolve(undefined),
};

/** Kinds whose artifacts are offered again after a restart, without the network. */
const resumes: { readonly [kind: string]: (object: Manifest, context: Context) => Promise<void> } = {
  ExternalArtifact: resumeGenerated,
  GitRepository: resumeGitRepository,
  OCIRepository: resumeOciRepository,
  HelmRepository: resumeHelmRepository,
  HelmChart: resumeHelmChart,
  Bucket: resumeBucket,
};

/** Runs until the signal aborts. */
export function startArtifacts(options: ArtifactsOptions): Artifacts {
  return new SourceLoops(options);
}

class SourceLoops implements Artifacts {
  readonly store: ArtifactStore = new ArtifactStore();
  readonly view: ArtifactView;
  readonly history: SourceHistory;
  readonly ready: Promise<void>;
  readonly ended: Promise<void>;
  readonly #options: ArtifactsOptions;
  readonly #context: Context;
  readonly #shard: Shard;
  readonly #informers = new Map<string, Informer<Manifest>>();
  /** For each kind: resolved once its objects are known, or known not to be readable. */
  readonly #known: Promise<void>[] = [];
  /** Repositories on this machine whose refs are watched, by object. */
  readonly #watches = new Map<string, { path: string; close: () => void }>();

  constructor(options: ArtifactsOptions) {
    this.#options = options;
    const { cluster, clock, folder, environment } = options;
    const random = options.random ?? Math.random;
    const http = new HttpClient({ clock, random, proxies: proxySettings(environment) });
    this.#shard = new Shard({ selector: options.selector, find: (source) => this.#seen(source) });
    this.#context = {
      cluster,
      clock,
      random,
      environment,
      mirrorMap: options.mirrors ?? [],
      store: this.store,
      archives: new Archives(join(folder, "archives"), clock),
      mirrors: new GitMirrors({ folder: join(folder, "mirrors"), clock, environment }),
      objects: new Objects({ cluster, clock, manager: "source-controller" }),
      queue: new WorkQueue({ clock, random }),
      mirrorUse: new MirrorUse(),
      verified: new Map(),
      logins: new LoginCache(clock),
      hasObjectIdentity: options.hasObjectIdentity === true,
      jitter: options.jitter ?? intervalJitter,
      isCrossNamespaceAllowed: options.isCrossNamespaceAllowed !== false,
      records: new Records(join(folder, "records")),
      http,
      registry: new Registry({ client: http, clock }),
      publicTrust: new PublicTrustRoot(join(folder, "trust"), clock),
      indexes: new ChartIndexes(clock),
      heldObjects: new Map(),
      // As in Flux, what another shard looks after is not there for those who build on it.
      find: (source) => [this.#seen(source)].find((object) => object !== undefined && this.#shard.has(object)),
      isOwn: (object) => this.#shard.has(object),
      all: (kind) => this.#own(kind),
      want: (source) => this.#want(source),
      snapshots: new Snapshots({ folder: join(folder, "trees"), environment, clock }),
      composed: join(folder, "composed"),
      address: options.address.replace(/\/+$/, ""),
    };
    const { signal } = options;
    this.history = new Histories({ context: this.#context, folder: join(folder, "histories"), signal });
    this.view = {
      get: (source) => this.#viewed(source),
      at: (source, revision) => this.#past(source, revision),
      file: (source) => this.#fileOf(source),
      subscribe: (listener) => this.store.subscribe({ changed: listener, removed: listener }),
      whyNot: (source) => Promise.resolve(this.#whyNot(source)),
    };
    const informing = Object.keys(loops).map((kind) => this.#inform(kind));
    this.ready = this.#resume();
    this.ended = this.#run(informing);
  }

  hook(source: SourceName): void {
    this.#context.queue.add(keyOf(source), "revision");
  }

  serve(request: IncomingMessage, response: ServerResponse): boolean {
    return this.#context.archives.serve(request, response);
  }

  #inform(kind: string): Promise<void> {
    const { cluster, clock, signal } = this.#options;
    let markAbsent = (): void => {};
    const isAbsent = new Promise<void>((resolve) => {
      markAbsent = resolve;
    });
    const failed = (status: Status): void => {
      // A cluster without this kind, or without the right to read it, still has the others.
      if (status.code === 404 || status.code === 403) markAbsent();
      if (status.code !== 404) this.#options.failed?.({ kind, namespace: "", name: "" }, refusalFault(status, kind));
    };
    const resource = resourceOf(kind);
    const informer = new Informer<Manifest>({ cluster, clock, resource, keep: (object) => object, failed });
    this.#informers.set(kind, informer);
    this.#known.push(Promise.race([informer.synced, isAbsent]));
    informer.subscribe({
      changed: (current, previous) => {
        const priority = this.#priorityOf(current, previous);
        // An include is of what the status says.
        if (artifactIn(current)?.digest !== artifactIn(previous)?.digest) this.#wakeIncluders(nameOf(current));
        if (priority === undefined) return;
        this.#context.queue.add(keyOf(nameOf(current)), priority);
        // One for a registry has no artifact whose change would wake its charts.
        if (current.kind === "HelmRepository") this.#wakeReaders(nameOf(current));
      },
      // A generator makes what is gone again.
      deleted: (last) =>
        this.#context.queue.add(keyOf((this.#shard.has(last) && makerOf(last)) || nameOf(last)), "spec"),
    });
    return informer.run(signal);
  }

  async #resume(): Promise<void> {
    const { folder } = this.#options;
    await Promise.all(
      ["archives", "mirrors", "composed"].map((name) => mkdir(join(folder, name), { recursive: true })),
    );
    await Promise.all(this.#known);
    // One repository that cannot be resumed must not keep the others from it: its own pass will say why.
    for (const [kind, resume] of Object.entries(resumes))
      for (const object of this.#informers.get(kind)?.values() ?? [])
        if (this.#shard.has(object)) await resume(object, this.#context).catch(() => {});
        else if (await resumeFetched(object, this.#context).catch(() => false)) this.#shard.want(nameOf(object));
    await this.#context.archives.sweep();
  }

  async #run(informing: Promise<void>[]): Promise<void> {
    const { clock, signal } = this.#options;
    const unsubscribe = this.store.subscribe({ changed: (artifact) => this.#wakeReaders(artifact) });
    // Before what mirrors hold is offered, a pass would find its sources missing.
    const isAborted = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
    await Promise.race([this.ready, isAborted]);
    await runController({
      name: "sources",
      queue: this.#context.queue,
      clock,
      concurrency: concurrentSources,
      signal,
      reconcile: (key, passSignal) => this.#reconcile(key, passSignal),
      failed: (key, fault) => this.#options.failed?.(sourceOf(key), fault),
      passed: (key, _, tookMs) => this.#options.passed?.(sourceOf(key), tookMs),
    });
    unsubscribe();
    for (const watch of this.#watches.values()) watch.close();
    this.#context.http.close();
    closeReaders();
    await Promise.all(informing);
  }

  async #reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult> {
    const source = sourceOf(key);
    const held = this.#seen(source);
    if (held === undefined) return this.#forget(source);
    const object = structuredClone(this.#context.objects.newest(held));
    if (!this.#shard.has(object)) return this.#readOther(object, signal);
    this.#watchLocal(key, object);
    return loops[source.kind]?.(object, this.#context, signal);
  }

  /** The artifact of an object that is looked after elsewhere, once something here has asked for it. */
  async #readOther(object: Manifest, signal: AbortSignal): Promise<void> {
    const source = nameOf(object);
    this.#watches.get(keyOf(source))?.close();
    this.#watches.delete(keyOf(source));
    if (source.kind === "ArtifactGenerator") return;
    const { store, address } = this.#context;
    const held = store.get(source);
    const isOwnMake = held !== undefined && held.url === undefined;
    // What was made here is served until whoever has the object now has made it anew.
    if (isOwnMake && artifactIn(object)?.url?.startsWith(`${address}/artifacts/`) === true) return;
    if (isOwnMake && held.file !== undefined && !this.#shard.isWanted(source)) await this.#release(source);
    if (!this.#shard.isWanted(source)) return;
    try {
      await fetchForeign(object, this.#context, signal);
      this.#shard.fetched(source);
    } catch (thrown) {
      if (!signal.aborted) this.#shard.fetched(source, formatFault(faultFrom(thrown)));
      throw thrown;
    }
  }

  async #forget(source: SourceName): Promise<void> {
    const key = keyOf(source);
    this.#watches.get(key)?.close();
    this.#watches.delete(key);
    this.#shard.forget(source);
    await this.#release(source);
    this.#context.queue.remove(key);
  }

  /** Lets go all that is kept of a source. */
  async #release(source: SourceName): Promise<void> {
    const { archives, snapshots, records, heldObjects, mirrorUse } = this.#context;
    if (source.kind !== "ArtifactGenerator") {
      this.store.remove(source);
      await archives.remove(source);
      await snapshots.remove(source);
      await records.remove(source);
      if (source.kind === "Bucket") heldObjects.delete(`${source.namespace}/${source.name}`);
    }
    if (source.kind !== "GitRepository") return;
    mirrorUse.forget(keyOf(source));
    await this.#dropMirrors().catch(() => {});
  }

  #seen({ kind, namespace, name }: SourceName): Manifest | undefined {
    return this.#informers.get(kind)?.get(namespace, name);
  }

  /** All objects of a kind that are looked after here. */
  #own(kind: string): Manifest[] {
    return [...(this.#informers.get(kind)?.values() ?? [])].filter((object) => this.#shard.has(object));
  }

  /** Something here reads the source; of one that is looked after elsewhere the artifact is fetched from now on. */
  #want(source: SourceName): void {
    if (!this.#shard.want(source)) return;
    const object = this.#seen(source);
    if (object !== undefined && !this.#shard.has(object)) this.#context.queue.add(keyOf(source), "revision");
  }

  /** Why a change of an object calls for a pass; undefined when it does not. */
  #priorityOf(current: Manifest, previous: Manifest | undefined): Priority | undefined {
    const [isOurs, wasOurs] = [current, previous].map((object) => object !== undefined && this.#shard.has(object));
    if (isOurs === true && (wasOurs === true || previous === undefined)) return priorityOf(current, previous);
    if (isOurs === true || wasOurs === true || previous === undefined) return "spec";
    const isSame = JSON.stringify(artifactIn(current)) === JSON.stringify(artifactIn(previous));
    return isSame && current.metadata.deletionTimestamp === previous.metadata.deletionTimestamp
      ? undefined
      : "revision";
  }

  /** Mirrors that neither an object names nor a submodule stands in go, once what borrows from them has its own. */
  async #dropMirrors(): Promise<void> {
    const { mirrors, mirrorMap, mirrorUse, composed, environment } = this.#context;
    const objects = this.#own("GitRepository");
    const urls = objects.map((object) => mirroredUrl(mirrorMap, urlOf(object)).url);
    const inUse = this.store.values().flatMap((each) => (each.tree === undefined ? [] : [each.tree.tree]));
    const options = { folder: composed, environment, signal: this.#options.signal };
    await mirrors.removeOthers({ urls, folders: mirrorUse.folders() }, (lender) =>
      tidyComposed({ ...options, inUse: [...inUse, ...mirrorUse.trees()], lender }),
    );
  }

  /** A commit to a repository on this machine is seen at once, not at the interval. */
  #watchLocal(key: string, object: Manifest): void {
    if (object.kind !== "GitRepository") return;
    const url = urlOf(object);
    const path = url.startsWith("/") ? url : url.startsWith("file://") ? decodeURIComponent(new URL(url).pathname) : "";
    const known = this.#watches.get(key);
    if (known?.path === path) return;
    known?.close();
    this.#watches.delete(key);
    if (path === "") return;
    const changed = (): void => this.#context.queue.add(key, "revision");
    this.#watches.set(key, { path, close: watchRefs({ path, clock: this.#options.clock, changed }) });
  }

  /** Generators that read a source look again when it changes. */
  #wakeReaders(changed: SourceName): void {
    for (const generator of this.#own("ArtifactGenerator")) {
      const { sources = [] } = (generator["spec"] ?? {}) as {
        sources?: { kind: string; name: string; namespace?: string }[];
      };
      const namespace = generator.metadata.namespace ?? "";
      const isReader = sources.some(
        (each) =>
          each.kind === changed.kind &&
          each.name === changed.name &&
          (each.namespace ?? namespace) === changed.namespace,
      );
      if (isReader) this.#context.queue.add(keyOf(nameOf(generator)), "revision");
    }
    for (const chart of this.#own("HelmChart"))
      if (readsSource(chart, changed)) this.#context.queue.add(keyOf(nameOf(chart)), "revision");
  }

  #wakeIncluders(changed: SourceName): void {
    if (changed.kind !== "GitRepository") return;
    for (const repository of this.#own("GitRepository")) {
      const { include = [] } = (repository["spec"] ?? {}) as { include?: { repository: { name: string } }[] };
      const isReader = include.some((each) => each.repository.name === changed.name);
      if (isReader && repository.metadata.namespace === changed.namespace)
        this.#context.queue.add(keyOf(nameOf(repository)), "revision");
    }
  }

  #viewed(source: SourceName): ReturnType<ArtifactView["get"]> {
    this.#want(source);
    const artifact = this.store.get(source);
    if (artifact === undefined) return undefined;
    const { revision, originRevision, tree } = artifact;
    return tree === undefined ? undefined : { revision, originRevision, source: openableTree(tree) };
  }

  async #past(source: SourceName, revision: string): ReturnType<ArtifactView["at"]> {
    const tree = await pastTreeOf(source, revision, this.#context, this.#options.signal);
    return tree && { revision, originRevision: undefined, source: openableTree(tree) };
  }

  #fileOf(source: SourceName): ArtifactFile | undefined {
    this.#want(source);
    const artifact = this.store.get(source);
    if (artifact?.file === undefined) return undefined;
    const { revision, originRevision, file } = artifact;
    const { archives, address } = this.#context;
    const { url = `${address}/artifacts/${file.path}` } = artifact;
    const bytes = async (): Promise<Uint8Array> => {
      const found = await archives.bytes(file.path);
      if (found !== undefined) return found;
      const message = "the artifact is not whole in storage";
      const hint = "its source stores it again at its next look";
      throw artifactFault({ code: "archive-invalid", disposition: "retry", at: url, message, hint });
    };
    return { revision, originRevision, digest: file.digest, url, bytes };
  }

  #whyNot(source: SourceName): string {
    const label = `${source.kind}/${source.namespace}/${source.name}`;
    const informer = this.#informers.get(source.kind);
    if (informer === undefined) return `${label}: sources of this kind are not served yet`;
    const object = informer.get(source.namespace, source.name);
    if (object === undefined) return `${label} does not exist`;
    if ((object["spec"] as { suspend?: boolean } | undefined)?.suspend === true) return `${label} is suspended`;
    const { conditions = [] } = (object["status"] ?? {}) as {
      conditions?: { type: string; status: string; message: string }[];
    };
    const failure = this.#shard.failureOf(source);
    if (failure !== undefined) return `${label}: its artifact cannot be had: ${failure}`;
    const ready = conditions.find((condition) => condition.type === "Ready");
    return ready === undefined || ready.message === ""
      ? `${label} has no artifact yet`
      : `${label} is not ready: ${ready.message}`;
  }
}

/** Why a change of an object calls for a pass; undefined when it does not: its status is our own writing. */
function priorityOf(current: Manifest, previous: Manifest | undefined): Priority | undefined {
  if (previous === undefined) return "spec";
  if (annotationOf(current) !== annotationOf(previous)) return "person";
  const isDeleted =
    current.metadata.deletionTimestamp !== undefined && previous.metadata.deletionTimestamp === undefined;
  if (isDeleted || current.metadata.generation !== previous.metadata.generation) return "spec";
  const isSame =
    JSON.stringify(current.metadata.annotations ?? {}) === JSON.stringify(previous.metadata.annotations ?? {});
  return isSame ? undefined : "spec";
}

/** What a status says of the artifact. */
function artifactIn(object: Manifest | undefined): { digest?: string; url?: string } | undefined {
  return (object?.["status"] as { artifact?: { digest?: string; url?: string } } | undefined)?.artifact;
}

function annotationOf(object: Manifest): string | undefined {
  return object.metadata.annotations?.[requestedAtAnnotation];
}

function urlOf(object: Manifest): string {
  const spec = object["spec"];
  return isObject(spec) && typeof spec["url"] === "string" ? spec["url"] : "";
}

function nameOf(object: Manifest): SourceName {
  return { kind: object.kind, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

function keyOf(source: SourceName): string {
  return `${source.kind}/${source.namespace}/${source.name}`;
}

function sourceOf(key: string): SourceName {
  const [kind = "", namespace = "", name = ""] = key.split("/");
  return { kind, namespace, name };
}
