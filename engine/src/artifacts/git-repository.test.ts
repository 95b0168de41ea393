import { gunzipSync } from "node:zlib";
import { createServer } from "node:http";
import { createHash, randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, type Manifest } from "#kernel";
import { serveHttp, TestRepository } from "../sources/git/repository.contract.ts";
import type { Artifact } from "./store.ts";
import { unpackArchive } from "./tar-entries.ts";
import { condition, World } from "./world.contract.ts";

let world: World;
beforeAll(async () => {
  world = await World.start();
});
afterAll(() => world.close());

let count = 0;
function repository(files: Record<string, string>): TestRepository {
  const made = new TestRepository(`${world.folder}/repository-${(count += 1)}`, { isBare: false });
  made.commit(files);
  return made;
}

function artifactOf(name: string, kind = "GitRepository"): Artifact | undefined {
  return world.artifacts.store.get({ kind, namespace: "default", name });
}

type Status = {
  observedGeneration: number;
  lastHandledReconcileAt?: string;
  artifact: Record<string, string>;
  observedIgnore?: string;
};
function statusOf(object: Manifest): Status {
  return object["status"] as Status;
}

async function pathsIn(name: string, kind = "GitRepository"): Promise<string[]> {
  const view = world.artifacts.view.get({ kind, namespace: "default", name });
  const open = await view?.source.open();
  await open?.prefetch("");
  const walk = (folder: string): string[] =>
    (open?.tree.list(folder) ?? []).flatMap((entry) => {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      return entry.type === "folder" ? walk(path) : [path];
    });
  return walk("");
}

