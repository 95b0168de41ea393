// What the switches of each action do, as scripts that speak through the Kubernetes API alone. They run on our engine over the embedded
// server, over a real one, and on Flux's own helm-controller, which judges what they expect.

import { describe, expect, it, vi } from "vitest";
import type { HelmReleaseSpec, PostRendererSpec } from "#api/flux";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { plain, Scene } from "./scene.contract.ts";
import { type Begin, chartOf, hasHelm, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 300_000, hookTimeout: 120_000 });

type Files = { [path: string]: string };

/** An object in a template, `RELEASE-name`; its metadata may say more, as YAML in braces. */
function object(
  name: string,
  more: { kind?: string; apiVersion?: string; metadata?: string; rest?: string } = {},
): string {
  const { kind = "ConfigMap", apiVersion = "v1", metadata = "", rest = "" } = more;
  return `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: "{{ .Release.Name }}-${name}"${metadata}}\n${rest}\n`;
}

/** Only where the values say so. */
const when = (value: string, text: string): string => `{{- if .Values.${value} }}\n${text}{{- end }}\n`;

const hook = (events: string): string => `, annotations: {helm.sh/hook: "${events}"}`;

const pod = (name: string): string =>
  object(name, { kind: "Pod", rest: "spec: {containers: [{name: web, image: example.test/none}]}" });

