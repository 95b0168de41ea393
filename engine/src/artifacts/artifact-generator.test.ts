import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseYamlDocuments } from "#formats/yaml";
import { decodeUtf8, type JsonObject, type Manifest } from "#kernel";
import { resourceOf } from "./objects.ts";
import { temporaryFolder, TestRepository } from "../sources/git/repository.contract.ts";
import { condition, World } from "./world.contract.ts";

let world: World;
let made: TestRepository;
beforeAll(async () => {
  world = await World.start();
  made = new TestRepository(`${world.folder}/mono`, { isBare: false });
  made.commit({
    "apps/Shop/values.yaml": "a: 1\nb: {c: 2}\n",
    "apps/Shop/over.yaml": "b: {d: 3}\n",
    "apps/blog/values.yaml": "x: 1\n",
    "apps/blog/README.md": "read",
    "infrastructure/base/a.yaml": "a",
    "infrastructure/prod/b.yaml": "b",
    "top.yaml": "t",
  });
  await world.repository("mono", { url: made.path });
});
afterAll(() => world.close());

async function filesIn(name: string): Promise<Record<string, string>> {
  const open = await world.artifacts.view.get({ kind: "ExternalArtifact", namespace: "default", name })?.source.open();
  await open?.prefetch("");
  const found: Record<string, string> = {};
  const walk = (folder: string): void => {
    for (const entry of open?.tree.list(folder) ?? []) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.type === "folder") walk(path);
      else found[path] = decodeUtf8(open?.tree.read(path) ?? new Uint8Array());
    }
  };
  walk("");
  return found;
}

async function generate(name: string, spec: JsonObject): Promise<void> {
  const sources = [{ alias: "mono", kind: "GitRepository", name: "mono" }];
  await world.create({
    apiVersion: "source.extensions.fluxcd.io/v1beta1",
    kind: "ArtifactGenerator",
    metadata: { name, namespace: "default" },
    spec: { sources, ...spec },
  });
}

let count = 0;
/** The files of one output of these copy steps. */
async function copied(...copy: JsonObject[]): Promise<Record<string, string>> {
  const name = `copied-${(count += 1)}`;
  await generate(name, { artifacts: [{ name, copy }] });
  await world.untilReady("ArtifactGenerator", name);
  return filesIn(name);
}

