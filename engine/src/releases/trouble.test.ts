// What goes wrong in the world while an action is under way: refusals and cut connections at every request, records that do not
// fit or cannot be read, two that act at once. The action says so, and the next one puts everything right.
// KEELSON_PROOF=release-kills tries every request, else a sample.

import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Answer, Cluster, Resource, Status } from "#cluster";
import { asManifest, type FileTree, fieldOf, type Json, memoryTree } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { releaseActions } from "./actions.ts";
import type { ActionResult, ReleaseActions } from "./contract.ts";
import { releaseStorage } from "./storage.ts";

const namespace = "default";

function chart(version: string, extra = "", more: { [path: string]: string } = {}): FileTree {
  return memoryTree({
    "Chart.yaml": `apiVersion: v2\nname: demo\nversion: ${version}\n`,
    "templates/a.yaml": `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {version: "${version}"}\n`,
    "templates/b.yaml": "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: b}\n",
    "templates/extra.yaml": extra === "" ? "" : `apiVersion: v1\nkind: Secret\nmetadata: {name: ${extra}}\n`,
    ...more,
  });
}

let server: ApiServer;
let cluster: Cluster;
beforeEach(async () => {
  server = await startApiServer({ store: memoryStore(), clock: realClock });
  cluster = server.cluster(administrator);
});
afterEach(() => server.close());

function actionsOn(one: Cluster): ReleaseActions {
  const storage = releaseStorage({ cluster: one, namespace, clock: realClock });
  return releaseActions({ cluster: one, storage, clock: realClock, fieldManager: "helm" });
}

async function resourceOf(kind: string): Promise<Resource> {
  const discovery = await cluster.discover();
  const found = discovery.ok ? discovery.value.byKind("", kind) : undefined;
  if (found === undefined) throw new Error(kind);
  return found;
}

/** The release's objects, by kind and name, with what they hold. */
async function objects(): Promise<string[]> {
  const found: string[] = [];
  for (const kind of ["ConfigMap", "Secret", "ServiceAccount"]) {
    const answer = await cluster.list(await resourceOf(kind), {
      namespace,
      labelSelector: "app.kubernetes.io/managed-by=Helm",
    });
    if (!answer.ok) throw new Error(answer.status.message);
    for (const item of answer.value.items)
      found.push(`${kind} ${item.metadata.name} ${JSON.stringify(fieldOf(item, "data") ?? null)}`);
  }
  return found;
}

async function statuses(): Promise<string[]> {
  const history = await releaseStorage({ cluster, namespace, clock: realClock }).history("web");
  return history.map(({ version, info }) => `${version} ${info.status}`);
}

const refusals: { name: string; status: Status; isSent: boolean }[] = [
  [
    "a conflict",
    409,
    "Conflict",
    "the object has been modified; please apply your changes to the latest version",
    false,
  ],
  ["too many requests", 429, "TooManyRequests", "the server has received too many requests", false],
  ["an error of the server", 500, "InternalError", "etcdserver: request timed out", false],
  ["a connection that is cut before the request", 0, "", "socket hang up", false],
  ["a connection that is cut before the answer", 0, "", "socket hang up", true],
].map(([name, code, reason, message, isSent]) => ({
  name: name as string,
  status: { code, reason, message } as unknown as Status,
  isSent: isSent as boolean,
}));

/** The cluster, whose write number `at` is refused. */
function refusing(at: number, { status, isSent }: (typeof refusals)[number]): { cluster: Cluster; writes(): number } {
  let count = 0;
  const writes = new Set(["apply", "patch", "update", "create", "delete"]);
  const proxy = new Proxy(cluster, {
    get: (target, name: keyof Cluster) => {
      const method = target[name];
      if (typeof method !== "function") return method;
      return (...args: unknown[]): unknown => {
        const call = (): unknown => (method as (...args: unknown[]) => unknown).apply(target, args);
        if (!writes.has(name) || count++ !== at) return call();
        const refused: Answer<never> = { ok: false, status };
        return isSent ? Promise.resolve(call()).then(() => refused) : Promise.resolve(refused);
      };
    },
  });
  return { cluster: proxy, writes: () => count };
}

/** Every so many requests, from another one for each refusal. */
const stride = process.env["KEELSON_PROOF"] === "release-kills" ? 1 : 5;

const common = { name: "web", namespace } as const;
type Act = (actions: ReleaseActions) => Promise<ActionResult>;
const install: Act = (actions) => actions.install({ ...common, chart: chart("1.0.0", "one") });
const upgrade: Act = (actions) => actions.upgrade({ ...common, chart: chart("2.0.0", "two") });
const again: Act = (actions) => actions.upgrade({ ...common, chart: chart("2.0.0", "two"), onPending: "resume" });
const uninstall: Act = (actions) => actions.uninstall({ ...common, ignoreNotFound: true });

