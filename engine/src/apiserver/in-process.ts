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
import { Fault, type Manifest } from "#kernel";
import { asOwn, type Call, methodNotAllowed, noSuchPath, type Notice, Refusal } from "#apiserver/registry";
import { discoveryOf } from "./discover.ts";
import type { Dispatch, Write } from "./dispatch.ts";
import { eventQueue } from "./event-queue.ts";
import { refusalFrom } from "./status.ts";
import { bookmarkEveryMs } from "./limits.ts";

export class InProcessCluster implements Cluster {
  readonly name = "embedded";
  readonly #dispatch: Dispatch;
  readonly #identity: Identity;

  constructor(dispatch: Dispatch, identity: Identity) {
    this.#dispatch = dispatch;
    this.#identity = identity;
  }

  discover(): Promise<Answer<Discovery>> {
    return answer(() => discoveryOf(this.#dispatch.registry.table));
  }

  get(target: Target): Promise<Answer<Manifest>> {
    return answer(() => asOwn(this.#dispatch.get(this.#call(target))));
  }

  list(resource: Resource, options: ListOptions = {}): Promise<Answer<List>> {
    return answer(() => {
      const list = this.#dispatch.list(this.#collectionCall(resource, options.namespace), options);
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
      const watch = this.#dispatch.watch(this.#collectionCall(resource, options.namespace), options, queue.push);
      stop = watch.stop;
      const bookmark = (): void => {
        queue.push([watch.bookmark()]);
        cancelBookmark = this.#dispatch.registry.clock.after(bookmarkEveryMs, bookmark);
      };
      if (options.allowBookmarks === true)
        cancelBookmark = this.#dispatch.registry.clock.after(bookmarkEveryMs, bookmark);
      for await (const notice of queue.items) yield { type: notice.type, object: shape(notice.object) };
    } catch (error) {
      yield { type: "ERROR", status: refusalFrom(error).status };
    } finally {
      stop();
      cancelBookmark();
    }
  }

  apply(target: Target, manifest: Manifest, options: ApplyOptions): Promise<Answer<Manifest>> {
    return written(() => this.#dispatch.apply(this.#call(target), manifest, options));
  }

  patch(target: Target, body: PatchBody, options: WriteOptions): Promise<Answer<Manifest>> {
    return written(() => this.#dispatch.patch(this.#call(target), body, options));
  }

  update(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    return written(() => this.#dispatch.update(this.#call(target), manifest, options));
  }

  create(target: Target, manifest: Manifest, options: WriteOptions): Promise<Answer<Manifest>> {
    return written(() =>
      this.#dispatch.create(
        this.#call(isPart(target) ? target : { ...target, name: "" }, target.name),
        manifest,
        options,
      ),
    );
  }

  delete(target: Target, options: DeleteOptions = {}): Promise<Answer<Manifest | undefined>> {
    return answer(async () => {
      const removal = await this.#dispatch.delete(this.#call(target), options);
      return removal.isGone ? undefined : removal.object;
    });
  }

  review(question: AccessQuestion): Promise<Answer<{ isAllowed: boolean; reason: string }>> {
    return answer(() => this.#dispatch.authorizer.decide(this.#identity, question));
  }

  as(identity: Identity): Cluster {
    return new InProcessCluster(this.#dispatch, identity);
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

async function written(run: () => Promise<Write<Manifest>>): Promise<Answer<Manifest>> {
  const result = await answer(run);
  return result.ok ? { ok: true, value: asOwn(result.value.value), warnings: result.value.warnings } : result;
}

/** PartialObjectMetadata of an object; the caller's own. */
export function metadataOnly(object: Manifest): Manifest {
  return asOwn({ apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadata", metadata: object.metadata });
}
