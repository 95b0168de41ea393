// What a commit and a heal cost the engine, by number of deliveries: time until every delivery knows whether the commit concerns it, renderings,
// requests to the API server, and that nothing is asked or written when nothing happens. In one process, over the embedded control plane; sources
// are held in memory, so that only the engine itself is measured.
// Usage: node bench/kustomization.mjs [COUNT …]

import { administrator, startApiServer } from "../engine/dist/apiserver/index.js";
import { fluxDefinitions } from "../engine/dist/api/flux/index.js";
import { keelsonDefinitions } from "../engine/dist/api/keelson/index.js";
import { sourceTreeOf, startDelivery, startRenderPool } from "../engine/dist/delivery/index.js";
import { fluxDialect } from "../engine/dist/dialects/flux/index.js";
import { deliveryLogs } from "../engine/dist/dialects/keelson/index.js";
import { memoryTree, sha1Hex } from "../engine/dist/kernel/index.js";
import { memoryStore } from "../engine/dist/store/index.js";
import { counted } from "./counted.mjs";

const counts = process.argv.slice(2).map(Number);
const clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const configMap = (i, k) =>
  JSON.stringify({
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `app-${i}`, namespace: "shop" },
    data: { k },
  });

class Bench {
  #listeners = new Set();
  tally = {};
  files = {};
  revision = "";

  constructor(count) {
    this.count = count;
    for (let i = 0; i < count; i += 1) this.files[`app-${i}/all.yaml`] = configMap(i, "1");
  }

  prepare(changes) {
    Object.assign(this.files, changes);
    const tree = memoryTree(this.files);
    this.revision = `main@sha1:${sha1Hex(tree.hash)}`;
    this.artifact = { revision: this.revision, originRevision: undefined, source: sourceTreeOf(tree) };
  }

