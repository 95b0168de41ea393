// What the console's server costs: time until the watches are in, the first answers with their bytes, search, what it keeps per object, the way
// from a change to a page's event, and what open pages add while objects change. In one process, over the embedded control plane; the cluster
// is made by its own cluster client, so that nothing but the console is measured.
// Usage: node --expose-gc bench/console.mjs [DELIVERIES [OBJECTS [PAGES]]]

import { createServer, request } from "node:http";
import { administrator, startApiServer } from "../engine/dist/apiserver/index.js";
import { fluxDefinitions } from "../engine/dist/api/flux/index.js";
import { ConsoleDesk } from "../engine/dist/server/console/index.js";
import { memoryStore } from "../engine/dist/store/index.js";

const [deliveries = 1_000, objects = 50_000, pages = 50] = process.argv.slice(2).map(Number);
const perDelivery = Math.round(objects / deliveries);
const changesPerSecond = 200;
const clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
const viewer = { id: "token", user: "bench", groups: [], how: "token", identity: undefined };
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const megabytes = (bytes) => (bytes < 1e6 ? `${Math.round(bytes / 1e3)} KB` : `${(bytes / 1e6).toFixed(1)} MB`);
const milliseconds = (ms) => `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;

function heap() {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

const api = await startApiServer({ store: memoryStore(), clock });
const cluster = api.cluster(administrator);

async function resourceOf(group, kind) {
  for (;;) {
    const found = await cluster.discover(true);
    const resource = found.ok ? found.value.byKind(group, kind) : undefined;
    if (resource !== undefined) return resource;
    await sleep(20);
  }
}

async function create(resource, manifest) {
  const { name, namespace = "" } = manifest.metadata;
  const answer = await cluster.create({ resource, namespace, name }, manifest, { fieldManager: "bench" });
  if (!answer.ok) throw new Error(answer.status.message);
}

const kustomizeGroup = "kustomize.toolkit.fluxcd.io";
const marks = (name) => ({
  [`${kustomizeGroup}/name`]: name,
  [`${kustomizeGroup}/namespace`]: "flux-system",
});
const revision = `main@sha1:${"ab".repeat(20)}`;

async function makeFleet() {
  const definitions = await resourceOf("apiextensions.k8s.io", "CustomResourceDefinition");
  for (const definition of fluxDefinitions()) await create(definitions, definition);
  const [namespaces, maps] = [await resourceOf("", "Namespace"), await resourceOf("", "ConfigMap")];
  const kustomizations = await resourceOf(kustomizeGroup, "Kustomization");
  for (const name of ["flux-system", "apps"])
    await create(namespaces, { apiVersion: "v1", kind: "Namespace", metadata: { name } });
  for (let i = 0; i < deliveries; i++) {
    const name = `delivery-${i}`;
    const entries = [];
    for (let j = 0; j < perDelivery; j++) {
      const map = `${name}-part-${j}`;
      entries.push({ id: `apps_${map}__ConfigMap`, v: "v1" });
      await create(maps, {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: map, namespace: "apps", labels: { ...marks(name), app: name } },
        data: { colour: "blue" },
      });
    }
    await create(kustomizations, {
      apiVersion: `${kustomizeGroup}/v1`,
      kind: "Kustomization",
      metadata: { name, namespace: "flux-system", labels: { team: `team-${i % 7}` } },
      spec: {
        interval: "10m",
        path: `./${name}`,
        prune: true,
        sourceRef: { kind: "GitRepository", name: "flux-system" },
      },
    });
    const status = {
      lastAppliedRevision: revision,
      conditions: [
        {
          type: "Ready",
          status: "True",
          reason: "ReconciliationSucceeded",
          message: `Applied revision: ${revision}`,
          lastTransitionTime: "2026-01-01T00:00:00Z",
        },
      ],
      inventory: { entries },
    };
    const target = { resource: kustomizations, namespace: "flux-system", name, subresource: "status" };
    await cluster.patch(target, { type: "merge", patch: { status } }, { fieldManager: "bench" });
  }
  return { maps };
}

const { maps } = await makeFleet();
const before = heap();
const started = performance.now();
const ending = new AbortController();
const desk = new ConsoleDesk({
  cluster,
  clock,
  signal: ending.signal,
  version: "0",
  build: "bench",
  isSimulated: true,
  readOnlyReason: "",
  logged: () => {},
  failed: (error) => console.error(error),
});
await desk.follow();
const followedMs = performance.now() - started;
const kept = heap() - before;

const server = createServer((asked, response) => {
  const url = new URL(asked.url ?? "/", "http://localhost");
  void desk.answer({ request: asked, response, url, viewer, isSignedIn: () => true, canSignOut: false });
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address();

function ask(path, headers = {}) {
  const from = performance.now();
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, headers }, (response) => {
      let bytes = 0;
      response.on("data", (chunk) => (bytes += chunk.length));
      response.on("end", () => resolve({ ms: performance.now() - from, bytes }));
    });
    asked.on("error", reject).end();
  });
}

/** The median of several; the first, with cold code, apart. */
async function measure(path, headers) {
  const first = await ask(path, headers);
  const rest = [];
  for (let i = 0; i < 7; i++) rest.push(await ask(path, headers));
  rest.sort((a, b) => a.ms - b.ms);
  return { first, median: rest[3] };
}

function open(onText, of = "") {
  const asked = request({ host: "127.0.0.1", port, path: `/api/stream?of=${of}` }, (response) => {
    response.setEncoding("utf8").on("data", onText);
    response.on("error", () => {});
  });
  asked.on("error", () => {}).end();
  return () => asked.destroy();
}

let stamp = 0;
async function change(i) {
  const name = `delivery-${i % deliveries}-part-${stamp % perDelivery}`;
  const value = `s${stamp++}`;
  const target = { resource: maps, namespace: "apps", name };
  const patch = { metadata: { labels: { stamp: value } } };
  await cluster.patch(target, { type: "merge", patch }, { fieldManager: "bench" });
  return name;
}

/** From a write's answer to the page that shows that delivery. */
async function latencies() {
  const times = [];
  let text = "";
  const close = open((chunk) => (text += chunk), "Kustomization/flux-system/delivery-0");
  while (!text.includes("event: hello")) await sleep(5);
  await ask("/api/deliveries/Kustomization/flux-system/delivery-0/objects");
  for (let i = 0; i < 60; i++) {
    text = "";
    const from = performance.now();
    const name = await change(0);
    while (!text.includes(`"name":"${name}"`)) await sleep(1);
    times.push(performance.now() - from);
  }
  close();
  return times.sort((a, b) => a - b);
}

/** Ten seconds of changes with so many pages open: all over the fleet, or in the one delivery that all of them show. */
async function underLoad(count, of = "") {
  let bytes = 0;
  const from = heap();
  const closes = Array.from({ length: count }, () => open((chunk) => (bytes += chunk.length), of));
  while (desk.openStreams < count) await sleep(5);
  const perPage = (heap() - from) / Math.max(1, count);
  bytes = 0;
  const [cpu, begun] = [process.cpuUsage(), performance.now()];
  let changes = 0;
  while (performance.now() - begun < 10_000) {
    await change(of === "" ? Math.floor(Math.random() * deliveries) : 0);
    changes++;
    const aheadMs = (changes / changesPerSecond) * 1000 - (performance.now() - begun);
    if (aheadMs > 0) await sleep(aheadMs);
  }
  const seconds = (performance.now() - begun) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  for (const close of closes) close();
  while (desk.openStreams > 0) await sleep(5);
  return {
    perPage,
    changes: changes / seconds,
    cpu: (user + system) / 1e6 / seconds,
    bytes: bytes / Math.max(1, count) / seconds,
  };
}

const gzip = { "accept-encoding": "gzip" };
const fleet = await measure("/api/fleet");
const fleetSmall = await measure("/api/fleet", gzip);
const page = await measure("/api/deliveries/Kustomization/flux-system/delivery-0");
const tree = await measure("/api/deliveries/Kustomization/flux-system/delivery-0/objects");
const search = await measure("/api/search?q=part-7");
const object = await measure("/api/object?kind=ConfigMap&namespace=apps&name=delivery-0-part-0");
const times = await latencies();
const idle = await underLoad(0);
const one = await underLoad(1);
const many = await underLoad(pages);
const same = await underLoad(pages, "Kustomization/flux-system/delivery-0");

const rows = [
  ["deliveries, objects", `${deliveries}, ${deliveries * perDelivery}`],
  ["all watches in", milliseconds(followedMs)],
  ["kept in memory", `${megabytes(kept)} (${Math.round(kept / (deliveries * perDelivery))} B an object)`],
  ["first data of the first page", milliseconds(fleetSmall.first.ms)],
  ["fleet", `${milliseconds(fleet.median.ms)}, ${megabytes(fleet.median.bytes)}`],
  ["fleet, gzip", `${milliseconds(fleetSmall.median.ms)}, ${megabytes(fleetSmall.median.bytes)}`],
  ["delivery's page", milliseconds(page.median.ms)],
  [`its graph of ${perDelivery}`, milliseconds(tree.median.ms)],
  ["object's page", milliseconds(object.median.ms)],
  ["search over all", milliseconds(search.median.ms)],
  ["change to event, median", milliseconds(times[Math.floor(times.length / 2)])],
  ["change to event, worst of 60", milliseconds(times.at(-1))],
  ["memory of an open page", `${Math.round(many.perPage / 1024)} KB`],
  ...[
    ["no page", idle],
    ["1 page", one],
    [`${pages} pages`, many],
    [`${pages} pages that show them`, same],
  ].map(([name, load]) => [
    `${Math.round(load.changes)} changes/s, ${name}`,
    `${Math.round(load.cpu * 100)} % of a core with the API server, ${(load.bytes / 1e3).toFixed(1)} KB/s to a page`,
  ]),
];
for (const [name, value] of rows) console.log(`| ${name.padEnd(42)} | ${value} |`);
ending.abort();
desk.close();
server.closeAllConnections();
server.close();
await api.close();
