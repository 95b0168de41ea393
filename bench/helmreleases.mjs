// What HelmReleases of one repository cost beside the floor of bare applies: time until all are ready, requests, memory, and one value changed in
// one of them. In one process but for the threads that render, over the embedded control plane with its simulated workloads; the chart comes from a HelmRepository over HTTP.
// KEELSON_FLEETS gives podinfo's chart; without it one of our own of the same objects is taken.
// Usage: node --expose-gc bench/helmreleases.mjs [COUNT …]

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { administrator, startApiServer } from "../engine/dist/apiserver/index.js";
import { startLife } from "../engine/dist/apiserver/life/index.js";
import { startWorkloads } from "../engine/dist/apiserver/workloads/index.js";
import { fluxDefinitions } from "../engine/dist/api/flux/index.js";
import { keelsonDefinitions } from "../engine/dist/api/keelson/index.js";
import { startArtifacts } from "../engine/dist/artifacts/index.js";
import { deliveryLogs } from "../engine/dist/dialects/keelson/index.js";
import { startReleases } from "../engine/dist/dialects/flux/releases/index.js";
import { encodeUtf8, sha256Hex } from "../engine/dist/kernel/index.js";
import { loadChartArchive, loadChartFiles, packChart, renderChart } from "../engine/dist/render/helm/index.js";
import { startChartThreads } from "../engine/dist/releases/index.js";
import { memoryStore } from "../engine/dist/store/index.js";
import { counted, verbAndKind } from "./counted.mjs";

const counts = process.argv.slice(2).map(Number);
const clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function ownChart() {
  const labels = "{app: {{ .Release.Name }}}";
  const files = {
    "Chart.yaml": "apiVersion: v2\nname: podinfo\nversion: 6.14.0\nappVersion: 6.14.0\n",
    "values.yaml": "replicaCount: 1\nimage: example.test/podinfo:1\n",
    "templates/all.yaml": `apiVersion: v1
kind: Service
metadata: {name: {{ .Release.Name }}-podinfo, labels: ${labels}}
spec: {selector: ${labels}, ports: [{port: 9898, name: http}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: {{ .Release.Name }}-podinfo, labels: ${labels}}
spec:
  replicas: {{ .Values.replicaCount }}
  selector: {matchLabels: ${labels}}
  template: {metadata: {labels: ${labels}}, spec: {containers: [{name: podinfo, image: {{ .Values.image }}}]}}
`,
  };
  const list = Object.entries(files).map(([name, text]) => ({ name, data: encodeUtf8(text) }));
  return packChart(loadChartFiles(list)).bytes;
}

const podinfo = `${process.env.KEELSON_FLEETS}/charts/podinfo-6.14.0.tgz`;
const chart = existsSync(podinfo) ? new Uint8Array(readFileSync(podinfo)) : ownChart();
const { version } = loadChartArchive(chart).metadata;
const file = `podinfo-${version}.tgz`;
const entry = { apiVersion: "v2", name: "podinfo", version, urls: [file], digest: sha256Hex(chart) };
const index = JSON.stringify({ apiVersion: "v1", entries: { podinfo: [entry] } });

class Bench {
  tally = {};
  folder = mkdtempSync(join(tmpdir(), "keelson-bench-releases-"));
  ending = new AbortController();

  async start() {
    const { signal } = this.ending;
    this.server = await startApiServer({ store: memoryStore(), clock });
    this.cluster = this.server.cluster(administrator);
    const failed = (loop, key, fault) => console.error(loop, key, fault.message);
    const own = { cluster: this.cluster, clock, signal, failed };
    await startLife({ ...own, caCertificate: this.server.caCertificate });
    await startWorkloads({ ...own, random: Math.random });
    await this.apply(...fluxDefinitions(), ...keelsonDefinitions());
    for (const name of ["shop", "bare"]) await this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    this.files = createServer((request, response) => response.end(request.url === "/index.yaml" ? index : chart));
    await new Promise((resolve) => this.files.listen(0, "127.0.0.1", resolve));
  }

  async startEngine() {
    const cluster = counted(this.cluster, this.tally, verbAndKind);
    const { signal } = this.ending;
    const artifacts = startArtifacts({
      cluster,
      clock,
      folder: join(this.folder, "sources"),
      environment: process.env,
      address: "http://127.0.0.1:1",
      signal,
      failed: (source, fault) => console.error(source.kind, source.name, fault.message),
    });
    await artifacts.ready;
    this.threads = startChartThreads(clock);
    this.releases = startReleases({
      renderer: this.threads,
      cluster,
      artifacts: artifacts.view,
      clock,
      signal,
      random: Math.random,
      journal: deliveryLogs({ cluster, clock }),
      logged: (message) => console.error(message),
    });
    await this.apply({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "HelmRepository",
      metadata: { name: "charts", namespace: "shop" },
      spec: { interval: "1h", url: `http://127.0.0.1:${this.files.address().port}` },
    });
  }

  async target(manifest) {
    const at = manifest.apiVersion.lastIndexOf("/");
    const [group, version] = [manifest.apiVersion.slice(0, Math.max(0, at)), manifest.apiVersion.slice(at + 1)];
    const key = `${group} ${manifest.kind}`;
    this.known ??= new Map();
    while (!this.known.has(key)) {
      const found = (await this.cluster.discover(true)).value.byKind(group, manifest.kind, version);
      if (found === undefined) await sleep(5);
      else this.known.set(key, found);
    }
    return {
      resource: this.known.get(key),
      namespace: manifest.metadata.namespace ?? "",
      name: manifest.metadata.name,
    };
  }

