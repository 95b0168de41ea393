import { rmSync } from "node:fs";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, type JsonObject, type Manifest } from "#kernel";
import { loadChartArchive } from "#render/helm";
import { sha256, TestRegistry } from "../sources/oci/registry.contract.ts";
import { temporaryFolder, TestRepository } from "../sources/git/repository.contract.ts";
import { makeSigner, signWithNotation, trustPolicyOf } from "../sources/notation/signing.contract.ts";
import { chart, ChartServer, type Offered } from "./chart-server.contract.ts";
import { condition, World } from "./world.contract.ts";

let world: World;
const closers: (() => void)[] = [];
beforeAll(async () => {
  world = await World.start();
});
afterEach(() => {
  for (const close of closers.splice(0)) close();
});
afterAll(() => world.close());

async function serve(charts: Offered[]): Promise<ChartServer> {
  const server = await ChartServer.start(charts);
  closers.push(() => server.close());
  return server;
}

type Status = {
  observedGeneration: number;
  observedChartName?: string;
  observedSourceArtifactRevision?: string;
  observedValuesFiles?: string[];
  url?: string;
  artifact?: { revision: string; digest: string; path: string };
};
function statusOf(object: Manifest): Status {
  return (object["status"] ?? {}) as Status;
}

const helmChart = (name: string, spec: JsonObject): Promise<void> => world.source("HelmChart", name, spec);
const ready = (name: string, status = "True"): Promise<Manifest> => world.untilReady("HelmChart", name, status);

async function bytesOf(name: string): Promise<Buffer> {
  const file = world.artifacts.view.file({ kind: "HelmChart", namespace: "default", name });
  return Buffer.from((await file?.bytes()) ?? []);
}

async function valuesOf(name: string): Promise<string> {
  const found = loadChartArchive(await bytesOf(name)).raw.find((file) => file.name === "values.yaml");
  return found === undefined ? "" : decodeUtf8(found.data);
}

const fromRepository = (name: string): JsonObject => ({ kind: "HelmRepository", name });

describe("HelmRepository", () => {
  it("stores its index, and asks no more than whether it is another", async () => {
    const server = await serve([{ name: "web", version: "1.0.0", bytes: chart("web", "1.0.0") }]);
    server.etag = '"one"';
    await world.source("HelmRepository", "index", { url: server.url });
    const object = await world.untilReady("HelmRepository", "index");
    const revision = sha256(Buffer.from(server.indexText()));
    const path = `helmrepository/default/index/index-${revision.slice(7)}.yaml`;
    expect(statusOf(object)).toMatchObject({
      artifact: { revision, path },
      url: "http://127.0.0.1:1/artifacts/helmrepository/default/index/index.yaml",
    });
    expect(condition(object, "Ready")).toMatchObject({
      reason: "Succeeded",
      message: `stored artifact: revision '${revision}'`,
    });
    const file = world.artifacts.view.file({ kind: "HelmRepository", namespace: "default", name: "index" });
    expect(JSON.parse(decodeUtf8((await file?.bytes()) ?? new Uint8Array()))).toMatchObject({
      entries: { web: [{ version: "1.0.0" }] },
    });
    const again = await world.lookAgain("HelmRepository", "index");
    expect(statusOf(again).artifact).toEqual(statusOf(object).artifact);
    server.index = "<html>";
    server.etag = undefined;
    const failed = await world.lookAgain("HelmRepository", "index");
    expect(condition(failed, "Ready")).toMatchObject({ status: "False", reason: "IndexationFailed" });
    expect(statusOf(failed).artifact).toEqual(statusOf(object).artifact);
  });

  it("for a registry is static: no status, no finalizer, though it had some before", async () => {
    const server = await serve([]);
    await world.source("HelmRepository", "turned", { url: server.url });
    await world.untilReady("HelmRepository", "turned");
    await world.patch("HelmRepository", "turned", { spec: { type: "oci", url: "oci://example.test/charts" } });
    const object = await world.until(
      "HelmRepository",
      "turned",
      (each) => (each.metadata.finalizers ?? []).length === 0,
    );
    expect(Object.keys(statusOf(object)).filter((name) => name !== "observedGeneration")).toEqual([]);
  });

  it.each<[string, JsonObject, string]>([
    ["wrong-scheme", { url: "oci://example.test/charts" }, "URLInvalid"],
    ["no-server", { url: "http://127.0.0.1:1/" }, "Failed"],
    ["no-secret", { url: "http://127.0.0.1:1/", secretRef: { name: "nowhere" } }, "AuthenticationFailed"],
  ])("says what is wrong with %s", async (name, spec, reason) => {
    await world.source("HelmRepository", name, spec);
    const object = await world.untilReady("HelmRepository", name, "False");
    expect(condition(object, "FetchFailed")).toMatchObject({ status: "True", reason });
  });
});