describe("GitRepository", () => {
  it("offers its files and says so as Flux does", async () => {
    const made = repository({ "a.yaml": "a", "x.png": "", ".github/ci.yaml": "" });
    await world.repository("plain", { url: made.path });
    const object = await world.untilReady("GitRepository", "plain");
    const commit = made.git("rev-parse", "main");
    const status = statusOf(object);
    expect(object.metadata.finalizers).toEqual(["finalizers.fluxcd.io"]);
    expect(status.observedGeneration).toBe(object.metadata.generation);
    expect(status.artifact).toMatchObject({
      revision: `main@sha1:${commit}`,
      path: `gitrepository/default/plain/${commit}.tar.gz`,
      url: `http://127.0.0.1:1/artifacts/gitrepository/default/plain/${commit}.tar.gz`,
      digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(condition(object, "Ready")).toMatchObject({
      reason: "Succeeded",
      message: `stored artifact for revision 'main@sha1:${commit}'`,
    });
    expect(condition(object, "ArtifactInStorage")?.status).toBe("True");
    expect(condition(object, "Reconciling")).toBeUndefined();
    expect(await pathsIn("plain")).toEqual(["a.yaml"]);
    let event: { message: string } | undefined;
    for (let tries = 0; tries < 100 && event === undefined; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      event = (await world.events()).find((each) => each.reason === "NewArtifact");
    }
    expect(event?.message).toBe("stored artifact for commit 'change 1'");
  });

  it("sees a commit to a repository on this machine at once, and only what changed", async () => {
    const made = repository({ "a.yaml": "a", "b.yaml": "b" });
    await world.repository("local", { url: `file://${made.path}` });
    await world.untilReady("GitRepository", "local");
    const before = artifactOf("local");
    const seen = new Promise<Artifact>((resolve) => {
      world.artifacts.store.subscribe({
        changed: (artifact, previous) => {
          if (artifact.name === "local" && previous !== undefined) resolve(artifact);
        },
      });
    });
    const commit = made.commit({ "a.yaml": "changed" });
    // The interval is an hour: only the watch on the refs can tell.
    const artifact = await seen;
    expect(artifact.revision).toBe(`main@sha1:${commit}`);
    if (before === undefined) throw new Error("no artifact");
    expect(await world.artifacts.store.changedPaths(before, artifact)).toEqual(["a.yaml"]);
  });

  it("writes nothing when nothing has changed, and answers a request by hand", async () => {
    const made = repository({ a: "a" });
    await world.repository("calm", { url: made.path });
    const first = await world.untilReady("GitRepository", "calm");
    world.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "calm" });
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect((await world.get("GitRepository", "calm"))?.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    await world.patch("GitRepository", "calm", {
      metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": "now" } },
    });
    const handled = await world.until(
      "GitRepository",
      "calm",
      (object) => statusOf(object).lastHandledReconcileAt === "now",
    );
    expect(statusOf(handled).artifact).toEqual(statusOf(first).artifact);
  });

  it.each<[string, (url: string) => object, string, string]>([
    ["a missing branch", (url) => ({ url, ref: { branch: "nope" } }), "GitOperationFailed", "the branch nope"],
    ["a missing repository", (url) => ({ url: `${url}-nowhere` }), "GitOperationFailed", "there is no repository"],
    ["an unreachable server", () => ({ url: "http://127.0.0.1:1/x" }), "GitOperationFailed", "cannot be reached"],
    [
      "a missing Secret",
      (url) => ({ url, secretRef: { name: "none" } }),
      "AuthenticationFailed",
      "Secret/default/none",
    ],
    [
      "missing keys",
      (url) => ({ url, verify: { mode: "HEAD", secretRef: { name: "k" } } }),
      "VerificationError",
      "public keys secret error",
    ],
  ])("says what is wrong with %s, and recovers when it is mended", async (label, specOf, reason, text) => {
    const made = repository({ a: "a" });
    const name = label.replaceAll(" ", "-").toLowerCase();
    await world.repository(name, specOf(made.path) as { url: string });
    const failed = await world.untilReady("GitRepository", name, "False");
    expect(condition(failed, "Ready")).toMatchObject({ reason, message: expect.stringContaining(text) });
    const isOfKeys = label === "missing keys";
    const cause = condition(failed, isOfKeys ? "SourceVerified" : "FetchFailed");
    expect(cause).toMatchObject({ status: isOfKeys ? "False" : "True", reason });
    expect(condition(failed, "Stalled")).toBeUndefined();
    expect(condition(failed, "Reconciling")?.reason).toBe("ProgressingWithRetry");
    expect(artifactOf(name)).toBeUndefined();
    expect(await world.artifacts.view.whyNot({ kind: "GitRepository", namespace: "default", name })).toContain(text);
    await world.patch("GitRepository", name, {
      spec: { url: made.path, ref: { branch: "main" }, secretRef: null, verify: null },
    });
    const mended = await world.untilReady("GitRepository", name);
    expect(condition(mended, "FetchFailed")).toBeUndefined();
    expect(condition(mended, "Stalled")).toBeUndefined();
  });

  it("signs in by its Secret, and keeps the artifact when the password is changed", async () => {
    const folder = `${world.folder}/served`;
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit({ a: "a" });
    const options = { authorization: `Basic ${Buffer.from("u:right").toString("base64")}` };
    const server = await serveHttp(folder, options);
    await world.secret("login", { username: "u", password: "right" });
    await world.repository("private", { url: `${server.url}/shop.git`, secretRef: { name: "login" } });
    await world.untilReady("GitRepository", "private");
    options.authorization = "Basic other";
    world.artifacts.hook({ kind: "GitRepository", namespace: "default", name: "private" });
    const refused = await world.untilReady("GitRepository", "private", "False");
    expect(condition(refused, "Ready")).toMatchObject({
      reason: "GitOperationFailed",
      message: expect.stringContaining("failed to checkout and determine revision") as string,
    });
    expect(JSON.stringify(refused) + JSON.stringify(await world.events())).not.toContain("right");
    expect(condition(refused, "ArtifactInStorage")?.status).toBe("True");
    expect(artifactOf("private")).toBeDefined();
    server.close();
  });

  it("is not slowed by servers that never answer", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const names = Array.from({ length: 10 }, (_, i) => `silent-${i}`);
    for (const name of names) await world.repository(name, { url: `http://127.0.0.1:${port}/${name}`, timeout: "60s" });
    await world.repository("lively", { url: repository({ a: "a" }).path });
    await world.untilReady("GitRepository", "lively");
    for (const name of names)
      expect(condition((await world.get("GitRepository", name)) as Manifest, "Ready")?.status).not.toBe("False");
    for (const name of names) await world.patch("GitRepository", name, { spec: { suspend: true } });
    server.closeAllConnections();
    server.close();
  });

  it("does nothing while suspended, and lets go when deleted", async () => {
    const made = repository({ a: "a" });
    await world.repository("paused", { url: made.path });
    await world.untilReady("GitRepository", "paused");
    await world.patch("GitRepository", "paused", { spec: { suspend: true } });
    const before = artifactOf("paused")?.revision;
    made.commit({ a: "b" });
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(artifactOf("paused")?.revision).toBe(before);
    await world.patch("GitRepository", "paused", { spec: { suspend: false } });
    await world.until("GitRepository", "paused", () => artifactOf("paused")?.revision !== before);
    const { resourceOf } = await import("./objects.ts");
    await world.cluster.delete({ resource: resourceOf("GitRepository"), namespace: "default", name: "paused" });
    for (let tries = 0; tries < 200 && (await world.get("GitRepository", "paused")) !== undefined; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await world.get("GitRepository", "paused")).toBeUndefined();
    expect(artifactOf("paused")).toBeUndefined();
  });

  it("brings in other repositories and submodules", async () => {
    const inner = repository({ "deploy/x.yaml": "x", "other.yaml": "" });
    await world.repository("inner", { url: inner.path });
    const module = repository({ "m.yaml": "module" });
    const outer = repository({ "a.yaml": "a" });
    outer.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = lib/m\n\turl = file://${module.path}\n`,
      "lib/m": `module:${module.git("rev-parse", "main")}`,
    });
    const include = [{ repository: { name: "inner" }, fromPath: "deploy", toPath: "vendor" }];
    await world.repository("outer", { url: outer.path, recurseSubmodules: true, include });
    await world.untilReady("GitRepository", "outer");
    expect(await pathsIn("outer")).toEqual(["a.yaml", "lib/m/m.yaml", "vendor/x.yaml"]);
    inner.commit({ "deploy/y.yaml": "y" });
    for (let tries = 0; tries < 300 && !(await pathsIn("outer")).includes("vendor/y.yaml"); tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await pathsIn("outer")).toContain("vendor/y.yaml");
  });

  it("has the files of an earlier revision, with its ignore rules", async () => {
    const made = repository({ "a.yaml": "old", "left-out.yaml": "x" });
    await world.repository("past", { url: made.path, ignore: "left-out.yaml" });
    await world.untilReady("GitRepository", "past");
    const first = artifactOf("past")?.revision ?? "";
    const second = made.commit({ "a.yaml": "new", "b.yaml": "b" });
    for (let tries = 0; tries < 2000 && artifactOf("past")?.revision !== `main@sha1:${second}`; tries++)
      await new Promise((resolve) => setTimeout(resolve, 10));
    const source = { kind: "GitRepository", namespace: "default", name: "past" };
    const listed = async (): Promise<(string | undefined)[]> => {
      const open = await (await world.artifacts.view.at(source, first))?.source.open();
      await open?.prefetch("");
      return (open?.tree.list("") ?? []).map(
        ({ name }) => `${name} ${decodeUtf8(open?.tree.read(name) ?? Buffer.of())}`,
      );
    };
    expect(await listed()).toEqual(["a.yaml old"]);
    await world.artifacts.view.at(source, `main@sha1:${"0".repeat(40)}`).then(
      () => expect.fail("an unknown commit was found"),
      (thrown: Error) => expect(thrown.message).not.toBe(""),
    );
  });

  it("gives back the disk of a deleted one, and leaves what others are made of", async () => {
    const [gone, kept, module] = [repository({ a: "a" }), repository({ b: "b" }), repository({ c: "c" })];
    kept.commit({
      ".gitmodules": `[submodule "m"]\n\tpath = m\n\turl = ${module.path}\n`,
      m: `module:${module.git("rev-parse", "main")}`,
    });
    await world.repository("gone", { url: gone.path });
    await world.repository("kept", { url: kept.path, recurseSubmodules: true });
    const ready = await world.untilReady("GitRepository", "gone");
    const mirror = artifactOf("gone")?.tree?.repository ?? "";
    await world.untilReady("GitRepository", "kept");
    const { resourceOf } = await import("./objects.ts");
    const target = { resource: resourceOf("GitRepository"), namespace: "default", name: ready.metadata.name };
    await world.cluster.delete(target);
    while (existsSync(mirror)) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await pathsIn("kept")).toEqual(["b", "m/c"]);
    kept.commit({ "d.yaml": "d" });
    while (!(await pathsIn("kept")).includes("d.yaml")) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await pathsIn("kept")).toEqual(["b", "d.yaml", "m/c"]);
  });

  it("serves an archive that real tar unpacks, the same bytes each time, also when the file was tampered with", async () => {
    const long = `${"deep/".repeat(30)}file.yaml`;
    const made = repository({ "b/a.yaml": "content", [long]: "long", "ü.yaml": "umlaut" });
    await world.repository("served", { url: made.path, ignore: "nothing" });
    const { artifact } = statusOf(await world.untilReady("GitRepository", "served"));
    const server = createServer((request, response) => {
      if (!world.artifacts.serve(request, response)) response.writeHead(418).end();
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const fetchIt = async (): Promise<Buffer> =>
      Buffer.from(await (await fetch(`${url}/artifacts/${artifact["path"]}`)).arrayBuffer());
    const bytes = await fetchIt();
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(artifact["digest"]);
    const list = execFileSync("tar", ["-tz"], { input: bytes, encoding: "utf8" })
      .split("\n")
      .filter((line) => !line.endsWith("/"));
    expect(list).toContain(long);
    const unpacked = (await unpackArchive(bytes, "here")).map((file) => [file.path, decodeUtf8(file.content)]);
    expect(unpacked).toEqual([
      ["b/a.yaml", "content"],
      [long, "long"],
      ["ü.yaml", "umlaut"],
    ]);
    expect(gunzipSync(bytes).length % 512).toBe(0);
    const folder = `${world.folder}/cache/archives/gitrepository/default/served`;
    writeFileSync(`${folder}/${readdirSync(folder)[0] ?? ""}`, "tampered");
    expect((await fetchIt()).equals(bytes)).toBe(true);
    expect((await fetch(`${url}/artifacts/gitrepository/default/served/none.tar.gz`)).status).toBe(404);
    expect((await fetch(`${url}/artifacts/..%2f..%2fetc%2fpasswd`)).status).toBe(404);
    expect((await fetch(`${url}/other`)).status).toBe(418);
    server.closeAllConnections();
    server.close();
  });

  it("offers and archives a repository with a file too large to be read", async () => {
    const made = new TestRepository(`${world.folder}/large`);
    const size = 33 * 1024 * 1024 + 100;
    // What cannot be packed, so that the archive is no bomb.
    const part = randomBytes(64 * 1024);
    const big = Buffer.concat(Array.from({ length: Math.ceil(size / part.length) }, () => part)).subarray(0, size);
    made.commit({ "a.yaml": "a", "big/b.bin": big, "z.yaml": "z" });
    await world.repository("large", { url: made.path });
    const { artifact } = statusOf(await world.untilReady("GitRepository", "large"));
    const archive = readFileSync(`${world.folder}/cache/archives/${artifact["path"]}`);
    const files = (await unpackArchive(archive, "here")).map((file) => [file.path, file.content.length]);
    expect(files).toEqual([
      ["a.yaml", 1],
      ["big/b.bin", size],
      ["z.yaml", 1],
    ]);
  });

  it("asks again at its interval when the repository's content is at fault, since a commit may mend it", async () => {
    const made = repository({ "a.yaml": "a", ".sourceignore": "x\n".repeat(600_000) });
    await world.repository("wordy", { url: made.path, interval: "1s" });
    const failed = await world.untilReady("GitRepository", "wordy", "False");
    expect(condition(failed, "Ready")?.message).toContain(".sourceignore");
    expect(condition(failed, "Stalled")).toBeUndefined();
    made.commit({ ".sourceignore": null });
    await world.untilReady("GitRepository", "wordy");
    await world.patch("GitRepository", "wordy", { spec: { suspend: true } });
  });

  it("names the address of the day: what is served elsewhere from now on is the same artifact", async () => {
    const moved = new TestRepository(`${world.folder}/moved`, { isBare: false });
    moved.commit({ "a.yaml": "a" });
    await world.repository("moved", { url: moved.path });
    const { artifact: before } = statusOf(await world.untilReady("GitRepository", "moved"));
    await world.stopLoops();
    world.address = "http://127.0.0.2:1";
    world.startLoops();
    await world.artifacts.ready;
    const { artifact: after } = statusOf(await world.lookAgain("GitRepository", "moved"));
    expect(after).toEqual({ ...before, url: String(before["url"]).replace("127.0.0.1:1", "127.0.0.2:1") });
  });

  it("offers everything again after a restart, without the network", async () => {
    const folder = `${world.folder}/restart`;
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit({ "a.yaml": "a" });
    const server = await serveHttp(folder);
    await world.repository("restarted", { url: `${server.url}/shop.git` });
    const before = await world.untilReady("GitRepository", "restarted");
    await world.stopLoops();
    server.close();
    chmodSync(folder, 0o000);
    world.startLoops();
    await world.artifacts.ready;
    expect(artifactOf("restarted")?.revision).toBe(statusOf(before).artifact["revision"]);
    expect(await pathsIn("restarted")).toEqual(["a.yaml"]);
    const failed = await world.untilReady("GitRepository", "restarted", "False");
    expect(condition(failed, "Ready")?.message).toContain("cannot be reached");
    expect(artifactOf("restarted")).toBeDefined();
    chmodSync(folder, 0o755);
  });
});
