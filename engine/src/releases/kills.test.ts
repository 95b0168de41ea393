// A process that is killed between any two of its requests, or after a request and before its answer: the next one brings the
// release to where an undisturbed one stands, with each hook run once, and nothing left behind. KEELSON_PROOF=release-kills tries
// every request of every action, else a sample.

import { afterEach, describe, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import { type Cluster, Informer, type Resource } from "#cluster";
import { type FileTree, type Json, type Manifest, memoryTree } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { releaseActions } from "./actions.ts";
import type { ActionResult, Release, ReleaseActions } from "./contract.ts";
import { releaseStorage } from "./storage.ts";

const hookJob = (name: string, event: string, policy: string): string => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: {helm.sh/hook: "${event}", helm.sh/hook-delete-policy: "${policy}"}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "example.com/a:1"}]}}
`;

function chart(version: string, extra: string): FileTree {
  return memoryTree({
    "Chart.yaml": `apiVersion: v2\nname: demo\nversion: ${version}\n`,
    "templates/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {version: "${version}", r: "{{ .Release.Revision }}"}\n`,
    "templates/b.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: b}\ndata: {x: text}\n",
    "templates/extra.yaml": extra === "" ? "" : `apiVersion: v1\nkind: Secret\nmetadata: {name: ${extra}}\n`,
    "templates/pre.yaml": hookJob("pre", "pre-install,pre-upgrade,pre-rollback,pre-delete", "before-hook-creation"),
    "templates/post.yaml": hookJob("post", "post-install,post-upgrade,post-rollback,post-delete", "hook-succeeded"),
    "templates/check.yaml": hookJob("check", "test", "before-hook-creation"),
    "templates/prove.yaml": hookJob("prove", "test", "hook-succeeded,hook-failed"),
  });
}

function outcomeOf(result: ActionResult): string {
  return result.ok ? "ok" : result.fault.message;
}

type World = { server: ApiServer; cluster: Cluster; jobs: string[]; close(): Promise<void> };

/** A server, and a node that lets Jobs end and counts them. */
async function openWorld(): Promise<World> {
  const server = await startApiServer({ store: memoryStore(), clock: realClock });
  const cluster = server.cluster(administrator);
  const resource = await resourceOf(cluster, "batch", "Job");
  const end = new AbortController();
  const seen = new Set<string>();
  const jobs: string[] = [];
  const node = new Informer<Manifest>({ cluster, resource, clock: realClock, keep: (object) => object });
  node.subscribe({
    changed: (job) => {
      const { uid = "", name, namespace = "" } = job.metadata;
      if (seen.has(uid)) return;
      seen.add(uid);
      jobs.push(name);
      const now = "2026-01-01T00:00:00Z";
      const condition = { status: "True", lastProbeTime: now, lastTransitionTime: now };
      const conditions = [
        { type: "SuccessCriteriaMet", ...condition },
        { type: "Complete", ...condition },
      ];
      const status = { startTime: now, completionTime: now, succeeded: 1, conditions };
      const target = { resource, namespace, name, subresource: "status" };
      void cluster.patch(target, { type: "merge", patch: { status } }, { fieldManager: "node" });
    },
  });
  void node.run(end.signal);
  await node.synced;
  const close = async (): Promise<void> => {
    end.abort();
    await server.close();
  };
  return { server, cluster, jobs, close };
}

async function resourceOf(cluster: Cluster, group: string, kind: string): Promise<Resource> {
  const discovery = await cluster.discover();
  const found = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
  if (found === undefined) throw new Error(kind);
  return found;
}

/** The cluster as a process sees it that dies at its write number `at`, before it is sent or before it is answered. */
function dying(
  cluster: Cluster,
  at: number,
  isSent: boolean,
): { cluster: Cluster; dead: Promise<void>; writes(): number } {
  let count = 0;
  let die = (): void => {};
  const dead = new Promise<void>((resolve) => {
    die = resolve;
  });
  const never = new Promise<never>(() => {});
  const writes = new Set(["apply", "patch", "update", "create", "delete"]);
  const proxy = new Proxy(cluster, {
    get: (target, name: keyof Cluster) => {
      const method = target[name];
      if (typeof method !== "function") return method;
      return (...args: unknown[]) => {
        const call = (): unknown => (method as (...args: unknown[]) => unknown).apply(target, args);
        if (count > at) return never;
        if (!writes.has(name) || count++ < at) return call();
        const answer = isSent ? Promise.resolve(call()) : Promise.resolve();
        return answer.then(() => {
          die();
          return never;
        });
      };
    },
  });
  return { cluster: proxy, dead, writes: () => count };
}

/** Every so many requests. */
const stride = process.env["KEELSON_PROOF"] === "release-kills" ? 1 : 5;

const namespace = "default";

function actionsOn(cluster: Cluster): ReleaseActions {
  const storage = releaseStorage({ cluster, namespace, clock: realClock });
  return releaseActions({ cluster, storage, clock: realClock, fieldManager: "helm" });
}