describe("HelmChart of a repository", () => {
  it("is the newest in its range, byte for byte, and follows the index", async () => {
    const first = { name: "web", version: "1.0.0", bytes: chart("web", "1.0.0") };
    const server = await serve([first, { ...first, version: "2.0.0-rc.1" }]);
    server.login = "user:secret";
    await world.secret("charts-login", { username: "user", password: "secret" });
    await helmChart("web", { chart: "web", sourceRef: fromRepository("charts") });
    expect(condition(await ready("web", "False"), "FetchFailed")?.reason).toBe("SourceUnavailable");
    await world.source("HelmRepository", "charts", { url: server.url, secretRef: { name: "charts-login" } });
    const object = await ready("web");
    const index = statusOf(await world.untilReady("HelmRepository", "charts")).artifact?.revision;
    expect(statusOf(object)).toMatchObject({
      observedChartName: "web",
      observedSourceArtifactRevision: index,
      url: "http://127.0.0.1:1/artifacts/helmchart/default/web/latest.tar.gz",
      artifact: { revision: "1.0.0", path: "helmchart/default/web/web-1.0.0.tgz", digest: sha256(first.bytes) },
    });
    const message = "pulled 'web' chart with version '1.0.0'";
    expect(condition(object, "Ready")).toMatchObject({ reason: "ChartPullSucceeded", message });
    expect(condition(object, "ArtifactInStorage")).toMatchObject({ reason: "ChartPullSucceeded", message });
    const before = server.requests.length;
    await world.lookAgain("HelmChart", "web");
    expect(server.requests.length).toBe(before);
    server.charts.push({ name: "web", version: "1.1.0", bytes: chart("web", "1.1.0") });
    await world.lookAgain("HelmRepository", "charts");
    await world.until("HelmChart", "web", (each) => statusOf(each).artifact?.revision === "1.1.0");
    expect(world.artifacts.view.file({ kind: "HelmChart", namespace: "default", name: "web" })?.revision).toBe("1.1.0");
  });

  it("merges values files into its own, as a version of its own", async () => {
    const bytes = chart("web", "1.0.0", { "values-prod.yaml": "replicas: 3\nimage: {tag: c}\n" });
    const server = await serve([{ name: "web", version: "1.0.0", bytes }]);
    await world.source("HelmRepository", "values", { url: server.url });
    const spec = { chart: "web", sourceRef: fromRepository("values") };
    await helmChart("merged", { ...spec, valuesFiles: ["values.yaml", "values-prod.yaml"] });
    const object = await ready("merged");
    expect(condition(object, "Ready")).toMatchObject({
      reason: "ChartPackageSucceeded",
      message: "packaged 'web' chart with version '1.0.0+1' and merged values files [values.yaml values-prod.yaml]",
    });
    expect(statusOf(object).artifact).toMatchObject({
      revision: "1.0.0+1",
      path: "helmchart/default/merged/web-1.0.0+1.tgz",
    });
    expect(await valuesOf("merged")).toBe("image:\n  name: a\n  tag: c\nreplicas: 3\n");
    expect(loadChartArchive(await bytesOf("merged")).metadata.version).toBe("1.0.0+1");
    await helmChart("alone", { ...spec, valuesFiles: ["values.yaml"] });
    expect(statusOf(await ready("alone")).artifact?.digest).toBe(sha256(bytes));
    await helmChart("missing", { ...spec, valuesFiles: ["nope.yaml"] });
    const missing = await ready("missing", "False");
    expect(condition(missing, "BuildFailed")).toMatchObject({ status: "True", reason: "ValuesFilesError" });
    expect(condition(missing, "Stalled")?.status).toBe("True");
    await helmChart("forgiving", {
      ...spec,
      valuesFiles: ["nope.yaml", "values-prod.yaml"],
      ignoreMissingValuesFiles: true,
    });
    expect(statusOf(await ready("forgiving")).observedValuesFiles).toEqual(["values-prod.yaml"]);
  });

  it.each<[string, JsonObject, string, string]>([
    ["no-such-chart", { chart: "other" }, "InvalidChartReference", "no chart name found"],
    ["no-such-version", { version: ">9" }, "InvalidChartReference", "version matching '>9' found"],
    ["no-range", { version: "nonsense" }, "InvalidChartReference", "is no range"],
    ["no-name", { chart: "../web" }, "InvalidChartReference", "invalid chart name"],
    ["tampered", { chart: "tampered" }, "ChartPullError", "the repository's index says"],
    ["no-chart", { chart: "garbage" }, "ChartPullError", "chart pull error"],
    ["gone", { chart: "gone" }, "ChartPullError", "404"],
  ])("says what is wrong with %s", async (name, spec, reason, text) => {
    const bytes = chart("web", "1.0.0");
    const server = await serve([
      { name: "web", version: "1.0.0", bytes },
      { name: "tampered", version: "1.0.0", bytes, digest: "0".repeat(64) },
      { name: "garbage", version: "1.0.0", bytes: Buffer.from("garbage") },
    ]);
    server.index = server
      .indexText()
      .replace('"entries":{', '"entries":{"gone":[{"name":"gone","version":"1.0.0","urls":["gone.tgz"]}],');
    await world.source("HelmRepository", `of-${name}`, { url: server.url });
    await helmChart(name, { chart: "web", sourceRef: fromRepository(`of-${name}`), ...spec });
    const object = await world.until("HelmChart", name, (each) => condition(each, "FetchFailed")?.reason === reason);
    expect(condition(object, "Ready")).toMatchObject({ status: "False", reason });
    expect(condition(object, "Ready")?.message).toContain(text);
    expect(condition(object, reason === "ChartPullError" ? "Reconciling" : "Stalled")?.status).toBe("True");
  });
});

