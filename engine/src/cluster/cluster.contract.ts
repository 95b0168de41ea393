// What every implementation of Cluster owes: run on the HTTP client against a real kube-apiserver, on the embedded API
// server in process, and on the HTTP client against the embedded server.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Clock, Manifest } from "#kernel";
import type { Answer, Cluster, Resource, Target, WatchEvent, WatchOptions } from "./contract.ts";

export type ContractSubject = { cluster: Cluster; close(): Promise<void> | void };

/** The machine's clock, for suites that meet real servers. */
export const realClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};

const manager = { fieldManager: "contract" };

/** Registers the suite; `make` gives a cluster whose user may do everything. */
export function clusterContract(name: string, make: () => Promise<ContractSubject>): void {
  describe(`cluster contract: ${name}`, () => {
    let subject: ContractSubject;
    const world = new World(() => subject.cluster);
    beforeAll(async () => {
      subject = await make();
      await world.begin();
    }, 120_000);
    afterAll(() => subject.close());
    discovers(world);
    writes(world);
    applies(world);
    patches(world);
    lists(world);
    watches(world);
    refuses(world);
  });
}

/** Names of one run, so that a server can be used again. */
class World {
  readonly #cluster: () => Cluster;
  readonly namespace = `contract-${process.pid}-${Math.floor(performance.now())}`;
  configMaps: Resource = undefined as unknown as Resource;
  deployments: Resource = undefined as unknown as Resource;
  namespaces: Resource = undefined as unknown as Resource;

  constructor(cluster: () => Cluster) {
    this.#cluster = cluster;
  }

  get cluster(): Cluster {
    return this.#cluster();
  }

  async begin(): Promise<void> {
    const discovery = value(await this.cluster.discover());
    const find = (group: string, kind: string): Resource => {
      const found = discovery.byKind(group, kind);
      if (found === undefined) throw new Error(`${kind} is not served`);
      return found;
    };
    this.configMaps = find("", "ConfigMap");
    this.deployments = find("apps", "Deployment");
    this.namespaces = find("", "Namespace");
    const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: this.namespace } };
    value(await this.cluster.create(this.at(this.namespace, this.namespaces, ""), namespace, manager));
  }

  at(name: string, resource: Resource = this.configMaps, namespace: string = this.namespace): Target {
    return { resource, namespace, name };
  }

  map(name: string, data: Record<string, string>, labels?: Record<string, string>): Manifest {
    const metadata = { name, namespace: this.namespace, ...(labels === undefined ? {} : { labels }) };
    return { apiVersion: "v1", kind: "ConfigMap", metadata, data };
  }
}

function value<T>(answer: Answer<T>): T {
  if (answer.ok) return answer.value;
  throw new Error(`${answer.status.code} ${answer.status.reason}: ${answer.status.message}`);
}

function refusal<T>(answer: Answer<T>): { code: number; reason: string } {
  if (answer.ok) throw new Error("was not refused");
  return { code: answer.status.code, reason: answer.status.reason };
}

function discovers(world: World): void {
  it("discovers kinds, their preferred versions, verbs and subresources", async () => {
    const discovery = value(await world.cluster.discover(true));
    expect(discovery.serverVersion).toMatch(/^v1\.\d+\.\d+/);
    const deployment = discovery.byKind("apps", "Deployment");
    expect(deployment).toMatchObject({
      version: "v1",
      plural: "deployments",
      singular: "deployment",
      isNamespaced: true,
    });
    expect(deployment?.shortNames).toContain("deploy");
    expect(deployment?.categories).toContain("all");
    expect(deployment?.subresources.toSorted()).toEqual(["scale", "status"]);
    expect(deployment?.verbs).toContain("patch");
    expect(deployment?.subresourceKinds).toContain("Scale");
    expect(discovery.byKind("", "Pod")?.subresourceKinds).toContain("Eviction");
    expect(discovery.byKind("", "Namespace")?.isNamespaced).toBe(false);
    expect(discovery.byKind("", "Nothing")).toBeUndefined();
  });
}

