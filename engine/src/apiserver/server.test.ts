import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Cluster, Resource, Target, WatchEvent } from "#cluster";
import { ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";
import { administrator, type ApiServer, startApiServer } from "./server.ts";

const writing = { fieldManager: "test" };

let store: Store;
let server: ApiServer;
let cluster: Cluster;

beforeEach(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock: new ManualClock(), withoutServiceAccounts: true });
  cluster = server.cluster(administrator);
});
afterEach(async () => {
  await server.close();
  await store.close();
});

async function resourceOf(group: string, kind: string): Promise<Resource> {
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
  if (resource === undefined) throw new Error(`${kind} is not served`);
  return resource;
}

async function targetOf(group: string, kind: string, name: string, namespace = "default"): Promise<Target> {
  const resource = await resourceOf(group, kind);
  return { resource, namespace: resource.isNamespaced ? namespace : "", name };
}

function configMap(name: string, data: Record<string, string> = {}): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

async function create(object: Manifest, group = ""): Promise<Manifest> {
  const target = await targetOf(group, object.kind, object.metadata.name, object.metadata.namespace);
  const answer = await cluster.create(target, object, writing);
  if (!answer.ok) throw new Error(answer.status.message);
  return answer.value;
}

async function take(events: AsyncIterator<WatchEvent>, count: number): Promise<string[]> {
  const seen: string[] = [];
  while (seen.length < count) {
    const next = await events.next();
    if (next.done === true) break;
    const event = next.value;
    seen.push(
      event.type === "ERROR" ? `ERROR ${event.status.code}` : `${event.type} ${event.object.metadata.name ?? ""}`,
    );
  }
  return seen;
}

const widgets: Manifest = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget", shortNames: ["wd"] },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
      },
    ],
  },
};