/** The scripts, on whatever home `begin` makes of a world. */
export function switchesContract(title: string, begin: Begin): void {
  describe(title, () => {
    const world = suiteWorld(begin);

    const scene = (name: string): Scene => new Scene(world, name);
    const map = (name: string): Promise<Manifest | undefined> => world.get("", "ConfigMap", name);
    const untilStalled = (name: string) =>
      world.untilCondition(name, { type: "Stalled", status: "True", reason: "RetriesExceeded" });

    it.concurrent("upgrade.force replaces what client-side apply would patch", async () => {
      const names = ["forcing", "patching"];
      await Promise.all(
        names.map(async (name) => {
          const web = scene(name);
          const spec = { install: { serverSideApply: false }, upgrade: { force: name === "forcing" } };
          await web.install({ ...spec, values: { greeting: "1" } });
          await world.edit(await world.target("", "ConfigMap", `${name}-settings`), { data: { mine: "yes" } });
          await web.apply({ ...spec, values: { greeting: "2" } });
          await world.untilCondition(name, { status: "True", text: `shop/${name}.v2` });
        }),
      );
      expect(await world.data("forcing-settings")).toEqual({ greeting: "2", revision: "2", chart: "1.0.0" });
      expect(await world.data("patching-settings")).toMatchObject({ greeting: "2", mine: "yes" });
    });

    it.concurrent("rollback.disableHooks, rollback.serverSideApply: how it goes back", async () => {
      const files = { ...plain, "templates/back.yaml": object("back", { metadata: hook("pre-rollback") }) };
      const switches: { [name: string]: HelmReleaseSpec["rollback"] } = {
        "back-quiet": { disableHooks: true, serverSideApply: "enabled" },
        "back-plain": {},
      };
      await Promise.all(
        Object.entries(switches).map(async ([name, rollback]) => {
          const web = scene(name);
          const spec: Partial<HelmReleaseSpec> = {
            timeout: "2s",
            install: { serverSideApply: false },
            upgrade: { remediation: { remediateLastFailure: true } },
            ...(rollback === undefined ? {} : { rollback }),
          };
          await web.install(spec, files);
          await web.apply({ ...spec, values: { broken: true } });
          await untilStalled(name);
          expect((await world.condition(name))?.reason, name).toBe("RollbackSucceeded");
        }),
      );
      expect(await map("back-quiet-back")).toBeUndefined();
      expect(await map("back-plain-back")).toBeDefined();
      expect((await world.stored("back-quiet", 3))?.apply_method).toBe("ssa");
      expect((await world.stored("back-plain", 3))?.apply_method).toBe("csa");
    });

    it.concurrent("rollback.timeout, disableWait and cleanupOnFail: what was made stays where only the wait for it failed", async () => {
      const files = { ...plain, "templates/first.yaml": when("first", pod("first")) };
      const switches: { [name: string]: HelmReleaseSpec["rollback"] } = {
        "back-clean": { timeout: "2s", cleanupOnFail: true },
        "back-dirty": { timeout: "2s" },
        "back-hasty": { disableWait: true },
      };
      await Promise.all(
        Object.entries(switches).map(async ([name, rollback]) => {
          const web = scene(name);
          const spec: Partial<HelmReleaseSpec> = {
            install: { disableWait: true },
            upgrade: { timeout: "2s", remediation: { remediateLastFailure: true } },
            ...(rollback === undefined ? {} : { rollback }),
          };
          await web.install({ ...spec, values: { first: true } }, files);
          await web.apply({ ...spec, values: { broken: true } });
          const reason = name === "back-hasty" ? "RollbackSucceeded" : "RollbackFailed";
          await world.until(`${name} to have tried`, async () => {
            return (await world.condition(name, "Remediated"))?.reason === reason;
          });
        }),
      );
      const isLeft = async (name: string): Promise<boolean> => {
        const found = await world.get("", "Pod", name);
        return found !== undefined && found.metadata.deletionTimestamp === undefined;
      };
      for (const name of Object.keys(switches)) expect(await isLeft(`${name}-first`), name).toBe(true);
    });

    it.concurrent("uninstall.deletionPropagation says what becomes of dependents", async () => {
      const finalizers = { foreground: "foregroundDeletion", orphan: "orphan" };
      await Promise.all(
        Object.entries(finalizers).map(async ([propagation, finalizer]) => {
          const web = scene(`leaving-${propagation}`);
          const uninstall = { disableWait: true, deletionPropagation: propagation as "foreground" | "orphan" };
          await web.install({ uninstall });
          await world.remove(await world.releaseTarget(web.name));
          // Nobody collects garbage here: what a collector would look at stays.
          await world.until(`${web.name} to be asked to go`, async () => {
            const found = await map(`${web.name}-settings`);
            return found?.metadata.finalizers?.includes(finalizer);
          });
          await world.until(`${web.name} to be gone`, async () => (await world.release(web.name)) === undefined);
        }),
      );
    });

    it.concurrent("uninstall waits until its objects are gone, for its timeout, unless it is not to wait", async () => {
      const files: Files = { "templates/held.yaml": object("held", { metadata: ", finalizers: [example.test/hold]" }) };
      const [patient, hasty] = [scene("patient"), scene("impatient")];
      await Promise.all([
        patient.install({ uninstall: { timeout: "1s" } }, files),
        hasty.install({ uninstall: { disableWait: true } }, files),
      ]);
      await hasty.remove();
      expect((await map("impatient-held"))?.metadata.deletionTimestamp).toBeDefined();
      await world.remove(await world.releaseTarget("patient"));
      await world.until("a failed uninstall", async () => {
        const events = (await world.events()).filter(({ name }) => name === "patient");
        return events.some(({ reason }) => reason === "UninstallFailed");
      });
      // The next look finds no record any more, and lets the release go.
      for (const name of ["patient-held", "impatient-held"])
        await world.edit(await world.target("", "ConfigMap", name), { metadata: { finalizers: null } });
      await world.until("patient to be gone", async () => (await world.release("patient")) === undefined);
    });

    it.concurrent("disableWaitForJobs: a Job need not be complete", async () => {
      const job = object("work", {
        apiVersion: "batch/v1",
        kind: "Job",
        rest: "spec: {template: {spec: {restartPolicy: Never, containers: [{name: work, image: example.test/none}]}}}",
      });
      const files = { ...plain, "templates/job.yaml": job };
      const [waiting, going] = [scene("job-waiting"), scene("job-going")];
      for (const web of [waiting, going]) web.offer("1.0.0", files);
      await waiting.apply({ timeout: "20s" });
      await going.apply({ timeout: "5m", install: { disableWaitForJobs: true } });
      for (const { name } of [waiting, going]) {
        await world.until(`${name}'s Job`, () => world.get("batch", "Job", `${name}-work`));
        const target = { ...(await world.target("batch", "Job", `${name}-work`)), subresource: "status" };
        await world.edit(target, { status: { startTime: new Date().toISOString(), active: 1 } }, "kcm");
      }
      await world.untilDone("job-going");
      const failed = await world.untilCondition("job-waiting", { type: "Released", status: "False" });
      expect(failed.reason).toBe("InstallFailed");
    });

    it.concurrent("what no schema knows: refused by server-side apply, left out by client-side apply, whatever disableOpenAPIValidation says", async () => {
      const files = { ...plain, "templates/odd.yaml": object("odd", { rest: "unheard: of" }) };
      const [server, client, easy] = [scene("odd-server"), scene("odd-client"), scene("odd-easy")];
      server.offer("1.0.0", files);
      await server.apply({ install: { disableOpenAPIValidation: true } });
      await client.install({ install: { serverSideApply: false } }, files);
      await easy.install({ install: { serverSideApply: false, disableOpenAPIValidation: true } }, files);
      const failed = await world.untilCondition("odd-server", { type: "Released", status: "False" });
      expect(failed).toMatchObject({ reason: "InstallFailed" });
      expect(failed.message).toContain("unheard");
    });

    it.concurrent("upgrade.disableTakeOwnership refuses what exists already; without it is taken over", async () => {
      const files = { ...plain, "templates/more.yaml": when("more", object("more")) };
      await world.apply(
        ...["own-polite", "own-taking"].map((name) =>
          asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `${name}-more`, namespace: "shop" } }),
        ),
      );
      const [polite, taking] = [scene("own-polite"), scene("own-taking")];
      await Promise.all([polite.install({}, files), taking.install({}, files)]);
      await polite.apply({ values: { more: true }, upgrade: { disableTakeOwnership: true } });
      await taking.apply({ values: { more: true } });
      await world.untilCondition("own-taking", { status: "True", text: "shop/own-taking.v2" });
      expect((await map("own-taking-more"))?.metadata.labels).toMatchObject({ "app.kubernetes.io/managed-by": "Helm" });
      const failed = await world.untilCondition("own-polite", { type: "Released", status: "False" });
      expect(failed.message).toContain("exists and cannot be imported into the current release");
    });

    it.concurrent("upgrade.disableHooks, disableWait and disableSchemaValidation", async () => {
      const files = {
        ...plain,
        "templates/hook.yaml": object("hook", { metadata: hook("pre-upgrade") }),
        "values.schema.json": JSON.stringify({ type: "object", properties: { greeting: { type: "string" } } }),
      };
      const web = scene("careless");
      await web.install({}, files);
      await web.apply({ values: { greeting: 5 } });
      const failed = await world.untilCondition("careless", { type: "Released", status: "False" });
      expect(failed.message).toContain("values don't meet the specifications of the schema(s)");
      const upgrade = { disableHooks: true, disableWait: true, disableSchemaValidation: true };
      await web.apply({ values: { greeting: 5, broken: true }, upgrade });
      await world.untilCondition("careless", { status: "True", reason: "UpgradeSucceeded" });
      expect(await map("careless-hook")).toBeUndefined();
    });

    it.concurrent("test.filters: only those that are named, or all but those", async () => {
      const test = (name: string): string => object(name, { metadata: hook("test") });
      const files = { ...plain, "templates/tests.yaml": `${test("one")}---\n${test("two")}---\n${test("three")}` };
      const [only, except] = [scene("some"), scene("most")];
      await Promise.all([
        only.install({ test: { enable: true, filters: [{ name: "some-one" }, { name: "some-two" }] } }, files),
        except.install({ test: { enable: true, filters: [{ name: "most-one", exclude: true }] } }, files),
      ]);
      const isThere = async (name: string): Promise<boolean> => (await map(name)) !== undefined;
      const ran = async (name: string) =>
        Promise.all(["one", "two", "three"].map((each) => isThere(`${name}-${each}`)));
      expect(await ran("some")).toEqual([true, true, false]);
      expect(await ran("most")).toEqual([false, true, true]);
    });

    it.concurrent("several postRenderers: each sees what the one before made", async () => {
      const web = scene("chained");
      const patch = (patch: JsonObject[], labelSelector?: string): PostRendererSpec => ({
        kustomize: {
          patches: [
            {
              target: { kind: "ConfigMap", ...(labelSelector === undefined ? {} : { labelSelector }) },
              patch: JSON.stringify(patch),
            },
          ],
        },
      });
      const files = {
        "templates/pod.yaml": pod("pod"),
        "templates/settings.yaml": plain["templates/settings.yaml"] ?? "",
      };
      await web.install(
        {
          install: { disableWait: true },
          postRenderers: [
            patch([{ op: "add", path: "/metadata/labels", value: { step: "one" } }]),
            patch([{ op: "add", path: "/data/step", value: "two" }], "step=one"),
            patch([{ op: "replace", path: "/data/step", value: "three" }]),
            { kustomize: { images: [{ name: "example.test/none", newName: "example.test/other", newTag: "2" }] } },
            { kustomize: { images: [{ name: "example.test/other", newTag: "3" }] } },
          ],
        },
        files,
      );
      expect(await world.data("chained-settings")).toMatchObject({ step: "three" });
      const made = await world.get("", "Pod", "chained-pod");
      expect(JSON.stringify(made?.["spec"])).toContain('"example.test/other:3"');
    });

    it.concurrent("maxHistory 0 keeps every revision", async () => {
      const web = scene("long");
      await web.install({ maxHistory: 0, values: { greeting: "1" } });
      for (const greeting of ["2", "3", "4", "5", "6", "7"]) {
        await web.apply({ maxHistory: 0, values: { greeting } });
        await world.untilCondition("long", { status: "True", text: `shop/long.v${greeting}` });
      }
      await world.untilDone("long");
      if (hasHelm) expect((await web.helmHistory()).split(", ")).toHaveLength(7);
      expect((await world.stored("long", 1))?.info.status).toBe("superseded");
    });

    it.concurrent("chart.spec.sourceRef to a Bucket in another namespace: its HelmChart stands beside it", async () => {
      const web = scene("bucketed");
      world.offer("shop-bucketed", "1.0.0", chartOf("bucketed", "1.0.0", plain));
      const sourceRef = { kind: "Bucket", name: "charts", namespace: "flux-system" };
      await web.apply({ chart: { spec: { chart: "./bucketed", sourceRef, reconcileStrategy: "Revision" } } });
      const status = await world.untilDone("bucketed");
      expect(status.helmChart).toBe("flux-system/shop-bucketed");
      const made = await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-bucketed", "flux-system");
      expect(made?.["spec"]).toMatchObject({ sourceRef: { kind: "Bucket", name: "charts" }, chart: "./bucketed" });
      // Where its source goes it goes, too.
      const here = { kind: "GitRepository", name: "charts", namespace: "shop" };
      await web.apply({ chart: { spec: { chart: "./bucketed", sourceRef: here } } });
      await world.until("the move", async () => (await world.status("bucketed")).helmChart === "shop/shop-bucketed");
      await world.untilDone("bucketed");
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-bucketed", "flux-system")).toBeUndefined();
      await web.remove();
      expect(await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-bucketed")).toBeUndefined();
    });

    it.concurrent("chartRef to an ExternalArtifact: its digest is part of the version where its revision has one", async () => {
      const web = scene("given");
      const source = { kind: "ExternalArtifact", name: "given" };
      await world.apply(
        asManifest({
          apiVersion: "source.toolkit.fluxcd.io/v1",
          kind: source.kind,
          metadata: { name: source.name, namespace: "shop" },
          spec: {},
        }),
      );
      world.offer("given", "1.0.0", chartOf("given", "1.0.0", plain), "ExternalArtifact");
      await web.refer(source);
      await world.untilCondition("given", { status: "True", text: "given@1.0.0" });
      const digest = "c".repeat(64);
      world.offer("given", `latest@sha256:${digest}`, chartOf("given", "1.1.0", plain), "ExternalArtifact");
      await world.untilCondition("given", { status: "True", text: "given@1.1.0+cccccccccccc" });
      const { history } = await world.untilDone("given");
      expect(history?.[0]).toMatchObject({ version: 2, chartVersion: "1.1.0+cccccccccccc" });
    });

    it.concurrent("rollback.recreate: what runs is not restarted, whatever it says", async () => {
      const web = scene("restless");
      const labels = { app: "restless" };
      const containers = [{ name: "web", image: "example.test/none" }];
      const deployment = {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "restless" },
        spec: {
          replicas: 0,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: { containers } },
        },
      };
      // As one of the Deployment's own would be found: by its selector.
      const pod = asManifest({
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name: "restless-runs", namespace: "shop", labels },
        spec: { containers },
      });
      const spec: Partial<HelmReleaseSpec> = {
        timeout: "2s",
        install: { disableWait: true },
        upgrade: { remediation: { retries: 0, remediateLastFailure: true } },
        rollback: { recreate: true, disableWait: true },
      };
      await web.install(spec, { ...plain, "templates/deployment.yaml": JSON.stringify(deployment) });
      await world.apply(pod);
      const uid = (await world.get("", "Pod", "restless-runs"))?.metadata.uid;
      await web.apply({ ...spec, values: { broken: true } });
      await world.untilCondition("restless", { type: "Remediated", status: "True", reason: "RollbackSucceeded" });
      expect((await world.get("", "Pod", "restless-runs"))?.metadata.uid).toBe(uid);
      expect((await world.get("apps", "Deployment", "restless"))?.["spec"]).toMatchObject({ replicas: 0 });
    });

    it.concurrent("chart.spec.verify: stands on the HelmChart, and what it does not let pass is not installed", async () => {
      const web = scene("sealed");
      const verify = { provider: "cosign", secretRef: { name: "keys" } };
      const sourceRef = { kind: "HelmRepository", name: "charts" };
      const chartObject = async () =>
        (await world.get("source.toolkit.fluxcd.io", "HelmChart", "shop-sealed"))?.["spec"];
      await web.apply({ chart: { spec: { chart: "sealed", sourceRef, verify } } });
      await world.until("the HelmChart", async () => (await chartObject()) !== undefined);
      expect(await chartObject()).toMatchObject({ verify });
      await world.untilCondition("sealed", { status: "False", reason: "SourceNotReady", text: "shop/shop-sealed" });
      expect((await world.status("sealed")).history).toBeUndefined();
      const keyless = { provider: "cosign" };
      await web.apply({ chart: { spec: { chart: "sealed", sourceRef, verify: keyless } } });
      await world.until("the other way", async () => !JSON.stringify(await chartObject()).includes("secretRef"));
      expect(await chartObject()).toMatchObject({ verify: keyless });
      await web.install({ chart: { spec: { chart: "sealed", sourceRef } } });
      expect(JSON.stringify(await chartObject())).not.toContain("verify");
      // Of what was fetched with another check nothing is new: nothing is released again.
      await web.apply({ chart: { spec: { chart: "sealed", sourceRef, verify } } });
      await world.until("the check to be back", async () => JSON.stringify(await chartObject()).includes("verify"));
      await world.untilDone("sealed");
      expect(await web.history()).toBe("v1 deployed install");
    });

    it.concurrent("kubeConfig.configMapRef: goes where it says, as the ServiceAccount that it names", async () => {
      const web = scene("abroad-by-map");
      const account = { kind: "ServiceAccount", name: "traveller", namespace: "shop" };
      const map = (data: JsonObject): Manifest =>
        asManifest({
          apiVersion: "v1",
          kind: "ConfigMap",
          metadata: { name: "abroad-by-map", namespace: "shop" },
          data,
        });
      await world.apply(
        asManifest({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "traveller", namespace: "shop" } }),
      );
      web.offer("1.0.0");
      await web.apply({ kubeConfig: { configMapRef: { name: "abroad-by-map" } } });
      await world.untilCondition("abroad-by-map", { status: "False", reason: "RESTClientError" });
      // Either server takes one of them.
      const audiences = "https://kubernetes.default.svc.cluster.local\nhttps://kubernetes.default.svc\n";
      const { address, authority } = await world.address();
      const data = { provider: "generic", address, "ca.crt": authority, audiences, serviceAccountName: "traveller" };
      await world.apply(map(data));
      await world.ask("abroad-by-map");
      // It may nothing yet.
      await world.untilCondition("abroad-by-map", { status: "False", text: "system:serviceaccount:shop:traveller" });
      await world.apply(
        asManifest({
          apiVersion: "rbac.authorization.k8s.io/v1",
          kind: "ClusterRoleBinding",
          metadata: { name: "travellers" },
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
          subjects: [account],
        }),
      );
      await world.ask("abroad-by-map");
      await world.untilDone("abroad-by-map");
      expect(await world.data("abroad-by-map-settings")).toBeDefined();
      await web.remove();
      expect(await world.data("abroad-by-map-settings")).toBeUndefined();
    });

    it.concurrent("kubeConfig and targetNamespace: made there, with its records", async () => {
      // Ours takes no kubeconfig that leaves out the check of certificates.
      if (!world.isFlux && world.kubeconfig().includes("insecure-skip-tls-verify")) return;
      const web = scene("abroad");
      const value = Buffer.from(world.kubeconfig()).toString("base64");
      const metadata = { name: "abroad", namespace: "shop" };
      await world.apply(asManifest({ apiVersion: "v1", kind: "Secret", metadata, data: { value } }));
      await web.install({
        kubeConfig: { secretRef: { name: "abroad" } },
        targetNamespace: "abroad",
        storageNamespace: "abroad",
        install: { createNamespace: true },
      });
      expect(await world.data("abroad-abroad-settings", "abroad")).toBeDefined();
      expect((await world.stored("abroad-abroad", 1, "abroad"))?.info.status).toBe("deployed");
      await web.remove();
      expect(await world.data("abroad-abroad-settings", "abroad")).toBeUndefined();
      // Who cannot be reached any more must not keep the object from going.
      const lost = scene("lost");
      await world.apply(
        asManifest({ apiVersion: "v1", kind: "Secret", metadata: { ...metadata, name: "lost" }, data: { value } }),
      );
      await lost.install({ kubeConfig: { secretRef: { name: "lost" } } });
      await world.remove(await world.target("", "Secret", "lost"));
      await lost.remove();
      expect(await world.data("lost-settings")).toBeDefined();
    });
  });
}
