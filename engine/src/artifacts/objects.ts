// Reading and writing of the source kinds' objects: finalizers, status, events.

import { fluxKinds } from "#api/flux";
import type { Cluster, Resource, Status, Target } from "#cluster";
import {
  asJson,
  type Clock,
  equalJson,
  type Fault,
  formatTime,
  isObject,
  type Json,
  type JsonObject,
  type Manifest,
} from "#kernel";
import { artifactFault } from "./faults.ts";
import { eventMessageMost, toldMost } from "./limits.ts";

/** A Flux kind as a served resource; known without asking, so that nothing waits for discovery. */
export function resourceOf(kind: string): Resource {
  const found = fluxKinds.find((each) => each.kind === kind);
  if (found === undefined)
    throw artifactFault({ code: "not-supported", disposition: "stall", message: `there is no kind ${kind}` });
  return {
    group: found.group,
    version: found.version,
    plural: found.plural,
    singular: found.kind.toLowerCase(),
    kind: found.kind,
    isNamespaced: true,
    verbs: ["get", "list", "watch", "patch"],
    shortNames: found.shortNames,
    categories: [],
    subresources: ["status"],
  };
}

/** What the API server refused, as a fault to be tried again. */
export function refusalFault(status: Status, at: string): Fault {
  return artifactFault({
    code: "cluster-refused",
    disposition: "retry",
    at,
    message: `the API server refused: ${status.message}`,
    ...(status.code === 403 ? { hint: "give the engine the rights it asks for" } : {}),
  });
}

export type ObjectsOptions = { cluster: Cluster; clock: Clock; manager: string };

/** Writes to objects of source kinds as one field manager. */
export class Objects {
  readonly #options: ObjectsOptions;
  /** The last event for each object: an equal one is not written again. */
  readonly #told = new Map<string, string>();
  #eventSerial = 0;
  /** Objects as we have written them, until a watch tells of that or of something newer. */
  readonly #written = new Map<string, Manifest>();

  constructor(options: ObjectsOptions) {
    this.#options = options;
  }

  /** What a watch has, or what we have written since: a pass that follows at once must not compare with what was before. */
  newest(object: Manifest): Manifest {
    const { uid = "" } = object.metadata;
    const own = this.#written.get(uid);
    if (own === undefined) return object;
    if (versionOf(own) > versionOf(object)) return own;
    this.#written.delete(uid);
    return object;
  }

  /** Sets or removes a finalizer; what others have set stays. */
  async setFinalizer(object: Manifest, finalizer: string, isWanted: boolean): Promise<void> {
    const { finalizers = [], resourceVersion, uid } = object.metadata;
    if (finalizers.includes(finalizer) === isWanted) return;
    const next = isWanted ? [...finalizers, finalizer] : finalizers.filter((each) => each !== finalizer);
    // Both names make a lost update a conflict, which ends in another pass.
    const patch = {
      metadata: { finalizers: next, ...(uid === undefined ? {} : { uid }), resourceVersion },
    } as JsonObject;
    await this.#patch(targetOf(object), patch);
  }

  /** Merges members into the status, where they differ; null removes one. */
  async setStatus(object: Manifest, members: JsonObject): Promise<void> {
    const before = isObject(object["status"]) ? object["status"] : {};
    const changed = Object.entries(members).filter(([name, value]) =>
      value === null ? before[name] !== undefined : !equalJson(before[name], value),
    );
    if (changed.length === 0) return;
    const status = Object.fromEntries(changed.map(([name, value]) => [name, replacing(before[name], value)]));
    await this.#patch({ ...targetOf(object), subresource: "status" }, { status });
  }

  /** An Event of core/v1, as `flux events` reads them. A repetition of the last one is left out. */
  async tell(
    object: Manifest,
    event: { isWarning: boolean; reason: string; message: string; annotations?: JsonObject },
  ): Promise<void> {
    const { cluster, clock, manager } = this.#options;
    const { uid = "", namespace = "", name } = object.metadata;
    const text = `${event.reason} ${event.message}`;
    if (this.#told.get(uid) === text) return;
    this.#told.set(uid, text);
    for (const oldest of this.#told.keys()) {
      if (this.#told.size <= toldMost) break;
      this.#told.delete(oldest);
    }
    const now = formatTime(clock.now());
    const eventName = `${name}.${clock.now().toString(16)}${((this.#eventSerial += 1)).toString(16)}`;
    const resource = { ...resourceOf("GitRepository"), group: "", version: "v1", plural: "events", kind: "Event" };
    await cluster.create(
      { resource, namespace, name: eventName },
      {
        apiVersion: "v1",
        kind: "Event",
        metadata: {
          name: eventName,
          namespace,
          ...(event.annotations === undefined ? {} : { annotations: event.annotations as { [key: string]: string } }),
        },
        involvedObject: { apiVersion: object.apiVersion, kind: object.kind, namespace, name, uid },
        type: event.isWarning ? "Warning" : "Normal",
        reason: event.reason,
        message: event.message.slice(0, eventMessageMost),
        source: { component: manager },
        reportingComponent: manager,
        reportingInstance: "",
        firstTimestamp: now,
        lastTimestamp: now,
        count: 1,
      },
      { fieldManager: manager },
    );
  }

  /** Applies an object that we make. */
  async apply(manifest: Manifest): Promise<Manifest> {
    const target = targetOf(manifest);
    const answer = await this.#options.cluster.apply(target, manifest, {
      fieldManager: this.#options.manager,
      isForced: true,
    });
    if (answer.ok) return answer.value;
    throw refusalFault(answer.status, `${manifest.kind}/${target.namespace}/${target.name}`);
  }

  /** Deletes an object that we made; gone already is well. */
  async delete(kind: string, namespace: string, name: string): Promise<void> {
    const answer = await this.#options.cluster.delete({ resource: resourceOf(kind), namespace, name });
    if (!answer.ok && answer.status.code !== 404) throw refusalFault(answer.status, `${kind}/${namespace}/${name}`);
  }

  #remember(object: Manifest): void {
    const { uid = "" } = object.metadata;
    this.#written.delete(uid);
    this.#written.set(uid, object);
    for (const oldest of this.#written.keys()) {
      if (this.#written.size <= toldMost) break;
      this.#written.delete(oldest);
    }
  }

  async #patch(target: Target, patch: JsonObject): Promise<void> {
    const { cluster, manager } = this.#options;
    const answer = await cluster.patch(target, { type: "merge", patch }, { fieldManager: manager });
    if (answer.ok) return this.#remember(answer.value);
    // An object that is gone needs neither status nor finalizer.
    if (answer.status.code === 404) return;
    throw refusalFault(answer.status, `${target.resource.kind}/${target.namespace}/${target.name}`);
  }
}

/** Versions grow with each write; one that is no number is taken for old. */
function versionOf({ metadata }: Manifest): bigint {
  const { resourceVersion = "" } = metadata;
  return /^\d+$/.test(resourceVersion) ? BigInt(resourceVersion) : 0n;
}

function targetOf(object: Manifest): Target {
  return { resource: resourceOf(object.kind), namespace: object.metadata.namespace ?? "", name: object.metadata.name };
}

/** A merge patch keeps members it does not name: those that are gone must be named. */
function replacing(before: Json | undefined, after: Json): Json {
  if (!isObject(before) || !isObject(after)) return after;
  const gone = Object.keys(before).filter((name) => after[name] === undefined);
  return { ...after, ...Object.fromEntries(gone.map((name) => [name, null])) };
}

export function jsonOf(value: unknown): JsonObject {
  return asJson(value as Manifest);
}
