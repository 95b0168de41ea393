import { expect, it } from "vitest";
import type { Cluster, Resource } from "#cluster";
import { asManifest, isObject, type JsonObject, type Manifest } from "#kernel";
import { realClock } from "../cluster/cluster.contract.ts";
import { StatusWriter } from "./status-writer.ts";

const metadata = { name: "web", namespace: "shop", uid: "u" };

/** A cluster of one object, which keeps what its status became. */
function one(): { cluster: Cluster; at: (version: number) => Manifest; status: () => JsonObject } {
  let status: JsonObject = {};
  let version = 1;
  const at = (resourceVersion: number): Manifest =>
    asManifest({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...metadata, resourceVersion: `${resourceVersion}` },
      status: { ...status },
    });
  const patch: Cluster["patch"] = async (_, body) => {
    const change = body.type === "merge" ? body.patch : undefined;
    const members = isObject(change) && isObject(change["status"]) ? change["status"] : {};
    status = Object.fromEntries(Object.entries({ ...status, ...members }).filter(([, value]) => value !== null));
    version += 1;
    return { ok: true, value: at(version), warnings: [] };
  };
  return { cluster: { patch } as Cluster, at, status: () => status };
}

it("writes a status that goes there and back, though the object at hand is still from before", async () => {
  const { cluster, at, status } = one();
  const { signal } = new AbortController();
  const statuses = new StatusWriter({ cluster, clock: realClock, signal, failed: () => undefined });
  const wish = (object: Manifest, said: JsonObject) => ({
    resource: {} as Resource,
    object,
    status: said,
    manager: "test",
  });
  await statuses.write("web", wish(at(1), { phase: "Failed", stalled: true }));
  const stale = at(2);
  await statuses.write("web", wish(structuredClone(stale), { phase: "Running", since: 1 }));
  expect(status()).toEqual({ phase: "Running", since: 1 });
  await statuses.write("web", wish(structuredClone(stale), { phase: "Failed", stalled: true }));
  expect(status()).toEqual({ phase: "Failed", stalled: true });
  expect(statuses.count).toBe(3);
  expect(statuses.newest("web", stale)["status"]).toEqual(status());
  await statuses.write("web", wish(at(4), { phase: "Failed", stalled: true }));
  expect(statuses.count).toBe(3);
});

it("shows what is about to be written, so that what is wished next goes on from it", async () => {
  const { cluster, at, status } = one();
  const gate: (() => void)[] = [];
  const slow = {
    patch: async (...args: Parameters<Cluster["patch"]>) => {
      await new Promise<void>((resolve) => gate.push(resolve));
      return cluster.patch(...args);
    },
  } as Cluster;
  const { signal } = new AbortController();
  const statuses = new StatusWriter({ cluster: slow, clock: realClock, signal, failed: () => undefined });
  const wish = (said: JsonObject) => ({ resource: {} as Resource, object: at(1), status: said, manager: "test" });
  const first = statuses.write("web", wish({ history: 1 }));
  expect(statuses.newest("web", at(1))["status"]).toEqual({ history: 1 });
  await expect.poll(() => gate.length).toBe(1);
  expect(statuses.newest("web", at(1))["status"]).toEqual({ history: 1 });
  const other = asManifest({ ...at(1), metadata: { ...metadata, uid: "another" } });
  expect(statuses.newest("web", other)["status"]).toEqual({});
  const second = statuses.write("web", wish({ history: 2 }));
  expect(statuses.newest("web", at(1))["status"]).toEqual({ history: 2 });
  gate[0]?.();
  await expect.poll(() => gate.length).toBe(2);
  gate[1]?.();
  await Promise.all([first, second]);
  expect([status(), statuses.newest("web", at(1))["status"]]).toEqual([{ history: 2 }, { history: 2 }]);
});
