// Invariant 3 for releases: killed at any write of an install, an upgrade or a way back, the engine that is started next comes to
// the same end, and no hook has run twice. KEELSON_PROOF=helmrelease-kills tries every write, or every KEELSON_STEP-th, over a real
// kube-apiserver where KEELSON_SERVER says so; else a sample over the embedded one.

import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { type Cluster, Informer } from "#cluster";
import type { Manifest } from "#kernel";
import { mortalCluster } from "../mortal-cluster.contract.ts";
import { realClock } from "../world.contract.ts";
import { chartOf, helmRelease, ReleaseWorld } from "./world.contract.ts";

const isProof = process.env["KEELSON_PROOF"] === "helmrelease-kills";
const proofStep = Number(process.env["KEELSON_STEP"] ?? 1);
const isReal = isProof && process.env["KEELSON_SERVER"] === "real";
vi.setConfig({ testTimeout: isProof ? 3_600_000 : 240_000, hookTimeout: 120_000 });

const hook = (event: string): string => `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-${event}", annotations: {helm.sh/hook: ${event}}}
data: {greeting: "{{ .Values.greeting }}"}
`;
const workload = `{{- if .Values.broken }}
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-broken"}
spec: {containers: [{name: web, image: example.test/none}]}
{{- end }}
`;
const settings = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {greeting: "{{ .Values.greeting }}"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-{{ .Values.greeting }}"}
`;
const events = ["pre-install", "post-install", "pre-upgrade", "post-upgrade", "pre-rollback", "post-rollback"];
const chart = chartOf("web", "1.0.0", {
  "templates/settings.yaml": settings,
  "templates/workload.yaml": workload,
  ...Object.fromEntries(events.map((event) => [`templates/${event}.yaml`, hook(event)])),
});

let world: ReleaseWorld;
/** How often each hook's object was made, by its name. */
const made = new Map<string, Set<string>>();
const ending = new AbortController();

beforeAll(async () => {
  world = await (isReal ? ReleaseWorld.real() : ReleaseWorld.embedded());
  await world.stop();
  const resource = await world.resource("", "ConfigMap");
  const informer = new Informer<Manifest>({ cluster: world.cluster, resource, clock: realClock, keep: (one) => one });
  informer.subscribe({
    changed: ({ metadata: { name, uid = "" } }) => void made.set(name, (made.get(name) ?? new Set()).add(uid)),
    deleted: () => {},
  });
  void informer.run(ending.signal);
});
// Whoever fails must leave no engine behind.
afterEach(() => world.stop());
afterAll(async () => {
  ending.abort();
  await world.close();
});

const spec = (values: { greeting: string; broken?: boolean }) => ({
  values,
  timeout: "1s",
  upgrade: { remediation: { retries: 0, remediateLastFailure: true } },
});

/** Runs until the engine is killed at a write, or is done; true when it was killed. */
async function killedAt(atWrite: number, isAfter: boolean, isDone: () => Promise<boolean>): Promise<boolean> {
  let isKilled = false;
  const mortal: Cluster = mortalCluster(world.cluster, { atWrite, isAfter }, () => (isKilled = true));
  world.start({}, mortal);
  await world.until("a kill or the end", async () => isKilled || (await isDone()));
  await world.stop();
  return isKilled;
}

async function isReady(name: string): Promise<boolean> {
  const object = await world.release(name);
  const ready = object?.status?.conditions?.find(({ type }) => type === "Ready");
  return ready?.status === "True" && object?.status?.observedGeneration === object?.metadata.generation;
}

async function isStalled(name: string): Promise<boolean> {
  const object = await world.release(name);
  const stalled = object?.status?.conditions?.find(({ type }) => type === "Stalled");
  return stalled?.status === "True" && stalled.observedGeneration === object?.metadata.generation;
}

/** How often each hook ran, once all that was done has been seen. */
async function runsOf(name: string, ...hooks: string[]): Promise<number[]> {
  const seen = (event: string): number => made.get(`${name}-${event}`)?.size ?? 0;
  await world.until(`${name}'s hooks to be seen`, async () => hooks.every((event) => seen(event) > 0));
  return hooks.map(seen);
}

