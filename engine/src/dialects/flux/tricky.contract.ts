// What a re-implementation of Flux's Kustomization tends to get wrong, as scripts that speak through the Kubernetes API alone.
// They run on our engine over the embedded server, on our engine over a real one, and on Flux's own controller.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { asManifest, fieldOf, isObject, type JsonObject, type Manifest, sha256Hex } from "#kernel";
import { dataOf, definition, deployment, kustomize } from "./samples.contract.ts";
import { type Home, mark, Scene } from "./scene.contract.ts";
import { secrets } from "./secrets.contract.ts";
import { configMap, namespace, type World } from "./world.contract.ts";

// Conditions are waited for; a busy machine may take its time, and Flux looks at health every five seconds.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 });

const group = kustomize;

const annotated = (name: string, value: string): JsonObject => ({ annotations: mark(name, value) });
const labelled = (name: string, value: string): JsonObject => ({ labels: mark(name, value) });

/** A ServiceAccount that may do these verbs to ConfigMaps of the namespace shop. */
function account(name: string, verbs: string[]): Manifest[] {
  const rbac = "rbac.authorization.k8s.io";
  const metadata = { name, namespace: "shop" };
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "flux-system" } },
    {
      apiVersion: `${rbac}/v1`,
      kind: "Role",
      metadata,
      rules: [{ apiGroups: [""], resources: ["configmaps"], verbs }],
    },
    {
      apiVersion: `${rbac}/v1`,
      kind: "RoleBinding",
      metadata,
      roleRef: { apiGroup: rbac, kind: "Role", name },
      subjects: [{ kind: "ServiceAccount", name, namespace: "flux-system" }],
    },
  ].map((object) => asManifest(object));
}

/** The scripts, on whatever home `start` gives. */
export function trickyContract(title: string, start: () => Promise<Home>): void {
  describe(title, () => {
    let home: Home;
    let world: World;
    beforeAll(async () => {
      home = await start();
      world = home.world;
      await world.apply(namespace("shop"));
    });
    afterAll(() => home?.close());

    const scene = (name: string): Scene => new Scene(world, name);
    const parts: readonly ((scene: (name: string) => Scene) => void)[] = [
      variables,
      ownership,
      removal,
      order,
      health,
      writing,
      building,
      reporting,
      identity,
      secrets,
    ];
    for (const part of parts) part(scene);
  });
}

function variables(scene: (name: string) => Scene): void {
  describe("1, 2: variables", () => {
    it("defaults, escapes, plain dollars, line breaks", async () => {
      const s = scene("vars");
      const v = "${a} ${b:=two} ${c:-three} $d $${e} ${#a} ${a^^} ${a/o/0}";
      await s.deliver([configMap("vars", { v })], { postBuild: { substitute: { a: "o\nne" } } });
      expect(dataOf(await s.map("vars"))).toEqual({ v: "one two three $d ${e} 3 ONE 0ne" });
    });

    it("an unset one is an error, and so is a bad name", async () => {
      const s = scene("unset");
      s.commit(configMap("unset", { v: "${missing}" }));
      await s.apply({ postBuild: { substitute: { a: "1" } } });
      expect((await s.failed("missing")).reason).toBe("BuildFailed");
      await s.apply({ postBuild: { substitute: { "not-a-name": "1" } } });
      expect((await s.failed("not-a-name")).reason).toBe("BuildFailed");
    });

    it("without any variable nothing is substituted, unless always", async () => {
      const s = scene("novars");
      const text = configMap("novars", { v: "${x:=deflt}" });
      await s.deliver([text], { postBuild: {} });
      expect(dataOf(await s.map("novars"))).toEqual({ v: "${x:=deflt}" });
      await s.apply({ postBuild: { substituteStrategy: "Always" } });
      await s.world.until("the default", async () => JSON.stringify(dataOf(await s.map("novars"))) === '{"v":"deflt"}');
    });

    it("may change types, come in order, and only an absent object is forgiven", async () => {
      const s = scene("types");
      const from = (name: string, data: JsonObject): Manifest =>
        asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "flux-system" }, data });
      await s.world.apply(from("v1", { count: "1", a: "v1", b: "v1" }), from("v2", { a: "v2", b: "v2" }));
      const object = JSON.stringify(deployment("types", 7))
        .replace("7", '"${count}"')
        .replace('"app":"types"', '"app":"types","a":"${a}${b}${c}"');
      const substituteFrom = [
        { kind: "ConfigMap", name: "v1" },
        { kind: "ConfigMap", name: "v2" },
        { kind: "Secret", name: "none", optional: true },
      ];
      s.commit(
        object.replaceAll('"app":"types","a":"${a}${b}${c}"', '"app":"types"'),
        configMap("types", { v: "${a}${b}${c}" }),
      );
      await s.apply({ postBuild: { substitute: { b: "in", c: "c" }, substituteFrom } });
      await s.world.untilReady(s.name);
      expect(dataOf(await s.map("types"))).toEqual({ v: "v2inc" });
      expect((await s.world.get("apps", "Deployment", "types"))?.["spec"]).toMatchObject({ replicas: 1 });
      await s.apply({ postBuild: { substituteFrom: [{ kind: "Secret", name: "none" }] } });
      expect((await s.failed("none")).reason).toBe("BuildFailed");
    });

    it("an object opts out by `disabled` to the letter", async () => {
      const s = scene("optout");
      await s.deliver(
        [
          configMap("optout-a", { v: "${a}" }, annotated("substitute", "disabled")),
          configMap("optout-b", { v: "${a}" }, labelled("substitute", "disabled")),
          configMap("optout-c", { v: "${a}" }, annotated("substitute", "Disabled")),
        ],
        { postBuild: { substitute: { a: "one" } } },
      );
      expect(dataOf(await s.map("optout-a"))).toEqual({ v: "${a}" });
      expect(dataOf(await s.map("optout-b"))).toEqual({ v: "${a}" });
      expect(dataOf(await s.map("optout-c"))).toEqual({ v: "one" });
    });
  });
}

