// What an engine started with Flux's lockdown flag and as one shard does, and what only time or a label would bring: scripts as
// those of tricky.contract.ts, for an engine that looks after Kustomizations labelled `sharding.fluxcd.io/key: one` alone.

import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { dataOf, definition, deployment, kustomize, settle } from "./samples.contract.ts";
import type { Flags } from "./homes.contract.ts";
import { type Home, Scene } from "./scene.contract.ts";
import { configMap, namespace, type World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const shard = "sharding.fluxcd.io/key";

export const shardFlags: Flags = {
  flux: { isCrossNamespaceAllowed: false, watchSelector: `${shard}=one` },
  ageSecret: { namespace: "flux-system", name: "sops-age" },
  args: ["--no-cross-namespace-refs=true", `--watch-label-selector=${shard}=one`, "--sops-age-secret=sops-age"],
};

const testdata = new URL("../../secrets/testdata/", import.meta.url).pathname;

/** A Secret with one age key, in the namespace of the engine. */
function keySecret(name: string, file: string): Manifest {
  const key = readFileSync(`${testdata}keys/${file}`).toString("base64");
  const metadata = { name, namespace: "flux-system", labels: { "reconcile.fluxcd.io/watch": "Enabled" } };
  return asManifest({ apiVersion: "v1", kind: "Secret", metadata, data: { [file]: key } });
}

const ours: JsonObject = { labels: { [shard]: "one" } };

/** The scripts, on whatever home `start` gives. */
export function flagsContract(title: string, start: (flags: Flags) => Promise<Home>): void {
  describe(`${title}, one shard with lockdown`, () => {
    let home: Home;
    let world: World;
    beforeAll(async () => {
      home = await start(shardFlags);
      world = home.world;
      await world.apply(namespace("shop"));
    });
    afterAll(() => home?.close());
    const scene = (name: string): Scene => new Scene(world, name, ours);

    describe("23: a reference to another namespace", () => {
      it("as source stalls, is not tried again, and goes on once it is taken back", async () => {
        const s = scene("lock-source");
        s.commit(configMap(s.name, {}));
        await s.apply({ sourceRef: { kind: "GitRepository", name: "lock-source", namespace: "shop" } });
        const stalled = await world.until("a stall", () => world.condition(s.name, "Stalled"));
        expect(stalled).toMatchObject({ status: "True", reason: "AccessDenied" });
        expect(stalled.message).toContain("cross-namespace references have been blocked");
        expect(await world.condition(s.name)).toMatchObject({ status: "False", reason: "AccessDenied" });
        expect(await s.map(s.name)).toBeUndefined();
        // What is denied is not observed, also where it was asked for; who asked is answered all the same.
        const token = await world.ask(s.name);
        await world.until("the echo", async () => (await s.status())["lastHandledReconcileAt"] === token);
        const status = await s.status();
        expect(status["observedGeneration"] ?? -1).toBe(-1);
        expect(status["lastAttemptedRevision"]).toBeUndefined();
        expect(await world.condition(s.name, "Reconciling")).toBeUndefined();
        await s.apply();
        await world.untilReady(s.name);
        expect(await world.condition(s.name, "Stalled")).toBeUndefined();
        expect((await s.status())["observedGeneration"]).toBe(2);
        // What was applied stays, guarded by nobody, and keeps the generation that was observed last.
        await s.apply({ sourceRef: { kind: "GitRepository", name: "lock-source", namespace: "shop" } });
        await world.until("another stall", () => world.condition(s.name, "Stalled"));
        expect((await s.status())["observedGeneration"]).toBe(2);
        expect(await s.inventory()).toEqual(["shop_lock-source__ConfigMap v1"]);
        expect(await s.map(s.name)).toBeDefined();
      });

      it("is nothing to tell while all is suspended", async () => {
        const s = scene("lock-asleep");
        const sourceRef = { kind: "GitRepository", name: "lock-asleep", namespace: "shop" };
        await s.apply({ sourceRef, suspend: true });
        const token = await world.ask(s.name);
        await world.until("the echo", async () => (await s.status())["lastHandledReconcileAt"] === token);
        expect(await world.condition(s.name)).toBeUndefined();
        await s.apply({ sourceRef, suspend: false });
        const stalled = await world.until("a stall", () => world.condition(s.name, "Stalled"));
        expect(stalled.reason).toBe("AccessDenied");
      });

      it("as dependency is waited for", async () => {
        const s = scene("lock-dependency");
        s.commit(configMap(s.name, {}));
        await s.apply({ dependsOn: [{ name: "lock-base", namespace: "shop" }] });
        expect((await s.failed("dependency 'shop/lock-base' not found")).reason).toBe("DependencyNotReady");
      });
    });

    it("the installation's own keys open what names no Secret, and nothing that does", async () => {
      const s = scene("own-keys");
      await world.apply(keySecret("sops-age", "age.agekey"), keySecret("stranger", "stranger.agekey"));
      s.commit(readFileSync(`${testdata}recorded/encrypted-regex/encrypted.yaml`, "utf8"));
      await s.apply({ decryption: { provider: "sops" } });
      await world.untilReady(s.name);
      const secret = await world.get("", "Secret", "database");
      const { password = "" } = (secret?.["data"] ?? {}) as { password?: string };
      expect(Buffer.from(password, "base64").toString("utf8")).toBe("correct horse: battery");
      await s.apply({ decryption: { provider: "sops", secretRef: { name: "stranger" } } });
      expect((await s.failed("")).reason).toBe("BuildFailed");
    });

    it("an account for decryption needs the gate of identities by object", async () => {
      const s = scene("gated");
      s.commit(configMap(s.name, {}));
      await s.apply({ decryption: { provider: "sops", serviceAccountName: "keys" } });
      const stalled = await world.until("a stall", () => world.condition(s.name, "Stalled"));
      expect(stalled).toMatchObject({ status: "True", reason: "FeatureGateDisabled" });
      expect(stalled.message).toContain(
        "to use spec.decryption.serviceAccountName for decryption authentication please enable the ObjectLevelWorkloadIdentity feature gate in the controller",
      );
      expect(await world.condition(s.name)).toMatchObject({ status: "False", reason: "FeatureGateDisabled" });
      expect((await s.status())["observedGeneration"] ?? -1).toBe(-1);
      await s.apply();
      await world.untilReady(s.name);
    });

    it("a Kustomization of another shard is left alone until it comes to this one", async () => {
      const s = scene("shards");
      s.commit(configMap("shards", {}));
      await s.apply({}, { labels: { [shard]: "two" } });
      const other = scene("shards-beside");
      await other.deliver([configMap("shards-beside", {})]);
      const target = await s.target();
      const live = await world.get(kustomize, "Kustomization", "shards", "flux-system");
      expect(live?.metadata.finalizers).toBeUndefined();
      // The definition gives a status that nobody has written.
      expect(await world.condition("shards")).toBeUndefined();
      expect(await s.map("shards")).toBeUndefined();
      await world.edit(target, { metadata: { labels: { [shard]: "one" } } }, "somebody");
      await world.untilReady("shards");
      await world.edit(target, { metadata: { labels: { [shard]: "two" } } }, "somebody");
      // Whoever has seen this request, which came later, has seen the label too.
      await other.look();
      s.commit(configMap("shards", { k: "2" }));
      await other.next(configMap("shards-beside", { k: "2" }));
      expect(dataOf(await s.map("shards"))).not.toEqual({ k: "2" });
      const kept = await world.get(kustomize, "Kustomization", "shards", "flux-system");
      expect(kept?.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    });

    it("a Job that is gone once it is done is no failure, and is made again when it is looked at", async () => {
      const s = scene("ttl");
      const job = {
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name: "ttl", namespace: "shop" },
        spec: {
          ttlSecondsAfterFinished: 0,
          template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "example.test/a" }] } },
        },
      };
      s.commit(JSON.stringify(job), configMap("ttl", {}));
      await s.apply({ wait: true, timeout: "2m" });
      const first = await world.until("the Job", () => world.get("batch", "Job", "ttl"));
      await world.until("the check", async () => (await world.condition(s.name, "Healthy"))?.status === "Unknown");
      await world.remove(await world.target("batch", "Job", "ttl"));
      await world.untilReady("ttl");
      await settle();
      await world.ask("ttl");
      const again = await world.until("it to be made again", () => world.get("batch", "Job", "ttl"));
      expect(again.metadata.uid).not.toBe(first.metadata.uid);
    });

    it("variables that change are taken up at once where they carry the watch label, else at the next look", async () => {
      const s = scene("watched");
      const source = (name: string, color: string, labels: { [key: string]: string } = {}): Manifest =>
        asManifest({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name, namespace: "flux-system", labels },
          data: { [name.replace("-", "_")]: color },
        });
      const watched = { "reconcile.fluxcd.io/watch": "Enabled" };
      await world.apply(source("un-watched", "one"), source("is-watched", "one", watched));
      const substituteFrom = ["un-watched", "is-watched"].map((name) => ({ kind: "ConfigMap", name }));
      const text = configMap("watched", { a: "${un_watched}", b: "${is_watched}" });
      await s.deliver([text], { postBuild: { substituteFrom } });
      await world.apply(source("un-watched", "two"));
      // One that carries the label and that nobody names brings nothing about.
      await world.apply(source("unused", "x", watched));
      await settle();
      expect(dataOf(await s.map("watched"))).toEqual({ a: "one", b: "one" });
      await world.apply(source("is-watched", "three", watched));
      const isNow = (a: string, b: string) => async () =>
        JSON.stringify(dataOf(await s.map("watched"))) === JSON.stringify({ a, b });
      await world.until("the watched one", isNow("two", "three"));
      await world.apply(source("un-watched", "four"));
      await s.look();
      await world.until("the other", isNow("four", "three"));
    });

    it("the inventory is in the order of application: by stage, then by kind, then by name", async () => {
      const s = scene("inorder");
      const of = (apiVersion: string, kind: string, more: JsonObject = {}, place = "shop"): string =>
        JSON.stringify({
          apiVersion,
          kind,
          metadata: { name: "inorder", ...(place === "" ? {} : { namespace: place }) },
          ...more,
        });
      const rbac = "rbac.authorization.k8s.io/v1";
      const roleRef = { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "inorder" };
      await s.deliver([
        JSON.stringify(deployment("inorder", 0)),
        of("v1", "Service", { spec: { ports: [{ port: 80 }] } }),
        of("v1", "Secret"),
        configMap("inorder-b", {}),
        configMap("inorder-a", {}),
        of("example.test/v1", "Order"),
        of("batch/v1", "CronJob", {
          spec: {
            schedule: "0 0 1 1 *",
            suspend: true,
            jobTemplate: {
              spec: {
                template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "example.test/a" }] } },
              },
            },
          },
        }),
        of("policy/v1", "PodDisruptionBudget", { spec: { maxUnavailable: 1 } }),
        of("networking.k8s.io/v1", "NetworkPolicy", { spec: { podSelector: {} } }),
        of(rbac, "ClusterRoleBinding", { roleRef }, ""),
        of(rbac, "RoleBinding", { roleRef }),
        of(rbac, "Role", { rules: [] }),
        of(rbac, "ClusterRole", { rules: [] }, ""),
        of("v1", "ServiceAccount"),
        of("v1", "LimitRange", { spec: { limits: [] } }),
        of("scheduling.k8s.io/v1", "PriorityClass", { value: 1 }, ""),
        of("storage.k8s.io/v1", "StorageClass", { provisioner: "example.test/p" }, ""),
        of("autoscaling/v2", "HorizontalPodAutoscaler", {
          spec: { maxReplicas: 2, scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "inorder" } },
        }),
        definition("Order", "orders"),
        JSON.stringify(namespace("inorder")),
      ]);
      const { entries } = (await s.status())["inventory"] as { entries: { id: string }[] };
      expect(entries.map((entry) => entry.id)).toEqual(expectedOrder);
    });
  });
}

/** As Flux writes it. */
const expectedOrder: readonly string[] = [
  "_orders.example.test_apiextensions.k8s.io_CustomResourceDefinition",
  "_inorder__Namespace",
  "_inorder_rbac.authorization.k8s.io_ClusterRole",
  "_inorder_scheduling.k8s.io_PriorityClass",
  "_inorder_storage.k8s.io_StorageClass",
  "_inorder_rbac.authorization.k8s.io_ClusterRoleBinding",
  "shop_inorder__ServiceAccount",
  "shop_inorder_rbac.authorization.k8s.io_Role",
  "shop_inorder_rbac.authorization.k8s.io_RoleBinding",
  "shop_inorder-a__ConfigMap",
  "shop_inorder-b__ConfigMap",
  "shop_inorder__Secret",
  "shop_inorder__Service",
  "shop_inorder__LimitRange",
  "shop_inorder_apps_Deployment",
  "shop_inorder_batch_CronJob",
  "shop_inorder_policy_PodDisruptionBudget",
  "shop_inorder_autoscaling_HorizontalPodAutoscaler",
  "shop_inorder_example.test_Order",
  "shop_inorder_networking.k8s.io_NetworkPolicy",
];
