// Waits where workloads have Pods: what has failed for good, and what only says so still.

import { afterEach, beforeEach, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import type { Cluster } from "#cluster";
import { type FileTree, memoryTree } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { releaseActions } from "./actions.ts";
import type { ActionResult, ReleaseActions } from "./contract.ts";
import { releaseStorage } from "./storage.ts";

const namespace = "default";
const common = { name: "web", namespace, wait: "watcher", timeoutMs: 120_000 } as const;

/** `more`: members of the Deployment's template's metadata and of its spec. */
function chart(annotations: string, spec: string): FileTree {
  return memoryTree({
    "Chart.yaml": "apiVersion: v2\nname: demo\nversion: 1.0.0\n",
    "templates/web.yaml": `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  ${spec}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {${annotations}}}
    spec: {containers: [{name: web, image: "example.com/web:1"}]}
`,
    "templates/clean.yaml": `apiVersion: batch/v1
kind: Job
metadata:
  name: clean
  annotations: {helm.sh/hook: pre-delete, keelson.dev/simulate: "{{ .Values.simulate }}"}
spec:
  backoffLimit: 0
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "example.com/a:1"}]}}
`,
    "values.yaml": 'simulate: ""\n',
  });
}

let server: ApiServer;
let cluster: Cluster;
let actions: ReleaseActions;
const end = new AbortController();
beforeEach(async () => {
  server = await startApiServer({ store: memoryStore(), clock: realClock });
  cluster = server.cluster(administrator);
  const life = { cluster, clock: realClock, signal: end.signal };
  await startLife({ ...life, caCertificate: "" });
  await startWorkloads({ ...life, random: Math.random });
  const storage = releaseStorage({ cluster, namespace, clock: realClock });
  actions = releaseActions({ cluster, storage, clock: realClock, fieldManager: "helm" });
});
afterEach(async () => {
  end.abort();
  await server.close();
});

function outcomeOf(result: ActionResult): string {
  return result.ok ? "ok" : result.fault.message;
}

it("a way back from a version beyond its deadline is no failure, and a hook that failed runs anew", async () => {
  expect(outcomeOf(await actions.install({ ...common, chart: chart("", "replicas: 1") }))).toBe("ok");
  const failed = await actions.upgrade({
    ...common,
    chart: chart("keelson.dev/simulate: stall", "progressDeadlineSeconds: 1"),
    rollbackOnFailure: true,
  });
  expect(outcomeOf(failed)).toBe(
    "release web failed, and has been rolled back due to rollback-on-failure being set: resource Deployment/default/web not ready. status: Failed, message: Progress deadline exceeded",
  );
  const history = await releaseStorage({ cluster, namespace, clock: realClock }).history("web");
  expect(history.map(({ info }) => info.status)).toEqual(["superseded", "failed", "deployed"]);

  const values = { simulate: "fail" };
  expect(outcomeOf(await actions.upgrade({ ...common, chart: chart("", "replicas: 1"), values }))).toBe("ok");
  for (let tries = 0; tries < 2; tries++) {
    const begun = await hooksOf();
    expect(outcomeOf(await actions.uninstall(common))).toMatch(/Job\/default\/clean not ready. status: Failed/);
    expect(await hooksOf()).not.toEqual(begun);
  }
  expect(outcomeOf(await actions.uninstall({ ...common, disableHooks: true }))).toBe("ok");
});

async function hooksOf(): Promise<string[]> {
  const discovery = await cluster.discover();
  const jobs = discovery.ok ? discovery.value.byKind("batch", "Job") : undefined;
  const answer = jobs === undefined ? undefined : await cluster.list(jobs, { namespace });
  return answer?.ok === true ? answer.value.items.map(({ metadata }) => metadata.uid ?? "") : [];
}
