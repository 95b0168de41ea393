// What each field of a HelmRelease does to what is released, where and by whom, as scripts that speak through the Kubernetes API alone. They
// run on our engine over the embedded server, over a real one, and on Flux's own helm-controller, which judges what they expect.

import { describe, expect, it, vi } from "vitest";
import type { PostRendererSpec } from "#api/flux";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { hook, map, plain, Scene } from "./scene.contract.ts";
import { type Begin, chartOf, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** The scripts, on whatever home `begin` makes of a world. */
export function fieldsContract(title: string, begin: Begin): void {
  describe(title, () => {
    const world = suiteWorld(begin);

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