function ownership(scene: (name: string) => Scene): void {
  describe("3, 4, 5: owner marks, switches, inventory", () => {
    it("an object whose marks name another is not pruned", async () => {
      const s = scene("moved");
      await s.deliver([configMap("moved-a", {}), configMap("moved-b", {})]);
      // Our engine would heal the mark at once.
      await s.apply({ suspend: true });
      const target = await s.world.target("", "ConfigMap", "moved-b");
      await s.world.edit(target, { metadata: { labels: mark("name", "other") } }, "other");
      const revision = s.commit(configMap("moved-a", {}));
      await s.world.offered();
      await s.apply({ suspend: false });
      await s.world.untilReady(s.name, revision);
      expect(await s.map("moved-b")).toBeDefined();
      expect(await s.inventory()).toEqual(["shop_moved-a__ConfigMap v1"]);
    });

    it.each([
      ["reconcile", "disabled", "annotations"],
      ["reconcile", "Disabled", "labels"],
      ["ssa", "Ignore", "annotations"],
      ["ssa", "ignore", "labels"],
    ])("%s: %s among the %s of the live object keeps it as it is, and unpruned", async (name, value, where) => {
      const s = scene(`switch-${name}-${value.toLowerCase()}-${where}`);
      await s.deliver([configMap(s.name, { k: "1" }), configMap(`${s.name}-x`, {})]);
      const target = await s.world.target("", "ConfigMap", s.name);
      await s.world.edit(target, { metadata: { [where]: mark(name, value) } }, "somebody");
      await s.next(configMap(s.name, { k: "2" }), configMap(`${s.name}-x`, {}));
      expect(dataOf(await s.map(s.name))).toEqual({ k: "1" });
      expect(await s.inventory()).toContain(`shop_${s.name}__ConfigMap v1`);
      await s.next(configMap(`${s.name}-x`, {}));
      expect(await s.map(s.name)).toBeDefined();
    });

    it.each([
      ["annotations", "Disabled"],
      ["labels", "disabled"],
    ])("prune: %s %s keeps what leaves Git", async (where, value) => {
      const s = scene(`noprune-${where}`);
      await s.deliver([configMap(s.name, {}, { [where]: mark("prune", value) }), configMap(`${s.name}-x`, {})]);
      await s.next(configMap(`${s.name}-x`, {}));
      expect(await s.map(s.name)).toBeDefined();
    });

    it("ssa: IfNotPresent creates and then leaves alone; Merge leaves what kubectl added", async () => {
      const s = scene("modes");
      const texts = (k: string): string[] => [
        configMap("modes-i", { k }, annotated("ssa", "IfNotPresent")),
        configMap("modes-m", { k }, annotated("ssa", "Merge")),
      ];
      await s.deliver(texts("1"));
      await s.world.edit(await s.world.target("", "ConfigMap", "modes-m"), { data: { mine: "x" } }, "kubectl-edit");
      await s.next(...texts("2"));
      expect(dataOf(await s.map("modes-i"))).toEqual({ k: "1" });
      expect(dataOf(await s.map("modes-m"))).toEqual({ k: "2", mine: "x" });
    });

    it("inventory ids have empty parts and two underscores for a colon", async () => {
      const s = scene("ids");
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "ids:reader" },
        rules: [],
      };
      await s.deliver([configMap("ids", {}), JSON.stringify(role), JSON.stringify(namespace("ids"))]);
      expect(await s.inventory()).toEqual(
        [
          "_ids__Namespace v1",
          "_ids__reader_rbac.authorization.k8s.io_ClusterRole v1",
          "shop_ids__ConfigMap v1",
        ].sort(),
      );
    });

    it("a failed apply keeps the inventory, a failed deletion its object", async () => {
      const s = scene("kept");
      await s.world.apply(...account("kept", ["get", "list", "create", "update", "patch"]));
      await s.deliver([configMap("kept-a", {}), configMap("kept-b", {})], { serviceAccountName: "kept" });
      const before = await s.inventory();
      s.commit(configMap("kept-a", { k: "2" }), configMap("Kept Bad", {}));
      await s.failed("Kept Bad");
      expect(await s.inventory()).toEqual(before);
      expect(dataOf(await s.map("kept-a"))).not.toEqual({ k: "2" });
      s.commit(configMap("kept-a", { k: "3" }));
      expect((await s.failed("kept-b")).reason).toBe("PruneFailed");
      expect(await s.inventory()).toEqual(before);
      await s.world.apply(...account("kept", ["*"]));
      await s.world.untilReady(s.name);
      expect(await s.inventory()).toEqual(["shop_kept-a__ConfigMap v1"]);
      expect(await s.map("kept-b")).toBeUndefined();
    });
  });
}