function writes(world: World): void {
  it("creates, reads, updates and deletes an object", async () => {
    const target = world.at("crud");
    const created = value(await world.cluster.create(target, world.map("crud", { a: "1" }), manager));
    expect(created.metadata.uid).not.toBe("");
    const read = value(await world.cluster.get(target));
    expect(read["data"]).toEqual({ a: "1" });
    const updated = value(await world.cluster.update(target, { ...read, data: { a: "2" } }, manager));
    expect(updated.metadata.resourceVersion).not.toBe(read.metadata.resourceVersion);
    expect(refusal(await world.cluster.update(target, { ...read, data: { a: "3" } }, manager))).toEqual({
      code: 409,
      reason: "Conflict",
    });
    expect(value(await world.cluster.delete(target))).toBeUndefined();
    expect(refusal(await world.cluster.get(target))).toEqual({ code: 404, reason: "NotFound" });
  });

  it("writes nothing in a dry run", async () => {
    const target = world.at("dry");
    const dry = value(await world.cluster.create(target, world.map("dry", { a: "1" }), { ...manager, isDryRun: true }));
    expect(dry["data"]).toEqual({ a: "1" });
    expect(refusal(await world.cluster.get(target)).code).toBe(404);
  });

  it("deletes only what the preconditions name, and keeps what has a finalizer", async () => {
    const target = world.at("held");
    const held = world.map("held", {});
    held.metadata.finalizers = ["keelson.dev/contract"];
    const created = value(await world.cluster.create(target, held, manager));
    const other = { preconditions: { uid: "00000000-0000-0000-0000-000000000000" } };
    expect(refusal(await world.cluster.delete(target, other)).code).toBe(409);
    const uid = created.metadata.uid ?? "";
    const marked = value(await world.cluster.delete(target, { preconditions: { uid } }));
    expect(marked?.metadata.deletionTimestamp).toMatch(/Z$/);
    value(await world.cluster.patch(target, { type: "merge", patch: { metadata: { finalizers: null } } }, manager));
    expect(refusal(await world.cluster.get(target)).code).toBe(404);
  });
}

function applies(world: World): void {
  it("applies as a field manager, and names who owns what it may not take", async () => {
    const target = world.at("applied");
    const first = value(await world.cluster.apply(target, world.map("applied", { a: "1" }), { fieldManager: "one" }));
    expect(first.metadata.managedFields?.map((entry) => [entry.manager, entry.operation])).toEqual([["one", "Apply"]]);
    const conflict = await world.cluster.apply(target, world.map("applied", { a: "2" }), { fieldManager: "two" });
    expect(refusal(conflict)).toEqual({ code: 409, reason: "Conflict" });
    expect(conflict.ok ? [] : conflict.status.details?.causes?.map((cause) => cause.field)).toEqual([".data.a"]);
    const forced = { fieldManager: "two", isForced: true };
    const taken = value(await world.cluster.apply(target, world.map("applied", { a: "2" }), forced));
    expect(taken["data"]).toEqual({ a: "2" });
    const same = value(await world.cluster.apply(target, world.map("applied", { a: "2" }), forced));
    expect(same.metadata.resourceVersion).toBe(taken.metadata.resourceVersion);
  });

  it("warns of unknown fields, or refuses them when told to", async () => {
    const odd = { ...world.map("odd", {}), nonsense: true };
    const warned = await world.cluster.create(world.at("odd"), odd, { ...manager, fieldValidation: "Warn" });
    expect(warned.ok ? warned.warnings.join() : warned.status.message).toBe('unknown field "nonsense"');
    const strict = await world.cluster.create(
      world.at("odd2"),
      { ...odd, metadata: { name: "odd2" } },
      {
        ...manager,
        fieldValidation: "Strict",
      },
    );
    expect(refusal(strict).code).toBe(400);
  });
}

