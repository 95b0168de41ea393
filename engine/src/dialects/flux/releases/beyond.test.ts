// What goes beyond Flux, on a whole engine: values out of sources, encrypted or not; the way back to what proved healthy; and the
// log of a release.

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseYaml } from "#formats/yaml";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { chartOf, helmRelease, ReleaseWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const testdata = new URL("../../../secrets/testdata/", import.meta.url).pathname;

const settings = `apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-settings"}
data: {{ .Values.data | default dict | toJson }}
`;

/** Never ready, and never done, where nobody runs it. */
const workload = `{{- if .Values.broken }}
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-broken"}
spec: {containers: [{name: web, image: example.test/none}]}
{{- end }}
`;
const smokeTest = `{{- if .Values.smoking }}
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-smoke", annotations: {helm.sh/hook: test}}
spec: {containers: [{name: smoke, image: example.test/none}]}
{{- end }}
`;
const templates = {
  "templates/settings.yaml": settings,
  "templates/workload.yaml": workload,
  "templates/tests/smoke.yaml": smokeTest,
};

let world: ReleaseWorld;
beforeEach(async () => {
  world = await ReleaseWorld.embedded();
});
afterEach(() => world.close());

function offer(name: string, version = "1.0.0"): void {
  world.offer(`shop-${name}`, version, chartOf(name, version, templates));
}

type Log = Manifest & { [list: string]: { [field: string]: string }[] | undefined };

async function logOf(name: string): Promise<Log> {
  return ((await world.get("keelson.dev", "DeliveryLog", `helmrelease-${name}`)) ?? {}) as Log;
}

function secret(name: string, data: { [key: string]: string }): Manifest {
  const encoded = Object.entries(data).map(([key, text]) => [key, Buffer.from(text).toString("base64")]);
  return asManifest({
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "shop" },
    data: Object.fromEntries(encoded) as JsonObject,
  });
}

/** All that was said: status, Events, logs and the journal. */
async function said(): Promise<string> {
  const all: unknown[] = [world.logs, world.releases?.snapshot()];
  for (const [group, kind] of [
    ["", "Event"],
    ["helm.toolkit.fluxcd.io", "HelmRelease"],
    ["keelson.dev", "DeliveryLog"],
  ] as const) {
    const answer = await world.cluster.list(await world.resource(group, kind));
    if (answer.ok) all.push(answer.value.items);
  }
  return JSON.stringify(all);
}

describe("values out of sources", () => {
  const files = (entries: JsonObject[]): JsonObject => ({ "keelson.dev/values-files": JSON.stringify(entries) });
  const sourceRef = { kind: "GitRepository", name: "fleet", namespace: "flux-system" };
  const second = { ...sourceRef, name: "second" };

  it("files in their order, of two sources, above references and below inline values; a commit is followed", async () => {
    world.commit({ "base.yaml": "data: {a: base, b: base, c: base}\n" });
    world.commit({ "deep/top.yaml": "data: {b: top, c: top}\n" }, "second");
    await world.apply(secret("low", { "values.yaml": "data: {a: low, z: low}\n" }));
    offer("web");
    const annotations = files([
      { sourceRef, path: "base.yaml" },
      { sourceRef: second, path: "deep/top.yaml" },
      { sourceRef: second, path: "none.yaml", optional: true },
    ]);
    await world.apply(
      helmRelease(
        "web",
        { valuesFrom: [{ kind: "Secret", name: "low" }], values: { data: { c: "inline" } } },
        { annotations },
      ),
    );
    await world.untilDone("web");
    expect(await world.data("web-settings")).toEqual({ z: "low", a: "base", b: "top", c: "inline" });
    world.commit({ "deep/top.yaml": "data: {b: newer}\n" }, "second");
    await world.until("the commit to be followed", async () => (await world.data("web-settings"))?.["b"] === "newer");
    await world.untilDone("web");
    expect((await world.status("web")).history?.[0]?.version).toBe(2);
  });

  it("a file that is not there, and a source that is not there, are named", async () => {
    world.commit({ "base.yaml": "a: 1\n" });
    offer("web");
    await world.apply(helmRelease("web", {}, { annotations: files([{ sourceRef, path: "none.yaml" }]) }));
    const text = "none.yaml is not in GitRepository 'flux-system/fleet'";
    await world.untilCondition("web", { status: "False", reason: "ValuesError", text });
    await world.apply(
      helmRelease("web", {}, { annotations: files([{ sourceRef: { ...sourceRef, name: "gone" }, path: "a" }]) }),
    );
    const why = "GitRepository 'flux-system/gone' has no artifact yet";
    await world.untilCondition("web", { status: "False", reason: "ValuesError", text: why });
  });

  it("encrypted by SOPS in a file and in a Secret are decrypted, and said nowhere", async () => {
    const recorded = (file: string): Buffer => readFileSync(`${testdata}recorded/age-secret-yaml/${file}`);
    const plain = parseYaml(recorded("expected.yaml").toString()) as JsonObject;
    world.sources.commit({ "values.yaml": new Uint8Array(recorded("encrypted.yaml")) });
    offer("web");
    const annotations = files([{ sourceRef, path: "values.yaml" }]);
    await world.apply(secret("encrypted", { "values.yaml": recorded("encrypted.yaml").toString() }));
    const valuesFrom = [{ kind: "Secret" as const, name: "encrypted" }];
    await world.apply(helmRelease("web", { valuesFrom }, { annotations }));
    const text = "it is encrypted with SOPS, and no key is named";
    await world.untilCondition("web", { status: "False", reason: "ValuesError", text });
    const decryption = { ...annotations, "keelson.dev/decryption": "keys" };
    await world.apply(secret("keys", { "other.agekey": readFileSync(`${testdata}keys/other.agekey`, "utf8") }));
    await world.apply(helmRelease("web", { valuesFrom }, { annotations: decryption }));
    await world.untilCondition("web", { status: "False", reason: "ValuesError", text: "values.yaml" });
    await world.apply(secret("keys", { "age.agekey": readFileSync(`${testdata}keys/age.agekey`, "utf8") }));
    await world.untilDone("web");
    expect((await world.stored("web", 1))?.config).toMatchObject(plain);
    const texts = (value: unknown): string[] =>
      typeof value === "string"
        ? [value]
        : typeof value === "object" && value !== null
          ? Object.values(value).flatMap(texts)
          : [];
    const told = await said();
    for (const canary of texts(plain)
      .flatMap((each) => each.split("\n"))
      .filter((each) => each.length > 8))
      expect(told).not.toContain(canary);
  });
});