describe("HelmChart of a registry", () => {
  it("is found by its tag or range", async () => {
    const registry = await TestRegistry.start({ auth: "basic", login: "user:secret" });
    closers.push(() => void registry.close());
    const bytes = chart("web", "1.2.0+build");
    const layer = { mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes };
    registry.put("charts/web", "1.2.0_build", { layers: [layer] });
    await world.secret("registry-login", { username: "user", password: "secret" });
    const repository = { type: "oci", url: `oci://${registry.host}/charts`, secretRef: { name: "registry-login" } };
    await world.source("HelmRepository", "registry", repository);
    await helmChart("by-range", { chart: "web", version: "1.x", sourceRef: fromRepository("registry") });
    const object = await ready("by-range");
    expect(statusOf(object).artifact).toMatchObject({ revision: "1.2.0+build", digest: sha256(bytes) });
    expect(statusOf(object).observedSourceArtifactRevision).toBeUndefined();
    expect(condition(object, "Ready")?.reason).toBe("ChartPullSucceeded");
    const before = registry.requests.filter((request) => request.includes("/blobs/")).length;
    await world.lookAgain("HelmChart", "by-range");
    expect(registry.requests.filter((request) => request.includes("/blobs/")).length).toBe(before);
    await helmChart("by-none", { chart: "web", version: "9.x", sourceRef: fromRepository("registry") });
    expect(condition(await ready("by-none", "False"), "FetchFailed")?.reason).toBe("ChartPullError");
  });

  it("is offered when somebody whom the policy trusts has signed it with notation, and not otherwise", async () => {
    const folder = temporaryFolder("notation");
    closers.push(() => rmSync(folder, { recursive: true, force: true }));
    const signer = makeSigner(folder);
    const registry = await TestRegistry.start({ hasReferrers: true });
    closers.push(() => void registry.close());
    for (const version of ["1.0.0", "2.0.0"]) {
      const bytes = chart("web", version);
      const layers = [{ mediaType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip", bytes }];
      const pushed = registry.put("charts/web", version, { layers });
      if (version === "1.0.0") signWithNotation(registry, "charts/web", pushed, signer);
    }
    await world.secret("notation-own", { "trustpolicy.json": trustPolicyOf(), "ca.crt": signer.certificate });
    const other = makeSigner(folder).certificate;
    await world.secret("notation-other", { "trustpolicy.json": trustPolicyOf(), "ca.crt": other });
    await world.source("HelmRepository", "signed", { type: "oci", url: `oci://${registry.host}/charts` });
    const verifiedBy = (name: string, version: string): JsonObject => ({
      chart: "web",
      version,
      sourceRef: fromRepository("signed"),
      verify: { provider: "notation", secretRef: { name } },
    });
    await helmChart("signed", verifiedBy("notation-own", "1.0.0"));
    const signed = await ready("signed");
    const verified = { status: "True", reason: "Succeeded", message: "verified signature of version 1.0.0" };
    expect(condition(signed, "SourceVerified")).toMatchObject(verified);
    for (const [name, secret, version] of [
      ["signed-by-other", "notation-other", "1.0.0"],
      ["unsigned", "notation-own", "2.0.0"],
    ] as const) {
      await helmChart(name, verifiedBy(secret, version));
      const refused = await ready(name, "False");
      expect(condition(refused, "SourceVerified")).toMatchObject({ status: "False" });
      expect(statusOf(refused).artifact).toBeUndefined();
    }
    // What was good stays where a version that nobody has signed is asked for.
    await world.patch("HelmChart", "signed", { spec: { version: "2.0.0" } });
    const kept = await world.until("HelmChart", "signed", (object) => condition(object, "Ready")?.status === "False");
    expect(statusOf(kept).artifact?.revision).toBe("1.0.0");
  });
});

let count = 0;
function repository(files: Record<string, string>): TestRepository {
  const made = new TestRepository(`${world.folder}/charts-${(count += 1)}`);
  made.commit(files);
  return made;
}

const chartFiles = (folder: string, more: Record<string, string> = {}): Record<string, string> =>
  Object.fromEntries(
    Object.entries({
      "Chart.yaml": "apiVersion: v2\nname: shop\nversion: 0.1.0\n",
      "values.yaml": "a: 1\n",
      "templates/a.yaml": "kind: ConfigMap\n",
      ".helmignore": "*.txt\n",
      "notes.txt": "left out",
      ...more,
    }).map(([name, content]) => [`${folder}/${name}`, content]),
  );

describe("HelmChart of a Git repository", () => {
  it("is packed, the same bytes each time; another commit is no other version, unless asked for", async () => {
    const made = repository({ ...chartFiles("charts/shop"), "prod/values.yaml": "a: 2\n" });
    await world.repository("shop", { url: made.path });
    const spec = { chart: "./charts/shop", sourceRef: { kind: "GitRepository", name: "shop" } };
    await helmChart("shop", spec);
    await helmChart("shop-each", { ...spec, reconcileStrategy: "Revision" });
    await helmChart("shop-prod", {
      ...spec,
      reconcileStrategy: "Revision",
      valuesFiles: ["./charts/shop/values.yaml", "prod/values.yaml"],
    });
    const first = await ready("shop");
    const commit = made.git("rev-parse", "main");
    expect(statusOf(first)).toMatchObject({
      observedSourceArtifactRevision: `main@sha1:${commit}`,
      artifact: { revision: "0.1.0", path: "helmchart/default/shop/shop-0.1.0.tgz" },
    });
    expect(condition(first, "Ready")).toMatchObject({
      reason: "ChartPackageSucceeded",
      message: "packaged 'shop' chart with version '0.1.0'",
    });
    expect(loadChartArchive(await bytesOf("shop")).raw.map((file) => file.name)).not.toContain("notes.txt");
    expect(statusOf(await ready("shop-each")).artifact?.revision).toBe(`0.1.0+${commit.slice(0, 12)}`);
    expect(statusOf(await ready("shop-prod")).artifact?.revision).toBe(`0.1.0+${commit.slice(0, 12)}.1`);
    expect(await valuesOf("shop-prod")).toBe("a: 2\n");
    const next = made.commit({ "charts/shop/templates/b.yaml": "kind: ConfigMap\n" });
    world.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "shop" });
    await world.until(
      "HelmChart",
      "shop-each",
      (each) => statusOf(each).artifact?.revision === `0.1.0+${next.slice(0, 12)}`,
    );
    const second = await world.until(
      "HelmChart",
      "shop",
      (each) => statusOf(each).observedSourceArtifactRevision?.includes(next) === true,
    );
    expect(statusOf(second).artifact).toEqual(statusOf(first).artifact);
  });

  it("has its dependencies built: beside it, in a repository, under another name", async () => {
    const bytes = chart("redis", "7.1.0");
    const server = await serve([{ name: "redis", version: "7.1.0", bytes }]);
    server.login = "user:secret";
    await world.secret("redis-login", { username: "user", password: "secret" });
    await world.source("HelmRepository", "redis", { url: server.url, secretRef: { name: "redis-login" } });
    await world.untilReady("HelmRepository", "redis");
    const dependencies = [
      "dependencies:",
      `- {name: redis, version: 7.x, repository: "${server.url}", alias: cache}`,
      '- {name: base, version: ">=1.0.0", repository: "file://../base"}',
    ].join("\n");
    const made = repository({
      ...chartFiles("charts/shop", { "Chart.yaml": `apiVersion: v2\nname: shop\nversion: 0.1.0\n${dependencies}\n` }),
      ...chartFiles("charts/base", { "Chart.yaml": "apiVersion: v2\nname: base\nversion: 1.0.0\n" }),
    });
    await world.repository("umbrella", { url: made.path });
    await helmChart("umbrella", { chart: "charts/shop", sourceRef: { kind: "GitRepository", name: "umbrella" } });
    await ready("umbrella");
    const packed = loadChartArchive(await bytesOf("umbrella"));
    expect(packed.dependencies.map((each) => `${each.metadata.name} ${each.metadata.version}`).sort()).toEqual([
      "base 1.0.0",
      "cache 7.1.0",
    ]);
    made.commit({
      "charts/shop/Chart.yaml":
        'apiVersion: v2\nname: shop\nversion: 0.2.0\ndependencies:\n- {name: gone, version: 1.x, repository: "file://../gone"}\n',
    });
    world.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "umbrella" });
    const failed = await ready("umbrella", "False");
    expect(condition(failed, "BuildFailed")).toMatchObject({ reason: "DependencyBuildError" });
    expect(statusOf(failed).artifact?.revision).toBe("0.1.0");
  });

  it.each<[string, JsonObject, string]>([
    ["nowhere", { chart: "nowhere" }, "InvalidChartReference"],
    ["climbing", { chart: "../x" }, "InvalidChartReference"],
    ["no-chart-yaml", { chart: "empty" }, "InvalidChartReference"],
  ])("says what is wrong with %s", async (name, spec, reason) => {
    const made = repository({ ...chartFiles("shop"), "empty/a": "a" });
    await world.repository(`git-${name}`, { url: made.path });
    await world.untilReady("GitRepository", `git-${name}`);
    await helmChart(`git-${name}`, {
      sourceRef: { kind: "GitRepository", name: `git-${name}` },
      ...spec,
    } as JsonObject);
    const object = await world.until(
      "HelmChart",
      `git-${name}`,
      (each) => condition(each, "FetchFailed")?.reason === reason,
    );
    expect(condition(object, "Stalled")).toMatchObject({ status: "True", reason });
  });
});
