import { chmodSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { env } from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeUtf8, type FileTree } from "#kernel";
import {
  changedPaths,
  closeReaders,
  findIgnoreFiles,
  type GitAccess,
  GitMirrors,
  openTree,
  type TreeHandle,
} from "./index.ts";
import type { GitReference } from "./refs.ts";
import {
  type Changes,
  hasSshd,
  makeCertificate,
  serveHttp,
  serveSsh,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "./repository.contract.ts";

const root = temporaryFolder("git");
const clock = {
  now: () => performance.now(),
  after: (ms: number, run: () => void) => {
    const timer = setTimeout(run, ms).unref();
    return () => clearTimeout(timer);
  },
};
let count = 0;

function mirrors(): GitMirrors {
  return new GitMirrors({ folder: `${root}/cache-${(count += 1)}`, clock, environment: testEnvironment });
}

function repository(changes: Changes, options = {}): TestRepository {
  const made = new TestRepository(`${root}/repository-${(count += 1)}.git`, options);
  made.commit(changes);
  return made;
}

const signal = new AbortController().signal;
afterAll(() => {
  closeReaders();
  rmSync(root, { recursive: true, force: true });
});

type Call = { url: string; reference?: GitReference; access?: GitAccess; into?: GitMirrors; timeoutMs?: number };

async function fetchTree({
  url,
  reference = { branch: "main" },
  into = mirrors(),
  ...call
}: Call): Promise<TreeHandle> {
  const mirror = into.of(url);
  const resolved = await mirror.resolve(reference, { signal, ...call });
  const { tree } = await mirror.fetch(resolved, { signal, ...call });
  const handle = {
    kind: "git" as const,
    repository: mirror.folder,
    tree,
    revision: resolved.revision,
    environment: testEnvironment,
  };
  return { ...handle, ignore: await findIgnoreFiles(handle) };
}

async function textOf(handle: TreeHandle, path: string): Promise<string> {
  const open = await openTree(handle);
  await open.prefetch(path);
  return decodeUtf8(open.tree.read(path));
}

function allPaths(tree: FileTree, folder = ""): string[] {
  return (tree.list(folder) ?? []).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    return entry.type === "folder" ? allPaths(tree, path) : [path];
  });
}

describe("references", () => {
  const into = mirrors();
  const made = repository({ a: "first" });
  const first = made.git("rev-parse", "main");
  made.git("tag", "v1.0.0", first);
  const second = made.commit({ a: "second" });
  made.git("tag", "-a", "-m", "annotated", "v1.1.0", second);
  made.git("tag", "v2.0.0-rc.1", second);
  made.git("update-ref", "refs/pull/1/head", first);
  const third = made.commit({ a: "third" });

  it.each<[string, GitReference, string]>([
    ["a branch", { branch: "main" }, `main@sha1:${third}`],
    ["a tag", { tag: "v1.0.0" }, `v1.0.0@sha1:${first}`],
    ["an annotated tag, as its commit", { tag: "v1.1.0" }, `v1.1.0@sha1:${second}`],
    ["a range, without pre-releases", { semver: ">=1.0.0" }, `v1.1.0@sha1:${second}`],
    ["a range that names a pre-release", { semver: ">=1.0.0-0" }, `v2.0.0-rc.1@sha1:${second}`],
    ["any name", { name: "refs/pull/1/head" }, `refs/pull/1/head@sha1:${first}`],
    ["a commit", { commit: first }, `sha1:${first}`],
    ["a commit on a branch", { commit: first, branch: "main" }, `main@sha1:${first}`],
    ["the commit before all else", { commit: first, name: "refs/heads/main", semver: "*", tag: "x" }, `sha1:${first}`],
    ["the name before the range", { name: "refs/heads/main", semver: "*" }, `refs/heads/main@sha1:${third}`],
    ["the range before the tag", { semver: "1.0.x", tag: "v1.1.0" }, `v1.0.0@sha1:${first}`],
    ["the tag before the branch", { tag: "v1.0.0", branch: "main" }, `v1.0.0@sha1:${first}`],
  ])("take %s", async (_name, reference, revision) => {
    const handle = await fetchTree({ url: made.path, reference, into });
    expect(handle.revision).toBe(revision);
    expect(await textOf(handle, "a")).toBe(made.git("show", `${revision.slice(revision.indexOf("sha1:") + 5)}:a`));
  });

  it.each<[string, GitReference, object]>([
    ["a missing branch", {}, { code: "git-ref-absent", message: expect.stringContaining("the branch master") }],
    ["a missing tag", { tag: "v9" }, { code: "git-ref-absent", message: expect.stringContaining("the tag v9") }],
    [
      "a range without a match",
      { semver: ">5" },
      { code: "git-ref-absent", message: expect.stringContaining("within >5") },
    ],
    ["a range that is none", { semver: "newest" }, { code: "git-ref-invalid", disposition: "stall" }],
    ["a commit that is not there", { commit: "a".repeat(40) }, { code: "git-ref-absent" }],
    ["a short commit", { commit: "abc123" }, { code: "git-ref-invalid" }],
    ["an option for a branch", { branch: "--upload-pack=touch /tmp/x" }, { code: "git-ref-invalid" }],
    ["a name with dots", { branch: "a..b" }, { code: "git-ref-invalid" }],
    ["a name outside refs", { name: "HEAD" }, { code: "git-ref-invalid" }],
  ])("refuse %s", async (_name, reference, expected) => {
    await expect(fetchTree({ url: made.path, reference, into })).rejects.toMatchObject(expected);
  });
});

