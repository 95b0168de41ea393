import { describe, expect, it } from "vitest";
import { ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import { Client, podTemplate, workload } from "./living-client.contract.ts";
import { administrator, startApiServer } from "./server.ts";

type Running = { client: Client; step(): Promise<void>; stop(): Promise<void> };

const clock = new ManualClock();

/** One life of the process over a store that outlives it. */
async function run(store: Store, client?: Client): Promise<Running> {
  const abort = new AbortController();
  const server = await startApiServer({ store, clock });
  const cluster = server.cluster(administrator);
  let seed = store.revision + 1;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  await startLife({ cluster, clock, signal: abort.signal, caCertificate: "certificate" });
  await startWorkloads({ cluster, clock, signal: abort.signal, random });
  const step = async (): Promise<void> => {
    clock.advance(10);
    await new Promise((resolve) => setImmediate(resolve));
  };
  const living = { cluster, wait: step };
  const stop = async (): Promise<void> => {
    abort.abort();
    await server.close();
  };
  if (client === undefined) return { client: new Client(living), step, stop };
  client.moveTo(living);
  return { client, step, stop };
}

const storage = { requests: { storage: "1Gi" } };
const claims = [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: storage } }];

function fleet(version: number): Manifest[] {
  const template = podTemplate(`web:${version}`);
  const stateful = workload("StatefulSet", {
    replicas: 2,
    serviceName: "db",
    selector: { matchLabels: { app: "db" } },
    volumeClaimTemplates: claims,
    template: { metadata: { labels: { app: "db" } }, spec: { containers: [{ name: "db", image: `db:${version}` }] } },
  });
  stateful.metadata.name = "db";
  return [workload("Deployment", { replicas: 3, template }), stateful];
}

async function countAll(client: Client): Promise<Record<string, number>> {
  const kinds = [
    ["apps/v1", "ReplicaSet"],
    ["apps/v1", "ControllerRevision"],
    ["v1", "Pod"],
    ["v1", "PersistentVolumeClaim"],
  ] as const;
  const counts: Record<string, number> = {};
  for (const [apiVersion, kind] of kinds) counts[kind] = (await client.list(apiVersion, kind)).length;
  return counts;
}

/** Stops the process after `steps` of a rollout, starts it again, and waits for the end that it would have had anyway. */
async function checkCut(steps: number): Promise<void> {
  const store = memoryStore();
  let life = await run(store);
  const { client } = life;
  await client.open();
  for (const manifest of fleet(1)) await client.create(manifest);
  const isVersion = (version: number) => (shown: string[]) =>
    shown.length === 5 && shown.every((one) => one === `Ready web:${version}` || one === `Ready db:${version}`);
  await client.pods(isVersion(1));
  for (const { apiVersion, kind, metadata, spec } of fleet(2))
    await client.patch(apiVersion, kind, metadata.name, {
      spec: { template: (spec as { template: object }).template },
    });
  for (let i = 0; i < steps; i++) await life.step();
  await life.stop();
  life = await run(store, client);
  await client.pods(isVersion(2));
  expect(await countAll(client)).toEqual({ ReplicaSet: 2, ControllerRevision: 2, Pod: 5, PersistentVolumeClaim: 2 });
  await life.stop();
  await store.close();
}

describe("a process that is stopped in the middle of a rollout", () => {
  it.each([0, 1, 2, 3, 5, 8, 12, 17, 25, 40])("ends where it would have ended, after %d steps", checkCut);

  it("writes nothing once everything is settled, nor after a restart", async () => {
    const store = memoryStore();
    let life = await run(store);
    await life.client.open();
    for (const manifest of fleet(1)) await life.client.create(manifest);
    const settle = async (): Promise<number> => {
      for (let i = 0; i < 100; i++) await life.step();
      return store.revision;
    };
    const settled = await settle();
    expect(await settle()).toBe(settled);
    await life.stop();
    life = await run(store, life.client);
    // Each life renews the Leases of its nodes once.
    const again = await settle();
    expect(again - settled).toBeLessThanOrEqual(3);
    expect(await settle()).toBe(again);
    await life.stop();
    await store.close();
  });
});