function removal(scene: (name: string) => Scene): void {
  describe("6, 7: prune and deletion", () => {
    it("prune comes before health; without prune objects are forgotten", async () => {
      const s = scene("before");
      await s.deliver([configMap("before-a", {}), configMap("before-b", {})]);
      s.commit(configMap("before-a", {}), JSON.stringify(deployment("before", 1)));
      await s.apply({ wait: true, timeout: "5s" });
      await s.world.until("the prune", async () => (await s.map("before-b")) === undefined);
      expect((await s.world.condition(s.name))?.status).not.toBe("True");
      await s.apply({ prune: false });
      await s.observed();
      await s.next(configMap("before-a", {}));
      expect(await s.world.get("apps", "Deployment", "before")).toBeDefined();
      expect(await s.inventory()).toEqual(["shop_before-a__ConfigMap v1"]);
    });

    it.each([
      ["mirror", { prune: true }, false],
      ["mirror-off", { prune: false }, true],
      ["delete", { prune: false, deletionPolicy: "Delete" }, false],
      ["wait", { deletionPolicy: "WaitForTermination" }, false],
      ["orphan", { deletionPolicy: "Orphan" }, true],
      ["suspended", { suspend: true }, true],
    ])("deletion, %s", async (key, spec: JsonObject, isKept) => {
      const s = scene(`end-${key}`);
      const { suspend, ...rest } = spec;
      await s.deliver([configMap(s.name, {})], rest);
      if (suspend === true) await s.apply({ suspend: true });
      await s.remove();
      await s.gone();
      expect((await s.map(s.name)) !== undefined).toBe(isKept);
    });

    it("a ServiceAccount that is gone does not block the deletion", async () => {
      const s = scene("noaccount");
      await s.world.apply(...account("noaccount", ["*"]));
      await s.deliver([configMap("noaccount", {})], { serviceAccountName: "noaccount" });
      await s.world.remove(await s.world.target("", "ServiceAccount", "noaccount", "flux-system"));
      await s.remove();
      await s.gone();
      expect(await s.map("noaccount")).toBeDefined();
    });
  });
}