describe("ArtifactGenerator", () => {
  it.each<[string, JsonObject[], string[]]>([
    [
      "dir/** loses the folder",
      [{ from: "@mono/infrastructure/**", to: "@artifact/" }],
      ["base/a.yaml", "prod/b.yaml"],
    ],
    [
      "other patterns keep the path",
      [{ from: "@mono/infrastructure/*/a.yaml", to: "@artifact/x" }],
      ["x/infrastructure/base/a.yaml"],
    ],
    ["a folder under its own name", [{ from: "@mono/infrastructure/base", to: "@artifact/in/" }], ["in/base/a.yaml"]],
    ["a file to a name", [{ from: "@mono/top.yaml", to: "@artifact/other.yaml" }], ["other.yaml"]],
    ["a file into a folder", [{ from: "@mono/top.yaml", to: "@artifact/in/" }], ["in/top.yaml"]],
    [
      "without what is excluded",
      [{ from: "@mono/apps/**", to: "@artifact/", exclude: ["*.md", "Shop/{over,none}.yaml"] }],
      ["Shop/values.yaml", "blog/values.yaml"],
    ],
  ])("copies %s", async (_name, copy, paths) => {
    expect(Object.keys(await copied(...copy)).sort()).toEqual(paths);
  });

  it("merges maps where told to, overwrites otherwise", async () => {
    const first = { from: "@mono/apps/Shop/values.yaml", to: "@artifact/values.yaml" };
    const over = { from: "@mono/apps/Shop/over.yaml", to: "@artifact/values.yaml" };
    expect(await copied(first, { ...over, strategy: "Merge" })).toEqual({
      "values.yaml": "a: 1\nb:\n  c: 2\n  d: 3\n",
    });
    expect(await copied(first, over)).toEqual({ "values.yaml": "b: {d: 3}\n" });
  });

  it("merges files of several sources and documents", async () => {
    const other = new TestRepository(`${world.folder}/over`, { isBare: false });
    other.commit({ "prod.yaml": "b: {d: 4}\n---\nlist: [1]\n" });
    await world.repository("over", { url: other.path });
    const sources = [
      { alias: "mono", kind: "GitRepository", name: "mono" },
      { alias: "over", kind: "GitRepository", name: "over" },
    ];
    const copy = [
      { from: "@mono/apps/Shop/values.yaml", to: "@artifact/renamed.yaml" },
      { from: "@over/prod.yaml", to: "@artifact/renamed.yaml", strategy: "Merge" },
      { from: "@mono/apps/Shop/over.yaml", to: "@artifact/renamed.yaml", strategy: "Merge" },
    ];
    await generate("several", { sources, artifacts: [{ name: "several", copy }] });
    await world.untilReady("ArtifactGenerator", "several");
    expect(await filesIn("several")).toEqual({ "renamed.yaml": "a: 1\nb:\n  c: 2\n  d: 3\nlist:\n- 1\n" });
  });

  it("unpacks archives where told to", async () => {
    const folder = temporaryFolder("tgz");
    writeFileSync(`${folder}/inner.yaml`, "packed");
    const archive = execFileSync("tar", ["-cz", "-C", folder, "inner.yaml"]);
    made.commit({ "charts/one.tgz": archive, "charts/README": "" });
    rmSync(folder, { recursive: true });
    const latest = made.git("rev-parse", "main");
    await world.until("GitRepository", "mono", (object) => JSON.stringify(object["status"]).includes(latest));
    // Archives are left out of artifacts unless the source has ignore rules of its own.
    await world.patch("GitRepository", "mono", { spec: { ignore: "nothing" } });
    await world.until(
      "GitRepository",
      "mono",
      (object) => (object["status"] as JsonObject)["observedIgnore"] === "nothing",
    );
    expect(await copied({ from: "@mono/charts/*", to: "@artifact/out", strategy: "Extract" })).toEqual({
      "out/inner.yaml": "packed",
    });
    await world.patch("GitRepository", "mono", { spec: { ignore: null } });
  });

  it("keeps the revision of a piece while its own content is the same, and notes where it comes from", async () => {
    const copy = [{ from: "@mono/infrastructure/**", to: "@artifact/" }];
    await generate("pieces", { artifacts: [{ name: "piece", originRevision: "@mono", copy }] });
    await world.untilReady("ArtifactGenerator", "pieces");
    const first = await world.untilReady("ExternalArtifact", "piece");
    const artifactOf = (object: typeof first) =>
      (object["status"] as { artifact: { revision: string; metadata: JsonObject } }).artifact;
    expect(artifactOf(first).revision).toMatch(/^latest@sha256:[0-9a-f]{64}$/);
    expect(first.metadata.ownerReferences?.[0]).toMatchObject({
      kind: "ArtifactGenerator",
      name: "pieces",
      controller: true,
    });
    const elsewhere = made.commit({ "top.yaml": "changed" });
    const origin = "org.opencontainers.image.revision";
    const second = await world.until(
      "ExternalArtifact",
      "piece",
      (object) => artifactOf(object).metadata[origin] === `main@sha1:${elsewhere}`,
    );
    expect(artifactOf(second).revision).toBe(artifactOf(first).revision);
    made.commit({ "infrastructure/base/a.yaml": "changed" });
    await world.until(
      "ExternalArtifact",
      "piece",
      (object) => artifactOf(object).revision !== artifactOf(first).revision,
    );
    expect((await filesIn("piece"))["base/a.yaml"]).toBe("changed");
    const generator = await world.untilReady("ArtifactGenerator", "pieces");
    expect(generator["status"]).toMatchObject({
      inventory: [{ name: "piece", namespace: "default", filename: expect.stringMatching(/\.tar\.gz$/) }],
    });
  });

  it("makes an artifact of every folder that a path pattern finds, and removes those that are gone", async () => {
    const artifacts = [{ name: "app-{app}", copy: [{ from: "@mono/apps/{app}/**", to: "@artifact/" }] }];
    await generate("each", { pathPattern: "@mono/apps/{app}", artifacts });
    await world.untilReady("ArtifactGenerator", "each");
    const shop = await world.untilReady("ExternalArtifact", "app-shop");
    expect(shop.metadata.labels).toMatchObject({ app: "shop" });
    expect(Object.keys(await filesIn("app-blog")).sort()).toEqual(["README.md", "values.yaml"]);
    made.commit({ "apps/blog": null });
    for (let tries = 0; tries < 300 && (await world.get("ExternalArtifact", "app-blog")) !== undefined; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await world.get("ExternalArtifact", "app-blog")).toBeUndefined();
    expect(await filesIn("app-blog")).toEqual({});
  });

  it.each<[string, JsonObject, string, string]>([
    [
      "a source that is not there",
      { sources: [{ alias: "mono", kind: "GitRepository", name: "none" }] },
      "SourceFetchFailed",
      "GitRepository/default/none",
    ],
    [
      "a file that is not there",
      { artifacts: [{ name: "bad", copy: [{ from: "@mono/none.yaml", to: "@artifact/" }] }] },
      "BuildFailed",
      "is named none.yaml",
    ],
    [
      "an alias that is not there",
      { artifacts: [{ name: "bad", copy: [{ from: "@other/x", to: "@artifact/" }] }] },
      "BuildFailed",
      "alias other",
    ],
    [
      "a way out",
      { artifacts: [{ name: "bad", copy: [{ from: "@mono/top.yaml", to: "@artifact/../x" }] }] },
      "BuildFailed",
      "leaves the artifact",
    ],
    [
      "a clash of names",
      {
        pathPattern: "@mono/{a}/{b}",
        artifacts: [{ name: "one-{a}", copy: [{ from: "@mono/{a}/**", to: "@artifact/" }] }],
      },
      "ValidationFailed",
      "the same name",
    ],
  ])("says what is wrong with %s", async (_name, spec, reason, text) => {
    const name = `bad-${(count += 1)}`;
    const artifacts = [{ name, copy: [{ from: "@mono/top.yaml", to: "@artifact/" }] }];
    await generate(name, { artifacts, ...spec });
    const failed = await world.untilReady("ArtifactGenerator", name, "False");
    expect(condition(failed, "Ready")).toMatchObject({ reason, message: expect.stringContaining(text) });
  });

  it("takes artifacts that others write, when their digest is right", async () => {
    const server = createServer((request, response) => world.artifacts.serve(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const status = (await world.untilReady("GitRepository", "mono"))["status"] as {
      artifact: { path: string; digest: string };
    };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/artifacts/${status.artifact.path}`;
    const metadata = { name: "foreign", namespace: "default" };
    await world.create({
      apiVersion: "source.toolkit.fluxcd.io/v1",
      kind: "ExternalArtifact",
      metadata,
      spec: { sourceRef: { kind: "Other", name: "x" } },
    });
    const write = async (digest: string, revision: string): Promise<void> => {
      const lastUpdateTime = "2026-01-01T00:00:00Z";
      const artifact = { ...status.artifact, url, digest, revision, lastUpdateTime };
      const target = {
        resource: resourceOf("ExternalArtifact"),
        namespace: "default",
        name: "foreign",
        subresource: "status",
      };
      await world.cluster.patch(target, { type: "merge", patch: { status: { artifact } } }, { fieldManager: "other" });
    };
    await write(`sha256:${"0".repeat(64)}`, "wrong@sha256:0");
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await filesIn("foreign")).toEqual({});
    await write(status.artifact.digest, "right@sha256:1");
    for (let tries = 0; tries < 300 && (await filesIn("foreign"))["top.yaml"] === undefined; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect((await filesIn("foreign"))["infrastructure/prod/b.yaml"]).toBe("b");
    server.closeAllConnections();
    server.close();
  });

  const fleet = join(env["KEELSON_FLEETS"] ?? "", "flux2-kustomize-helm-example");
  it.skipIf(env["KEELSON_FLEETS"] === undefined || !existsSync(fleet))(
    "splits Flux's own example repository",
    async () => {
      const files: Record<string, string> = {};
      for (const entry of readdirSync(fleet, { recursive: true, withFileTypes: true }))
        if (entry.isFile()) {
          const path = join(entry.parentPath, entry.name);
          files[path.slice(fleet.length + 1)] = readFileSync(path, "utf8");
        }
      const example = new TestRepository(`${world.folder}/example`);
      example.commit(files);
      await world.repository("flux-system", { url: example.path });
      const [generator] = parseYamlDocuments(
        files["clusters/production/artifacts.yaml"] ?? "",
      ) as unknown as Manifest[];
      if (generator === undefined) throw new Error("the example has no generator");
      await world.create({ ...generator, metadata: { name: "flux-system", namespace: "default" } });
      await world.untilReady("ArtifactGenerator", "flux-system");
      const below = (prefix: string): string[] =>
        Object.keys(files)
          .filter((path) => path.startsWith(prefix))
          .map((path) => path.slice(prefix.length));
      expect(Object.keys(await filesIn("infrastructure")).sort()).toEqual(below("infrastructure/").sort());
      const apps = [
        ...below("apps/base/").map((path) => `base/${path}`),
        ...below("apps/production/").map((path) => `production/${path}`),
      ];
      expect(Object.keys(await filesIn("apps")).sort()).toEqual(apps.sort());
    },
  );

  it("is left alone where it says so, and goes on where it left off", async () => {
    const reconcile = "source.extensions.fluxcd.io/reconcile";
    const copy = [{ from: "@mono/top.yaml", to: "@artifact/" }];
    await generate("resting", { artifacts: [{ name: "rested", copy }] });
    await world.untilReady("ArtifactGenerator", "resting");
    const before = (await world.get("ExternalArtifact", "rested"))?.["status"];
    await world.patch("ArtifactGenerator", "resting", { metadata: { annotations: { [reconcile]: "Disabled" } } });
    const isTold = async (): Promise<boolean> =>
      (await world.events()).some(({ reason }) => reason === "ReconciliationDisabled");
    for (let tries = 0; !(await isTold()) && tries < 3000; tries += 1)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const spec = { artifacts: [{ name: "rested", copy }], commonMetadata: { labels: { team: "shop" } } };
    await world.patch("ArtifactGenerator", "resting", { spec });
    const other = { artifacts: [{ name: "awake", copy }], commonMetadata: { annotations: { note: "common" } } };
    await generate("awake", other);
    await world.untilReady("ArtifactGenerator", "awake");
    expect((await world.get("ExternalArtifact", "awake"))?.metadata.annotations).toMatchObject({ note: "common" });
    const resting = await world.get("ExternalArtifact", "rested");
    expect(resting?.metadata.labels).not.toMatchObject({ team: "shop" });
    expect(resting?.["status"]).toEqual(before);
    await world.patch("ArtifactGenerator", "resting", { metadata: { annotations: { [reconcile]: null } } });
    await world.until("ExternalArtifact", "rested", ({ metadata }) => metadata.labels?.["team"] === "shop");
  });

  it("names no source of another namespace where that is not allowed", async () => {
    await world.stopLoops();
    world.isCrossNamespaceAllowed = false;
    world.startLoops();
    await world.artifacts.ready;
    const sources = [{ alias: "far", kind: "GitRepository", name: "mono", namespace: "elsewhere" }];
    const artifacts = [{ name: "far", copy: [{ from: "@far/**", to: "@artifact/" }] }];
    await generate("far", { sources, artifacts });
    const far = await world.untilReady("ArtifactGenerator", "far", "False");
    expect(condition(far, "Stalled")).toMatchObject({ status: "True", reason: "AccessDenied" });
    await world.stopLoops();
    world.isCrossNamespaceAllowed = true;
    world.startLoops();
    await world.artifacts.ready;
  });

  it("makes an output again that someone has deleted, and takes all along when it goes itself", async () => {
    await generate("keeper", { artifacts: [{ name: "kept", copy: [{ from: "@mono/top.yaml", to: "@artifact/" }] }] });
    const first = await world.untilReady("ExternalArtifact", "kept");
    await world.cluster.delete({ resource: resourceOf("ExternalArtifact"), namespace: "default", name: "kept" });
    await world.until(
      "ExternalArtifact",
      "kept",
      (object) => object.metadata.uid !== first.metadata.uid && object["status"] !== undefined,
    );
    await world.cluster.delete({ resource: resourceOf("ArtifactGenerator"), namespace: "default", name: "keeper" });
    for (let tries = 0; tries < 300 && (await world.get("ArtifactGenerator", "keeper")) !== undefined; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await world.get("ArtifactGenerator", "keeper")).toBeUndefined();
    expect(await world.get("ExternalArtifact", "kept")).toBeUndefined();
    expect(world.artifacts.store.get({ kind: "ExternalArtifact", namespace: "default", name: "kept" })).toBeUndefined();
  });
});