const second = ['ConfigMap a {"version":"2.0.0"}', "Secret two null", "ServiceAccount b null"];
const cases: { name: string; before: Act[]; act: Act; after: Act; holds: readonly string[] }[] = [
  { name: "an install", before: [], act: install, after: again, holds: second },
  { name: "an upgrade", before: [install], act: upgrade, after: again, holds: second },
  {
    name: "an upgrade, undone by itself",
    before: [install],
    act: (actions) => actions.upgrade({ ...common, chart: chart("3.0.0", "three"), rollbackOnFailure: true }),
    after: again,
    holds: second,
  },
  {
    name: "a rollback",
    before: [install, upgrade],
    act: (actions) => actions.rollback({ ...common, revision: 1 }),
    after: again,
    holds: second,
  },
  { name: "an uninstall", before: [install, upgrade], act: uninstall, after: uninstall, holds: [] },
];

describe("a request that fails once", () => {
  for (const { name, before, act, after, holds } of cases)
    for (const [index, refusal] of refusals.entries())
      it(`in ${name}: ${refusal.name}`, async () => {
        for (let at = index % stride; ; at += stride) {
          for (const one of before) expect((await one(actionsOn(cluster))).ok).toBe(true);
          const doomed = refusing(at, refusal);
          const result = await act(actionsOn(doomed.cluster));
          if (!result.ok) expect([at, result.fault.message]).not.toEqual([at, ""]);
          const isOver = doomed.writes() <= at;
          // Where the very first record could not be written there is nothing to upgrade.
          const next = (await statuses()).length === 0 && after === again ? install : after;
          const mended = await next(actionsOn(cluster));
          expect([at, mended.ok ? "" : mended.fault.message]).toEqual([at, ""]);
          if (next === after) expect([at, await objects()]).toEqual([at, holds]);
          expect([at, (await statuses()).filter((status) => status.includes("pending"))]).toEqual([at, []]);
          await uninstall(actionsOn(cluster));
          expect([at, await objects(), await statuses()]).toEqual([at, [], []]);
          if (isOver) break;
          expect(at).toBeLessThan(60);
        }
      });
});

describe("records", () => {
  it("that do not fit are refused before anything is made", async () => {
    let seed = 1;
    const noise = Array.from({ length: 1_600_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return String.fromCharCode(33 + (seed % 90));
    }).join("");
    const result = await actionsOn(cluster).install({ ...common, chart: chart("1.0.0", "", { "noise.txt": noise }) });
    expect(result.ok).toBe(false);
    if (!result.ok) {
      expect(result.fault.message).toMatch(/storing revision 1 of web: .*(too long|too large)/i);
      expect(result.fault.hint).toMatch(/\.helmignore/);
    }
    expect(await objects()).toEqual([]);
    expect(await statuses()).toEqual([]);
  });

  it("that nobody can read are passed over, and never written over", async () => {
    expect((await install(actionsOn(cluster))).ok).toBe(true);
    const garbage: { [name: string]: string } = { v2: "!!!", v3: "H4sIAAAAAAAA", v4: "bnVsbA==", v5: "" };
    const resource = await resourceOf("Secret");
    for (const [version, release] of Object.entries(garbage)) {
      const name = `sh.helm.release.v1.web.${version}`;
      const labels = { name: "web", owner: "helm", status: "deployed", version: version.slice(1) };
      const data = { release: Buffer.from(release).toString("base64") };
      const secret = { apiVersion: "v1", kind: "Secret", metadata: { name, labels }, type: "helm.sh/release.v1", data };
      const made = await cluster.create({ resource, namespace, name }, asManifest(secret as Json), {
        fieldManager: "x",
      });
      expect(made.ok).toBe(true);
    }
    expect(await statuses()).toEqual(["1 deployed"]);
    const result = await upgrade(actionsOn(cluster));
    expect(result.ok ? "" : result.fault.message).toBe("revision 2 of web exists already");
    expect(result.ok ? "" : result.fault.hint).toMatch(/sh\.helm\.release\.v1\.web\.v2/);
    expect(await objects()).toContain('ConfigMap a {"version":"1.0.0"}');
  });
});

describe("two at once", () => {
  it("of installs: one makes the release, the other is told", async () => {
    for (let round = 0; round < 10; round++) {
      const results = await Promise.all([install(actionsOn(cluster)), install(actionsOn(cluster))]);
      expect(results.filter(({ ok }) => ok).length).toBe(1);
      const told = results.map((result) => (result.ok ? "" : result.fault.message)).join("");
      expect(told).toMatch(/cannot reuse a name that is still in use|exists already/);
      expect(await statuses()).toEqual(["1 deployed"]);
      await uninstall(actionsOn(cluster));
    }
  });

  it("of upgrades: whoever comes through stands alone", async () => {
    await install(actionsOn(cluster));
    for (let round = 0; round < 10; round++) {
      const versions = ["2", "3"].map((minor) => `${round + 2}.${minor}.0`);
      const results = await Promise.all(
        versions.map((version) => actionsOn(cluster).upgrade({ ...common, chart: chart(version) })),
      );
      const told = results.map((result) => (result.ok ? "ok" : result.fault.message)).join("; ");
      expect(told).toMatch(/ok/);
      const deployed = (await statuses()).filter((status) => status.endsWith("deployed"));
      expect(deployed.length).toBe(1);
      const last = await releaseStorage({ cluster, namespace, clock: realClock }).last("web");
      expect(await objects()).toContain(`ConfigMap a {"version":"${last?.chart.metadata.version}"}`);
      expect((await statuses()).filter((status) => status.includes("pending"))).toEqual([]);
    }
  });
});
