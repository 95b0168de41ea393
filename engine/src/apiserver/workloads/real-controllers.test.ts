// The same steps under kube-controller-manager's own controllers and under ours, on a real API server with our simulated
// scheduler and kubelet: every object must come out the same.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster, fixedCredentials, type Resource } from "#cluster";
import { runController } from "#controller";
import { type Clock, type Manifest, splitApiVersion } from "#kernel";
import { startNodes } from "./nodes.ts";
import { Pods } from "./pods.ts";
import { startWorkloads } from "./workloads.ts";
import { openWorld } from "./world.ts";

const folder = process.env["KEELSON_ORACLES"] ?? "";
const canRun = ["controllers", "kube-apiserver", "etcd"].every((name) => existsSync(`${folder}/${name}`));
type Oracle = { url: string; token: string; stop: () => void };

const clock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const shownKinds = ["Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "ControllerRevision", "Job"] as const;

/** One of the two runs: a namespace of its own, and what has been seen in it after each step. */
class Run {
  readonly #cluster: Cluster;
  readonly #resources = new Map<string, Resource>();

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  async #resource(apiVersion: string, kind: string): Promise<Resource> {
    const known = this.#resources.get(kind);
    if (known !== undefined) return known;
    const discovery = await this.#cluster.discover();
    const found = discovery.ok ? discovery.value.byKind(splitApiVersion(apiVersion).group, kind) : undefined;
    if (found === undefined) throw new Error(`${kind} is not served`);
    this.#resources.set(kind, found);
    return found;
  }

  async create(manifest: Manifest): Promise<void> {
    const resource = await this.#resource(manifest.apiVersion, manifest.kind);
    const target = { resource, namespace: resource.isNamespaced ? "default" : "", name: manifest.metadata.name };
    const answer = await this.#cluster.create(target, manifest, { fieldManager: "test" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async patch(kind: string, name: string, spec: object): Promise<void> {
    const resource = await this.#resource(kind === "Job" ? "batch/v1" : "apps/v1", kind);
    const body = { type: "merge" as const, patch: { spec } as never };
    const answer = await this.#cluster.patch({ resource, namespace: "default", name }, body, { fieldManager: "test" });
    if (!answer.ok) throw new Error(answer.status.message);
  }

  async #list(kind: string): Promise<Manifest[]> {
    const apiVersion = kind === "Pod" ? "v1" : kind === "Job" ? "batch/v1" : "apps/v1";
    const answer = await this.#cluster.list(await this.#resource(apiVersion, kind), { namespace: "default" });
    return answer.ok ? answer.value.items : [];
  }

  /** Waits until nothing has changed for a second, then shows everything without what is different each time. */
  async settled(): Promise<string> {
    let before = "";
    for (let tries = 0; tries < 40; tries++) {
      const all = await Promise.all([...shownKinds, "Pod"].map((kind) => this.#list(kind)));
      const versions = all.flatMap((items) => items.map(({ metadata }) => metadata.resourceVersion)).join();
      if (versions === before) return show(all.flat());
      before = versions;
      await pause(1000);
    }
    throw new Error("the objects do not come to rest");
  }
}

/** Times, ids and nodes differ between any two runs; a hash is named by its workload and the revision it stands for. */
function show(objects: readonly Manifest[]): string {
  const hashes = new Map(objects.flatMap(hashOf));
  const times = /"((?:[a-z]+Time|creationTimestamp|uid|resourceVersion|[a-z./]*controller-uid))": "[^"]*"/gi;
  const texts = objects.map((object) => {
    let text = JSON.stringify(plain(object), null, 1)
      .replace(times, '"$1": ""')
      .replace(/"simulated-[\dabc]"/g, '"node"');
    for (const [hash, name] of hashes) text = text.replaceAll(hash, name);
    return text.replace(/-[bcdfghjklmnpqrstvwxz2456789]{5}"/g, '-random"');
  });
  return texts.sort((a, b) => (a < b ? -1 : 1)).join("\n");
}

function hashOf({ kind, metadata, ...rest }: Manifest): [string, string][] {
  if (kind !== "ReplicaSet" && kind !== "ControllerRevision") return [];
  const hash = metadata.name.split("-").at(-1) ?? "";
  const revision = rest["revision"] ?? metadata.annotations?.["deployment.kubernetes.io/revision"];
  return [[hash, `hash-of-${metadata.labels?.["app"] ?? ""}-${JSON.stringify(revision)}`]];
}

function plain(object: Manifest): unknown {
  const { managedFields: _, ...metadata } = object.metadata;
  if (object.kind !== "Pod") return sorted({ ...object, metadata, status: withSortedConditions(object["status"]) });
  const { nodeName: _2, ...spec } = object["spec"] as Record<string, unknown>;
  return sorted({ ...object, metadata, spec, status: undefined });
}

function withSortedConditions(status: unknown): unknown {
  const { conditions, ...rest } = (status ?? {}) as { conditions?: { type: string }[] };
  return { ...rest, conditions: conditions?.toSorted((a, b) => (a.type < b.type ? -1 : 1)) };
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sorted(member)]));
}