function order(scene: (name: string) => Scene): void {
  describe("8, 10, 12: dependencies, stages, immutable fields", () => {
    it("a dependent of the same source waits for the same revision", async () => {
      const [base, next] = [scene("dep-base"), scene("dep-next")];
      const files = (k: string) => ({
        "base/a.yaml": configMap("dep-base", { k }),
        "next/a.yaml": configMap("dep-next", { k }),
      });
      base.world.commit(files("1"), "dep-base");
      const sourceRef = { kind: "GitRepository", name: "dep-base" };
      await next.apply({ sourceRef, path: "./next", dependsOn: [{ name: "dep-base" }] });
      expect((await next.failed("dependency 'flux-system/dep-base' not found")).reason).toBe("DependencyNotReady");
      await base.apply({ path: "./base" });
      await base.world.untilReady("dep-next");
      await base.apply({ path: "./base", suspend: true });
      base.world.commit(files("2"), "dep-base");
      await next.failed("dependency 'flux-system/dep-base' revision is not up to date");
      expect(dataOf(await next.map("dep-next"))).toEqual({ k: "1" });
      await base.apply({ path: "./base", suspend: false });
      await next.world.untilReady("dep-next");
      expect(dataOf(await next.map("dep-next"))).toEqual({ k: "2" });
    });

    it("a readyExpr stands in for the usual test, and a bad one stalls", async () => {
      const [base, next] = [scene("expr-base"), scene("expr-next")];
      await base.apply({ suspend: true }, { labels: { stage: "one" } });
      next.commit(configMap("expr", {}));
      const depends = (readyExpr: string): JsonObject => ({ dependsOn: [{ name: "expr-base", readyExpr }] });
      await next.apply(depends("dep.metadata.labels.stage == self.metadata.labels.stage"), {
        labels: { stage: "two" },
      });
      await next.failed("is not ready according to readyExpr eval");
      await next.apply(depends("dep.metadata.labels.stage == 'one'"));
      await next.world.untilReady("expr-next");
      await next.apply(depends("dep.((("));
      const stalled = await next.world.until("a stall", () => next.world.condition("expr-next", "Stalled"));
      expect(stalled.reason).toBe("InvalidCELExpression");
      expect(stalled.message).toContain("Reconciliation failed terminally due to configuration error");
      // Flux's controller writes the conditions first, the rest of the status by a request of its own.
      await next.observed();
    });

    it("definitions, namespaces and what lives in them come in one commit", async () => {
      const s = scene("stages");
      const define = definition("Stage", "stages");
      const custom = {
        apiVersion: "example.test/v1",
        kind: "Stage",
        metadata: { name: "s", namespace: "stages" },
        spec: { size: 1 },
      };
      await s.deliver([JSON.stringify(custom), JSON.stringify(namespace("stages")), define]);
      expect(await s.world.get("example.test", "Stage", "s", "stages")).toBeDefined();
    });

    it("of a stage with a refused object nothing is written", async () => {
      const s = scene("partial");
      s.commit(configMap("partial", {}), configMap("Partial Bad", {}), JSON.stringify(namespace("partial")));
      await s.apply();
      await s.failed("Partial Bad");
      expect(await s.map("partial")).toBeUndefined();
      expect(await s.world.get("", "Namespace", "partial")).toBeDefined();
      // Flux forgets what it created before the failure; we do not, so that nothing is left over in the end.
      expect(await s.inventory()).toEqual(s.world.isFlux ? [] : ["_partial__Namespace v1"]);
    });

    it.each([
      ["spec", { force: true }, {}],
      ["annotation", {}, { annotations: mark("force", "Enabled") }],
    ])("an immutable field fails, and is recreated by the %s", async (key, spec: JsonObject, metadata: JsonObject) => {
      const s = scene(`force-${key}`);
      const fixed = (k: string, more: JsonObject = {}): string =>
        JSON.stringify({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: s.name, namespace: "shop", ...more },
          immutable: true,
          data: { k },
        });
      await s.deliver([fixed("1")]);
      const before = (await s.map(s.name))?.metadata.uid;
      s.commit(fixed("2"));
      await s.failed("immutable");
      s.commit(fixed("2", metadata));
      await s.apply(spec);
      await s.world.untilReady(s.name);
      const after = await s.map(s.name);
      expect(dataOf(after)).toEqual({ k: "2" });
      expect(after?.metadata.uid).not.toBe(before);
    });
  });
}