describe("trees", () => {
  it("are read from a repository with a work tree, bare ones, file URLs and SHA-256 ones", async () => {
    const withWorkTree = repository({ "a.yaml": "1" }, { isBare: false });
    expect(await textOf(await fetchTree({ url: withWorkTree.path }), "a.yaml")).toBe("1");
    expect(await textOf(await fetchTree({ url: `file://${withWorkTree.path}/.git` }), "a.yaml")).toBe("1");
    const modern = repository({ "a.yaml": "2" }, { format: "sha256" });
    const handle = await fetchTree({ url: modern.path });
    expect(handle.revision).toMatch(/^main@sha256:[0-9a-f]{64}$/);
    expect(await textOf(handle, "a.yaml")).toBe("2");
  });

  it("list by name, keep the executable mark, and say why something cannot be read", async () => {
    const made = repository({
      "b.yaml": "b",
      "b/c.yaml": "c",
      link: "->/etc/passwd",
      up: "->../..",
      mod: `module:${"1".repeat(40)}`,
    });
    const open = await openTree(await fetchTree({ url: made.path }));
    await open.prefetch("");
    expect(open.tree.list("")?.map((entry) => `${entry.type} ${entry.name}`)).toEqual([
      "folder b",
      "file b.yaml",
      "symlink link",
      "submodule mod",
      "symlink up",
    ]);
    const why = (path: string): string => {
      try {
        open.tree.read(path);
        return "";
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(why("link")).toContain("symbolic link");
    expect(why("up/etc/passwd")).toContain("up is a symbolic link");
    expect(why("mod/a")).toContain("mod is a submodule");
    expect(why("b")).toContain("is a folder");
    expect(why("nothing")).toBe("no such file");
  });

  it("show what ignore files leave, wherever they stand", async () => {
    const made = repository({
      ".sourceignore": "*.md\n!/keep.md",
      "keep.md": "",
      "drop.md": "",
      "x.png": "",
      "sub/.sourceignore": "/secret/",
      "sub/secret/a": "",
      "sub/open/a": "",
      "secret/a": "",
    });
    const handle = await fetchTree({ url: made.path });
    const open = await openTree(handle);
    await open.prefetch("");
    expect(allPaths(open.tree)).toEqual([
      ".sourceignore",
      "keep.md",
      "secret/a",
      "sub/.sourceignore",
      "sub/open/a",
      "x.png",
    ]);
    expect(() => open.tree.read("drop.md")).toThrow("excluded by the source's ignore rules");
    const sparse = await openTree({ ...handle, folders: ["./sub/open"] });
    await sparse.prefetch("");
    expect(allPaths(sparse.tree)).toEqual(["sub/open/a"]);
  });

  it("are compared in time proportional to the change", async () => {
    const made = repository({ "a/1": "1", "a/2": "2", "b/1": "1", c: "c", "d/e/f": "f" });
    const into = mirrors();
    const before = await fetchTree({ url: made.path, into });
    made.commit({ "a/1": "changed", "b/1": null, "b/1/x": "folder now", c: null, "new/x": "x" });
    const after = await fetchTree({ url: made.path, into });
    expect(await changedPaths(before, after)).toEqual(["a/1", "b/1", "b/1/x", "c", "new/x"]);
    expect(await changedPaths(after, before)).toEqual(["a/1", "b/1", "b/1/x", "c", "new/x"]);
    expect(await changedPaths(after, after)).toEqual([]);
    const narrower = { ...after, ignore: [{ folder: "", text: "/d" }] };
    expect(await changedPaths(after, narrower)).toEqual(["d/e/f"]);
  });

  // With the other large suites a file of 200 MB; otherwise one just above the limit.
  const isLarge = env["KEELSON_ORACLES"] !== undefined;
  it("refuse to hold a huge file, and serve the others", async () => {
    const made = repository({ "huge.bin": Buffer.alloc((isLarge ? 200 : 33) * 1024 * 1024, 1), "a.yaml": "a" });
    const handle = await fetchTree({ url: made.path });
    const before = process.memoryUsage().rss;
    const open = await openTree(handle);
    await open.prefetch("");
    expect(decodeUtf8(open.tree.read("a.yaml"))).toBe("a");
    expect(() => open.tree.read("huge.bin")).toThrow("files above");
    if (isLarge) expect(process.memoryUsage().rss - before).toBeLessThan(150 * 1024 * 1024);
  }, 120_000);

  it("leave out names that would escape", async () => {
    const made = repository({ "a.yaml": "a" });
    const blob = made.git("rev-parse", "main:a.yaml");
    const tree = Buffer.concat(
      ["..", ".", ".git", "ok", "a/b"].map((name) =>
        Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, "hex")]),
      ),
    );
    const { execFileSync } = await import("node:child_process");
    const args = ["-C", made.path, "hash-object", "-t", "tree", "-w", "--literally", "--stdin"];
    const id = execFileSync("git", args, { input: tree, encoding: "utf8" }).trim();
    const handle: TreeHandle = {
      kind: "git",
      repository: made.path,
      tree: id,
      revision: "x",
      ignore: "none",
      environment: testEnvironment,
    };
    const open = await openTree(handle);
    await open.prefetch("");
    expect(allPaths(open.tree)).toEqual(["ok"]);
  });

  it("end with a fault where they repeat themselves without end", async () => {
    const made = repository({ "a.yaml": "a" });
    const { execFileSync } = await import("node:child_process");
    let id = made.git("rev-parse", "main^{tree}");
    for (let level = 0; level < 5; level++) {
      const input = Array.from({ length: 200 }, (_, i) => `040000 tree ${id}\tf${i}\n`).join("");
      id = execFileSync("git", ["-C", made.path, "mktree"], { input, encoding: "utf8" }).trim();
    }
    const base = { kind: "git" as const, repository: made.path, tree: id, revision: "x", environment: testEnvironment };
    expect(await findIgnoreFiles(base)).toEqual([]);
    const open = await openTree({ ...base, ignore: [] });
    await expect(open.prefetch("")).rejects.toMatchObject({ code: "tree-too-large" });
  }, 120_000);

  it("open from a copy of their handle, as a worker thread receives it", async () => {
    const handle = await fetchTree({ url: repository({ "a/b.yaml": "from the copy" }).path });
    expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
    const copy = structuredClone(handle);
    expect(await textOf(copy, "a/b.yaml")).toBe("from the copy");
  });
});