describe("the way back to what proved healthy", () => {
  const annotations = { "keelson.dev/rollback": "last-healthy" };
  const timeout = "2s";

  it("a failed upgrade goes back to it, and stays until something else is wanted", async () => {
    offer("web");
    await world.apply(helmRelease("web", { timeout, values: { data: { is: "good" } } }, { annotations }));
    await world.untilDone("web");
    // One that was never proved is passed over, however good it looks.
    await world.apply(helmRelease("web", { timeout, values: { broken: true, data: { is: "bad" } } }, { annotations }));
    await world.untilCondition("web", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    expect(await world.condition("web")).toMatchObject({
      status: "False",
      reason: "RollbackSucceeded",
      message: "Helm rollback to previous release shop/web.v1 with chart web@1.0.0 succeeded",
    });
    expect((await world.data("web-settings"))?.["is"]).toBe("good");
    await world.ask("web");
    expect((await world.status("web")).history?.[0]).toMatchObject({ version: 3, status: "deployed" });
    // What was gone back to is good to go back to again.
    await world.apply(
      helmRelease("web", { timeout, values: { broken: true, data: { is: "worse" } } }, { annotations }),
    );
    await world.untilCondition("web", { status: "False", reason: "RollbackSucceeded", text: "shop/web.v3" });
    await world.apply(helmRelease("web", { timeout, values: { data: { is: "better" } } }, { annotations }));
    await world.untilDone("web");
    expect((await world.data("web-settings"))?.["is"]).toBe("better");
    const log = await world.until("the log to be whole", async () => {
      const found = await logOf("web");
      return (found["applies"]?.length ?? 0) >= 6 && (found["healthyRevisions"]?.length ?? 0) >= 4 ? found : undefined;
    });
    expect(log["applies"]?.map(({ result }) => result)).toEqual([
      "UpgradeSucceeded",
      "RollbackSucceeded",
      "UpgradeFailed",
      "RollbackSucceeded",
      "UpgradeFailed",
      "InstallSucceeded",
    ]);
  });

  it("so does one whose smoke test fails", async () => {
    offer("web");
    const test = { enable: true, timeout: "1s" };
    await world.apply(helmRelease("web", { timeout, test, values: { data: { is: "good" } } }, { annotations }));
    await world.untilDone("web");
    await world.apply(
      helmRelease("web", { timeout, test, values: { smoking: true, data: { is: "bad" } } }, { annotations }),
    );
    await world.untilCondition("web", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    expect((await world.condition("web"))?.reason).toBe("RollbackSucceeded");
    expect((await world.data("web-settings"))?.["is"]).toBe("good");
  });
});

describe("the log of a release", () => {
  it("keeps drift, and what was healed, without values", async () => {
    offer("web");
    await world.apply(helmRelease("web", { values: { data: { is: "right" } }, driftDetection: { mode: "warn" } }));
    await world.untilDone("web");
    const target = await world.target("", "ConfigMap", "web-settings");
    await world.edit(target, { data: { is: "wrong" } });
    await world.untilCondition("web", { type: "Drifted", status: "True" });
    await world.apply(helmRelease("web", { values: { data: { is: "right" } }, driftDetection: { mode: "enabled" } }));
    await world.until("the drift to be healed", async () => (await world.data("web-settings"))?.["is"] === "right");
    const log = await world.until("the log to be whole", async () => {
      const found = await logOf("web");
      return found["heals"] !== undefined && found["drifts"] !== undefined ? found : undefined;
    });
    const entry = { object: "ConfigMap/shop/web-settings", fields: "/data/is" };
    expect(log["drifts"]).toMatchObject([entry]);
    expect(log["heals"]).toMatchObject([entry]);
    expect(log["healthyRevisions"]).toMatchObject([{ revision: "1.0.0" }]);
    expect(log.metadata.ownerReferences).toMatchObject([{ kind: "HelmRelease", name: "web" }]);
  });
});
