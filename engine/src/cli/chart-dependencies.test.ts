import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

const oracle = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
const root = mkdtempSync(join(tmpdir(), "keelson-dependency-"));
let server: Server;
let address = "";

function write(folder: string, files: Record<string, string | Buffer>): string {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const run = async (folder: string, ...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  const io = memoryIo({ clock: new ManualClock(), folder, home: root, env: { SOURCE_DATE_EPOCH: "1700000000" } });
  const code = await runCommandLine(args, io, { version: "0" });
  return { code, ...io.text() };
};

function chartYaml(dependencies: readonly string[]): string {
  return `apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies:\n${dependencies.map((item) => `- ${item}\n`).join("")}`;
}

beforeAll(async () => {
  const repository = join(root, "repository");
  const entries: string[] = [];
  for (const version of ["1.0.0", "1.2.0", "2.0.0"]) {
    write(join(root, "lib", version), { "Chart.yaml": `apiVersion: v2\nname: lib\nversion: ${version}\n` });
    await run(root, "package", join("lib", version), "-d", repository);
    const digest = createHash("sha256").update(readFileSync(join(repository, `lib-${version}.tgz`)));
    entries.push(
      `  - {apiVersion: v2, name: lib, version: ${version}, digest: ${digest.digest("hex")}, urls: [lib-${version}.tgz]}`,
    );
  }
  entries.push("  - {apiVersion: v2, name: lib, version: 3.0.0, digest: '00', urls: [lib-2.0.0.tgz]}");
  entries.push("  - {apiVersion: v2, name: lib, version: 4.0.0, urls: ['file:///etc/passwd.tgz']}");
  write(repository, { "index.yaml": `apiVersion: v1\nentries:\n  lib:\n${entries.join("\n")}\n` });
  server = createServer((request, response) => {
    const path = join(repository, basename(request.url ?? ""));
    if (!existsSync(path)) response.writeHead(404);
    response.end(existsSync(path) ? readFileSync(path) : "");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  address = `http://127.0.0.1:${typeof bound === "object" && bound !== null ? bound.port : 0}`;
});

afterAll(() => void server.close());

let count = 0;
function newChart(...dependencies: string[]): string {
  return write(join(root, `case-${count++}`), {
    "web/Chart.yaml": chartYaml(dependencies),
    "near/Chart.yaml": "apiVersion: v2\nname: near\nversion: 0.3.1\n",
    "near/templates/a.yaml": "kind: ConfigMap\n",
    "web/charts/own/Chart.yaml": "apiVersion: v2\nname: own\nversion: 1.1.1\n",
  });
}

const near = "{name: near, version: '>=0.3 <1', repository: 'file://../near'}";
const own = "{name: own, version: ^1.0.0, repository: ''}";
const lib = (range: string): string => `{name: lib, version: '${range}', repository: '${address}', tags: [a]}`;
const lockText = (folder: string): string => readFileSync(join(folder, "web/Chart.lock"), "utf8");

describe("keelson dependency", () => {
  it("updates from a folder, from charts/ and from a repository, then builds the same from the lock", async () => {
    const folder = newChart(near, own, lib("^1"));
    const updated = await run(folder, "dependency", "update", "web");
    expect(updated.stderr).toBe("");
    expect(updated.stdout).toBe(
      "Getting updates for unmanaged Helm repositories...\n" +
        `...Successfully got an update from the "${address}" chart repository\n` +
        "Saving 3 charts\n" +
        "Dependency own did not declare a repository. Assuming it exists in the charts directory\n" +
        `Downloading lib from repo ${address}\n` +
        "Deleting outdated charts\n",
    );
    expect(readdirSync(join(folder, "web/charts")).sort()).toEqual(["lib-1.2.0.tgz", "near-0.3.1.tgz", "own"]);
    const before = lockText(folder);
    writeFileSync(join(folder, "web/charts/near-0.1.0.tgz"), readFileSync(join(folder, "web/charts/near-0.3.1.tgz")));
    const built = await run(folder, "dependency", "build", "web");
    expect(built.code).toBe(0);
    expect(readdirSync(join(folder, "web/charts")).sort()).toEqual(["lib-1.2.0.tgz", "near-0.3.1.tgz", "own"]);
    expect(lockText(folder)).toBe(before);
    expect((await run(folder, "dependency", "list", "web")).stdout).toContain("^1.0.0 ");
    expect(readdirSync(join(folder, "web")).filter((name) => name.startsWith("tmpcharts"))).toEqual([]);
  });

  it.skipIf(!existsSync(oracle))("writes helm's own digest, list and messages", async () => {
    // The server that it asks runs in this very process, which must not stand still meanwhile.
    const helm = async (folder: string, ...args: string[]): Promise<string> => {
      const { stdout } = await promisify(execFile)(oracle, args, {
        cwd: folder,
        timeout: 20_000,
        env: { ...process.env, SOURCE_DATE_EPOCH: "1700000000", HOME: root, XDG_CACHE_HOME: join(root, "cache") },
      });
      return stdout;
    };
    const [ours, theirs] = [
      newChart(near, own, lib(">=1.0.0 <2 || 2.x")),
      newChart(near, own, lib(">=1.0.0 <2 || 2.x")),
    ];
    const said = await helm(theirs as string, "dependency", "update", "web");
    const got = await run(ours as string, "dependency", "update", "web");
    expect(got.stdout).toBe(said);
    const withoutTime = (text: string): string => text.replace(/generated: .*\n/, "");
    expect(withoutTime(lockText(ours as string))).toBe(withoutTime(lockText(theirs as string)));
    expect((await run(ours as string, "dependency", "list", "web")).stdout).toBe(
      await helm(theirs as string, "dependency", "list", "web"),
    );
    // Each builds from the other's lock.
    expect((await run(theirs as string, "dependency", "build", "web")).code).toBe(0);
    expect(readdirSync(join(ours as string, "web/charts"))).toEqual(readdirSync(join(theirs as string, "web/charts")));
  });

  it.each([
    ["a range that nothing fits", (): string => lib("^9"), "can't get a valid version for 1 subchart(s)"],
    ["an unreadable range", (): string => lib("x.y"), "invalid version/constraint format"],
    [
      "a folder that is not there",
      (): string => "{name: a, version: '1', repository: 'file://../a'}",
      "directory a not found",
    ],
    [
      "a plain name",
      (): string => "{name: a, version: '1', repository: stable}",
      "no repository definition for stable",
    ],
    [
      "a registry that is not there",
      (): string => "{name: a, version: '1', repository: 'oci://127.0.0.1:1/x'}",
      "cannot be fetched",
    ],
    ["an archive that is not the one in the index", (): string => lib("=3.0.0"), "the repository's index says 00"],
    ["an index that points into this machine", (): string => lib("=4.0.0"), "names a local file"],
  ])("refuses %s and leaves charts/ alone", async (_, dependency, words) => {
    const folder = newChart(dependency());
    const { code, stderr } = await run(folder, "dependency", "update", "web");
    expect(stderr).toContain(words);
    expect(code).not.toBe(0);
    expect(readdirSync(join(folder, "web/charts"))).toEqual(["own"]);
    expect(existsSync(join(folder, "web/Chart.lock"))).toBe(false);
  });

  it("refuses to build from a lock that Chart.yaml has left behind", async () => {
    const folder = newChart(near);
    await run(folder, "dependency", "update", "web");
    writeFileSync(join(folder, "web/Chart.yaml"), chartYaml([near.replace("<1", "<2")]));
    const { stderr } = await run(folder, "dependency", "build", "web");
    expect(stderr).toContain("the lock file (Chart.lock) is out of sync with the dependencies file (Chart.yaml)");
  });

  // Recorded from Helm 4.3.1.
  it("cuts columns of its list as Helm does", async () => {
    const list = async (width: string): Promise<string> =>
      (
        await run(
          newChart("{name: lib, version: ^1, repository: 'http://a.b'}"),
          "dependency",
          "list",
          "web",
          "--max-col-width",
          width,
        )
      ).stdout;
    expect((await list("0")).split("\n")[1]).toBe("lib \t^1     \thttp://a.b\tmissing");
    expect((await list("2")).split("\n")[1]).toBe("l...\t^1\th...\tm...");
    expect(await list("x")).toBe("");
  });

  it("says why a repository gave nothing", async () => {
    const { stdout } = await run(
      newChart("{name: a, version: '1', repository: 'http://127.0.0.1:1'}"),
      "dependency",
      "update",
      "web",
    );
    expect(stdout).toContain(
      '...Unable to get an update from the "http://127.0.0.1:1" chart repository:\n\thttp://127.0.0.1:1/index.yaml: cannot be',
    );
  });

  it("updates while it packs", async () => {
    const folder = newChart(near);
    expect((await run(folder, "package", "-u", "web")).stderr).toBe("");
    expect(existsSync(join(folder, "web/charts/near-0.3.1.tgz"))).toBe(true);
  });
});