describe("fetching", () => {
  it("asks nothing but the references when nothing has changed, and only for what is new otherwise", async () => {
    const folder = temporaryFolder("served");
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit(
      Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`d${i % 10}/${i}.yaml`, `${i}`.repeat(500)])),
    );
    const server = await serveHttp(folder);
    const into = mirrors();
    const url = `${server.url}/shop.git`;
    const first = await fetchTree({ url, into });
    const requests = server.requests();
    const again = await fetchTree({ url, into });
    expect(again.tree).toBe(first.tree);
    expect(server.requests() - requests).toBeLessThanOrEqual(2);
    made.commit({ "d1/1.yaml": "changed" });
    const second = await fetchTree({ url, into });
    expect(await changedPaths(first, second)).toEqual(["d1/1.yaml"]);
    const restarted = new GitMirrors({
      folder: into.of(url).folder.replace(/\/[^/]*$/, ""),
      clock,
      environment: testEnvironment,
    });
    server.close();
    const commit = second.revision.replace(/.*:/, "");
    expect((await restarted.of(url).find(commit))?.tree).toBe(second.tree);
    await into.of(url).keepOnly([commit], signal);
    const folderOfMirrors = into.of(url).folder.replace(/\/[^/]*$/, "");
    const later = new GitMirrors({ folder: folderOfMirrors, clock, environment: testEnvironment }).of(url);
    expect((await later.find(commit))?.tree).toBe(second.tree);
    expect(await later.find(first.revision.replace(/.*:/, ""))).toBeUndefined();
    rmSync(folder, { recursive: true });
  });

  it.each<[string, GitAccess, string]>([
    [
      "a user name and password",
      { username: "u", password: "päss:word" },
      `Basic ${Buffer.from("u:päss:word").toString("base64")}`,
    ],
    ["a bearer token", { bearerToken: "token" }, "Bearer token"],
  ])("signs in with %s, and says so when it is refused", async (_name, access, authorization) => {
    const folder = temporaryFolder("private");
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit({ a: "private" });
    const server = await serveHttp(folder, { authorization });
    const url = `${server.url}/shop.git`;
    expect(await textOf(await fetchTree({ url, access }), "a")).toBe("private");
    const wrong = { username: "u", password: "wrong-secret" };
    const refused = await fetchTree({ url, access: wrong }).catch((error: unknown) => error);
    expect(refused).toMatchObject({
      code: "git-authentication-failed",
      at: url,
      hint: expect.stringContaining("secretRef"),
    });
    expect(JSON.stringify([refused, String((refused as Error).cause)])).not.toContain("wrong-secret");
    await expect(fetchTree({ url })).rejects.toMatchObject({ code: "git-authentication-failed" });
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("takes credentials out of the URL, so that they show nowhere", async () => {
    const folder = temporaryFolder("inline");
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit({ a: "x" });
    const server = await serveHttp(folder, { authorization: `Basic ${Buffer.from("me:sesame").toString("base64")}` });
    const url = server.url.replace("http://", "http://me:sesame@");
    const mirror = mirrors().of(`${url}/shop.git`);
    expect(mirror.url).toBe(`${server.url}/shop.git`);
    expect(await textOf(await fetchTree({ url: `${url}/shop.git` }), "a")).toBe("x");
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("tells a broken transfer from a missing repository and an unreachable server, and recovers", async () => {
    const folder = temporaryFolder("broken");
    const made = new TestRepository(`${folder}/shop.git`);
    const noise = Buffer.from(Array.from({ length: 400_000 }, (_, i) => (i * 2_654_435_761) >>> 24));
    made.commit({ a: noise });
    const cut = { bytes: 5_000 };
    const server = await serveHttp(folder, { cut });
    const into = mirrors();
    const url = `${server.url}/shop.git`;
    await expect(fetchTree({ url, into })).rejects.toMatchObject({ code: "git-damaged", disposition: "retry" });
    cut.bytes = Infinity;
    expect((await fetchTree({ url, into })).tree).toBe(made.git("rev-parse", "main^{tree}"));
    await expect(fetchTree({ url: `${server.url}/none.git` })).rejects.toMatchObject({ code: "git-repository-absent" });
    server.close();
    await expect(fetchTree({ url, into })).rejects.toMatchObject({ code: "git-unreachable" });
    await expect(fetchTree({ url: "https://no-such-host.invalid/x" })).rejects.toMatchObject({
      code: "git-unreachable",
    });
    await expect(fetchTree({ url: `${folder}/nothing` })).rejects.toMatchObject({ code: "git-repository-absent" });
    rmSync(folder, { recursive: true });
  });

  it("gives up after its time limit, and ends all it started", async () => {
    const { createServer } = await import("node:http");
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}/shop.git`;
    await expect(fetchTree({ url, timeoutMs: 300 })).rejects.toMatchObject({ code: "git-timeout" });
    server.closeAllConnections();
    server.close();
  });

  it.each([
    "ext::sh -c touch% /tmp/x",
    "git@github.com:x/y",
    "ftp://x/y",
    "--upload-pack=x",
    "https://",
    "ssh://-oProxyCommand=x/y",
  ])("refuses the URL %s", async (url) => {
    await expect(fetchTree({ url })).rejects.toMatchObject({ code: "git-url-invalid", disposition: "stall" });
  });

  it("stays quick over many fetches: small packs are rolled into one, and every commit can still be read", async () => {
    const made = repository({ "0.yaml": "0" });
    const into = mirrors();
    const handles: TreeHandle[] = [];
    for (let i = 0; i < 22; i++) {
      made.commit({ [`${i}.yaml`]: `${i}` });
      handles.push(await fetchTree({ url: made.path, into }));
    }
    const { readdirSync } = await import("node:fs");
    const packs = readdirSync(`${into.of(made.path).folder}/objects/pack`).filter((name) => name.endsWith(".pack"));
    expect(packs.length).toBeLessThan(15);
    for (const [i, handle] of handles.entries()) expect(await textOf(handle, `${i}.yaml`)).toBe(`${i}`);
  });

  it("goes on where a killed process left locks and half a pack, and after its objects were lost", async () => {
    const made = repository({ a: "1" });
    const folder = `${root}/cache-killed`;
    const open = (): GitMirrors => new GitMirrors({ folder, clock, environment: testEnvironment });
    const first = await fetchTree({ url: made.path, into: open() });
    const next = made.commit({ a: "2" });
    const mirror = first.repository;
    const { writeFileSync, readdirSync } = await import("node:fs");
    for (const name of [
      "shallow.lock",
      "packed-refs.lock",
      "config.lock",
      `refs/keelson/${next}.lock`,
      "objects/pack/tmp_pack_x",
    ])
      writeFileSync(`${mirror}/${name}`, "");
    expect(await textOf(await fetchTree({ url: made.path, into: open() }), "a")).toBe("2");
    expect(readdirSync(`${mirror}/objects/pack`).filter((name) => name.startsWith("tmp_"))).toEqual([]);
    const into = open();
    for (const name of readdirSync(`${mirror}/objects/pack`)) rmSync(`${mirror}/objects/pack/${name}`);
    closeReaders(mirror);
    made.commit({ "b/c": "3" });
    await fetchTree({ url: made.path, into }).catch(() => into.of(made.path).reset());
    expect(await textOf(await fetchTree({ url: made.path, into }), "b/c")).toBe("3");
  });

  it("trusts the authority in its credentials, and no other", async () => {
    const folder = temporaryFolder("tls");
    const made = new TestRepository(`${folder}/shop.git`);
    made.commit({ a: "over tls" });
    const { authority, options } = makeCertificate(folder);
    const server = await serveHttp(folder, { tls: options });
    const url = `${server.url}/shop.git`;
    expect(await textOf(await fetchTree({ url, access: { authority } }), "a")).toBe("over tls");
    await expect(fetchTree({ url })).rejects.toMatchObject({ code: "git-certificate-rejected" });
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("runs no hook and reads no setting of the repository it is given", async () => {
    const made = repository({ a: "x" });
    const { writeFileSync, existsSync } = await import("node:fs");
    const trap = `${root}/trap`;
    for (const hook of ["post-checkout", "reference-transaction", "pre-receive"]) {
      writeFileSync(`${made.path}/hooks/${hook}`, `#!/bin/sh\ntouch ${trap}\n`);
      chmodSync(`${made.path}/hooks/${hook}`, 0o755);
    }
    made.git("config", "uploadpack.packObjectsHook", `touch ${trap}`);
    made.git("config", "core.fsmonitor", `touch ${trap}`);
    expect(await textOf(await fetchTree({ url: made.path }), "a")).toBe("x");
    expect(existsSync(trap)).toBe(false);
  });
});

