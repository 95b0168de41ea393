// What is not kept decoded is shown as if it were: lists and watches give the stored text, and give it as the reader takes it.

import { mkdtempSync, rmSync } from "node:fs";
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import type { Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";
import { administrator, type ApiServer, startApiServer } from "./server.ts";

type Event = { type: string; object: Manifest };
type ListBody = { metadata: { resourceVersion: string; continue?: string }; items: Manifest[] };

const folder = mkdtempSync(join(tmpdir(), "keelson-cold-"));
let server: ApiServer;
let store: Store;
let session: ClientHttp2Session;

beforeAll(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock: realClock, dataFolder: folder, listen: { port: 0 }, hotWeight: 1 });
  session = connect(server.url, { ca: server.caCertificate });
  await create(
    "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    definition as unknown as Record<string, unknown>,
  );
  await vi.waitFor(async () => expect((await get(things)).code).toBe(200), { timeout: 30_000 });
  for (let n = 0; n < 30; n++) {
    await create(configMaps, {
      metadata: { name: `c-${n}`, labels: { n: String(n % 3) } },
      data: { text: `é"\\${n}` },
    });
    if (n >= 5) continue;
    await create(secrets, { metadata: { name: `s-${n}` }, stringData: { password: `secret ${n}` } });
    await create(things, {
      apiVersion: "cold.example.com/v1",
      kind: "Thing",
      metadata: { name: `t-${n}` },
      spec: { n },
    });
    await create("/apis/autoscaling/v2/namespaces/default/horizontalpodautoscalers", {
      metadata: { name: `h-${n}` },
      spec: { maxReplicas: 5, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "d" } },
    });
  }
});
afterAll(async () => {
  session.close();
  await server.close();
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const configMaps = "/api/v1/namespaces/default/configmaps";
const secrets = "/api/v1/namespaces/default/secrets";
const things = "/apis/cold.example.com/v1/namespaces/default/things";
const definition = {
  metadata: { name: "things.cold.example.com" },
  spec: {
    group: "cold.example.com",
    scope: "Namespaced",
    names: { plural: "things", singular: "thing", kind: "Thing", listKind: "ThingList" },
    versions: ["v1", "v2"].map((name) => ({
      name,
      served: true,
      storage: name === "v1",
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    })),
  },
};

function open(path: string, options: { method?: string } = {}): ClientHttp2Stream {
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  const { method = "GET" } = options;
  const headers = { ":method": method, ":path": path, authorization: `Bearer ${token}` };
  return session.request({ ...headers, "content-type": "application/json" }, { endStream: method === "GET" });
}

function answerOf(stream: ClientHttp2Stream): Promise<{ code: number; text: string }> {
  return new Promise((resolve, reject) => {
    let [code, text] = [0, ""];
    stream.setEncoding("utf8");
    stream.on("response", (headers) => (code = headers[":status"] ?? 0));
    stream.on("data", (chunk: string) => (text += chunk));
    stream.on("end", () => resolve({ code, text }));
    stream.on("error", reject);
  });
}

function get(path: string): Promise<{ code: number; text: string }> {
  return answerOf(open(path));
}

async function create(path: string, body: Record<string, unknown>): Promise<void> {
  const stream = open(path, { method: "POST" });
  stream.end(JSON.stringify(body));
  const { code, text } = await answerOf(stream);
  if (code !== 201) throw new Error(text);
}

/** Tells events as they come; `until` resolves with them when there are so many. */
function watch(path: string): { stream: ClientHttp2Stream; until: (count: number) => Promise<Event[]> } {
  const stream = open(path);
  const events: Event[] = [];
  let rest = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) events.push(JSON.parse(line) as Event);
  });
  const until = async (count: number): Promise<Event[]> => {
    await expect.poll(() => events.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(count);
    return events;
  };
  return { stream, until };
}

const cases: [string, string, string, string][] = [
  ["a kind of Kubernetes' own", "", "v1", "configmaps"],
  ["what is sealed where it is stored", "", "v1", "secrets"],
  ["a custom kind", "cold.example.com", "v1", "things"],
  ["a custom kind in another version than it is stored in", "cold.example.com", "v2", "things"],
  [
    "a kind of Kubernetes' own in another version than it is stored in",
    "autoscaling",
    "v1",
    "horizontalpodautoscalers",
  ],
];

it.each(cases)("lists and watches %s", async (_, group, version, plural) => {
  const root = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const path = `${root}/namespaces/default/${plural}`;
  const list = JSON.parse((await get(path)).text) as ListBody;
  const names = list.items.map(({ metadata }) => metadata.name);
  expect(names.length).toBeGreaterThan(4);
  const { stream, until } = watch(`${path}?watch=1&resourceVersion=0`);
  const events = await until(names.length);
  stream.close();
  const cluster = server.cluster(administrator);
  for (const [at, item] of list.items.entries()) {
    const one = JSON.parse((await get(`${path}/${item.metadata.name}`)).text) as Manifest;
    expect({ ...item, apiVersion: one.apiVersion, kind: one.kind }).toEqual(one);
    expect(events[at]).toEqual({ type: "ADDED", object: one });
    expect(item.apiVersion === undefined).toBe(group !== "cold.example.com");
  }
  const resource = { group, version, plural, kind: "", isNamespaced: true };
  const own = await cluster.list(resource as Parameters<typeof cluster.list>[0], { namespace: "default" });
  if (own.ok)
    expect(own.value.items.map(({ metadata }) => metadata)).toEqual(list.items.map(({ metadata }) => metadata));
});

it("lists by labels, by fields, and page by page as it was when the first page was asked for", async () => {
  const names = ({ items }: ListBody): string[] => items.map(({ metadata }) => metadata.name).sort();
  const list = async (query: string): Promise<ListBody> =>
    JSON.parse((await get(`${configMaps}?${query}`)).text) as ListBody;
  expect(names(await list("labelSelector=n%3D1"))).toHaveLength(10);
  expect(names(await list("fieldSelector=metadata.name%3Dc-7"))).toEqual(["c-7"]);
  const whole = names(await list(""));
  const pages: ListBody[] = [await list("limit=7")];
  await create(configMaps, { metadata: { name: "c-12-later" } });
  for (;;) {
    const next = pages.at(-1)?.metadata.continue ?? "";
    if (next === "") break;
    pages.push(await list(`limit=7&continue=${encodeURIComponent(next)}`));
  }
  expect(pages.flatMap(names).sort()).toEqual(whole);
});

it("gives a reader who pauses all of it in order, and then what came meanwhile", async () => {
  const path = "/api/v1/namespaces/kube-system/configmaps";
  const text = "x".repeat(100_000);
  for (let n = 0; n < 40; n++) await create(path, { metadata: { name: `big-${n}` }, data: { text } });
  const since = (JSON.parse((await get(path)).text) as ListBody).metadata.resourceVersion;
  const beginnings = ["resourceVersion=0", "resourceVersion=1"].map((query) => {
    const { stream, until } = watch(`${path}?watch=1&${query}&labelSelector=!none`);
    stream.pause();
    return { stream, until };
  });
  for (let n = 0; n < 5; n++) await create(path, { metadata: { name: `later-${n}` } });
  for (const { stream, until } of beginnings) {
    stream.resume();
    const events = await until(45);
    stream.close();
    expect(events.slice(-5).map(({ object }) => object.metadata.name)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `later-${n}`),
    );
    expect(events.slice(0, -5).every(({ object }) => Number(object.metadata.resourceVersion) <= Number(since))).toBe(
      true,
    );
    expect(new Set(events.map(({ object }) => object.metadata.name)).size).toBe(events.length);
  }
});
