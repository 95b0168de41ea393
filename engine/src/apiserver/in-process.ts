// The Cluster contract in the server's own process: the same authorisation and admission as over HTTP, no wire format. What
// it returns are copies: a caller may change them without touching what others see.

import type {
  AccessQuestion,
  Answer,
  ApplyOptions,
  Cluster,
  DeleteOptions,
  Discovery,
  Identity,
  List,
  ListOptions,
  PatchBody,
  Resource,
  Target,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "#cluster";
import {
  asManifest,
  type Clock,
  copyJson,
  Fault,
  type Json,
  type JsonObject,
  type Manifest,
  type ObjectMeta,
  setOwn,
} from "#kernel";
import { type Finished, versionsMade } from "#apiserver/audit";
import {
  asOwn,
  type Call,
  methodNotAllowed,
  noSuchPath,
  type Notice,
  Refusal,
  whenConverted,
} from "#apiserver/registry";
import { discoveryOf } from "./discover.ts";
import type { Dispatch, Write } from "./dispatch.ts";
import { eventQueue } from "./event-queue.ts";
import { refusalFrom } from "./status.ts";
import { bookmarkEveryMs } from "./limits.ts";

export type InProcessOptions = {
  dispatch: Dispatch;
  /** Who sends, and as whom. */
  sender: Identity;
  identity: Identity;
  clock: Clock;
  /** An id for a request. */
  newId: () => string;
  /** Told of each request that meant to change something, but for what components say of the state they observed. */
  audited: (done: Finished) => void;
};

export class InProcessCluster implements Cluster {
  readonly name = "embedded";
  readonly #options: InProcessOptions;
  readonly #dispatch: Dispatch;
  readonly #identity: Identity;

  constructor(options: InProcessOptions) {
    this.#options = options;
    this.#dispatch = options.dispatch;
    this.#identity = options.identity;
  }

  discover(): Promise<Answer<Discovery>> {
    return answer(() => discoveryOf(this.#dispatch.registry.table));
  }

  get(target: Target): Promise<Answer<Manifest>> {
    return answer(async () => {
      const call = this.#call(target);
      if (call.served.conversion !== undefined) await this.#dispatch.atHand("get", call);
      return asOwn(this.#dispatch.get(call));
    });
  }

  list(resource: Resource, options: ListOptions = {}): Promise<Answer<List>> {
    return answer(async () => {
      const call = this.#collectionCall(resource, options.namespace);
      if (call.served.conversion !== undefined) await this.#dispatch.atHand("list", call);
      const list = await whenConverted(async () => this.#dispatch.list(call, options));
      const shape = options.isMetadataOnly === true ? metadataOnly : asOwn;
      return { ...list, items: list.items.map(shape) };
    });
  }

  async *watch(resource: Resource, options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent> {
    if (signal.aborted) return;
    const shape = options.isMetadataOnly === true ? metadataOnly : asOwn;
    const queue = eventQueue<Notice>(signal);
    let stop = (): void => undefined;
    let cancelBookmark = (): void => undefined;
    try {
      const call = this.#collectionCall(resource, options.namespace);
      if (call.served.conversion !== undefined) await this.#dispatch.atHand("watch", call);
      const watch = this.#dispatch.watch(call, options, queue.push);
      stop = watch.stop;
      const bookmark = (): void => {
        queue.push([watch.bookmark()]);
        cancelBookmark = this.#dispatch.registry.clock.after(bookmarkEveryMs, bookmark);
      };
      if (options.allowBookmarks === true)
        cancelBookmark = this.#dispatch.registry.clock.after(bookmarkEveryMs, bookmark);
      for (const notice of watch.start) {
        if (signal.aborted) return;
        if (notice !== undefined) yield { type: notice.type, object: shape(notice.object) };
      }
      for (let batch = await queue.next(); batch !== undefined; batch = await queue.next())
        for (const notice of batch) {
          if (signal.aborted) return;
          yield { type: notice.type, object: shape(notice.object) };
        }
    } catch (error) {
      yield { type: "ERROR", status: refusalFrom(error).status };
    } finally {
      stop();
      queue.close();
      cancelBookmark();
    }
  }

  apply(target: Target, manifest: Manifest, options: ApplyOptions): Promise<Answer<Manifest>> {
    const ask: Ask = { verb: "patch", target, fieldManager: options.fieldManager };
    return this.#written(ask, () => this.#dispatch.apply(this.#call(target), asOwn(manifest), options));
  }

  patch(target: Target, body: PatchBody, options: WriteOptions): Promise<Answer<Manifest>> {
    const ask: Ask = { verb: "patch", target, fieldManager: options.fieldManager };
    return this.#written(ask, () => this.#dispatch.patch(this.#call(target), asOwnPatch(body), options));
  }

  update(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    const ask: Ask = { verb: "update", target, fieldManager: options.fieldManager };
    return this.#written(ask, () => this.#dispatch.update(this.#call(target), asOwn(manifest), options));
  }

  create(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    const ask: Ask = { verb: "create", target, fieldManager: options.fieldManager };
    return this.#written(ask, () =>
      this.#dispatch.create(
        this.#call(isPart(target) ? target : { ...target, name: "" }, target.name),
        asOwn(manifest),
        options,
      ),
    );
  }

  delete(target: Target, options: DeleteOptions = {}): Promise<Answer<Manifest | undefined>> {
    return this.#recorded({ verb: "delete", target, fieldManager: "" }, async (made) => {
      const removal = await this.#dispatch.delete(this.#call(target), options);
      made(removal.object);
      return removal.isGone ? undefined : removal.object;
    });
  }

  review(question: AccessQuestion): Promise<Answer<{ isAllowed: boolean; reason: string }>> {
    return answer(() => this.#dispatch.authorizer.decide(this.#identity, question));
  }

  as(identity: Identity): Cluster {
    return new InProcessCluster({ ...this.#options, identity });
  }

  async #written(ask: Ask, run: () => Promise<Write<Manifest>>): Promise<Answer<Manifest>> {
    let warnings: string[] = [];
    const result = await this.#recorded(ask, async (made) => {
      const written = await run();
      made(written.value);
      warnings = written.warnings;
      return asOwn(written.value);
    });
    return result.ok ? { ...result, warnings } : result;
  }

  /** Runs a write and tells the audit log how it ended. */
  async #recorded<T>(ask: Ask, run: (made: (object: Manifest) => void) => Promise<T>): Promise<Answer<T>> {
    const { clock, audited, newId, sender, identity } = this.#options;
    const since = this.#dispatch.registry.store.revision;
    const receivedMs = clock.now();
    const found: { metadata?: Manifest["metadata"] } = {};
    const result = await answer(() => run((object) => (found.metadata = object.metadata)));
    const { target } = ask;
    const { group, version, plural } = target.resource;
    const subresource = target.subresource ?? "";
    if (subresource === "status") return result;
    const { name = target.name, uid = "", resourceVersion = "" } = found.metadata ?? {};
    audited({
      id: newId(),
      verb: ask.verb,
      uri: pathOf(target),
      sender,
      identity,
      sourceAddress: "",
      userAgent: ownAgent,
      fieldManager: ask.fieldManager,
      object: {
        group,
        version,
        resource: plural,
        subresource,
        namespace: target.namespace,
        name,
        uid,
        resourceVersion,
      },
      made: versionsMade(found.metadata === undefined ? [] : [found.metadata], since),
      code: result.ok ? 200 : result.status.code,
      reason: result.ok ? "" : result.status.reason,
      receivedMs,
      endedMs: clock.now(),
      annotations: {},
    });
    return result;
  }

  #call(target: Target, ownName: string = target.name): Call {
    const { resource } = target;
    const served = this.#dispatch.registry.table.find(resource.group, resource.version, resource.plural);
    if (served === undefined) throw noSuchPath();
    const subresource = target.subresource ?? "";
    if (subresource !== "" && served.subresources[subresource] === undefined) throw noSuchPath();
    if (served.resource.isNamespaced && target.namespace === "")
      throw methodNotAllowed(resource, `a request without a namespace for ${ownName}`);
    const namespace = served.resource.isNamespaced ? target.namespace : "";
    return { identity: this.#identity, served, namespace, name: target.name, subresource };
  }

  #collectionCall(resource: Resource, namespace: string | undefined): Call {
    const served = this.#dispatch.registry.table.find(resource.group, resource.version, resource.plural);
    if (served === undefined) throw noSuchPath();
    return { identity: this.#identity, served, namespace: namespace ?? "", name: "", subresource: "" };
  }
}

/** A write as the audit log tells it. */
type Ask = { verb: string; target: Target; fieldManager: string };

/** What stands for the user agent of requests that never left this process. */
const ownAgent = "keelson/in-process";

/** The server may keep parts of what it is given. */
function asOwnPatch(body: PatchBody): PatchBody {
  return { ...body, patch: copyJson(body.patch as Json) } as PatchBody;
}

function isPart(target: Target): boolean {
  return (target.subresource ?? "") !== "";
}

async function answer<T>(run: () => T | Promise<T>): Promise<Answer<T>> {
  try {
    return { ok: true, value: await run(), warnings: [] };
  } catch (error) {
    if (error instanceof Refusal || error instanceof Fault) return { ok: false, status: refusalFrom(error).status };
    throw error;
  }
}

/** The path under which the same object is reached over HTTP. */
function pathOf({ resource, namespace, name, subresource = "" }: Target): string {
  const root = resource.group === "" ? `/api/${resource.version}` : `/apis/${resource.group}/${resource.version}`;
  const place = resource.isNamespaced ? `/namespaces/${namespace}` : "";
  return `${root}${place}/${resource.plural}/${name}${subresource === "" ? "" : `/${subresource}`}`;
}

/** PartialObjectMetadata of an object; the caller's own but for who owns which field, which is the larger part of it. */
export function metadataOnly({ metadata }: Manifest): Manifest {
  const own: JsonObject = {};
  for (const name in metadata) {
    const member = metadata[name as keyof ObjectMeta] as Json;
    if (member !== undefined) setOwn(own, name, name === "managedFields" ? member : copyJson(member));
  }
  return asManifest({ apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: own });
}
