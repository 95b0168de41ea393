// One writer for each object: status is written when it differs from what was written last, the newest wish replaces those that
// wait, and two writes for one object never cross.

import { type Cluster, pause, type Resource, type Status } from "#cluster";
import { type Clock, equalJson, isObject, type JsonObject, type Manifest } from "#kernel";
import { isTransient } from "./cluster-faults.ts";
import { conflictRetryMs, soonRetryMs, statusAttempts } from "./limits.ts";
import { withNewestStatus } from "./triggers.ts";

export type StatusWish = {
  resource: Resource;
  object: Manifest;
  /** The whole status that should be there. */
  status: JsonObject;
  manager: string;
};

export type StatusWriterOptions = {
  cluster: Cluster;
  clock: Clock;
  signal: AbortSignal;
  /** Told of a refusal that trying again does not mend. */
  failed: (object: Manifest, status: Status) => void;
};

export class StatusWriter {
  readonly #options: StatusWriterOptions;
  readonly #waiting = new Map<string, StatusWish>();
  readonly #running = new Map<string, Promise<void>>();
  /** Wishes on their way to the server. */
  readonly #underway = new Map<string, StatusWish>();
  /** Objects as our last write left them: the one that comes with a wish may be from before it. */
  readonly #written = new Map<string, Manifest>();
  /** For measurements. */
  count = 0;

  constructor(options: StatusWriterOptions) {
    this.#options = options;
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
    let failures = 0;
    for (let wish = this.#waiting.get(key); wish !== undefined; wish = this.#waiting.get(key)) {
      this.#waiting.delete(key);
      this.#underway.set(key, wish);
      const isDone = await this.#write(key, wish).finally(() => this.#underway.delete(key));
      if (isDone) failures = 0;
      else {
        // A newer wish has come meanwhile, or this one is tried again.
        if (!this.#waiting.has(key)) this.#waiting.set(key, wish);
        if (failures >= statusAttempts || this.#options.signal.aborted) return void this.#waiting.delete(key);
        await pause(this.#options.clock, Math.min(soonRetryMs, conflictRetryMs * 2 ** failures), this.#options.signal);
        failures += 1;
      }
    }
  }

  /** False when it should be tried again. */
  async #write(key: string, wish: StatusWish): Promise<boolean> {
    const { resource, object, status, manager } = wish;
    const standing = this.#standing(key, object)["status"];
    const before = isObject(standing) ? standing : {};
    if (equalJson(before, status)) return true;
    const patch: JsonObject = { ...status };
    for (const name of Object.keys(before)) if (!Object.hasOwn(status, name)) patch[name] = null;
    const namespace = object.metadata.namespace ?? "";
    const target = { resource, namespace, name: object.metadata.name, subresource: "status" };
    this.count += 1;
    const body = { type: "merge" as const, patch: { status: patch } };
    const answer = await this.#options.cluster.patch(target, body, { fieldManager: manager });
    if (!answer.ok) {
      if (isTransient(answer.status)) return false;
      if (answer.status.code === 404) this.#written.delete(key);
      else this.#options.failed(object, answer.status);
      return true;
    }
    this.#written.set(key, answer.value);
    object["status"] = answer.value["status"];
    const version = answer.value.metadata.resourceVersion;
    if (version !== undefined) object.metadata.resourceVersion = version;
    return true;
  }

  /** The object with the status that it has, or is about to have: what is wished next must not take back what was wished before. */
  newest(key: string, object: Manifest): Manifest {
    const wish = this.#waiting.get(key) ?? this.#underway.get(key);
    const standing = this.#standing(key, object);
    return wish?.object.metadata.uid === object.metadata.uid && wish !== undefined
      ? { ...standing, status: wish.status }
      : standing;
  }

  /** The object with the status that stands, where what is at hand is from before our last write. */
  #standing(key: string, object: Manifest): Manifest {
    const written = this.#written.get(key);
    const newest = withNewestStatus(object, written);
    if (newest === object) this.#written.delete(key);
    return newest;
  }
}