/** What happened to a release, for messages. */
async function told(name: string): Promise<string> {
  const { history = [] } = await world.status(name);
  const events = (await world.events()).filter((event) => event.name === name);
  const lines = events.map(({ reason, message }) => `${reason}: ${message}`);
  return [name, JSON.stringify(history.map(({ version, status, action }) => [version, status, action])), ...lines].join(
    "\n",
  );
}

/** Every write of one kind of work, until there are no more. */
async function killAtEach(
  work: string,
  sampleStep: number,
  one: (name: string, atWrite: number, isAfter: boolean) => Promise<boolean>,
): Promise<void> {
  const step = isProof ? proofStep : sampleStep;
  let kills = 0;
  for (const isAfter of [false, true]) {
    for (let atWrite = isAfter ? Math.ceil(step / 2) : 1; ; atWrite += step) {
      const name = `${work}-${atWrite}-${isAfter ? "after" : "before"}`;
      world.offer(`shop-${name}`, "1.0.0", chart);
      const isKilled = await one(name, atWrite, isAfter);
      await world.remove(await world.releaseTarget(name));
      await world.until(`${name} to be gone`, async () => (await world.release(name)) === undefined);
      await world.stop();
      const left = await world.cluster.list(await world.resource("", "ConfigMap"), { namespace: "shop" });
      const settingsLeft = left.ok
        ? left.value.items.filter(({ metadata }) => metadata.name === `${name}-settings`)
        : [];
      expect(settingsLeft.length, `${name}: ${world.logs.slice(-5).join("\n")}`).toBe(0);
      if (!isKilled) break;
      kills += 1;
      expect(atWrite).toBeLessThan(80);
    }
  }
  if (isProof) process.stdout.write(`${work}: killed ${kills} times\n`);
}

async function installed(name: string): Promise<void> {
  world.start();
  await world.apply(helmRelease(name, spec({ greeting: "one" })));
  await world.untilDone(name);
  await world.stop();
}

describe("a kill at a write", () => {
  it("of an install: the release as if nothing had been, each hook once", async () => {
    await killAtEach("install", 5, async (name, atWrite, isAfter) => {
      await world.apply(helmRelease(name, spec({ greeting: "one" })));
      const isKilled = await killedAt(atWrite, isAfter, () => isReady(name));
      world.start();
      await world.untilDone(name);
      expect(await world.data(`${name}-settings`), name).toEqual({ greeting: "one" });
      expect(await runsOf(name, "pre-install", "post-install"), await told(name)).toEqual([1, 1]);
      expect((await world.status(name)).history?.[0]?.status).toBe("deployed");
      return isKilled;
    });
  });

  it("of an upgrade: the new release, each hook once, nothing of the old one left", async () => {
    await killAtEach("upgrade", 5, async (name, atWrite, isAfter) => {
      await installed(name);
      await world.apply(helmRelease(name, spec({ greeting: "two" })));
      const isKilled = await killedAt(atWrite, isAfter, () => isReady(name));
      world.start();
      await world.untilDone(name);
      expect(await world.data(`${name}-settings`), name).toEqual({ greeting: "two" });
      expect(await world.data(`${name}-one`), name).toBeUndefined();
      expect(await runsOf(name, "pre-upgrade", "post-upgrade"), await told(name)).toEqual([1, 1]);
      expect((await world.status(name)).history?.[0]?.status).toBe("deployed");
      return isKilled;
    });
  });

  it("of a failed upgrade and its way back: the old release again, nothing of the new one left", async () => {
    await killAtEach("back", 19, async (name, atWrite, isAfter) => {
      await installed(name);
      await world.apply(helmRelease(name, spec({ greeting: "two", broken: true })));
      const isKilled = await killedAt(atWrite, isAfter, () => isStalled(name));
      world.start();
      await world.until(`${name} to have gone back`, () => isStalled(name));
      expect(await world.data(`${name}-settings`), name).toEqual({ greeting: "one" });
      expect(await world.data(`${name}-two`), name).toBeUndefined();
      expect((await world.condition(name))?.reason, name).toBe("RollbackSucceeded");
      expect((await world.status(name)).history?.[0]?.status).toBe("deployed");
      return isKilled;
    });
  });
});