describe.skipIf(!hasSshd())("a real sshd", () => {
  let server: Awaited<ReturnType<typeof serveSsh>>;
  const made = repository({ a: "over ssh" });
  beforeAll(async () => {
    server = await serveSsh();
  });
  afterAll(() => server.close());

  it("lets in the right key, also a locked one", async () => {
    const { identity, lockedIdentity, knownHosts, url } = server;
    expect(await textOf(await fetchTree({ url: url + made.path, access: { identity, knownHosts } }), "a")).toBe(
      "over ssh",
    );
    const locked = { identity: lockedIdentity, knownHosts, password: "open" };
    expect(await textOf(await fetchTree({ url: url + made.path, access: locked }), "a")).toBe("over ssh");
  });

  it("keeps out others, and is kept out when its own key is not known", async () => {
    const { identity, lockedIdentity, knownHosts, url } = server;
    const call = (access: GitAccess) => fetchTree({ url: url + made.path, access });
    await expect(call({ identity: lockedIdentity, knownHosts, password: "wrong" })).rejects.toMatchObject({
      code: "git-authentication-failed",
    });
    await expect(call({ identity: lockedIdentity, knownHosts })).rejects.toMatchObject({
      code: "git-credentials-invalid",
      message: expect.stringContaining("is encrypted"),
    });
    const other = knownHosts.replace(/AAAA\S+/, "AAAAC3NzaC1lZDI1NTE5AAAAIJbKsjL5vTsVqzXoNk2tFqMJZxOzBZ0sYB4xJm8l9cGm");
    await expect(call({ identity, knownHosts: other })).rejects.toMatchObject({ code: "git-host-key-rejected" });
    await expect(call({})).rejects.toMatchObject({ code: "git-credentials-invalid" });
  });
});
