// What each field of a HelmRelease does, as scripts that speak through the Kubernetes API alone. They run on our engine over the
// embedded server, over a real one, and on Flux's own helm-controller, which judges what they expect.

import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec, PostRendererSpec } from "#api/flux";
import { asManifest, fieldOf, type JsonObject, type Manifest } from "#kernel";
import { plain, Scene } from "./scene.contract.ts";
import { chartOf, hasHelm, type ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

type Files = { [path: string]: string };

/** A ConfigMap in a template; `metadata` is more of it, as JSON. */
function map(name: string, data: string, metadata = "{}"): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {{ merge (dict "name" (printf "%s-${name}" .Release.Name)) (${JSON.stringify(metadata)} | fromJson) | toJson }}\ndata: ${data}\n`;
}

const hook = (event: string, more = ""): string => `{"annotations": {"helm.sh/hook": "${event}"${more}}}`;

const widgets = (described: string, name: string): string => `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ${name}.example.test}
spec:
  group: example.test
  scope: Namespaced
  names: {plural: ${name}, singular: ${name.slice(0, -1)}, kind: ${name.slice(0, 1).toUpperCase()}${name.slice(1, -1)}}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, description: ${described}}}}
`;

/** The scripts, on whatever home `start` gives. */
export function fieldsContract(title: string, start: () => Promise<ReleaseWorld>): void {
  describe(title, () => {
    let world: ReleaseWorld;
    beforeAll(async () => {
      world = await start();
    });
    afterAll(() => world?.close());

    function scene(name: string): Scene {
      return new Scene(world, name);
    }

    function namespace(name: string): Manifest {
      return asManifest({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
    }

    function configMap(name: string, data: JsonObject, metadata: JsonObject = {}): Manifest {
      return asManifest({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace: "shop", ...metadata },
        data,
      });
    }

    it.concurrent("targetNamespace, createNamespace, storageNamespace: where all of it goes", async () => {
      const web = scene("elsewhere");
      await world.apply(namespace("records"), namespace("archive"));
      const spec = { targetNamespace: "made", storageNamespace: "records", install: { createNamespace: true } };
      const status = await web.install(spec);
      expect(status.history?.[0]).toMatchObject({ name: "made-elsewhere", namespace: "made", version: 1 });
      expect(status.storageNamespace).toBe("records");
      expect(await world.data("made-elsewhere-settings", "made")).toBeDefined();
      expect(status.inventory?.entries).toEqual([{ id: "made_made-elsewhere-settings__ConfigMap", v: "v1" }]);
      expect((await world.stored("made-elsewhere", 1, "records"))?.info.status).toBe("deployed");
      const record = await world.get("", "Secret", "sh.helm.release.v1.made-elsewhere.v1", "records");
      // By the name of the program, which the oracle's differs from.
      expect(record?.metadata.managedFields?.map(({ manager }) => manager)).toEqual([
        world.isFlux ? "flux-helm-controller" : "helm-controller",
      ]);
      // Another place for its records is another release.
      await web.apply({ ...spec, storageNamespace: "archive" });
      await world.until("the move", async () => (await world.status("elsewhere")).storageNamespace === "archive");
      await world.untilDone("elsewhere");
      expect(await world.stored("made-elsewhere", 1, "records")).toBeUndefined();
      expect((await world.stored("made-elsewhere", 1, "archive"))?.info.status).toBe("deployed");
    });

    it.concurrent("a target namespace that nobody makes fails the install", async () => {
      const web = scene("nowhere");
      web.offer("1.0.0");
      await web.apply({ targetNamespace: "absent" });
      await world.untilCondition("nowhere", {
        type: "Stalled",
        status: "True",
        reason: "RetriesExceeded",
        text: "Failed to install after 1 attempt(s)",
      });
      expect((await world.condition("nowhere"))?.message).toContain(
        "Helm install failed for release absent/absent-nowhere with chart nowhere@1.0.0: ",
      );
      expect((await world.condition("nowhere"))?.message).toContain('namespaces "absent" not found');
    });

    it.concurrent("chartRef to an OCIRepository: the digest is part of the version, and a moved tag rolls out", async () => {
      const web = scene("pulled");
      await web.install();
      const source = asManifest({
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "OCIRepository",
        metadata: { name: "pulled", namespace: "shop" },
        spec: { interval: "1h", url: "oci://example.test/pulled" },
      });
      await world.apply(source);
      const digests = ["a", "b"].map((digit) => digit.repeat(64));
      world.offer("pulled", `1.2.0@sha256:${digests[0]}`, chartOf("pulled", "1.2.0", plain), "OCIRepository");
      const chartRef = { kind: "OCIRepository", name: "pulled" };
      await web.refer(chartRef);
      await world.untilCondition("pulled", { status: "True", text: "pulled@1.2.0+aaaaaaaaaaaa" });
      const status = await world.untilDone("pulled");
      expect(status.history?.[0]).toMatchObject({
        version: 2,
        chartVersion: "1.2.0+aaaaaaaaaaaa",
        ociDigest: `sha256:${digests[0]}`,
      });
      expect(status).toMatchObject({
        lastAttemptedRevision: "1.2.0+aaaaaaaaaaaa",
        lastAttemptedRevisionDigest: `sha256:${digests[0]}`,
      });
      // The HelmChart of the former template is not wanted any more.
      expect(status.helmChart).toBeUndefined();
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-pulled")).toBeUndefined();
      const other = { ...plain, "templates/more.yaml": map("more", "{}") };
      world.offer("pulled", `1.2.0@sha256:${digests[1]}`, chartOf("pulled", "1.2.0", other), "OCIRepository");
      await world.untilCondition("pulled", { status: "True", text: "pulled@1.2.0+bbbbbbbbbbbb" });
      await world.untilDone("pulled");
      expect(await world.data("pulled-more")).toBeDefined();
      // A tag that is a version must be the chart's.
      world.offer("pulled", `1.3.0@sha256:${digests[0]}`, chartOf("pulled", "1.2.0", plain), "OCIRepository");
      await world.untilCondition("pulled", { status: "False", reason: "ChartMutateError" });
    });

    it.concurrent("chartRef to a HelmChart that others made", async () => {
      const web = scene("lent");
      web.offer("1.0.0");
      await world.apply(
        asManifest({
          apiVersion: "source.toolkit.fluxcd.io/v1",
          kind: "HelmChart",
          metadata: { name: "shop-lent", namespace: "shop" },
          spec: { chart: "lent", interval: "1h", sourceRef: { kind: "HelmRepository", name: "charts" } },
        }),
      );
      await web.refer({ kind: "HelmChart", name: "shop-lent" });
      const status = await world.untilDone("lent");
      expect(status.history?.[0]).toMatchObject({ chartVersion: "1.0.0", version: 1 });
      expect(status.helmChart).toBeUndefined();
      await web.remove();
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-lent")).toBeDefined();
    });

    it.concurrent("chart: all of the template is in the HelmChart", async () => {
      const web = scene("templated");
      web.offer("1.0.0");
      await web.apply({
        interval: "7m",
        chart: {
          metadata: { labels: { team: "shop" }, annotations: { note: "kept" } },
          spec: {
            chart: "./charts/templated",
            version: "1.x",
            sourceRef: { kind: "GitRepository", name: "fleet" },
            reconcileStrategy: "Revision",
            valuesFiles: ["one.yaml", "two.yaml"],
            ignoreMissingValuesFiles: true,
          },
        },
      });
      await world.untilDone("templated");
      const chart = await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-templated");
      expect(chart?.["spec"]).toEqual({
        chart: "./charts/templated",
        version: "1.x",
        interval: "7m0s",
        sourceRef: { kind: "GitRepository", name: "fleet" },
        reconcileStrategy: "Revision",
        valuesFiles: ["one.yaml", "two.yaml"],
        ignoreMissingValuesFiles: true,
      });
      expect(chart?.metadata.labels).toEqual({
        team: "shop",
        "helm.toolkit.fluxcd.io/name": "templated",
        "helm.toolkit.fluxcd.io/namespace": "shop",
      });
      expect(chart?.metadata.annotations).toEqual({ note: "kept" });
    });

    it.concurrent("postRenderers and commonMetadata change objects, and a change of either is an upgrade", async () => {
      const web = scene("rendered");
      const patch = (value: string): string =>
        JSON.stringify({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "rendered-settings" },
          data: { value },
        });
      const patched = (value: string): PostRendererSpec[] => [
        { kustomize: { patches: [{ target: { kind: "ConfigMap", name: "rendered-settings" }, patch: patch(value) }] } },
      ];
      const files = { ...plain, "templates/hook.yaml": map("hook", "{}", hook("post-install,post-upgrade")) };
      await web.install({ postRenderers: patched("one"), postRenderStrategy: "nohooks" }, files);
      expect((await world.data("rendered-settings"))?.["value"]).toBe("one");
      const made = await world.get("", "ConfigMap", "rendered-hook");
      expect(made?.metadata.labels?.["helm.toolkit.fluxcd.io/name"]).toBeUndefined();
      await web.apply({ postRenderers: patched("two"), postRenderStrategy: "combined" });
      await world.until("the second patch", async () => (await world.data("rendered-settings"))?.["value"] === "two");
      await world.untilDone("rendered");
      expect((await world.get("", "ConfigMap", "rendered-hook"))?.metadata.labels).toMatchObject({
        "helm.toolkit.fluxcd.io/name": "rendered",
      });
      const commonMetadata = {
        labels: { team: "shop", "helm.toolkit.fluxcd.io/name": "mine" },
        annotations: { note: "hi" },
      };
      await web.apply({ postRenderers: patched("two"), postRenderStrategy: "combined", commonMetadata });
      await world.until("revision 3", async () => (await web.history()).startsWith("v3 deployed upgrade"));
      const { observedCommonMetadataDigest, observedPostRenderersDigest } = await world.untilDone("rendered");
      expect(observedCommonMetadataDigest).toMatch(/^sha256:/);
      expect(observedPostRenderersDigest).toMatch(/^sha256:/);
      const object = await world.get("", "ConfigMap", "rendered-settings");
      // Whoever it belongs to is said last.
      expect(object?.metadata.labels).toMatchObject({ team: "shop", "helm.toolkit.fluxcd.io/name": "rendered" });
      expect(object?.metadata.annotations).toMatchObject({ note: "hi" });
    });

    it.concurrent("test: run once for each revision, those that are asked for, and told in history", async () => {
      const web = scene("tested");
      const files = {
        ...plain,
        "templates/one.yaml": map("one", "{}", hook("test")),
        "templates/two.yaml": map("two", "{}", hook("test")),
      };
      const filters = [{ name: "tested-two", exclude: true }];
      const status = await web.install({ test: { enable: true, filters } }, files);
      expect(status.history?.[0]?.testHooks).toMatchObject({ "tested-one": { phase: "Succeeded" }, "tested-two": {} });
      expect(status.history?.[0]?.testHooks?.["tested-two"]?.phase).toBeUndefined();
      expect(await world.condition("tested", "TestSuccess")).toMatchObject({
        status: "True",
        reason: "TestSucceeded",
        message:
          "Helm test succeeded for release shop/tested.v1 with chart tested@1.0.0: 2 test hooks completed successfully",
      });
      expect((await world.condition("tested"))?.reason).toBe("TestSucceeded");
      await web.apply({ test: { enable: false } });
      await world.untilCondition("tested", { status: "True" });
      await world.untilDone("tested");
      expect(await web.history()).toBe("v1 deployed install");
    });

    it.concurrent("a failing test counts as a failure, unless it is to be ignored", async () => {
      const pod = `{{- if .Values.smoking }}
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-smoke", annotations: {helm.sh/hook: test}}
spec: {containers: [{name: smoke, image: example.test/none}]}
{{- end }}
`;
      const files = { ...plain, "templates/smoke.yaml": pod };
      const [strict, easy] = [scene("strict"), scene("easy")];
      const spec: Partial<HelmReleaseSpec> = { test: { enable: true, timeout: "2s" } };
      await Promise.all([
        strict.install({ ...spec, values: { greeting: "good" } }, files),
        easy.install({ ...spec, values: { greeting: "good" } }, files),
      ]);
      const upgrade = { remediation: { retries: 0, remediateLastFailure: true } };
      await strict.apply({ ...spec, upgrade, values: { greeting: "bad", smoking: true } });
      const test = { enable: true, timeout: "2s", ignoreFailures: true };
      await easy.apply({ ...spec, test, upgrade, values: { greeting: "bad", smoking: true } });
      await world.untilCondition("strict", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
      expect((await world.condition("strict"))?.reason).toBe("RollbackSucceeded");
      expect((await world.data("strict-settings"))?.["greeting"]).toBe("good");
      await world.untilCondition("easy", { type: "TestSuccess", status: "False", reason: "TestFailed" });
      await world.untilDone("easy");
      expect((await world.condition("easy"))?.reason).toBe("UpgradeSucceeded");
      expect((await world.data("easy-settings"))?.["greeting"]).toBe("bad");
    });

    it.concurrent("dependsOn with an expression, which replaces the rule, and one that is none", async () => {
      const [after, before, wrong] = [scene("later"), scene("sooner"), scene("wrong")];
      await before.install({ values: { greeting: "wait" } });
      after.offer("1.0.0");
      const readyExpr = "dep.spec.values.greeting == 'go' && self.metadata.name == 'later'";
      await after.apply({ dependsOn: [{ name: "sooner", readyExpr }] });
      await world.untilCondition("later", {
        status: "False",
        reason: "DependencyNotReady",
        text: "dependency 'shop/sooner' is not ready according to readyExpr eval",
      });
      await before.apply({ values: { greeting: "go" } });
      await world.untilDone("later");
      wrong.offer("1.0.0");
      await wrong.apply({ dependsOn: [{ name: "sooner", readyExpr: "dep.spec." }] });
      await world.untilCondition("wrong", { type: "Stalled", status: "True", reason: "InvalidCELExpression" });
    });

    it.concurrent("maxHistory bounds what Helm keeps", async () => {
      const web = scene("short");
      await web.install({ maxHistory: 2, values: { greeting: "1" } });
      for (const greeting of ["2", "3", "4"]) {
        await web.apply({ maxHistory: 2, values: { greeting } });
        await world.untilCondition("short", { status: "True", text: `shop/short.v${greeting}` });
      }
      await world.untilDone("short");
      expect(await world.stored("short", 2)).toBeUndefined();
      expect((await world.stored("short", 3))?.info.status).toBe("superseded");
    });

    it.concurrent("crds: applied in an install and in an upgrade, left where they are skipped, and never deleted", async () => {
      const web = scene("defined");
      const files = (described: string): Files => ({ ...plain, "crds/all.yaml": widgets(described, "knobs") });
      const describedAs = async (): Promise<unknown> => {
        const found = await world.get("apiextensions.k8s.io", "CustomResourceDefinition", "knobs.example.test");
        return (
          fieldOf(found, "spec", "versions", "0", "schema", "openAPIV3Schema", "description") ??
          JSON.stringify(found?.["spec"])
        );
      };
      await web.install({}, files("first"));
      expect(await describedAs()).toContain("first");
      const made = await world.get("apiextensions.k8s.io", "CustomResourceDefinition", "knobs.example.test");
      expect(made?.metadata.labels).toEqual({
        "helm.toolkit.fluxcd.io/name": "defined",
        "helm.toolkit.fluxcd.io/namespace": "shop",
      });
      const status = await world.status("defined");
      expect(status.inventory?.entries.map(({ id }) => id)).toContain(
        "_knobs.example.test_apiextensions.k8s.io_CustomResourceDefinition",
      );
      web.offer("1.1.0", files("second"));
      await world.untilCondition("defined", { status: "True", text: "defined@1.1.0" });
      await world.untilDone("defined");
      // By server-side apply what is to be created is applied, though it is there, as Flux 2.9 does whatever its definition says.
      expect(await describedAs()).toContain("second");
      await web.apply({ upgrade: { crds: "Skip" } });
      web.offer("1.2.0", files("third"));
      await world.untilCondition("defined", { status: "True", text: "defined@1.2.0" });
      await world.untilDone("defined");
      expect(await describedAs()).toContain("second");
      await web.apply({ upgrade: { crds: "CreateReplace" } });
      web.offer("1.3.0", files("third"));
      await world.untilCondition("defined", { status: "True", text: "defined@1.3.0" });
      await world.untilDone("defined");
      expect(await describedAs()).toContain("third");
      await web.remove();
      expect(await describedAs()).toContain("third");
      const bare = scene("bare");
      await bare.install({ install: { crds: "Skip" } }, { ...plain, "crds/all.yaml": widgets("never", "dials") });
      expect(await world.get("apiextensions.k8s.io", "CustomResourceDefinition", "dials.example.test")).toBeUndefined();
    });

    it.concurrent("uninstall.keepHistory leaves the record, and disableHooks its hooks", async () => {
      const files = { ...plain, "templates/bye.yaml": map("bye", "{}", hook("pre-delete")) };
      const [kept, quiet] = [scene("recorded"), scene("quiet")];
      await kept.install({ uninstall: { keepHistory: true } }, files);
      await quiet.install({ uninstall: { disableHooks: true } }, files);
      await kept.remove();
      await quiet.remove();
      expect((await world.stored("recorded", 1))?.info.status).toBe("uninstalled");
      expect(await world.data("recorded-bye")).toBeDefined();
      expect(await world.stored("quiet", 1)).toBeUndefined();
      expect(await world.data("quiet-bye")).toBeUndefined();
      if (hasHelm) expect(await kept.helmHistory()).toBe("1 uninstalled");
      // Its name is taken, unless it is to be used again.
      await kept.apply();
      await world.untilCondition("recorded", { status: "False", reason: "InstallFailed", text: "still in use" });
      await kept.apply({ install: { replace: true } });
      await world.until("another install", async () => (await kept.history()).startsWith("v2 deployed"));
    });

    it.concurrent("a chart of another name is installed anew, or in place where that is asked for", async () => {
      const [anew, place] = [scene("anew"), scene("place")];
      await anew.install();
      await place.install();
      const upgrade = { chartNameChangeStrategy: "InPlaceUpdate" as const };
      await place.apply({ upgrade });
      for (const web of [anew, place]) world.offer(web.chart, "2.0.0", chartOf("renamed", "2.0.0", plain));
      for (const name of ["anew", "place"]) {
        await world.untilCondition(name, { status: "True", text: "renamed@2.0.0" });
        await world.untilDone(name);
      }
      expect(await anew.history()).toBe("v1 deployed install");
      expect(await place.history()).toBe("v2 deployed upgrade, v1 superseded -");
    });

    it.concurrent("objects that exist are taken over, unless that is refused", async () => {
      const [taking, polite] = [scene("taking"), scene("polite")];
      await world.apply(configMap("taking-settings", { mine: "yes" }), configMap("polite-settings", { mine: "yes" }));
      await taking.install();
      expect(await world.data("taking-settings")).toMatchObject({ greeting: "hello" });
      polite.offer("1.0.0");
      await polite.apply({ install: { disableTakeOwnership: true } });
      const failed = await world.untilCondition("polite", {
        type: "Released",
        status: "False",
        reason: "InstallFailed",
      });
      expect(failed.message).toContain(
        'ConfigMap "polite-settings" in namespace "shop" exists and cannot be imported into the current release: invalid ownership metadata',
      );
    });

    it.concurrent("valuesFrom: a literal, a list's item, quoted text; a watched object is followed at once", async () => {
      const web = scene("spread");
      await world.apply(
        configMap(
          "spread",
          { text: "a,b={c}", quoted: '"8"', item: "second", "values.yaml": "greeting: from-map" },
          {
            labels: { "reconcile.fluxcd.io/watch": "Enabled" },
          },
        ),
      );
      const from = (valuesKey: string, targetPath: string, literal = false) => ({
        kind: "ConfigMap" as const,
        name: "spread",
        valuesKey,
        targetPath,
        ...(literal ? { literal } : {}),
      });
      await web.install({
        valuesFrom: [
          { kind: "ConfigMap", name: "spread" },
          from("text", "literal", true),
          from("quoted", "quoted"),
          from("item", "list[1]"),
        ],
        values: { list: ["first", "last"] },
      });
      expect((await world.stored("spread", 1))?.config).toEqual({
        greeting: "from-map",
        literal: "a,b={c}",
        quoted: "8",
        list: ["first", "second"],
      });
      await world.edit(await world.target("", "ConfigMap", "spread"), { data: { "values.yaml": "greeting: newer" } });
      await world.until(
        "the change to be followed",
        async () => (await world.data("spread-settings"))?.["greeting"] === "newer",
      );
      await world.untilDone("spread");
    });

    it.concurrent("upgrade.preserveValues keeps what is not stated any more", async () => {
      const web = scene("keeping");
      await web.install({ values: { greeting: "kept", other: "a" } });
      await web.apply({ values: { other: "b" }, upgrade: { preserveValues: true } });
      await world.until("revision 2", async () => (await web.history()).startsWith("v2 deployed upgrade"));
      expect((await world.data("keeping-settings"))?.["greeting"]).toBe("kept");
    });

    it.concurrent("values that the chart's schema refuses fail, unless nobody is to look", async () => {
      const schema = JSON.stringify({ type: "object", properties: { greeting: { type: "string" } } });
      const files = { ...plain, "values.schema.json": schema };
      const [strict, easy] = [scene("typed"), scene("untyped")];
      strict.offer("1.0.0", files);
      await strict.apply({ values: { greeting: 5 } });
      const failed = await world.untilCondition("typed", {
        type: "Released",
        status: "False",
        reason: "InstallFailed",
      });
      expect(failed.message).toContain(
        "values don't meet the specifications of the schema(s) in the following chart(s)",
      );
      await easy.install({ values: { greeting: 5 }, install: { disableSchemaValidation: true } }, files);
    });

    it.concurrent("install.disableHooks runs none; disableWait waits for nothing", async () => {
      const web = scene("hasty");
      const files = { ...plain, "templates/hook.yaml": map("hook", "{}", hook("pre-install")) };
      const spec = { values: { broken: true }, install: { disableHooks: true, disableWait: true } };
      await web.install(spec, files);
      expect(await world.data("hasty-hook")).toBeUndefined();
    });

    it.concurrent("serverSideApply: off in an install, kept by auto, switched on by an upgrade", async () => {
      const web = scene("aside");
      await web.install({ install: { serverSideApply: false }, values: { greeting: "1" } });
      const method = async (revision: number): Promise<unknown> =>
        (await world.stored("aside", revision))?.apply_method;
      expect(await method(1)).toBe("csa");
      await web.apply({ values: { greeting: "2" } });
      await world.untilCondition("aside", { status: "True", text: "shop/aside.v2" });
      expect(await method(2)).toBe("csa");
      await web.apply({ values: { greeting: "3" }, upgrade: { serverSideApply: "enabled" } });
      await world.untilCondition("aside", { status: "True", text: "shop/aside.v3" });
      expect(await method(3)).toBe("ssa");
      expect((await world.data("aside-settings"))?.["greeting"]).toBe("3");
    });

    it.concurrent("healthCheckExprs say when an object is as it should be; the timeout of the action counts", async () => {
      const web = scene("judged");
      const healthCheckExprs = [{ apiVersion: "v1", kind: "ConfigMap", current: "data.greeting == 'done'" }];
      await web.install({ healthCheckExprs, values: { greeting: "done" } });
      await web.apply({ healthCheckExprs, values: { greeting: "not yet" }, timeout: "5m", upgrade: { timeout: "2s" } });
      await world.untilCondition("judged", { type: "Released", status: "False", reason: "UpgradeFailed" });
      await web.apply({ healthCheckExprs: [{ apiVersion: "v1", kind: "ConfigMap", current: "data." }] });
      await world.untilCondition("judged", { type: "Stalled", status: "True", reason: "InvalidCELExpression" });
    });

    it.concurrent("waitStrategy legacy waits by Helm 3's rules", async () => {
      const web = scene("older");
      const waitStrategy = { name: "legacy" as const };
      await web.install({ waitStrategy });
      await web.apply({ waitStrategy, timeout: "2s", values: { broken: true } });
      await world.untilCondition("older", { type: "Released", status: "False", reason: "UpgradeFailed" });
    });

    it.concurrent("upgrade.cleanupOnFail removes what a failed upgrade has made", async () => {
      const [clean, dirty] = [scene("clean"), scene("dirty")];
      for (const web of [clean, dirty]) {
        await web.install();
        await web.apply({ timeout: "2s", values: { broken: true }, upgrade: { cleanupOnFail: web === clean } });
      }
      for (const web of [clean, dirty])
        await world.untilCondition(web.name, { type: "Stalled", status: "True", reason: "RetriesExceeded" });
      await world.until("the new object to be gone", async () => {
        const pod = await world.get("", "Pod", "clean-broken");
        return pod === undefined || pod.metadata.deletionTimestamp !== undefined;
      });
      expect(await world.get("", "Pod", "dirty-broken")).toBeDefined();
    });

    it.concurrent("upgrade.remediation.strategy uninstall: removed, and installed again", async () => {
      const web = scene("afresh");
      await web.install();
      const upgrade = { remediation: { retries: 1, strategy: "uninstall" as const } };
      await web.apply({ timeout: "2s", values: { broken: true }, upgrade });
      await world.until("an uninstall", async () => {
        const { history = [] } = await world.status("afresh");
        return (
          (await world.condition("afresh", "Remediated"))?.reason === "UninstallSucceeded" ||
          history[0]?.action === "install"
        );
      });
    });

    it.concurrent("serviceAccountName: what it may not do is not done", async () => {
      const web = scene("lowly");
      const names = { name: "lowly", namespace: "shop" };
      await world.apply(asManifest({ apiVersion: "v1", kind: "ServiceAccount", metadata: names }));
      web.offer("1.0.0");
      await web.apply({
        serviceAccountName: "lowly",
        install: { strategy: { name: "RetryOnFailure", retryInterval: "1s" } },
      });
      await world.until("a refusal", async () => {
        const text = `${(await world.condition("lowly"))?.message ?? ""} ${(await world.condition("lowly", "Released"))?.message ?? ""}`;
        return text.includes("system:serviceaccount:shop:lowly");
      });
      expect(await world.data("lowly-settings")).toBeUndefined();
      await world.apply(
        asManifest({
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "RoleBinding",
          metadata: names,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
          subjects: [{ kind: "ServiceAccount", name: "lowly", namespace: "shop" }],
        }),
      );
      await world.ask("lowly");
      await world.untilDone("lowly");
    });

    it.concurrent("kubeConfig: goes where the Secret says, and nowhere without it", async () => {
      const web = scene("remote");
      web.offer("1.0.0");
      await web.apply({ kubeConfig: { secretRef: { name: "elsewhere" } }, persistentClient: false });
      await world.untilCondition("remote", { status: "False", reason: "RESTClientError", text: "elsewhere" });
      await world.apply(
        asManifest({
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "elsewhere", namespace: "shop" },
          data: { value: Buffer.from(world.kubeconfig()).toString("base64") },
        }),
      );
      await world.ask("remote");
      if (!world.isFlux && world.kubeconfig().includes("insecure-skip-tls-verify")) {
        // Flux has a flag for that; here nothing allows it.
        await world.untilCondition("remote", {
          status: "False",
          reason: "RESTClientError",
          text: "insecure-skip-tls-verify",
        });
        return;
      }
      await world.untilDone("remote");
      expect(await world.data("remote-settings")).toBeDefined();
    });

    it.concurrent("drift: an object that says so is left alone, and an empty pointer leaves out the whole", async () => {
      const web = scene("loose");
      const off = `{"labels": {"helm.toolkit.fluxcd.io/driftDetection": "Disabled"}}`;
      const data = '{"is": "right"}';
      const files = {
        ...plain,
        "templates/one.yaml": map("one", data, off),
        "templates/two.yaml": map("two", data),
        "templates/three.yaml": map("three", data),
      };
      const ignore = [{ paths: [""], target: { kind: "ConfigMap", name: "loose-two" } }];
      await web.install({ driftDetection: { mode: "enabled", ignore } }, files);
      for (const name of ["one", "two", "three"])
        await world.edit(await world.target("", "ConfigMap", `loose-${name}`), { data: { is: "wrong" } });
      await world.ask("loose");
      await world.until("the third to be healed", async () => (await world.data("loose-three"))?.["is"] === "right");
      await world.untilDone("loose");
      expect((await world.data("loose-one"))?.["is"]).toBe("wrong");
      expect((await world.data("loose-two"))?.["is"]).toBe("wrong");
    });
  });
}
