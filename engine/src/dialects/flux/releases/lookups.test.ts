// What a chart looks up is an input of its release: followed by watch and over a restart, on the embedded server and, where it is
// at hand, on a real one. The release's own objects are none.

import { describe, expect, it, vi } from "vitest";
import { asManifest, type JsonObject, type Manifest } from "#kernel";
import { Scene } from "./scene.contract.ts";
import { hasHelm, homes, suiteWorld } from "./world.contract.ts";

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const map = (data: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-settings"}\ndata: ${data}\n`;

const shared = `(lookup "v1" "ConfigMap" "flux-system" (printf "shared-%s" .Release.Name))`;

/** Takes a colour from a ConfigMap of others; without one it is grey, and with a bad one it never gets ready. */
const coloured = `{{- $colour := dig "data" "colour" "grey" ${shared} }}
${map(`{colour: "{{ $colour }}", revision: "{{ .Release.Revision }}"}`)}
{{- if eq $colour "bad" }}
---
apiVersion: v1
kind: Pod
metadata: {name: "{{ .Release.Name }}-broken"}
spec: {containers: [{name: web, image: example.test/none}]}
{{- end }}
`;

const listed = map(
  `{names: "{{ range (lookup "v1" "ConfigMap" "listed" "").items }}{{ if .data.listed }}{{ .metadata.name }} {{ end }}{{ end }}"}`,
);

/** A password that is made once and kept, as many charts do it, and a note that is only written at first. */
const kept = `{{- $name := printf "%s-password" .Release.Name }}
{{- $live := lookup "v1" "Secret" .Release.Namespace $name }}
apiVersion: v1
kind: Secret
metadata: {name: {{ $name }}}
data:
  password: {{ if $live }}{{ $live.data.password }}{{ else }}{{ randAlphaNum 20 | b64enc }}{{ end }}
{{- if not (lookup "v1" "ConfigMap" .Release.Namespace (printf "%s-first" .Release.Name)) }}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: "{{ .Release.Name }}-first"}
{{- end }}
`;

/** Comes out otherwise each time. */
const chancy = `{{- $colour := dig "data" "colour" "grey" ${shared} }}
${map(`{colour: "{{ $colour }}", chance: "{{ randAlphaNum 20 }}"}`)}`;

function sharedBy(scene: string, data: JsonObject, labels: JsonObject = {}): Manifest {
  const metadata = { name: `shared-${scene}`, namespace: "flux-system", labels };
  return asManifest({ apiVersion: "v1", kind: "ConfigMap", metadata, data });
}

describe.each(homes)("what a chart looks up $title", ({ begin }) => {
  const world = suiteWorld(begin);

  async function install(name: string, template: string, spec: JsonObject = {}): Promise<Scene> {
    const scene = new Scene(world, name);
    await scene.install(spec, { "templates/all.yaml": template });
    return scene;
  }

  /** Waits for a release whose settings say so, and gives its revision. */
  async function untilSettings(name: string, wanted: JsonObject): Promise<number> {
    await world.until(`${name} to say ${JSON.stringify(wanted)}`, async () => {
      const data = (await world.data(`${name}-settings`)) ?? {};
      return Object.entries(wanted).every(([key, value]) => data[key] === value);
    });
    return (await world.untilDone(name)).history?.[0]?.version ?? 0;
  }

  /** The revision after one more look. */
  async function revisionAfterLook(name: string): Promise<number> {
    await world.ask(name);
    return (await world.untilDone(name)).history?.[0]?.version ?? 0;
  }

  it("is followed as it comes, changes and goes; what the chart makes no use of brings no release", async () => {
    const scene = await install("paint", coloured);
    expect(await world.data("paint-settings")).toEqual({ colour: "grey", revision: "1" });
    await world.apply(sharedBy("paint", { colour: "blue" }));
    expect(await untilSettings("paint", { colour: "blue" })).toBe(2);
    await world.apply(sharedBy("paint", { colour: "blue", other: "unused" }, { team: "paint" }));
    expect(await revisionAfterLook("paint")).toBe(2);
    // The next upgrade for what is looked up comes after a rest.
    await world.apply(sharedBy("paint", { colour: "red" }));
    expect(await untilSettings("paint", { colour: "red" })).toBe(3);
    await world.remove(await world.target("", "ConfigMap", "shared-paint", "flux-system"));
    expect(await untilSettings("paint", { colour: "grey" })).toBe(4);
    expect((await world.condition("paint"))?.reason).toBe("UpgradeSucceeded");
    if (hasHelm) expect(await scene.helmHistory()).toBe("1 superseded, 2 superseded, 3 superseded, 4 deployed");
  });

  it("is noticed after a restart", async () => {
    await world.apply(sharedBy("asleep", { colour: "blue" }));
    await install("asleep", coloured);
    await world.stop();
    await world.apply(sharedBy("asleep", { colour: "red" }));
    world.start();
    expect(await untilSettings("asleep", { colour: "red" })).toBe(2);
  });

  it("may be a list", async () => {
    const item = (name: string): Manifest =>
      asManifest({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace: "listed" },
        data: { listed: "yes" },
      });
    await world.apply(asManifest({ apiVersion: "v1", kind: "Namespace", metadata: { name: "listed" } }), item("one"));
    await install("lists", listed);
    expect((await world.data("lists-settings"))?.["names"]).toBe("one ");
    await world.apply(item("two"));
    expect(await untilSettings("lists", { names: "one two " })).toBe(2);
  });

  it("is no input where it is the release's own: a password is kept, and nothing is upgraded for it", async () => {
    const scene = await install("keeps", kept);
    const password = async (): Promise<unknown> => (await world.get("", "Secret", "keeps-password"))?.["data"];
    const first = await password();
    expect(await revisionAfterLook("keeps")).toBe(1);
    expect(await world.data("keeps-first")).toBeDefined();
    await scene.apply({ values: { more: true } });
    await world.untilCondition("keeps", { status: "True", text: "shop/keeps.v2" });
    expect(await revisionAfterLook("keeps")).toBe(2);
    expect(await password()).toEqual(first);
  });

  it("that was bad and is good now ends a stall", async () => {
    await world.apply(sharedBy("mended", { colour: "blue" }));
    await install("mended", coloured, { timeout: "2s" });
    await world.apply(sharedBy("mended", { colour: "bad" }));
    await world.untilCondition("mended", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    await world.apply(sharedBy("mended", { colour: "green" }));
    await untilSettings("mended", { colour: "green" });
    expect(await world.get("", "Pod", "mended-broken")).toBeUndefined();
  });

  const undone = [
    { name: "back", by: "a way back", spec: { upgrade: { remediation: { retries: 1 } } } },
    { name: "away", by: "an uninstall", spec: { upgrade: { remediation: { retries: 1, strategy: "uninstall" } } } },
  ];
  it.each(undone)("ends a stall after $by that used up the retries", async ({ name, spec }) => {
    await world.apply(sharedBy(name, { colour: "blue" }));
    const scene = await install(name, coloured, { timeout: "2s", ...spec });
    await world.apply(sharedBy(name, { colour: "bad" }));
    await world.untilCondition(name, { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    const stalled = await scene.history();
    // What the chart makes no use of is no reason to try again.
    await world.apply(sharedBy(name, { colour: "bad", other: "unused" }));
    await world.ask(name);
    await world.untilCondition(name, { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    expect(await scene.history()).toBe(stalled);
    await world.apply(sharedBy(name, { colour: "green" }));
    await untilSettings(name, { colour: "green" });
    expect((await world.status(name)).upgradeFailures).toBeUndefined();
  });

  it("ends a stall that was left by a process before", async () => {
    await world.apply(sharedBy("left", { colour: "blue" }));
    await install("left", coloured, { timeout: "2s", upgrade: { remediation: { retries: 1 } } });
    await world.apply(sharedBy("left", { colour: "bad" }));
    await world.untilCondition("left", { type: "Stalled", status: "True", reason: "RetriesExceeded" });
    await world.stop();
    await world.apply(sharedBy("left", { colour: "green" }));
    world.start();
    await untilSettings("left", { colour: "green" });
  });

  it("counts in a chart of chance as well, and chance alone does not", async () => {
    await world.apply(sharedBy("chancy", { colour: "blue" }));
    await install("chancy", chancy);
    expect(await revisionAfterLook("chancy")).toBe(1);
    await world.apply(sharedBy("chancy", { colour: "red" }));
    expect(await untilSettings("chancy", { colour: "red" })).toBe(2);
    expect(await revisionAfterLook("chancy")).toBe(2);
  });
});