describe("the in-process cluster", () => {
  it("gives a new object its system metadata", async () => {
    const made = await create(configMap("a", { x: "1" }));
    expect(made.metadata).toMatchObject({ name: "a", namespace: "default", creationTimestamp: "2026-01-01T00:00:00Z" });
    expect(made.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
    expect(Number(made.metadata.resourceVersion)).toBe(store.revision);
  });

  it("returns objects that a caller may change without touching what others see", async () => {
    await create(configMap("a", { x: "1" }));
    const target = await targetOf("", "ConfigMap", "a");
    const first = await cluster.get(target);
    if (first.ok) (first.value.data as Record<string, string>).x = "changed";
    const second = await cluster.get(target);
    expect(second.ok && second.value.data).toEqual({ x: "1" });
  });

  it("refuses what already exists, what is not found, and a stale update", async () => {
    const made = await create(configMap("a"));
    const target = await targetOf("", "ConfigMap", "a");
    expect(await cluster.create(target, configMap("a"), writing)).toMatchObject({
      ok: false,
      status: { code: 409, reason: "AlreadyExists", message: 'configmaps "a" already exists' },
    });
    expect(await cluster.get({ ...target, name: "b" })).toMatchObject({
      ok: false,
      status: { code: 404, message: 'configmaps "b" not found', details: { name: "b", kind: "configmaps" } },
    });
    const fresh = await cluster.update(target, { ...made, data: { x: "2" } }, writing);
    expect(fresh.ok).toBe(true);
    expect(await cluster.update(target, { ...made, data: { x: "3" } }, writing)).toMatchObject({
      ok: false,
      status: { code: 409, reason: "Conflict" },
    });
  });

  it("writes nothing for an update that changes nothing, and nothing on a dry run", async () => {
    await create(configMap("a", { x: "1" }));
    const target = await targetOf("", "ConfigMap", "a");
    const before = store.revision;
    await cluster.patch(target, { type: "merge", patch: { data: { x: "1" } } }, writing);
    const dry = await cluster.patch(
      target,
      { type: "merge", patch: { data: { x: "2" } } },
      { ...writing, isDryRun: true },
    );
    expect(dry.ok && dry.value.data).toEqual({ x: "2" });
    expect(store.revision).toBe(before);
  });

  it("refuses objects in a namespace that is missing or terminating", async () => {
    const target = await targetOf("", "ConfigMap", "a", "nowhere");
    expect(await cluster.create(target, configMap("a"), writing)).toMatchObject({
      status: { code: 404, message: 'namespaces "nowhere" not found' },
    });
    await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
    await cluster.delete(await targetOf("", "Namespace", "going"));
    expect(await cluster.create({ ...target, namespace: "going" }, configMap("a"), writing)).toMatchObject({
      status: { code: 403, reason: "Forbidden", details: { causes: [{ reason: "NamespaceTerminating" }] } },
    });
  });

  it("keeps a deleted namespace until its own finalizer is taken away by the finalize subresource", async () => {
    await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "going" } });
    const target = await targetOf("", "Namespace", "going");
    const marked = await cluster.delete(target);
    if (!marked.ok || marked.value === undefined) throw new Error("expected the namespace to stand");
    expect(marked.value).toMatchObject({ spec: { finalizers: ["kubernetes"] }, status: { phase: "Terminating" } });
    await cluster.update({ ...target, subresource: "finalize" }, { ...marked.value, spec: {} }, writing);
    expect(await cluster.get(target)).toMatchObject({ ok: false, status: { code: 404 } });
  });

  it("binds a pod to a node once", async () => {
    const spec = { containers: [{ name: "c", image: "i" }] };
    await create({ apiVersion: "v1", kind: "Pod", metadata: { name: "p" }, spec });
    const target = await targetOf("", "Pod", "p");
    const binding: Manifest = {
      apiVersion: "v1",
      kind: "Binding",
      metadata: { name: "p" },
      target: { apiVersion: "v1", kind: "Node", name: "n1" },
    };
    expect((await cluster.create({ ...target, subresource: "binding" }, binding, writing)).ok).toBe(true);
    const bound = await cluster.get(target);
    expect(bound.ok && bound.value.spec).toMatchObject({ nodeName: "n1" });
    expect(await cluster.create({ ...target, subresource: "binding" }, binding, writing)).toMatchObject({
      status: { code: 409 },
    });
  });

  it("keeps a deleted object until its last finalizer is gone", async () => {
    const made = await create({ ...configMap("a"), metadata: { name: "a", finalizers: ["example.com/hold"] } });
    const target = await targetOf("", "ConfigMap", "a");
    const marked = await cluster.delete(target);
    expect(marked.ok && marked.value?.metadata.deletionTimestamp).toBe("2026-01-01T00:00:00Z");
    const live = await cluster.get(target);
    if (!live.ok) throw new Error("expected the object to stand");
    const { finalizers: _, ...metadata } = live.value.metadata;
    await cluster.update(target, { ...live.value, metadata }, writing);
    expect(await cluster.get(target)).toMatchObject({ ok: false, status: { code: 404 } });
    expect(made.metadata.finalizers).toEqual(["example.com/hold"]);
  });

  it("keeps status and spec apart, and counts generations of the spec alone", async () => {
    const deployment: Manifest = {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "web" },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: "web" } },
        template: { metadata: { labels: { app: "web" } }, spec: { containers: [{ name: "c", image: "i" }] } },
      },
      status: { replicas: 7 },
    };
    const made = await create(deployment, "apps");
    expect(made.metadata.generation).toBe(1);
    expect((made.status as { replicas?: number } | undefined)?.replicas).toBeUndefined();
    const target = await targetOf("apps", "Deployment", "web");
    await cluster.patch(
      { ...target, subresource: "status" },
      { type: "merge", patch: { status: { replicas: 3 }, spec: { replicas: 9 } } },
      writing,
    );
    const scaled = await cluster.patch(
      target,
      { type: "merge", patch: { spec: { replicas: 2 }, status: { replicas: 8 } } },
      writing,
    );
    expect(scaled.ok && scaled.value).toMatchObject({
      metadata: { generation: 2 },
      spec: { replicas: 2 },
      status: { replicas: 3 },
    });
  });

  it("pages a list at one revision and selects by labels and fields", async () => {
    for (const name of ["a", "b", "c"]) {
      await create({ ...configMap(name), metadata: { name, labels: { tier: name === "b" ? "front" : "back" } } });
    }
    const resource = await resourceOf("", "ConfigMap");
    const first = await cluster.list(resource, { namespace: "default", limit: 2 });
    if (!first.ok) throw new Error(first.status.message);
    expect(first.value.items.map((item) => item.metadata.name)).toEqual(["a", "b"]);
    expect(first.value.remainingItemCount).toBe(1);
    await create(configMap("bb"));
    const second = await cluster.list(resource, { namespace: "default", continue: first.value.continue });
    expect(second.ok && second.value.items.map((item) => item.metadata.name)).toEqual(["c"]);
    const back = await cluster.list(resource, { labelSelector: "tier in (back, other),!absent" });
    expect(back.ok && back.value.items.map((item) => item.metadata.name)).toEqual(["a", "c"]);
    const one = await cluster.list(resource, { fieldSelector: "metadata.name=b" });
    expect(one.ok && one.value.items).toHaveLength(1);
  });

  it("watches from a version on, and shows the initial state with a bookmark at its end", async () => {
    const first = await create(configMap("a"));
    await create(configMap("b"));
    const resource = await resourceOf("", "ConfigMap");
    const stop = new AbortController();
    const resumed = cluster
      .watch(resource, { namespace: "default", resourceVersion: first.metadata.resourceVersion as string }, stop.signal)
      [Symbol.asyncIterator]();
    expect(await take(resumed, 1)).toEqual(["ADDED b"]);
    await cluster.delete(await targetOf("", "ConfigMap", "a"));
    expect(await take(resumed, 1)).toEqual(["DELETED a"]);
    const options = { sendInitialEvents: true, resourceVersionMatch: "NotOlderThan", allowBookmarks: true } as const;
    const initial = cluster.watch(resource, options, stop.signal)[Symbol.asyncIterator]();
    expect(await take(initial, 2)).toEqual(["ADDED b", "BOOKMARK "]);
    stop.abort();
    expect((await initial.next()).done).toBe(true);
  });

  it("answers a watch from a compacted version with 410", async () => {
    const first = await create(configMap("a"));
    for (let n = 0; n < 3000; n++) void store.put("noise/x", new Uint8Array([1]));
    await create(configMap("b"));
    store.compact(store.revision);
    const resource = await resourceOf("apps", "Deployment");
    await expect
      .poll(async () => {
        const events = cluster.watch(
          resource,
          { resourceVersion: first.metadata.resourceVersion as string },
          AbortSignal.timeout(50),
        );
        return take(events[Symbol.asyncIterator](), 1);
      })
      .toEqual(["ERROR 410"]);
  });
});

