// Each state of a HelmRelease and each behaviour that a re-implementation tends to get wrong, as scripts that speak through the
// Kubernetes API alone. They run on our engine over the embedded server, over a real one, and on Flux's own helm-controller.

import { describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec } from "#api/flux";
import { asManifest, encodeUtf8, type Manifest, textOf } from "#kernel";
import { plain, Scene } from "./scene.contract.ts";
import { type Begin, chartOf, hasHelm, suiteWorld } from "./world.contract.ts";

// Conditions are waited for; Flux looks at health every five seconds, and its retries take theirs.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

/** The scripts, on whatever home `begin` makes of a world. */
export function releaseContract(title: string, begin: Begin): void {
  describe(title, () => {
    const world = suiteWorld(begin);

    function scene(name: string): Scene {
      return new Scene(world, name);
    }

    it.concurrent("installs: status, history, inventory and labels as Flux writes them", async () => {
      const web = scene("plain");
      const status = await web.install({ values: { greeting: "hi" } });
      expect(await world.data("plain-settings")).toMatchObject({ greeting: "hi", revision: "1" });
      const { conditions = [], history = [], inventory } = status;
      const message = "Helm install succeeded for release shop/plain.v1 with chart plain@1.0.0";
      expect(conditions.map(({ type, status: is, reason, message: text }) => [type, is, reason, text])).toEqual([
        ["Ready", "True", "InstallSucceeded", message],
        ["Released", "True", "InstallSucceeded", message],
      ]);
      expect(history[0]).toMatchObject({
        apiVersion: "v2",
        name: "plain",
        namespace: "shop",
        version: 1,
        status: "deployed",
        action: "install",
        chartName: "plain",
        chartVersion: "1.0.0",
        appVersion: "1.0.0",
        configDigest: "sha256:ae8839059c92351fe42afe04f9a0d8884b5bbe4ac4a75bb4bd64095d038d050a",
      });
      expect(inventory?.entries).toEqual([{ id: "shop_plain-settings__ConfigMap", v: "v1" }]);
      expect(status).toMatchObject({
        helmChart: "shop/shop-plain",
        storageNamespace: "shop",
        lastAttemptedGeneration: 1,
        lastAttemptedRevision: "1.0.0",
        lastAttemptedReleaseAction: "install",
        lastAttemptedConfigDigest: history[0]?.configDigest,
      });
      const object = await world.get("", "ConfigMap", "plain-settings");
      expect(object?.metadata.labels).toEqual({
        "app.kubernetes.io/managed-by": "Helm",
        "helm.toolkit.fluxcd.io/name": "plain",
        "helm.toolkit.fluxcd.io/namespace": "shop",
      });
      if (hasHelm) {
        expect(await web.helmHistory()).toBe("1 deployed");
        expect(await world.helm("get", "manifest", "plain", "-n", "shop")).toContain("name: plain-settings");
        expect(JSON.parse(await world.helm("get", "values", "plain", "-n", "shop", "-o", "json"))).toEqual({
          greeting: "hi",
        });
      }
    });

    it.concurrent("upgrades on new values and on a new chart, and on nothing else", async () => {
      const web = scene("grow");
      await web.install({ values: { greeting: "one" } });
      await web.apply({ values: { greeting: "two" } });
      await world.untilCondition("grow", { status: "True", reason: "UpgradeSucceeded", text: "shop/grow.v2" });
      web.offer("1.1.0");
      await world.untilCondition("grow", { status: "True", reason: "UpgradeSucceeded", text: "grow@1.1.0" });
      await world.untilDone("grow");
      expect(await world.data("grow-settings")).toEqual({ greeting: "two", revision: "3", chart: "1.1.0" });
      expect(await web.history()).toBe("v3 deployed upgrade, v2 superseded -");
      await world.ask("grow");
      await web.apply({ values: { greeting: "two" }, interval: "11m" });
      await world.untilDone("grow");
      expect(await web.history()).toBe("v3 deployed upgrade, v2 superseded -");
      if (hasHelm) expect(await web.helmHistory()).toBe("1 superseded, 2 superseded, 3 deployed");
    });

    it.concurrent("composes values: references in order, inline values, single values at their paths", async () => {
      const map = (name: string, data: { [key: string]: string }): Manifest =>
        asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "shop" }, data });
      await world.apply(
        map("values-one", { "values.yaml": "greeting: one\nother: one\n" }),
        map("values-two", { "values.yaml": "greeting: two\n", path: "8" }),
      );
      const web = scene("valued");
      const valuesFrom: HelmReleaseSpec["valuesFrom"] = [
        { kind: "ConfigMap", name: "values-one" },
        { kind: "ConfigMap", name: "values-two" },
        { kind: "ConfigMap", name: "values-two", valuesKey: "path", targetPath: "deep.number" },
        { kind: "Secret", name: "none", optional: true },
      ];
      const status = await web.install({ valuesFrom, values: { inline: 1e21 } });
      expect((await world.data("valued-settings"))?.["greeting"]).toBe("two");
      expect(status.lastAttemptedConfigDigest).toBe(
        "sha256:223691e2e5de98319fdeaa136a9877e2cfcb6a293870eeeeac8c23ea5c4c0c80",
      );
      await web.apply({ valuesFrom: [{ kind: "Secret", name: "none" }] });
      await world.untilCondition("valued", {
        status: "False",
        reason: "ValuesError",
        text: "could not resolve Secret chart values reference 'shop/none' with key 'values.yaml': secrets \"none\" not found",
      });
    });

    it.concurrent("waits for what it depends on, and goes on once that is ready", async () => {
      const after = scene("after");
      after.offer("1.0.0");
      await after.apply({ dependsOn: [{ name: "before" }] });
      await world.untilCondition("after", {
        status: "False",
        reason: "DependencyNotReady",
        text: "unable to get 'shop/before' dependency: helmreleases.helm.toolkit.fluxcd.io \"before\" not found",
      });
      const before = scene("before");
      await before.install();
      await world.untilDone("after");
    });

    it.concurrent("says what its source lacks", async () => {
      await scene("sourceless").apply();
      await world.untilCondition("sourceless", {
        status: "False",
        reason: "SourceNotReady",
        text: "HelmChart 'shop/shop-sourceless' is not ready: ",
      });
    });

    it.concurrent("fails an install that does not become ready, uninstalls it, and stalls when its retries are used up", async () => {
      const web = scene("doomed");
      web.offer("1.0.0");
      await web.apply({
        values: { broken: true },
        timeout: "2s",
        install: { remediation: { retries: 1, remediateLastFailure: true } },
      });
      await world.untilCondition("doomed", {
        type: "Stalled",
        status: "True",
        reason: "RetriesExceeded",
        text: "Failed to install after 2 attempt(s)",
      });
      const status = await world.status("doomed");
      expect(status.installFailures).toBe(2);
      expect((await world.condition("doomed"))?.reason).toBe("InstallFailed");
      expect((await world.condition("doomed", "Remediated"))?.message).toBe(
        "Helm uninstall remediation for release shop/doomed.v1 with chart doomed@1.0.0 succeeded",
      );
      expect((await world.condition("doomed", "Released"))?.message).toContain(
        "Helm install failed for release shop/doomed with chart doomed@1.0.0: ",
      );
      expect(await world.data("doomed-settings")).toBeUndefined();
      // Something else is wanted: failures count anew.
      await web.apply({ values: { broken: false }, timeout: "2s" });
      await world.untilDone("doomed");
      expect((await world.status("doomed")).installFailures).toBeUndefined();
    });

    it.concurrent("rolls a failed upgrade back, counts, and stalls after the last remediation", async () => {
      const web = scene("back");
      await web.install({ values: { greeting: "good" } });
      const upgrade = { remediation: { retries: 1 } };
      await web.apply({ values: { greeting: "bad", broken: true }, timeout: "2s", upgrade });
      await world.untilCondition("back", {
        type: "Stalled",
        status: "True",
        reason: "RetriesExceeded",
        text: "Failed to upgrade after 2 attempt(s)",
      });
      expect(await world.condition("back")).toMatchObject({
        status: "False",
        reason: "RollbackSucceeded",
        message: "Helm rollback to previous release shop/back.v3 with chart back@1.0.0 succeeded",
      });
      expect((await world.condition("back", "Remediated"))?.status).toBe("True");
      expect((await world.status("back")).upgradeFailures).toBe(2);
      expect((await world.data("back-settings"))?.["greeting"]).toBe("good");
      if (hasHelm)
        expect(await web.helmHistory()).toMatch(/^1 superseded, 2 failed, 3 superseded, 4 failed, 5 deployed$/);
      // The good values again are in sync with what was rolled back to, and need no action.
      await web.apply({ values: { greeting: "good" }, timeout: "2s", upgrade });
      await world.untilCondition("back", { status: "True", reason: "UpgradeSucceeded" });
      expect(await world.condition("back", "Remediated")).toBeUndefined();
    });

    it.concurrent("leaves a failed upgrade without retries as it is, and stalls", async () => {
      const web = scene("left");
      await web.install();
      await web.apply({ values: { broken: true }, timeout: "2s" });
      await world.untilCondition("left", {
        type: "Stalled",
        status: "True",
        reason: "RetriesExceeded",
        text: "Failed to upgrade after 1 attempt(s)",
      });
      expect((await world.condition("left"))?.reason).toBe("UpgradeFailed");
      expect(await web.history()).toMatch(/^v2 failed upgrade, v1 deployed/);
      if (hasHelm) expect(await web.helmHistory()).toBe("1 deployed, 2 failed");
      // A reset counts anew, and tries again.
      await world.ask("left", "resetAt");
      await world.until("another attempt", async () => ((await world.status("left")).history?.[0]?.version ?? 0) > 2);
    });

    it.concurrent("retries on failure without undoing anything, where its strategy says so", async () => {
      const web = scene("again");
      await web.install();
      const upgrade = { strategy: { name: "RetryOnFailure", retryInterval: "1s" } };
      await web.apply({ values: { broken: true }, timeout: "2s", upgrade });
      await world.untilCondition("again", {
        type: "Reconciling",
        status: "True",
        reason: "ProgressingWithRetry",
        text: "retrying after 1s",
      });
      await world.until("a second attempt", async () => ((await world.status("again")).history?.[0]?.version ?? 0) > 2);
      expect(await world.condition("again", "Remediated")).toBeUndefined();
      await web.apply({ values: { broken: false }, timeout: "2s", upgrade });
      await world.untilDone("again");
      expect((await world.status("again")).failures).toBeUndefined();
    });

    it.concurrent("forces an upgrade once for each request", async () => {
      const web = scene("forced");
      await web.install();
      const token = await world.ask("forced", "forceAt");
      await world.until("revision 2", async () => (await web.history()).startsWith("v2 deployed upgrade"));
      await world.untilDone("forced");
      expect((await world.status("forced")).lastHandledForceAt).toBe(token);
      await world.ask("forced");
      await world.untilDone("forced");
      expect(await web.history()).toMatch(/^v2 deployed upgrade/);
    });

    it.concurrent("uninstalls where its target changes, and installs at the new one", async () => {
      const web = scene("moved");
      await web.install();
      await web.apply({ releaseName: "renamed" });
      await world.until("the renamed release", async () => (await world.data("renamed-settings")) !== undefined);
      await world.untilDone("moved");
      expect(await world.data("moved-settings")).toBeUndefined();
      expect((await world.status("moved")).history?.[0]).toMatchObject({
        name: "renamed",
        version: 1,
        action: "install",
      });
      if (hasHelm) expect((await world.helm("list", "-n", "shop", "-q")).split("\n")).not.toContain("moved");
    });

    it.concurrent("shortens names that Helm does not take", async () => {
      const name = "a-release-with-a-name-that-is-longer-than-fifty-three-letters";
      const web = scene(name);
      await web.install();
      const [snapshot] = (await world.status(name)).history ?? [];
      expect(snapshot?.name).toBe("a-release-with-a-name-that-is-longer-tha-27c0b8e63c27");
    });

    it.concurrent("tells of drift where it is to be told, and heals it where it is to be healed, but for what is ignored", async () => {
      const web = scene("drift");
      await web.install({ values: { greeting: "right" }, driftDetection: { mode: "warn" } });
      await world.untilCondition("drift", { type: "Drifted", status: "False", reason: "NoDriftDetected" });
      const target = await world.target("", "ConfigMap", "drift-settings");
      await world.edit(target, { data: { greeting: "wrong", added: "by hand" } });
      await world.ask("drift");
      const drifted = await world.untilCondition("drift", { type: "Drifted", status: "True", reason: "DriftDetected" });
      expect(drifted.message).toBe(
        "Cluster state of release shop/drift.v1 has drifted from the desired state:\nConfigMap/shop/drift-settings changed (0 additions, 1 changes, 0 removals)",
      );
      expect((await world.data("drift-settings"))?.["greeting"]).toBe("wrong");
      const ignore = [{ paths: ["/data/revision"], target: { kind: "ConfigMap" } }];
      await web.apply({ values: { greeting: "right" }, driftDetection: { mode: "enabled", ignore } });
      await world.until(
        "the drift to be healed",
        async () => (await world.data("drift-settings"))?.["greeting"] === "right",
      );
      await world.untilCondition("drift", { type: "Drifted", status: "False" });
      await world.edit(target, { data: { revision: "mine" } });
      await world.ask("drift");
      await world.untilDone("drift");
      expect(await world.data("drift-settings")).toMatchObject({ revision: "mine", added: "by hand" });
      await world.remove(target);
      await world.ask("drift");
      await world.until("the object to be back", async () => (await world.data("drift-settings")) !== undefined);
      await world.untilDone("drift");
      expect(await web.history()).toBe("v1 deployed install");
    });

    it.concurrent("takes over what was made by somebody else, as an upgrade", async () => {
      if (!hasHelm) return;
      const web = scene("adopted");
      web.offer("1.0.0");
      await world.apply(
        asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "unrelated", namespace: "shop" } }),
      );
      const chart = world.chartFile("adopted", chartOf("adopted", "0.9.0", plain));
      await world.helm("install", "adopted", chart, "-n", "shop");
      await web.apply();
      await world.untilCondition("adopted", {
        status: "True",
        reason: "UpgradeSucceeded",
        text: "shop/adopted.v2 with chart adopted@1.0.0",
      });
      expect(await web.helmHistory()).toBe("1 superseded, 2 deployed");
      // What somebody changes by helm is changed back by an upgrade.
      await world.helm("upgrade", "adopted", chart, "-n", "shop", "--force-conflicts", "--set", "greeting=by-hand");
      await world.ask("adopted");
      await world.until("revision 4", async () => (await web.history()).startsWith("v4 deployed upgrade"));
      await world.untilDone("adopted");
      expect((await world.data("adopted-settings"))?.["greeting"]).toBe("hello");
      await world.helm("rollback", "adopted", "3", "-n", "shop", "--force-conflicts");
      await world.ask("adopted");
      await world.until("revision 6", async () => (await web.history()).startsWith("v6 deployed upgrade"));
      await world.untilDone("adopted");
    });

    it.concurrent("uninstalls when it is deleted, and its HelmChart goes with it", async () => {
      const web = scene("gone");
      await web.install();
      await web.remove();
      expect(await world.data("gone-settings")).toBeUndefined();
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-gone")).toBeUndefined();
    });

    it.concurrent("keeps everything when it is deleted while suspended", async () => {
      const web = scene("kept");
      await web.install();
      await web.apply({ suspend: true });
      await world.until("the suspension to be seen", async () => {
        const object = await world.release("kept");
        return object?.status?.observedGeneration === object?.metadata.generation;
      });
      await web.remove();
      expect(await world.data("kept-settings")).toBeDefined();
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-kept")).toBeDefined();
    });

    it.concurrent("stalls where a failed upgrade has nothing to go back to", async () => {
      const web = scene("orphan");
      web.offer("1.0.0");
      await web.apply({ timeout: "2s", values: { broken: true } });
      await world.untilCondition("orphan", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
      const upgrade = { remediation: { retries: 1 } };
      await web.apply({ timeout: "2s", values: { broken: true, greeting: "other" }, upgrade });
      const stalled = await world.untilCondition("orphan", {
        type: "Stalled",
        status: "True",
        reason: "MissingRollbackTarget",
      });
      expect(stalled.message).toBe(
        "Failed to perform remediation: missing target release for rollback: cannot remediate failed release",
      );
      expect(await web.history()).toMatch(/^v2 failed upgrade, v1 failed/);
    });

    it.concurrent("a new chart version counts failures anew", async () => {
      const web = scene("afresh-chart");
      web.offer("1.0.0");
      await web.apply({ timeout: "2s", values: { broken: true } });
      await world.untilCondition("afresh-chart", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
      const { "templates/workload.yaml": _, ...healthy } = plain;
      world.offer(web.chart, "1.1.0", chartOf("afresh-chart", "1.1.0", healthy));
      const status = await world.until("another attempt", async () => {
        const found = await world.status("afresh-chart");
        return found.history?.[0]?.status === "deployed" && found;
      });
      expect(status.history?.[0]).toMatchObject({ version: 2, chartVersion: "1.1.0", action: "upgrade" });
      expect((await world.untilDone("afresh-chart")).installFailures).toBeUndefined();
    });

    it.concurrent("says of an artifact that is no chart, and goes on with one that is", async () => {
      const web = scene("garbled");
      world.offer(web.chart, "1.0.0", encodeUtf8("this is no chart"));
      await web.apply();
      await world.untilCondition("garbled", {
        status: "False",
        reason: "ArtifactFailed",
        text: "Could not load chart",
      });
      world.offer(web.chart, "1.0.1", chartOf("garbled", "1.0.1", plain));
      await world.untilDone("garbled");
    });

    it.concurrent("remediation.ignoreTestFailures: a failing test is told and undoes nothing", async () => {
      const web = scene("lenient");
      const smoke = `{{- if .Values.smoking }}
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-smoke", annotations: {helm.sh/hook: test}}
spec: {containers: [{name: smoke, image: example.test/none}]}
{{- end }}
`;
      const spec = { test: { enable: true, timeout: "2s" } };
      await web.install({ ...spec, values: { greeting: "good" } }, { ...plain, "templates/smoke.yaml": smoke });
      const upgrade = { remediation: { remediateLastFailure: true, ignoreTestFailures: true } };
      await web.apply({ ...spec, upgrade, values: { greeting: "bad", smoking: true } });
      await world.untilCondition("lenient", { status: "False", reason: "TestFailed" });
      await world.ask("lenient");
      expect((await world.data("lenient-settings"))?.["greeting"]).toBe("bad");
      expect(await world.condition("lenient", "Remediated")).toBeUndefined();
      expect(await web.history()).toMatch(/^v2 deployed upgrade/);
    });

    it.concurrent("Events carry revision, app version and the digest of values", async () => {
      const web = scene("eventful");
      const status = await web.install({ values: { greeting: "hi" } });
      const annotations = await world.until("the Event", async () => {
        const list = await world.cluster.list(await world.resource("", "Event"));
        const found = (list.ok ? list.value.items : []).find(
          (event) => event["reason"] === "InstallSucceeded" && textOf(event, "involvedObject", "name") === "eventful",
        );
        return found?.metadata.annotations;
      });
      expect(annotations).toEqual({
        "helm.toolkit.fluxcd.io/app-version": "1.0.0",
        "helm.toolkit.fluxcd.io/revision": "1.0.0",
        "helm.toolkit.fluxcd.io/token": status.lastAttemptedConfigDigest,
      });
    });

    it.concurrent("commonMetadata reaches no selector and no pod template", async () => {
      const web = scene("labelled");
      const labels = '{app: "{{ .Release.Name }}"}';
      const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: "{{ .Release.Name }}-web"}
spec:
  selector: {matchLabels: ${labels}}
  template: {metadata: {labels: ${labels}}, spec: {containers: [{name: web, image: example.test/none}]}}
`;
      const commonMetadata = { labels: { team: "shop" }, annotations: { note: "hi" } };
      await web.install({ commonMetadata, install: { disableWait: true } }, { "templates/all.yaml": deployment });
      const made = await world.get("apps", "Deployment", "labelled-web");
      expect(made?.metadata).toMatchObject({ labels: { team: "shop" }, annotations: { note: "hi" } });
      expect(made?.["spec"]).toMatchObject({ selector: { matchLabels: { app: "labelled" } } });
      expect(textOf(made, "spec", "template", "metadata", "labels", "team")).toBe("");
      expect(textOf(made, "spec", "template", "metadata", "labels", "helm.toolkit.fluxcd.io/name")).toBe("");
    });

    it.concurrent("unlocks what a killed process left pending, and upgrades", async () => {
      const web = scene("stale");
      await web.install({ values: { greeting: "one" } });
      await web.apply({ values: { greeting: "one" }, suspend: true });
      await world.until("the suspension to be seen", async () => {
        const object = await world.release("stale");
        return object?.status?.observedGeneration === object?.metadata.generation;
      });
      await world.markPending("stale", 1, "pending-upgrade");
      await web.apply({ values: { greeting: "one" }, suspend: false });
      await world.until("revision 2", async () => (await web.history()).startsWith("v2 deployed upgrade"));
      await world.untilDone("stale");
      const events = (await world.events()).filter(({ name }) => name === "stale");
      expect(events.map(({ reason, message }) => `${reason}: ${message}`)).toContain(
        "PendingRelease: Unlocked Helm release shop/stale.v1 with chart stale@1.0.0 in pending-upgrade state",
      );
      if (hasHelm) expect(await web.helmHistory()).toMatch(/^1 (failed|superseded), 2 deployed$/);
    });
  });
}
