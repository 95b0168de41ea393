// The same steps under kube-controller-manager's own controllers and under ours, on a real API server with our simulated
// scheduler and kubelet: every object must come out the same.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Cluster, connectCluster, fixedCredentials } from "#cluster";
import { runController } from "#controller";
import type { Clock, Manifest } from "#kernel";
import { startNodes } from "./nodes.ts";
import { Pods } from "./pods.ts";
import { pause, Run } from "./real-controllers.run.ts";
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

function indexed(more: object, annotations?: object): object {
  return {
    completions: 3,
    parallelism: 3,
    completionMode: "Indexed",
    template: template("many", "a:1", never, annotations),
    ...more,
  };
}

function cron(name: string, more: object): Manifest {
  const jobTemplate = {
    metadata: { labels: { made: name }, annotations: { by: name } },
    spec: { template: template(name, "a:1", never) },
  };
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name },
    spec: { schedule: "0 0 1 1 *", suspend: true, jobTemplate, ...more },
  };
}

function service(name: string, spec: object, metadata: object = {}): Manifest {
  return { apiVersion: "v1", kind: "Service", metadata: { name, ...metadata }, spec };
}

function budget(name: string, spec: object): Manifest {
  return { apiVersion: "policy/v1", kind: "PodDisruptionBudget", metadata: { name }, spec };
}

function volume(name: string, spec: object): Manifest {
  const common = {
    accessModes: ["ReadWriteOnce"],
    capacity: { storage: "1Gi" },
    storageClassName: "manual",
    hostPath: { path: "/x" },
  };
  return { apiVersion: "v1", kind: "PersistentVolume", metadata: { name }, spec: { ...common, ...spec } };
}

function claimOf(name: string, storage: string, spec: object = {}): Manifest {
  const common = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage } }, storageClassName: "manual" };
  return { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name }, spec: { ...common, ...spec } };
}

const chosen = (app: string): object => ({ selector: { matchLabels: { app } } });
const longAgo = { lastScheduleTime: "2020-06-01T00:00:00Z" };

/** What stands beside the workloads: their endpoints, budgets, volumes, and Jobs by schedules. */
const moreSteps: [string, (run: Run) => Promise<void>][] = [
  [
    "found by Services and guarded by budgets",
    async (run) => {
      const named = {
        ...template("named", "a:1"),
        spec: { containers: [{ name: "app", image: "a:1", ports: [{ name: "http", containerPort: 8080 }] }] },
      };
      await run.create(workload("Deployment", "named", { replicas: 2, template: named }));
      await run.create(
        workload("Deployment", "idle", { replicas: 2, template: template("idle", "a:1", {}, stalling) }),
      );
      const ports = [
        { name: "http", port: 80, targetPort: "http" },
        { name: "other", port: 81, targetPort: 9000, appProtocol: "example.com/x" },
      ];
      await run.create(service("named", { selector: { app: "named" }, ports }, { labels: { a: "b" } }));
      await run.create(service("db", { selector: { app: "db" }, clusterIP: "None", ports: [{ port: 5432 }] }));
      await run.create(service("idle", { selector: { app: "idle" }, ports: [{ port: 80 }] }));
      await run.create(
        service("early", { selector: { app: "idle" }, publishNotReadyAddresses: true, ports: [{ port: 80 }] }),
      );
      await run.create(service("nobody", { selector: { app: "nobody" }, ports: [{ port: 80 }] }));
      await run.create(service("manual", { ports: [{ port: 80 }] }));
      await run.create(budget("least", { minAvailable: 1, ...chosen("named") }));
      await run.create(budget("share", { maxUnavailable: "50%", ...chosen("db") }));
      await run.create(budget("all", { minAvailable: "100%", ...chosen("idle") }));
      await run.create(budget("none", { minAvailable: 1, ...chosen("nobody") }));
    },
  ],
  [
    "changed behind their Services",
    async (run) => {
      await run.patch("Deployment", "named", { replicas: 3 });
      await run.patch("Service", "named", { ports: [{ name: "http", port: 80, targetPort: "none" }] });
      await run.patch("Service", "idle", { selector: { app: "nobody" } });
      await run.patch("PodDisruptionBudget", "least", { minAvailable: 3 });
      await run.delete("Service", "early");
    },
  ],
  [
    "bound to volumes",
    async (run) => {
      const provisioner = "kubernetes.io/no-provisioner";
      await run.create({
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name: "manual" },
        provisioner,
      });
      await run.create(volume("small", {}));
      await run.create(volume("large", { capacity: { storage: "5Gi" }, persistentVolumeReclaimPolicy: "Retain" }));
      await run.create(volume("kept", { claimRef: { name: "reserved", namespace: "default" } }));
      await run.create(claimOf("fits", "1Gi"));
      await pause(1500);
      await run.create(claimOf("more", "2Gi"));
      await run.create(claimOf("most", "9Gi"));
      await run.create(claimOf("reserved", "1Gi"));
      await run.create(claimOf("by-name", "1Gi", { volumeName: "absent" }));
      await run.create(claimOf("shared", "1Gi", { accessModes: ["ReadWriteMany"] }));
    },
  ],
  [
    "released",
    async (run) => {
      await run.delete("PersistentVolumeClaim", "more");
      await run.delete("PersistentVolumeClaim", "most");
      await run.create(volume("late", { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteMany"] }));
    },
  ],
  [
    "started by a schedule",
    async (run) => {
      await run.create(cron("tick", {}));
      await run.create(cron("strict", { startingDeadlineSeconds: 30 }));
      await run.create(cron("alone", { concurrencyPolicy: "Forbid", timeZone: "Europe/Berlin" }));
      for (const name of ["tick", "strict", "alone"]) await run.patchStatus("CronJob", name, longAgo);
      for (const name of ["tick", "strict", "alone"]) await run.patch("CronJob", name, { suspend: false });
    },
  ],
  [
    "ended by rules of their own",
    async (run) => {
      const exits = { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [1] } }] };
      const ignores = { rules: [{ action: "Ignore", onExitCodes: { operator: "NotIn", values: [1] } }] };
      const bad = template("rules", "a:1", never, failing);
      await run.create(workload("Job", "exits", { backoffLimit: 3, podFailurePolicy: exits, template: bad }));
      await run.create(workload("Job", "ignores", { backoffLimit: 0, podFailurePolicy: ignores, template: bad }));
      await run.create(
        workload("Job", "enough", indexed({ successPolicy: { rules: [{ succeededCount: 2 }] }, parallelism: 1 })),
      );
      await run.create(workload("Job", "apart", indexed({ backoffLimitPerIndex: 0 }, failing)));
      await run.create(
        workload("Job", "few", indexed({ backoffLimitPerIndex: 0, maxFailedIndexes: 1, parallelism: 1 }, failing)),
      );
      await run.create(
        workload("Job", "gone", { ttlSecondsAfterFinished: 0, template: template("gone", "a:1", never) }),
      );
      await run.create(
        workload("Job", "late", { activeDeadlineSeconds: 1, template: template("late", "a:1", never, stalling) }),
      );
      await run.create(workload("Job", "after", { backoffLimit: 0, podReplacementPolicy: "Failed", template: bad }));
      await pause(4000);
    },
  ],
];

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

const allSteps = [...steps, ...moreSteps];

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
    for (const [, step] of allSteps) {
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
  }, 480_000);
  afterAll(() => void controllers?.kill("SIGKILL"));

  it.each(allSteps.map(([name], index) => [name, index] as const))(
    "leave the same objects when they are %s",
    (_, index) => {
      expect(ours[index]).toBe(theirs[index]);
    },
  );
});