  async apply(...manifests) {
    for (const manifest of manifests) {
      const target = await this.target(manifest);
      const answer = await this.cluster.apply(target, manifest, { fieldManager: "bench", isForced: true });
      if (!answer.ok) throw new Error(answer.status.message);
    }
  }

  /** Resolved once so many Deployments of a namespace have all their replicas. */
  async untilAvailable(namespace, count) {
    const { resource } = await this.target({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "" } });
    for (;;) {
      const { items } = (await this.cluster.list(resource, { namespace })).value;
      const isThere = ({ metadata, spec, status = {} }) =>
        status.observedGeneration === metadata.generation && status.availableReplicas === spec.replicas;
      if (items.filter(isThere).length >= count) return;
      await sleep(100);
    }
  }

  /** Resolved once so many releases are ready, by what the engine tells. */
  untilReady(count) {
    return new Promise((resolve) => {
      const ready = new Set();
      const note = ({ ref, phase }) => (phase === "ready" ? ready.add(ref.name) : ready.delete(ref.name));
      for (const each of this.releases.snapshot()) note(each);
      const end = this.releases.subscribe((each) => {
        note(each);
        if (ready.size < count) return;
        end();
        resolve();
      });
    });
  }

  since() {
    const before = { ...this.tally };
    return () =>
      Object.fromEntries(
        Object.entries(this.tally)
          .map(([key, number]) => [key, number - (before[key] ?? 0)])
          .filter(([, number]) => number > 0),
      );
  }

  async close() {
    this.ending.abort();
    await this.releases?.ended;
    await this.threads?.close();
    this.files.close();
    await this.server.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const release = (i, values) => ({
  apiVersion: "helm.toolkit.fluxcd.io/v2",
  kind: "HelmRelease",
  metadata: { name: `app-${i}`, namespace: "shop" },
  spec: {
    interval: "1h",
    chart: { spec: { chart: "podinfo", version: "6.x", sourceRef: { kind: "HelmRepository", name: "charts" } } },
    values,
  },
});

/** Runs each, some at once, as somebody would who has the objects at hand. */
async function inParallel(count, run) {
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      while (next < count) await run(next++);
    }),
  );
}

const seconds = (since) => `${((performance.now() - since) / 1000).toFixed(1)} s`;

function memory() {
  global.gc?.();
  const { rss, heapUsed } = process.memoryUsage();
  return { rss: rss / 2 ** 20, heap: heapUsed / 2 ** 20 };
}

const grown = (before, now) =>
  `${(now.heap - before.heap).toFixed(0)} MB of heap more (${now.heap.toFixed(0)} MB; process ${now.rss.toFixed(0)} MB)`;

async function floor(bench, count) {
  const objects = Array.from({ length: count }, (_, i) => {
    const options = { releaseName: `app-${i}`, namespace: "bare", values: {}, isUpgrade: false, revision: 1 };
    return renderChart(chart, options).manifests.map((manifest) => ({
      ...manifest,
      metadata: { ...manifest.metadata, namespace: "bare" },
    }));
  });
  const started = performance.now();
  await inParallel(count, (i) => bench.apply(...objects[i]));
  const applied = seconds(started);
  await bench.untilAvailable("bare", count);
  console.log(`  bare applies of ${objects[0].length} objects each: applied ${applied}, available ${seconds(started)}`);
}

async function run(count) {
  const bench = new Bench();
  await bench.start();
  console.log(`${count} releases of ${file}`);
  await floor(bench, count);
  await bench.startEngine();
  await sleep(1000);
  const before = memory();
  const since = bench.since();
  const processor = process.cpuUsage();
  const started = performance.now();
  const ready = bench.untilReady(count);
  await inParallel(count, (i) => bench.apply(release(i, {})));
  const stated = seconds(started);
  await ready;
  const { user, system } = process.cpuUsage(processor);
  console.log(
    `  HelmReleases: stated ${stated}, all ready ${seconds(started)}, processor ${((user + system) / 1e6).toFixed(1)} s`,
  );
  await sleep(3000);
  const requests = Object.entries(since()).map(([key, number]) => `${key} ${(number / count).toFixed(1)}`);
  console.log(`  requests for each: ${requests.filter((text) => !text.endsWith(" 0.0")).join(", ")}`);
  console.log(`  memory: ${grown(before, memory())}`);
  for (const round of [1, 2, 3]) {
    const changed = bench.since();
    const cpu = process.cpuUsage();
    const begun = performance.now();
    await bench.apply(release(0, { ui: { message: `round ${round}` } }));
    const { resource } = await bench.target(release(0, {}));
    for (;;) {
      const { status } = (await bench.cluster.get({ resource, namespace: "shop", name: "app-0" })).value;
      const isDone = status.history?.[0]?.version === round + 1 && status.observedGeneration === round + 1;
      if (isDone && status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True")) break;
      await sleep(5);
    }
    const took = (performance.now() - begun).toFixed(0);
    await sleep(1000);
    const used = process.cpuUsage(cpu);
    const text = JSON.stringify(changed());
    console.log(
      `  one value of one: ready again after ${took} ms, processor ${((used.user + used.system) / 1000).toFixed(0)} ms; ${text}`,
    );
  }
  const idle = bench.since();
  const cpu = process.cpuUsage();
  await sleep(3000);
  const used = process.cpuUsage(cpu);
  console.log(
    `  idle for 3 s: processor ${((used.user + used.system) / 1000).toFixed(0)} ms; ${JSON.stringify(idle())}`,
  );
  await bench.close();
}

for (const count of counts.length > 0 ? counts : [100, 500]) await run(count);
