import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import type { Cluster, Resource, Target } from "#cluster";
import { memoryStore, type Store } from "#store";
import { administrator, type ApiServer, startApiServer } from "./server.ts";

const group = "flowcontrol.apiserver.k8s.io";

function at(resource: Resource, name: string): Target {
  return { resource, namespace: "", name };
}

type Condition = { type: string; status: string; reason: string; message: string };

describe("priority levels and flow schemas", () => {
  let store: Store;
  let server: ApiServer;
  let cluster: Cluster;
  let schemas: Resource;
  let levels: Resource;

  async function start(): Promise<void> {
    server = await startApiServer({ store, clock: realClock });
    cluster = server.cluster(administrator);
    const discovered = await cluster.discover();
    if (!discovered.ok) throw new Error(discovered.status.message);
    schemas = discovered.value.byKind(group, "FlowSchema") as Resource;
    levels = discovered.value.byKind(group, "PriorityLevelConfiguration") as Resource;
  }
  const names = async (resource: Resource): Promise<string[]> => {
    const listed = await cluster.list(resource);
    return listed.ok ? listed.value.items.map(({ metadata }) => metadata.name) : [];
  };
  const dangling = async (name: string): Promise<Condition | undefined> => {
    const found = await cluster.get(at(schemas, name));
    const status = (found.ok ? found.value.status : undefined) as { conditions?: Condition[] } | undefined;
    return status?.conditions?.find(({ type }) => type === "Dangling");
  };

  beforeEach(async () => {
    store = memoryStore();
    await start();
  });
  afterEach(async () => {
    await server.close();
    await store.close();
  });

  it("are there from the beginning, each schema with its status", async () => {
    expect(await names(levels)).toEqual([
      "catch-all",
      "exempt",
      "global-default",
      "leader-election",
      "node-high",
      "system",
      "workload-high",
      "workload-low",
    ]);
    const all = await names(schemas);
    expect(all).toHaveLength(11);
    for (const name of all) expect(await dangling(name)).toMatchObject({ status: "False", reason: "Found" });
  });

  it("say of a schema whether its level is there, as it comes and goes", async () => {
    const metadata = { name: "mine" };
    const subjects = [{ kind: "User", user: { name: "u" } }];
    const rules = [{ subjects, nonResourceRules: [{ verbs: ["get"], nonResourceURLs: ["/x"] }] }];
    const spec = { priorityLevelConfiguration: { name: "later" }, rules };
    const mine = { apiVersion: `${group}/v1`, kind: "FlowSchema", metadata, spec };
    expect((await cluster.create(at(schemas, "mine"), mine, { fieldManager: "me" })).ok).toBe(true);
    await vi.waitFor(
      async () => expect(await dangling("mine")).toMatchObject({ status: "True", reason: "NotFound" }),
      30_000,
    );
    const limited = { limitResponse: { type: "Reject" } };
    const level = {
      apiVersion: `${group}/v1`,
      kind: "PriorityLevelConfiguration",
      metadata: { name: "later" },
      spec: { type: "Limited", limited },
    };
    expect((await cluster.create(at(levels, "later"), level, { fieldManager: "me" })).ok).toBe(true);
    await vi.waitFor(async () => expect(await dangling("mine")).toMatchObject({ status: "False" }), 30_000);
  });

  it("are made anew by the next start where somebody deleted them", async () => {
    await cluster.delete(at(levels, "workload-low"));
    await cluster.delete(at(schemas, "catch-all"));
    expect(await names(levels)).not.toContain("workload-low");
    await server.close();
    await start();
    expect(await names(levels)).toContain("workload-low");
    expect(await dangling("catch-all")).toMatchObject({ status: "False" });
  });
});
