// What each field of a HelmRelease does to how it is installed, upgraded, tested and uninstalled, as the scripts of fields.contract.ts.

import { describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec } from "#api/flux";
import { fieldOf } from "#kernel";
import { hook, map, plain, Scene } from "./scene.contract.ts";
import { type Begin, chartOf, hasHelm, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

type Files = { [path: string]: string };

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

/** The scripts, on whatever home `begin` makes of a world. */
export function actionFieldsContract(title: string, begin: Begin): void {
  describe(title, () => {
    const world = suiteWorld(begin);

    function scene(name: string): Scene {
      return new Scene(world, name);
    }

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
  });
}
