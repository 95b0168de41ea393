// One writer for each object: status is written when it differs, the newest wish replaces those that wait, and two
// writes for one object never cross.

import type { Cluster, Resource, Status } from "#cluster";
import { equalJson, isObject, type JsonObject, type Manifest } from "#kernel";

export type StatusWish = {
  resource: Resource;
  object: Manifest;
  /** The whole status that should be there. */
  status: JsonObject;
  manager: string;
};

export class StatusWriter {
  readonly #cluster: Cluster;
  readonly #failed: (object: Manifest, status: Status) => void;
  readonly #waiting = new Map<string, StatusWish>();
  readonly #running = new Map<string, Promise<void>>();
  /** For measurements. */
  count = 0;

  constructor(cluster: Cluster, failed: (object: Manifest, status: Status) => void) {
    this.#cluster = cluster;
    this.#failed = failed;
  }

  /** Asks for a status; resolved when it, or a newer one, has been written. */
  write(key: string, wish: StatusWish): Promise<void> {
    this.#waiting.set(key, wish);
    const running = this.#running.get(key);
    if (running !== undefined) return running;
    const started = this.#drain(key).finally(() => this.#running.delete(key));
    this.#running.set(key, started);
    return started;
  }

  async flush(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running.values());
  }

  async #drain(key: string): Promise<void> {
    // Let what the same turn still wishes replace this.
    await Promise.resolve();
    for (let wish = this.#waiting.get(key); wish !== undefined; wish = this.#waiting.get(key)) {
      this.#waiting.delete(key);
      await this.#write(wish);
    }
  }

  async #write(wish: StatusWish): Promise<void> {
    const { resource, object, status, manager } = wish;
    const before = isObject(object["status"]) ? object["status"] : {};
    if (equalJson(before, status)) return;
    const patch: JsonObject = { ...status };
    for (const name of Object.keys(before)) if (!Object.hasOwn(status, name)) patch[name] = null;
    const namespace = object.metadata.namespace ?? "";
    const target = { resource, namespace, name: object.metadata.name, subresource: "status" };
    this.count += 1;
    const body = { type: "merge" as const, patch: { status: patch } };
    const answer = await this.#cluster.patch(target, body, { fieldManager: manager });
    if (!answer.ok && answer.status.code !== 404) this.#failed(object, answer.status);
    if (!answer.ok) return;
    object["status"] = answer.value["status"];
    const version = answer.value.metadata.resourceVersion;
    if (version !== undefined) object.metadata.resourceVersion = version;
  }
}