function health(scene: (name: string) => Scene): void {
  describe("9: health", () => {
    const job = (name: string): string =>
      JSON.stringify({
        apiVersion: "batch/v1",
        kind: "Job",
        metadata: { name, namespace: "shop" },
        spec: { template: { spec: { restartPolicy: "Never", containers: [{ name: "a", image: "example.test/a" }] } } },
      });
    const setStatus = async (s: Scene, kind: string, apiGroup: string, status: JsonObject): Promise<void> => {
      const target = await s.world.target(apiGroup, kind, s.name);
      await s.world.edit({ ...target, subresource: "status" }, { status }, "controller");
    };
    const started = { startTime: "2026-01-01T00:00:00Z" };

    it("wait covers all that was applied and makes healthChecks ignored; a Job must be complete", async () => {
      const s = scene("jobs");
      s.commit(job("jobs"));
      const healthChecks = [{ apiVersion: "v1", kind: "ConfigMap", name: "never", namespace: "shop" }];
      await s.apply({ wait: true, healthChecks, timeout: "2m" });
      const doing = await s.world.until("the check", async () => {
        const reconciling = await s.world.condition(s.name, "Reconciling");
        return reconciling?.message.startsWith("Running health checks for revision") ? reconciling : undefined;
      });
      expect(doing.message).toContain("with a timeout of 2m0s");
      expect(await s.world.condition(s.name, "Healthy")).toMatchObject({ status: "Unknown", reason: "Progressing" });
      await setStatus(s, "Job", "batch", { ...started, active: 1 });
      const conditions = ["SuccessCriteriaMet", "Complete"].map((type) => ({
        type,
        status: "True",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      }));
      await setStatus(s, "Job", "batch", {
        ...started,
        active: 0,
        succeeded: 1,
        completionTime: "2026-01-01T00:00:01Z",
        conditions,
      });
      await s.world.untilReady(s.name);
      expect(await s.world.condition(s.name, "Healthy")).toMatchObject({ status: "True", reason: "Succeeded" });
      expect((await s.world.condition(s.name, "Healthy"))?.message).toMatch(/^Health check passed in /);
    });

    it("of nothing nothing is said; a check that names what is left alone is made", async () => {
      const s = scene("unchecked");
      await s.deliver([configMap("unchecked", {})], { wait: true });
      expect((await s.world.condition(s.name, "Healthy"))?.status).toBe("True");
      s.world.commit({ "readme.md": "#" }, s.name);
      await s.world.until("nothing to be healthy", async () => {
        return (await s.world.condition(s.name, "Healthy")) === undefined && (await s.inventory()).length === 0;
      });
      s.commit(configMap("unchecked", {}, annotated("reconcile", "disabled")));
      const healthChecks = [{ apiVersion: "v1", kind: "ConfigMap", name: "unchecked", namespace: "shop" }];
      await s.apply({ healthChecks, timeout: "2s" });
      expect((await s.failed("timeout waiting for")).reason).toBe("HealthCheckFailed");
    });

    it("one failed object ends the wait", async () => {
      const s = scene("failfast");
      s.commit(job("failfast"), configMap("failfast", {}));
      await s.apply({ wait: true, timeout: "5m" });
      await s.world.until("the check", async () => (await s.world.condition(s.name, "Healthy"))?.status === "Unknown");
      const conditions = ["FailureTarget", "Failed"].map((type) => ({
        type,
        status: "True",
        reason: "BackoffLimitExceeded",
        lastTransitionTime: "2026-01-01T00:00:00Z",
      }));
      await setStatus(s, "Job", "batch", { ...started, active: 0, failed: 1, conditions });
      const failed = await s.failed("failed early due to stalled resources: [Job/shop/failfast status: 'Failed'");
      expect(failed.reason).toBe("HealthCheckFailed");
      expect(failed.message).toMatch(/^health check failed after /);
      expect(await s.world.condition(s.name, "Healthy")).toMatchObject({
        status: "False",
        reason: "HealthCheckFailed",
      });
    });

    it("what is not healthy in time is named; a check without apiVersion means apps/v1; oneself is skipped", async () => {
      const s = scene("intime");
      s.commit(JSON.stringify(deployment("intime", 1)));
      const self = { apiVersion: `${group}/v1`, kind: "Kustomization", name: "intime", namespace: "flux-system" };
      await s.apply({ healthChecks: [self, { kind: "Deployment", name: "intime", namespace: "shop" }], timeout: "2s" });
      const failed = await s.failed("timeout waiting for: [Deployment/shop/intime status: 'InProgress'");
      expect(failed.reason).toBe("HealthCheckFailed");
    });

    it("expressions: inProgress, then failed, then current", async () => {
      const s = scene("exprs");
      const custom = { apiVersion: "example.test/v1", kind: "Gauge", metadata: { name: "exprs", namespace: "shop" } };
      const healthCheckExprs = [
        {
          apiVersion: "example.test/v1",
          kind: "Gauge",
          inProgress: "spec.size < 5",
          failed: "spec.size > 8",
          current: "true",
        },
      ];
      const texts = (size: number): string[] => [
        definition("Gauge", "gauges"),
        JSON.stringify({ ...custom, spec: { size } }),
      ];
      s.commit(...texts(9));
      await s.apply({ wait: true, healthCheckExprs, timeout: "2m" });
      await s.failed("Gauge/shop/exprs status: 'Failed'");
      await s.next(...texts(6));
    });
  });
}