describe("a custom resource", () => {
  it("is served from the moment its definition is established until that is deleted", async () => {
    await create(widgets, "apiextensions.k8s.io");
    const definition = await targetOf("apiextensions.k8s.io", "CustomResourceDefinition", "widgets.example.com");
    await expect
      .poll(async () => {
        const live = await cluster.get(definition);
        const conditions = live.ok
          ? (live.value.status as { conditions: { type: string; status: string }[] }).conditions
          : [];
        return conditions.map((one) => `${one.type}=${one.status}`);
      })
      .toEqual(["NamesAccepted=True", "Established=True"]);
    const made = await create(
      { apiVersion: "example.com/v1", kind: "Widget", metadata: { name: "w" }, spec: { size: 1 } },
      "example.com",
    );
    expect(made.metadata.generation).toBe(1);
    const spec = {
      type: "object",
      properties: { size: { type: "integer", maximum: 0 }, color: { type: "string", default: "red" } },
    };
    const schema = { openAPIV3Schema: { type: "object", properties: { spec } } };
    const versions = [{ name: "v1", served: true, storage: true, schema }];
    await cluster.patch(definition, { type: "merge", patch: { spec: { versions } } as never }, { fieldManager: "t" });
    // What was written before is shown with the new defaults, and may stay what it no longer may become.
    const written = await targetOf("example.com", "Widget", "w");
    const label = { type: "merge", patch: { metadata: { labels: { a: "b" } } } } as const;
    await expect
      .poll(async () => (await cluster.get(written)).ok && (await cluster.get(written)))
      .toMatchObject({
        value: { spec: { size: 1, color: "red" } },
      });
    expect((await cluster.patch(written, label, { fieldManager: "t" })).ok).toBe(true);
    const grow = { type: "merge", patch: { spec: { size: 2 } } } as const;
    expect((await cluster.patch(written, grow, { fieldManager: "t" })).ok).toBe(false);
    await cluster.delete(definition);
    await expect.poll(async () => (await cluster.get(definition)).ok).toBe(false);
    const discovery = await cluster.discover();
    expect(discovery.ok && discovery.value.byKind("example.com", "Widget")).toBeUndefined();
  });
});