function patches(world: World): void {
  it("patches by JSON patch, merge patch and strategic merge", async () => {
    const target = world.at("web", world.deployments);
    const labels = { app: "web" };
    const containers = [{ name: "web", image: "web:1" }];
    const spec = { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } };
    const metadata = { name: "web", namespace: world.namespace };
    value(await world.cluster.create(target, { apiVersion: "apps/v1", kind: "Deployment", metadata, spec }, manager));
    const json = [{ op: "replace", path: "/spec/replicas", value: 3 }];
    expect(value(await world.cluster.patch(target, { type: "json", patch: json }, manager))).toMatchObject({
      spec: { replicas: 3 },
    });
    const merge = { metadata: { labels: { tier: "front" } } };
    expect(value(await world.cluster.patch(target, { type: "merge", patch: merge }, manager)).metadata.labels).toEqual({
      tier: "front",
    });
    const strategic = { spec: { template: { spec: { containers: [{ name: "side", image: "side:1" }] } } } };
    const patched = value(await world.cluster.patch(target, { type: "strategic", patch: strategic }, manager));
    const names = (patched["spec"] as typeof spec).template.spec.containers.map((container) => container.name);
    expect(names.toSorted()).toEqual(["side", "web"]);
  });

  it("reads and writes subresources apart from the object", async () => {
    const target = { ...world.at("web", world.deployments), subresource: "status" };
    const status = { status: { observedGeneration: 7 }, spec: { replicas: 9 } };
    const written = value(await world.cluster.patch(target, { type: "merge", patch: status }, manager));
    expect(written).toMatchObject({ spec: { replicas: 3 }, status: { observedGeneration: 7 } });
    const scale = { ...world.at("web", world.deployments), subresource: "scale" };
    expect(value(await world.cluster.get(scale))).toMatchObject({ kind: "Scale", spec: { replicas: 3 } });
    value(await world.cluster.delete(world.at("web", world.deployments)));
  });
}

function lists(world: World): void {
  it("lists by label, by field and in chunks, whole or as metadata", async () => {
    for (let i = 0; i < 5; i++) {
      const labels = { suite: "list", parity: i % 2 === 0 ? "even" : "odd" };
      value(
        await world.cluster.create(world.at(`list-${i}`), world.map(`list-${i}`, { i: String(i) }, labels), manager),
      );
    }
    const inside = { namespace: world.namespace, labelSelector: "suite=list" };
    const names = (items: Manifest[]): string[] => items.map((item) => item.metadata.name);
    const even = { ...inside, labelSelector: "suite=list,parity in (even)" };
    expect(names(value(await world.cluster.list(world.configMaps, even)).items)).toEqual([
      "list-0",
      "list-2",
      "list-4",
    ]);
    const one = { namespace: world.namespace, fieldSelector: "metadata.name=list-3" };
    expect(names(value(await world.cluster.list(world.configMaps, one)).items)).toEqual(["list-3"]);
    const first = value(await world.cluster.list(world.configMaps, { ...inside, limit: 2 }));
    expect(first.items[0]).toMatchObject({ apiVersion: "v1", kind: "ConfigMap" });
    const second = value(await world.cluster.list(world.configMaps, { ...inside, limit: 3, continue: first.continue }));
    expect([...names(first.items), ...names(second.items)]).toEqual([0, 1, 2, 3, 4].map((i) => `list-${i}`));
    // Objects that the selector leaves out may still lie ahead: then a last, empty chunk follows.
    if (second.continue !== "") {
      const third = value(
        await world.cluster.list(world.configMaps, { ...inside, limit: 3, continue: second.continue }),
      );
      expect([third.items, third.continue]).toEqual([[], ""]);
    }
    const bare = value(await world.cluster.list(world.configMaps, { ...inside, isMetadataOnly: true })).items[0];
    expect(bare?.metadata.labels).toMatchObject({ suite: "list" });
    expect(bare?.["data"]).toBeUndefined();
  });
}

