// `keelson diff helmrelease` against the embedded server: what it says, its exit code, and that nothing is changed.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { asManifest, ManualClock, type Manifest, splitApiVersion } from "#kernel";
import { memoryStore } from "#store";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

let folder: string;
let server: ApiServer;
let cluster: Cluster;
const clock = new ManualClock();

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "keelson-diff-"));
  server = await startApiServer({ store: memoryStore(), clock });
  cluster = server.cluster(administrator);
  const wanted = ["HelmRelease", "HelmChart", "HelmRepository"];
  for (const definition of fluxDefinitions())
    if (wanted.includes((definition["spec"] as { names: { kind: string } }).names.kind)) await create(definition);
  await create(asManifest({ apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } }));
  await create(release({ greeting: "hi", token: "not to be seen" }));
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

function release(values: { [key: string]: string }): Manifest {
  const sourceRef = { kind: "HelmRepository", name: "charts" };
  return asManifest({
    apiVersion: "helm.toolkit.fluxcd.io/v2",
    kind: "HelmRelease",
    metadata: { name: "web", namespace: "shop" },
    spec: { interval: "10m", chart: { spec: { chart: "web", sourceRef } }, values },
  });
}

async function create(object: Manifest): Promise<void> {
  const { group, version } = splitApiVersion(object.apiVersion);
  for (let attempt = 0; attempt < 1000; attempt++) {
    const discovery = await cluster.discover(true);
    const resource = discovery.ok ? discovery.value.byKind(group, object.kind, version) : undefined;
    if (resource !== undefined) {
      const target = { resource, namespace: object.metadata.namespace ?? "", name: object.metadata.name };
      const answer = await cluster.create(target, object, { fieldManager: "test" });
      if (!answer.ok) throw new Error(answer.status.message);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`${object.kind} was not served in time`);
}

function chart(name: string, version: string, more: { [path: string]: string } = {}): void {
  const map = (suffix: string, kind: string, data: string, metadata = ""): string =>
    `apiVersion: v1\nkind: ${kind}\nmetadata: {name: "{{ .Release.Name }}-${suffix}"${metadata}}\n${data}\n`;
  const files = {
    "Chart.yaml": `apiVersion: v2\nname: web\nversion: ${version}\n`,
    "values.yaml": "",
    "templates/map.yaml": map(
      "map",
      "ConfigMap",
      'data: {greeting: "{{ .Values.greeting }}", chart: "{{ .Chart.Version }}"}',
    ),
    "templates/secret.yaml": map("secret", "Secret", 'stringData: {token: "{{ .Values.token }}-{{ .Chart.Version }}"}'),
    ...more,
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name, path)), { recursive: true });
    writeFileSync(join(folder, name, path), text);
  }
}

async function keelson(...words: string[]): Promise<{ code: number; out: string; err: string }> {
  const io = memoryIo({ clock, folder });
  const code = await runCommandLine(words, io, { version: "0.0.0", cluster });
  const { stdout, stderr } = io.text();
  return { code, out: stdout, err: stderr };
}

const map = (suffix: string): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "{{ .Release.Name }}-${suffix}", annotations: {helm.sh/resource-policy: keep}}\n`;

describe("keelson diff helmrelease", () => {
  it("lists what an install would make, and makes nothing", async () => {
    chart("one", "1.0.0");
    expect(await keelson("diff", "helmrelease", "web", "-n", "shop", "--chart", "./one")).toEqual({
      code: 1,
      out: "► Secret/shop/web-secret created\n► ConfigMap/shop/web-map created\n",
      err: "",
    });
    expect((await keelson("diff", "helmrelease", "web", "-n", "shop", "--chart", "./one")).code).toBe(1);
  });

  it("shows fields of what an upgrade would change, of another chart or another spec, and no secret value", async () => {
    chart("one", "1.0.0", {
      "templates/old.yaml": map("old").replace(/, annotations.*\}\}/, "}"),
      "templates/kept.yaml": map("kept"),
    });
    chart("two", "2.0.0", { "templates/new.yaml": map("new") });
    const values = ["--set", "greeting=hi,token=not to be seen"];
    const installed = await keelson("helm", "install", "web", "./one", "-n", "shop", ...values);
    expect(installed.code).toBe(0);
    const same = await keelson("diff", "helmrelease", "web", "-n", "shop", "--chart", "./one");
    expect(same.out).not.toContain("greeting");
    const other = await keelson("diff", "helmrelease", "web", "-n", "shop", "--chart", "./two");
    expect(other.code).toBe(1);
    expect(other.out).toContain('/data/chart: "1.0.0" → "2.0.0"\n');
    expect(other.out).toContain("/data/token: (hidden) → (hidden)\n");
    expect(other.out).toContain("► ConfigMap/shop/web-new created\n");
    expect(other.out).toContain("► ConfigMap/shop/web-old deleted\n");
    expect(other.out).toContain("► ConfigMap/shop/web-kept left behind: its policy is to be kept\n");
    expect(other.out).not.toContain("not to be seen");
    expect(other.out).not.toContain(Buffer.from("not to be seen").toString("base64").slice(0, 12));
    writeFileSync(join(folder, "web.yaml"), JSON.stringify(release({ greeting: "hello", token: "not to be seen" })));
    const stated = await keelson(
      "diff",
      "helmrelease",
      "web",
      "-n",
      "shop",
      "--chart",
      "./one",
      "--helmrelease-file",
      "web.yaml",
    );
    expect(stated.out).toContain('/data/greeting: "hi" → "hello"\n');
  });

  it("says what is missing", async () => {
    const none = await keelson("diff", "helmrelease", "none", "-n", "shop", "--chart", "./one");
    expect(none.code).toBe(1);
    expect(none.err).toContain("there is no HelmRelease none in namespace shop");
    const chartless = await keelson("diff", "helmrelease", "web", "-n", "shop");
    expect(chartless.code).toBe(2);
    expect(chartless.err).toContain("web has no chart yet");
  });
});