function writing(scene: (name: string) => Scene): void {
  describe("11: what is written", () => {
    it("nothing where all is as in Git", async () => {
      const s = scene("insync");
      await s.deliver([configMap("insync", { k: "1" }), JSON.stringify(deployment("insync", 2))]);
      const versions = async () => [
        (await s.map("insync"))?.metadata.resourceVersion,
        (await s.world.get("apps", "Deployment", "insync"))?.metadata.resourceVersion,
      ];
      const before = await versions();
      await s.look();
      expect(await versions()).toEqual(before);
    });

    it("kubectl's fields vanish with its annotation, others' stay", async () => {
      const s = scene("fields");
      const created = asManifest({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: "fields",
          namespace: "shop",
          annotations: { "kubectl.kubernetes.io/last-applied-configuration": "{}", "fluxcd.io/sync-checksum": "x" },
        },
        data: { old: "1" },
      });
      const target = await s.world.target("", "ConfigMap", "fields");
      await s.world.cluster.create(target, created, { fieldManager: "kubectl-client-side-apply" });
      await s.world.edit(target, { metadata: { labels: { theirs: "yes" } } }, "operator");
      await s.deliver([configMap("fields", { k: "1" })]);
      const live = await s.map("fields");
      expect(dataOf(live)).toEqual({ k: "1" });
      expect(live?.metadata.annotations).toBeUndefined();
      expect(live?.metadata.labels).toMatchObject({ theirs: "yes" });
      const managers = live?.metadata.managedFields?.map(({ manager, operation }) => `${manager} ${operation}`);
      expect(managers?.sort()).toEqual(["kustomize-controller Apply", "operator Update"]);
      await s.world.edit(target, { data: { mine: "x" } }, "kubectl-edit");
      await s.look();
      await s.world.until(
        "the edit to vanish",
        async () => JSON.stringify(dataOf(await s.map("fields"))) === '{"k":"1"}',
      );
    });

    it("replicas that an autoscaler owns stay, where Git does not state them or says to ignore them", async () => {
      const s = scene("scaled");
      const texts = (image: string): string[] =>
        [deployment("scaled-a", undefined), deployment("scaled-b", 3)].map((object) =>
          JSON.stringify(object).replace("app:1", `app:${image}`),
        );
      const ignore = [{ paths: ["/spec/replicas"], target: { kind: "Deployment", name: "scaled-b" } }];
      await s.deliver(texts("1"), { ignore });
      const replicas = async (name: string) =>
        fieldOf(await s.world.get("apps", "Deployment", name), "spec", "replicas");
      expect(await replicas("scaled-b")).toBe(3);
      for (const name of ["scaled-a", "scaled-b"])
        await s.world.edit(await s.world.target("apps", "Deployment", name), { spec: { replicas: 5 } }, "autoscaler");
      await s.look();
      await s.next(...texts("2"));
      expect([await replicas("scaled-a"), await replicas("scaled-b")]).toEqual([5, 5]);
    });
  });
}