  /** Offers what was prepared. */
  offer() {
    const started = performance.now();
    for (const listener of this.#listeners)
      listener({ kind: "GitRepository", namespace: "flux-system", name: "fleet" });
    return started;
  }

  async start() {
    this.server = await startApiServer({ store: memoryStore(), clock });
    this.cluster = this.server.cluster(administrator);
    await this.apply(...fluxDefinitions(), ...keelsonDefinitions());
    for (const name of ["flux-system", "shop"])
      await this.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    this.startEngine();
  }

  startEngine() {
    this.ending = new AbortController();
    const cluster = counted(this.cluster, this.tally);
    this.engine = startDelivery({
      cluster,
      artifacts: {
        get: () => this.artifact,
        subscribe: (listener) => {
          this.#listeners.add(listener);
          return () => this.#listeners.delete(listener);
        },
        whyNot: async () => "none",
      },
      dialects: [fluxDialect()],
      pool: startRenderPool({ clock, threads: 0 }),
      journal: deliveryLogs({ cluster, clock }),
      clock,
      signal: this.ending.signal,
      logged: (message) => console.error(message),
    });
  }

  async apply(...manifests) {
    for (const manifest of manifests) {
      const [group, version] = manifest.apiVersion.includes("/")
        ? manifest.apiVersion.split("/")
        : ["", manifest.apiVersion];
      let resource;
      while (resource === undefined) {
        const discovery = await this.cluster.discover(true);
        resource = discovery.value.byKind(group, manifest.kind, version);
        if (resource === undefined) await sleep(5);
      }
      const target = { resource, namespace: manifest.metadata.namespace ?? "", name: manifest.metadata.name };
      const answer = await this.cluster.apply(target, manifest, { fieldManager: "bench", isForced: true });
      if (!answer.ok) throw new Error(answer.status.message);
      if (manifest.kind === "Kustomization") this.kind = resource;
    }
  }

  async deliver() {
    for (let i = 0; i < this.count; i += 1)
      await this.apply({
        apiVersion: "kustomize.toolkit.fluxcd.io/v1",
        kind: "Kustomization",
        metadata: { name: `app-${i}`, namespace: "flux-system" },
        spec: { interval: "1h", prune: true, path: `./app-${i}`, sourceRef: { kind: "GitRepository", name: "fleet" } },
      });
  }

  /** Resolved with the time at which the engine knew of every delivery what the revision means for it. */
  decided() {
    return new Promise((resolve) => {
      const waiting = new Set();
      const { deliveries } = this.engine.snapshot();
      const isThere = (each) => each.isReady && each.revision === this.revision;
      for (const each of deliveries) if (!isThere(each)) waiting.add(each.key);
      let known = deliveries.length;
      const end = this.engine.subscribe((each) => {
        if (known < this.count) known = this.engine.snapshot().deliveries.length;
        if (isThere(each)) waiting.delete(each.key);
        else waiting.add(each.key);
        if (waiting.size > 0 || known < this.count) return;
        end();
        resolve(performance.now());
      });
      if (waiting.size === 0 && known === this.count) resolve(performance.now());
    });
  }

  async isWritten() {
    const list = await this.cluster.list(this.kind, {});
    return list.value.items.every((item) => item.status?.lastAppliedRevision === this.revision);
  }

  async until(isDone, everyMs = 1) {
    while (!(await isDone())) await sleep(everyMs);
  }

  reset() {
    const before = { ...this.tally };
    const { rendered } = this.engine.counts();
    return () => {
      const after = Object.entries(this.tally).map(([verb, number]) => [verb, number - (before[verb] ?? 0)]);
      return {
        rendered: this.engine.counts().rendered - rendered,
        requests: Object.fromEntries(after.filter(([, n]) => n > 0)),
      };
    };
  }

  async stopEngine() {
    this.ending.abort();
    await this.engine.ended;
  }

  async close() {
    await this.stopEngine();
    await this.server.close();
  }
}

const took = (started, ended) => `${(ended - started).toFixed(1)} ms`;
const ms = (started) => `${(performance.now() - started).toFixed(1)} ms`;
const shown = ({ rendered, requests }) => `${rendered} rendered, requests ${JSON.stringify(requests)}`;

async function run(count) {
  const bench = new Bench(count);
  bench.prepare({});
  await bench.start();
  const started = performance.now();
  const ready = bench.decided();
  await bench.deliver();
  await ready;
  await bench.until(() => bench.isWritten());
  console.log(`${count} deliveries: all ready ${ms(started)} after the first was created`);
  await sleep(1500);

  for (const round of [1, 2, 3]) {
    const since = bench.reset();
    bench.prepare({ "README.md": `round ${round}` });
    const deciding = bench.decided();
    const begun = bench.offer();
    const decided = took(begun, await deciding);
    // Asked seldom: reading them all costs more than writing one.
    await bench.until(() => bench.isWritten(), 25);
    console.log(`  a commit that concerns none: decided ${decided}, in every status ${ms(begun)}; ${shown(since())}`);
    await sleep(1500);
  }

  const since = bench.reset();
  bench.prepare({ "app-0/all.yaml": configMap(0, "2") });
  const deciding = bench.decided();
  const begun = bench.offer();
  const map = {
    resource: {
      group: "",
      version: "v1",
      plural: "configmaps",
      singular: "configmap",
      kind: "ConfigMap",
      isNamespaced: true,
      verbs: [],
      shortNames: [],
      categories: [],
      subresources: [],
    },
    namespace: "shop",
    name: "app-0",
  };
  const value = async () => (await bench.cluster.get(map)).value?.data?.k;
  await bench.until(async () => (await value()) === "2");
  const applied = ms(begun);
  const decided = took(begun, await deciding);
  await bench.until(() => bench.isWritten());
  await sleep(1500);
  console.log(`  a one-file commit: applied ${applied}, decided ${decided}; ${shown(since())}`);

  const healing = bench.reset();
  const edited = performance.now();
  await bench.cluster.patch(map, { type: "merge", patch: { data: { k: "9" } } }, { fieldManager: "kubectl-edit" });
  await bench.until(async () => (await value()) === "2");
  const healed = ms(edited);
  await sleep(1500);
  console.log(`  a heal: ${healed}; ${shown(healing())}`);

  await bench.stopEngine();
  const before = { ...bench.tally };
  const restarted = performance.now();
  bench.startEngine();
  await bench.until(async () => bench.engine.counts().rendered >= count);
  const known = ms(restarted);
  await sleep(1500);
  const { rendered, statusWrites } = bench.engine.counts();
  const asked = Object.entries(bench.tally).map(([verb, number]) => [verb, number - (before[verb] ?? 0)]);
  const requests = Object.fromEntries(asked.filter(([, number]) => number > 0));
  console.log(
    `  a restart: all looked at ${known}, ${statusWrites} statuses written; ${shown({ rendered, requests })}`,
  );

  const idle = bench.reset();
  await sleep(5000);
  console.log(`  idle for 5 s: ${shown(idle())}`);
  await bench.close();
}

for (const count of counts.length > 0 ? counts : [1, 1000]) await run(count);