type Template = { metadata: object; spec: object };

function template(app: string, image: string, more: object = {}, annotations?: object): Template {
  const metadata = { labels: { app }, ...(annotations === undefined ? {} : { annotations }) };
  return { metadata, spec: { containers: [{ name: "app", image }], ...more } };
}

function workload(kind: string, name: string, spec: object): Manifest {
  const isBatch = kind === "Job";
  const selector = isBatch ? {} : { selector: { matchLabels: { app: name } } };
  const metadata = { name, annotations: { note: "x" } };
  return { apiVersion: isBatch ? "batch/v1" : "apps/v1", kind, metadata, spec: { ...selector, ...spec } };
}

const never = { restartPolicy: "Never" };
const failing = { "keelson.dev/simulate": "fail" };
const stalling = { "keelson.dev/simulate": "stall" };

const steps: [string, (run: Run) => Promise<void>][] = [
  [
    "created",
    async (run) => {
      await run.create({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } });
      await run.create(workload("Deployment", "web", { replicas: 3, template: template("web", "a:1") }));
      await run.create(
        workload("StatefulSet", "db", { replicas: 2, serviceName: "db", template: template("db", "a:1") }),
      );
      await run.create(workload("DaemonSet", "agent", { template: template("agent", "a:1") }));
      const two = { completions: 2, parallelism: 2 };
      await run.create(workload("Job", "once", { ...two, template: template("once", "a:1", never) }));
      await run.create(
        workload("Job", "index", { ...two, completionMode: "Indexed", template: template("index", "a:1", never) }),
      );
      await run.create(workload("Job", "held", { suspend: true, template: template("held", "a:1", never) }));
      await run.create(workload("Job", "bad", { backoffLimit: 0, template: template("bad", "a:1", never, failing) }));
    },
  ],
  [
    "updated and resumed",
    async (run) => {
      await run.patch("Deployment", "web", { template: template("web", "a:2") });
      await run.patch("StatefulSet", "db", { template: template("db", "a:2") });
      await run.patch("DaemonSet", "agent", { template: template("agent", "a:2") });
      await run.patch("Job", "held", { suspend: false });
    },
  ],
  [
    "rolled back",
    async (run) => {
      await run.patch("Deployment", "web", { template: template("web", "a:1") });
      await run.patch("StatefulSet", "db", { template: template("db", "a:1") });
      await run.patch("DaemonSet", "agent", { template: template("agent", "a:1") });
    },
  ],
  [
    "scaled, paused, held by a partition",
    async (run) => {
      await run.patch("Deployment", "web", { replicas: 5, paused: true });
      await run.patch("StatefulSet", "db", { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } });
      await run.patch("StatefulSet", "db", { template: template("db", "a:3") });
    },
  ],
  [
    "stalled beyond the deadline",
    async (run) => {
      const spec = { paused: false, progressDeadlineSeconds: 1, template: template("web", "a:4", {}, stalling) };
      await run.patch("Deployment", "web", spec);
      await pause(3000);
    },
  ],
];

/** Plays all steps on a server of its own and returns what is seen after each. */
async function play(
  start: (cluster: Cluster, oracle: Oracle, signal: AbortSignal) => Promise<void>,
): Promise<string[]> {
  const tool = new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href;
  const { startOracle } = (await import(tool)) as { startOracle: () => Promise<Oracle> };
  const oracle = await startOracle();
  const abort = new AbortController();
  const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
  const connection = { server: oracle.url, name: "oracle", namespace: "default", isInsecure: true, credentials };
  const cluster = connectCluster(connection, { clock });
  try {
    await start(cluster, oracle, abort.signal);
    const run = new Run(cluster);
    const seen: string[] = [];
    for (const [, step] of steps) {
      await step(run);
      seen.push(await run.settled());
    }
    return seen;
  } finally {
    abort.abort();
    cluster.close();
    oracle.stop();
  }
}

let seed = 7;
const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;

describe.skipIf(!canRun)("kube-controller-manager's controllers and ours", () => {
  let theirs: string[] = [];
  let ours: string[] = [];
  let controllers: ChildProcess | undefined;

  beforeAll(async () => {
    ours = await play((cluster, _, signal) => startWorkloads({ cluster, clock, signal, random }));
    theirs = await play(async (cluster, oracle, signal) => {
      const world = await openWorld({ cluster, clock, signal, random });
      await startNodes(world);
      const pods = new Pods(world);
      pods.start();
      const reconcile = (key: string): ReturnType<Pods["reconcile"]> => pods.reconcile(key);
      void runController({ name: "pods", queue: pods.queue, clock, concurrency: 4, reconcile, signal });
      controllers = spawn(`${folder}/controllers`, [oracle.url, oracle.token], { stdio: "ignore" });
    });
  }, 240_000);
  afterAll(() => void controllers?.kill("SIGKILL"));

  it.each(steps.map(([name], index) => [name, index] as const))(
    "leave the same objects when they are %s",
    (_, index) => {
      expect(ours[index]).toBe(theirs[index]);
    },
  );
});