function building(scene: (name: string) => Scene): void {
  describe("13, 17, 18: building", () => {
    it("a folder without a kustomization is walked; one with its own is one entry", async () => {
      const s = scene("walk");
      s.world.commit(
        {
          "k/a.yaml": configMap("walk-a", {}),
          "k/deep/er/b.yml": configMap("walk-b", {}),
          "k/own/kustomization.yaml": "resources: [c.yaml]\n",
          "k/own/c.yaml": configMap("walk-c", {}),
          "k/own/left-out.yaml": configMap("walk-d", {}),
          "k/readme.md": "# hello",
          "other/e.yaml": configMap("walk-e", {}),
        },
        "walk",
      );
      await s.apply({ path: "./k" });
      await s.world.untilReady("walk");
      expect(await s.inventory()).toEqual(["a", "b", "c"].map((name) => `shop_walk-${name}__ConfigMap v1`));
    });

    it("what is no object of Kubernetes fails; a folder that is not there as well; an empty one is fine", async () => {
      const s = scene("layouts");
      s.world.commit({ "bad/a.yaml": "hello: world\n", "empty/readme.md": "#" }, "layouts");
      await s.apply({ path: "./bad" });
      expect((await s.failed("a.yaml")).reason).toBe("BuildFailed");
      await s.apply({ path: "./nowhere" });
      expect((await s.failed("kustomization path not found")).reason).toBe("ArtifactFailed");
      // What climbs stays at the root of the source.
      await s.apply({ path: "../../outside" });
      expect((await s.failed("outside")).reason).toBe("ArtifactFailed");
      await s.apply({ path: "./empty" });
      await s.world.untilReady("layouts");
      await s.apply({ path: "../../empty/../../empty" });
      await s.observed();
      await s.world.untilReady("layouts");
      expect(await s.inventory()).toEqual([]);
    });

    it("a kustomization of generators alone builds, with origins, and unknown fields are passed over", async () => {
      const s = scene("generated");
      const own =
        "commonLabel: {a: b}\nnamespace: shop\nconfigMapGenerator: [{name: generated, literals: [k=1], options: {disableNameSuffixHash: true}}]\n";
      s.world.commit({ "kustomization.yaml": own }, "generated");
      await s.apply();
      await s.world.untilReady("generated");
      const live = await s.map("generated");
      expect(dataOf(live)).toEqual({ k: "1" });
      expect(live?.metadata.annotations?.["config.kubernetes.io/origin"]).toContain("configuredIn: kustomization.yaml");
    });

    it("members that a built-in kind does not have are left out", async () => {
      const s = scene("unknown");
      const object = deployment("unknown", 1);
      const spec = { ...(object["spec"] as JsonObject), replicaz: 3 };
      await s.deliver([JSON.stringify({ ...object, spec })]);
      expect(await s.world.get("apps", "Deployment", "unknown")).toBeDefined();
    });

    it("an encrypted Secret without decryption is never applied", async () => {
      const s = scene("sealed");
      const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "sealed", namespace: "shop" },
        data: { a: "ENC[AES256_GCM,data:x,iv:x,tag:x,type:str]" },
        sops: {
          mac: "ENC[AES256_GCM,data:x]",
          lastmodified: "2026-01-01T00:00:00Z",
          version: "3.9.0",
          age: [{ recipient: "age1x", enc: "x" }],
        },
      };
      s.commit(JSON.stringify(secret));
      await s.apply();
      expect((await s.failed("encrypted")).reason).toBe("ReconciliationFailed");
      expect(await s.world.get("", "Secret", "sealed")).toBeUndefined();
    });

    it("common metadata and owner marks stand at the top alone; targetNamespace replaces namespaces", async () => {
      const s = scene("common");
      const role = {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: "common" },
        rules: [],
      };
      await s.world.apply(namespace("elsewhere"));
      await s.deliver([JSON.stringify(deployment("common", 1)), JSON.stringify(role)], {
        targetNamespace: "elsewhere",
        namePrefix: "a-",
        nameSuffix: "-z",
        commonMetadata: { labels: { team: "x" }, annotations: { note: "y" } },
      });
      const live = await s.world.get("apps", "Deployment", "a-common-z", "elsewhere");
      expect(live?.metadata.labels).toMatchObject({
        team: "x",
        [`${group}/name`]: "common",
        [`${group}/namespace`]: "flux-system",
      });
      expect(live?.metadata.annotations).toMatchObject({ note: "y" });
      const spec = live?.["spec"] as { selector: unknown; template: { metadata: unknown } };
      expect(spec.selector).toEqual({ matchLabels: { app: "common" } });
      expect(spec.template.metadata).toEqual({ labels: { app: "common" } });
      const clusterRole = await s.world.get("rbac.authorization.k8s.io", "ClusterRole", "a-common-z");
      expect(clusterRole?.metadata.labels).toMatchObject({ team: "x" });
    });
  });
}