/** What is there, and what the records say. */
async function stateOf(cluster: Cluster): Promise<Json> {
  const names: Json[] = [];
  for (const kind of ["ConfigMap", "Secret"]) {
    const answer = await cluster.list(await resourceOf(cluster, "", kind), { namespace });
    if (!answer.ok) throw new Error(answer.status.message);
    for (const item of answer.value.items)
      if (item["type"] !== "helm.sh/release.v1" && item.metadata.name !== "kube-root-ca.crt")
        names.push([kind, item.metadata.name, (item["data"] ?? null) as Json]);
  }
  const jobs = await cluster.list(await resourceOf(cluster, "batch", "Job"), { namespace });
  const records = await releaseStorage({ cluster, namespace, clock: realClock }).history("web");
  return {
    names,
    jobs: jobs.ok ? jobs.value.items.map(({ metadata }) => metadata.name) : [],
    records: records.map(({ version, info, keelson }) => [version, info.status, keelson === undefined]),
  };
}

type Case = {
  name: string;
  before: Act[];
  killed: Act;
  /** What is done after the kill. */
  next: Act;
  isSameWork: boolean;
  /** What says that the killed one had ended; by default a new revision that is deployed. */
  hasEnded?: (history: readonly Release[]) => boolean;
};

async function hasEnded(cluster: Cluster, { before, hasEnded: own }: Case): Promise<boolean> {
  const history = await releaseStorage({ cluster, namespace, clock: realClock }).history("web");
  return own?.(history) ?? (history.length === before.length + 1 && history.at(-1)?.info.status === "deployed");
}

const areTested = (history: readonly Release[]): boolean => {
  const last = history.at(-1);
  const tests = (last?.hooks ?? []).filter(({ events }) => events.includes("test"));
  return last?.keelson === undefined && tests.every(({ last_run }) => last_run.phase === "Succeeded");
};

const common = { name: "web", namespace, onPending: "resume" } as const;
type Act = (actions: ReleaseActions) => Promise<ActionResult>;
const install: Act = (actions) => actions.install({ ...common, chart: chart("1.0.0", "one") });
const upgrade: Act = (actions) => actions.upgrade({ ...common, chart: chart("2.0.0", "two") });
const upgradeOtherwise: Act = (actions) => actions.upgrade({ ...common, chart: chart("3.0.0", "") });
const rollback: Act = (actions) => actions.rollback({ ...common, revision: 1 });
const uninstall: Act = (actions) => actions.uninstall({ ...common, ignoreNotFound: true });
const test: Act = (actions) => actions.test(common);

const cases: Case[] = [
  { name: "an install", before: [], killed: install, next: install, isSameWork: true },
  { name: "an upgrade", before: [install], killed: upgrade, next: upgrade, isSameWork: true },
  { name: "a rollback", before: [install, upgrade], killed: rollback, next: rollback, isSameWork: true },
  { name: "an uninstall", before: [install, upgrade], killed: uninstall, next: uninstall, isSameWork: true },
  { name: "a test", before: [install], killed: test, next: test, isSameWork: true, hasEnded: areTested },
  {
    name: "an upgrade before another one",
    before: [install],
    killed: upgrade,
    next: upgradeOtherwise,
    isSameWork: false,
  },
  {
    name: "an install before an upgrade",
    before: [],
    killed: install,
    next: (actions) => actions.install({ ...common, chart: chart("3.0.0", "") }),
    isSameWork: false,
  },
];

async function prepare(world: World, before: readonly Act[]): Promise<void> {
  for (const act of before) expect(outcomeOf(await act(actionsOn(world.cluster)))).toBe("ok");
  world.jobs.length = 0;
}

let open: World | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

describe("a kill between any two requests", () => {
  for (const one of cases) {
    const { name, before, killed, next, isSameWork } = one;
    for (const isSent of [false, true])
      it(`of ${name}, ${isSent ? "before the answer" : "before it is sent"}`, async () => {
        open = await openWorld();
        await prepare(open, before);
        expect(outcomeOf(await (isSameWork ? killed : next)(actionsOn(open.cluster)))).toBe("ok");
        const [expected, hooks] = [await stateOf(open.cluster), [...open.jobs].sort()];
        await open.close();
        for (let at = isSent ? 2 : 0; ; at += stride) {
          open = await openWorld();
          await prepare(open, before);
          const doomed = dying(open.cluster, at, isSent);
          const ended = await Promise.race([killed(actionsOn(doomed.cluster)), doomed.dead]);
          if (ended !== undefined) break;
          // Who comes next looks first, as every reconciler does: it may have been killed with all its work done.
          const isThere = await hasEnded(open.cluster, one);
          const after =
            isThere && isSameWork ? undefined : await (isThere ? upgradeOtherwise : next)(actionsOn(open.cluster));
          expect([at, after === undefined ? "ok" : outcomeOf(after)]).toEqual([at, "ok"]);
          const state = await stateOf(open.cluster);
          if (isSameWork) {
            expect([at, state]).toEqual([at, expected]);
            expect([at, [...open.jobs].sort()]).toEqual([at, hooks]);
          } else {
            expect([at, withoutRevision(state)]).toEqual([at, withoutRevision(expected)]);
          }
          await open.close();
          expect(at).toBeLessThan(100);
        }
      });
  }
});

/** The objects; the revision counts one more for what was killed. */
function withoutRevision(state: Json): string {
  return JSON.stringify((state as { names: Json[] }).names).replaceAll(/"r":"\d+"/g, "");
}
