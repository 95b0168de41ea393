// The clock of the machine is set back while the control plane runs: what ends by itself still ends, versions go on, and no credential
// lives longer for it.

import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Cluster, Target } from "#cluster";
import { type Clock, formatTime, ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";
import { startLife } from "#apiserver/life";
import { administrator, type ApiServer, startApiServer } from "./server.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** The time that goes by, which timers follow, and how far the clock lags behind it. */
let passing: ManualClock;
let backMs: number;
const clock: Clock = {
  now: () => passing.now() - backMs,
  after: (delayMs, run) => passing.after(delayMs, run),
};

let store: Store;
let server: ApiServer;
let cluster: Cluster;
let abort: AbortController;

beforeEach(async () => {
  passing = new ManualClock();
  backMs = 0;
  abort = new AbortController();
  store = memoryStore();
  server = await startApiServer({ store, clock });
  cluster = server.cluster(administrator);
  await startLife({ cluster, clock, signal: abort.signal, caCertificate: "certificate" });
});

afterEach(async () => {
  abort.abort();
  await server.close();
  await store.close();
});

async function targetOf(object: Manifest, subresource?: string): Promise<Target> {
  const discovery = await cluster.discover();
  const [group = "", version = ""] = object.apiVersion.includes("/") ? object.apiVersion.split("/") : ["", "v1"];
  const resource = discovery.ok ? discovery.value.byKind(group, object.kind, version) : undefined;
  if (resource === undefined) throw new Error(`${object.kind} is not served`);
  const { name, namespace = "default" } = object.metadata;
  const target = { resource, namespace: resource.isNamespaced ? namespace : "", name };
  return subresource === undefined ? target : { ...target, subresource };
}

async function create(object: Manifest, subresource?: string): Promise<Manifest> {
  const answer = await cluster.create(await targetOf(object, subresource), object, { fieldManager: "test" });
  if (!answer.ok) throw new Error(answer.status.message);
  return answer.value;
}

async function exists(object: Manifest): Promise<boolean> {
  return (await cluster.get(await targetOf(object))).ok;
}

/** Lets time pass, in steps, and what was due then be done, until it is as wanted. */
async function pass(ms: number, steps = 8): Promise<void> {
  for (let step = 0; step < steps; step++) {
    passing.advance(ms / steps);
    for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve));
  }
}

function configMap(name: string): Manifest {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name } };
}

function event(): Manifest {
  return {
    apiVersion: "v1",
    kind: "Event",
    metadata: { name: "told" },
    involvedObject: { kind: "Pod", namespace: "default", name: "web" },
  } as unknown as Manifest;
}

function lease(): Manifest {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: {
      name: "gone",
      namespace: "kube-system",
      labels: { "apiserver.kubernetes.io/identity": "kube-apiserver" },
    },
    spec: { renewTime: `${formatTime(clock.now()).slice(0, -1)}.000000Z` },
  } as unknown as Manifest;
}

it("says the time of the clock, and goes on with its versions", async () => {
  const before = await create(configMap("before"));
  backMs = dayMs;
  const after = await create(configMap("after"));
  expect(after.metadata.creationTimestamp).toBe(formatTime(clock.now()));
  expect(Number(after.metadata.resourceVersion)).toBeGreaterThan(Number(before.metadata.resourceVersion));
  const patched = await cluster.patch(
    await targetOf(before),
    { type: "merge", patch: { data: { a: "b" } } },
    { fieldManager: "test" },
  );
  expect(patched.ok && patched.value.metadata.creationTimestamp).toBe(before.metadata.creationTimestamp);
});

for (const [what, make] of [
  ["Events", event],
  ["Leases of servers that are gone", lease],
] as const)
  it(`deletes ${what} that were written before within twice their time`, async () => {
    const made = await create(make());
    await pass(hourMs / 6);
    backMs = dayMs;
    await pass(hourMs / 2);
    expect(await exists(made)).toBe(true);
    await vi.waitFor(
      async () => {
        await pass(hourMs / 10, 1);
        expect(await exists(made)).toBe(false);
      },
      { timeout: 60_000, interval: 1 },
    );
    expect(passing.now() - Date.parse(made.metadata.creationTimestamp ?? "")).toBeLessThan(2.5 * hourMs);
  });

it("knows a token of the future only when its time has come, and never after its end", async () => {
  const account = await create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "robot" } });
  const request = {
    apiVersion: "authentication.k8s.io/v1",
    kind: "TokenRequest",
    metadata: { name: "" },
    spec: { expirationSeconds: 7200 },
  } as unknown as Manifest;
  const target = { ...(await targetOf(account)), subresource: "token" };
  const issued = await cluster.create(target, request, { fieldManager: "test" });
  const { token = "" } = (issued.ok ? issued.value.status : {}) as { token?: string };
  const isKnown = async (): Promise<boolean> => {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenReview",
      metadata: { name: "" },
      spec: { token },
    };
    const review = await create(body as unknown as Manifest);
    return (review.status as { authenticated?: boolean }).authenticated === true;
  };
  expect(await isKnown()).toBe(true);
  backMs = hourMs;
  expect(await isKnown()).toBe(false);
  passing.advance(hourMs);
  expect(await isKnown()).toBe(true);
  passing.advance(2 * hourMs);
  expect(await isKnown()).toBe(false);
});

it("gives an address again that a Service no longer has", async () => {
  const service = (name: string): Manifest => ({
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: { clusterIP: "10.96.7.7", ports: [{ port: 80 }] },
  });
  const first = await create(service("first"));
  await cluster.delete(await targetOf(first));
  backMs = dayMs;
  await pass(20_000);
  expect(await create(service("second"))).toMatchObject({ spec: { clusterIPs: ["10.96.7.7"] } });
});

it("empties a namespace and collects garbage all the same", async () => {
  const owner = await create(configMap("owner"));
  backMs = dayMs;
  const { uid = "" } = owner.metadata;
  const reference = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid };
  const owned = configMap("owned");
  owned.metadata.ownerReferences = [reference];
  await create(owned);
  const namespace = await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "short" } });
  await create({ ...configMap("inside"), metadata: { name: "inside", namespace: "short" } });
  await cluster.delete(await targetOf(owner));
  await cluster.delete(await targetOf(namespace));
  await vi.waitFor(
    async () => {
      await pass(1000, 4);
      expect([await exists(owned), await exists(namespace)]).toEqual([false, false]);
    },
    { timeout: 60_000, interval: 1 },
  );
});