function reporting(scene: (name: string) => Scene): void {
  describe("14, 15, 16: status", () => {
    it("after a success: generations, revisions, nothing in progress, history", async () => {
      const s = scene("status");
      const revision = await s.deliver([configMap("status", { k: "1" })]);
      const status = await s.status();
      expect(status["observedGeneration"]).toBe(1);
      expect(status["lastAppliedRevision"]).toBe(revision);
      expect(status["lastAttemptedRevision"]).toBe(revision);
      expect(revision).toMatch(/^main@sha1:[0-9a-f]{40}$/);
      const conditions = status["conditions"] as { type: string }[];
      expect(conditions.map((condition) => condition.type)).toEqual(["Ready"]);
      expect(conditions[0]).toMatchObject({
        status: "True",
        reason: "ReconciliationSucceeded",
        message: `Applied revision: ${revision}`,
        observedGeneration: 1,
      });
      // The digest of the built text: the same whoever builds it.
      const built = 'apiVersion: v1\ndata:\n  k: "1"\nkind: ConfigMap\nmetadata:\n  name: status\n  namespace: shop\n';
      expect(status["history"]).toMatchObject([
        {
          digest: `sha256:${sha256Hex(built)}`,
          lastReconciledStatus: "ReconciliationSucceeded",
          totalReconciliations: 1,
          metadata: { revision },
        },
      ]);
      const next = await s.next(configMap("status", { k: "2" }));
      const history = (await s.status())["history"] as { metadata: JsonObject }[];
      expect(history.map((entry) => entry.metadata["revision"])).toEqual([next, revision]);
    });

    it("after a failure: the request echoed, the generation not, what was being done still named", async () => {
      const s = scene("failures");
      const revision = await s.deliver([configMap("failures", {})]);
      const bad = s.commit("a: [");
      await s.failed("all.yaml");
      await s.apply({ timeout: "3m" });
      await s.world.until("the attempt", async () =>
        (await s.world.condition(s.name, "Reconciling"))?.message.includes("3m0s"),
      );
      const token = await s.world.ask(s.name);
      await s.world.until("the echo", async () => (await s.status())["lastHandledReconcileAt"] === token);
      const failed = await s.failed("all.yaml");
      expect(failed.reason).toBe("BuildFailed");
      const status = await s.status();
      expect(status["observedGeneration"]).toBe(1);
      expect(status["lastAppliedRevision"]).toBe(revision);
      expect(status["lastAttemptedRevision"]).toBe(bad);
      const reconciling = await s.world.until("the retry", async () => {
        const condition = await s.world.condition(s.name, "Reconciling");
        return condition?.reason === "ProgressingWithRetry" ? condition : undefined;
      });
      expect(reconciling.message).toBe(`Building manifests for revision ${bad} with a timeout of 3m0s`);
      expect(status["history"]).toHaveLength(1);
    });

    it("the timeout is the interval less thirty seconds, and no less than thirty", async () => {
      const s = scene("timeouts");
      s.commit("a: [");
      for (const [interval, timeout] of [
        ["10m", "9m30s"],
        ["40s", "30s"],
      ]) {
        await s.apply({ interval: interval ?? "" });
        await s.world.until(timeout ?? "", async () =>
          (await s.world.condition(s.name, "Reconciling"))?.message.endsWith(`with a timeout of ${timeout}`),
        );
      }
    });

    it("events name the revision; the last tells how long it took and that a commit status may follow", async () => {
      const s = scene("events");
      const revision = await s.deliver([configMap("events", {})]);
      const events = await s.world.until("the events", async () => {
        const list = await s.world.cluster.list(await s.world.resource("", "Event"), { namespace: "flux-system" });
        const found = list.ok
          ? list.value.items.filter((event) => (event["involvedObject"] as { name: string }).name === "events")
          : [];
        return found.some((event) => event["reason"] === "ReconciliationSucceeded") ? found : undefined;
      });
      const shown = events.map((event) => ({
        reason: event["reason"],
        message: String(event["message"]).replace(/finished in \S+,/, "finished in X,"),
        type: event["type"],
        source: isObject(event["source"]) ? event["source"]["component"] : "",
        annotations: event.metadata.annotations,
      }));
      const about = { type: "Normal", source: "kustomize-controller" };
      expect(shown).toEqual([
        {
          ...about,
          reason: "Progressing",
          message: "ConfigMap/shop/events created",
          annotations: { [`${group}/revision`]: revision },
        },
        {
          ...about,
          reason: "ReconciliationSucceeded",
          message: "Reconciliation finished in X, next run in 10m0s",
          annotations: { [`${group}/revision`]: revision, [`${group}/commit_status`]: "update" },
        },
      ]);
    });
  });
}

function identity(scene: (name: string) => Scene): void {
  describe("26: impersonation", () => {
    it("acts as the account in its own namespace, while variables are read with the engine's rights", async () => {
      const s = scene("tenant");
      const secret = {
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "tenant", namespace: "flux-system" },
        stringData: { v: "one" },
      };
      await s.world.apply(asManifest(secret));
      s.commit(configMap("tenant", { v: "${v}" }));
      await s.apply({
        serviceAccountName: "tenant",
        postBuild: { substituteFrom: [{ kind: "Secret", name: "tenant" }] },
      });
      const failed = await s.failed("system:serviceaccount:flux-system:tenant");
      expect(failed.reason).toBe("ReconciliationFailed");
      await s.world.apply(...account("tenant", ["*"]));
      await s.world.untilReady("tenant");
      expect(dataOf(await s.map("tenant"))).toEqual({ v: "one" });
    });
  });
}