function watches(world: World): void {
  it("streams the present, a bookmark, then every change", async () => {
    const labelSelector = "suite=watch";
    const make = (text: string): Manifest => world.map("seen", { text }, { suite: "watch" });
    value(await world.cluster.create(world.at("seen"), make("1"), manager));
    const options = { namespace: world.namespace, labelSelector, sendInitialEvents: true, allowBookmarks: true };
    const watch = new Watching(world, { ...options, resourceVersionMatch: "NotOlderThan" });
    await watch.until((event) => event.type === "BOOKMARK");
    value(await world.cluster.apply(world.at("seen"), make("2"), { ...manager, isForced: true }));
    await watch.until((event) => event.type === "MODIFIED");
    value(await world.cluster.delete(world.at("seen")));
    const last = await watch.until((event) => event.type === "DELETED");
    expect(watch.types()).toEqual(["ADDED", "BOOKMARK", "MODIFIED", "DELETED"]);
    expect(last).toMatchObject({ object: { data: { text: "2" } } });
    await watch.stop();
  });

  it("goes on from a resourceVersion, and tells of an object that leaves or joins the selection", async () => {
    const options = { namespace: world.namespace, labelSelector: "suite=join" };
    const from = value(await world.cluster.list(world.configMaps, options)).resourceVersion;
    value(await world.cluster.create(world.at("joins"), world.map("joins", {}), manager));
    const label = (suite: string | null) => ({ type: "merge" as const, patch: { metadata: { labels: { suite } } } });
    value(await world.cluster.patch(world.at("joins"), label("join"), manager));
    value(await world.cluster.patch(world.at("joins"), label(null), manager));
    const watch = new Watching(world, { ...options, resourceVersion: from });
    await watch.until((event) => event.type === "DELETED");
    expect(watch.types()).toEqual(["ADDED", "DELETED"]);
    await watch.stop();
    value(await world.cluster.delete(world.at("joins")));
  });
}

/** An open watch, its events kept. */
class Watching {
  readonly #abort = new AbortController();
  readonly #events: WatchEvent[] = [];
  #wake: () => void = () => {};
  readonly #ended: Promise<void>;

  constructor(world: World, options: WatchOptions) {
    this.#ended = this.#run(world.cluster.watch(world.configMaps, options, this.#abort.signal));
  }

  types(): string[] {
    return this.#events.map((event) => event.type);
  }

  async until(found: (event: WatchEvent) => boolean): Promise<WatchEvent> {
    for (;;) {
      const event = this.#events.find(found);
      if (event !== undefined) return event;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  stop(): Promise<void> {
    this.#abort.abort();
    return this.#ended;
  }

  async #run(events: AsyncIterable<WatchEvent>): Promise<void> {
    for await (const event of events) {
      this.#events.push(event);
      this.#wake();
    }
  }
}

function refuses(world: World): void {
  it("gives refusals as values: not found, already there, invalid", async () => {
    expect(refusal(await world.cluster.get(world.at("absent")))).toEqual({ code: 404, reason: "NotFound" });
    value(await world.cluster.create(world.at("twice"), world.map("twice", {}), manager));
    const again = await world.cluster.create(world.at("twice"), world.map("twice", {}), manager);
    expect(refusal(again)).toEqual({ code: 409, reason: "AlreadyExists" });
    const invalid = await world.cluster.create(world.at("Bad_Name"), world.map("Bad_Name", {}), manager);
    expect(refusal(invalid)).toEqual({ code: 422, reason: "Invalid" });
    expect(invalid.ok ? [] : invalid.status.details?.causes?.map((cause) => cause.field)).toEqual(["metadata.name"]);
  });

  it("acts as another, with that one's rights", async () => {
    const nobody = world.cluster.as({ user: "nobody", groups: ["system:authenticated"] });
    expect(refusal(await nobody.get(world.at("twice")))).toEqual({ code: 403, reason: "Forbidden" });
    const question = { verb: "get", group: "", resource: "configmaps", namespace: world.namespace };
    expect(value(await nobody.review(question)).isAllowed).toBe(false);
    expect(value(await world.cluster.review(question)).isAllowed).toBe(true);
  });

  it("refuses to go on from a place that is gone", async () => {
    const events: WatchEvent[] = [];
    const options = { namespace: world.namespace, resourceVersion: "1" };
    const abort = new AbortController();
    for await (const event of world.cluster.watch(world.configMaps, options, abort.signal)) {
      events.push(event);
      if (events.length === 1 && event.type !== "ERROR") abort.abort();
    }
    // A server may still have all of its history: then it sends it, oldest first.
    const [first] = events;
    if (first?.type === "ERROR") expect(first.status.code).toBe(410);
    else expect(first?.type).toBe("ADDED");
  });
}
