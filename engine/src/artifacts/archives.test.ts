import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { createServer, request, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { closeReaders, type TreeHandle } from "#sources/git";
import { temporaryFolder, testEnvironment, TestRepository } from "../sources/git/repository.contract.ts";
import { Archives } from "./archives.ts";
import { padding, tarHeader } from "./tar.ts";
import { unpackArchive } from "./tar-entries.ts";

const root = temporaryFolder("archives");
const clock = new ManualClock();
const archives = new Archives(`${root}/archives`, clock);
const source = { kind: "HelmChart", namespace: "default", name: "web" };
let url = "";
const server = createServer((asked, response) => {
  if (!archives.serve(asked, response)) response.writeHead(418).end();
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/artifacts`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
  closeReaders();
  rmSync(root, { recursive: true, force: true });
});

type Answer = { status: number; headers: IncomingHttpHeaders; body: string };
function ask(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/${path}`, { headers, method, agent: false }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

describe("files kept as they came", () => {
  it("are served under their name and a link to the newest, whole, in part and on condition", async () => {
    const kept = await archives.keepFile(source, "web-1.0.0.tgz", Buffer.from("0123456789"), { link: "latest.tar.gz" });
    expect(kept).toEqual({ path: "helmchart/default/web/web-1.0.0.tgz", digest: digestOf("0123456789"), size: 10 });
    const etag = `"${kept.digest}"`;
    const { path } = kept;
    expect(await ask(path)).toMatchObject({
      status: 200,
      body: "0123456789",
      headers: { etag, "content-length": "10" },
    });
    expect(await ask("helmchart/default/web/latest.tar.gz")).toMatchObject({ status: 200, body: "0123456789" });
    expect(await ask(path, {}, "HEAD")).toMatchObject({
      status: 200,
      body: "",
      headers: { "content-length": "10", "accept-ranges": "bytes" },
    });
    expect(await ask(path, {}, "PUT")).toMatchObject({ status: 405, headers: { allow: "GET, HEAD" } });
    expect(await ask(path, { "if-none-match": `W/${etag}, "x"` })).toMatchObject({ status: 304, body: "" });
    const parts: [string, number, string, string | undefined][] = [
      ["bytes=2-4", 206, "234", "bytes 2-4/10"],
      ["bytes=7-", 206, "789", "bytes 7-9/10"],
      ["bytes=-3", 206, "789", "bytes 7-9/10"],
      ["bytes=0-99", 206, "0123456789", "bytes 0-9/10"],
      ["bytes=10-", 416, "", "bytes */10"],
      ["bytes=4-2", 200, "0123456789", undefined],
      ["bytes=0-1,3-4", 200, "0123456789", undefined],
      ["lines=0-1", 200, "0123456789", undefined],
    ];
    for (const [range, status, body, where] of parts) {
      const answer = await ask(path, { range });
      expect([range, answer.status, answer.body, answer.headers["content-range"]]).toEqual([
        range,
        status,
        body,
        where,
      ]);
    }
    expect(await ask(path, { range: "bytes=2-4", "if-range": '"other"' })).toMatchObject({ status: 200 });
    for (const other of [
      "helmchart/default/web",
      "",
      "..%2f..%2fetc%2fpasswd",
      "%zz",
      "helmchart/default/web/../web/x",
    ])
      expect((await ask(other)).status).toBe(404);
  });

  it("are not handed out once they were cut, changed or removed, whatever their time says", async () => {
    const kept = await archives.keepFile(source, "web-2.0.0.tgz", Buffer.from("abcdef"));
    const place = `${root}/archives/${kept.path}`;
    const before = statSync(place);
    writeFileSync(place, "abcdeF");
    utimesSync(place, before.atime, before.mtime);
    expect(await archives.check(kept.path, kept.digest)).toBe("altered");
    expect((await ask(kept.path)).status).toBe(404);
    expect(await archives.bytes(kept.path)).toBeUndefined();
    rmSync(place);
    expect(await archives.check(kept.path, kept.digest)).toBe("missing");
    await archives.keepFile(source, "web-2.0.0.tgz", Buffer.from("abcdef"));
    expect(await archives.check(kept.path, kept.digest)).toBe("whole");
    expect(await archives.check(kept.path, digestOf("other"))).toBe("altered");
    expect(await archives.check("helmchart/default/none/x", kept.digest)).toBe("missing");
  });

  it("stay two deep and a minute long, and are offered again after a restart only if they are whole", async () => {
    const other = { ...source, name: "history" };
    const kept = [];
    for (let i = 0; i < 4; i++) kept.push(await archives.keepFile(other, `${i}.tgz`, Buffer.from(`content ${i}`)));
    const places = kept.map((file) => `${root}/archives/${file.path}`);
    expect(places.map((place) => existsSync(place))).toEqual([true, true, true, true]);
    clock.advance(61_000);
    kept.push(await archives.keepFile(other, "4.tgz", Buffer.from("content 4")));
    await new Promise((resolve) => setImmediate(resolve));
    while (existsSync(places[2] ?? "")) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(places.map((place) => existsSync(place))).toEqual([false, false, false, true]);
    const later = new Archives(`${root}/archives`, clock);
    const [third, last] = [kept[3], kept[4]];
    if (third === undefined || last === undefined) throw new Error("nothing kept");
    expect(await later.resumeFile(other, last)).toBe(true);
    writeFileSync(places[3] ?? "", "content X");
    expect(await later.resumeFile(other, third)).toBe(false);
    expect(await later.resumeFile(other, { ...last, path: "helmchart/default/web/web-1.0.0.tgz" })).toBe(false);
    await later.sweep();
    expect(existsSync(`${root}/archives/${last.path}`)).toBe(true);
    expect(existsSync(`${root}/archives/helmchart/default/web/web-1.0.0.tgz`)).toBe(false);
    await later.remove(other);
    expect(existsSync(`${root}/archives/${last.path}`)).toBe(false);
  });

  it("leave nothing half-written when what they come from breaks off or the disk refuses", async () => {
    const broken = async function* (): AsyncIterable<Uint8Array> {
      yield Buffer.from("half");
      await Promise.resolve();
      throw new Error("cut off");
    };
    await archives.keepFile(source, "web-3.0.0.tgz", Buffer.from("good"));
    await expect(archives.keepFile(source, "web-3.0.0.tgz", broken())).rejects.toMatchObject({ message: "cut off" });
    expect((await ask("helmchart/default/web/web-3.0.0.tgz")).body).toBe("good");
    mkdirSync(`${root}/blocked`);
    writeFileSync(`${root}/blocked/helmchart`, "a file where a folder should be");
    const blocked = new Archives(`${root}/blocked`, clock);
    await expect(blocked.keepFile(source, "x.tgz", Buffer.from("x"))).rejects.toMatchObject({ code: "storage-failed" });
  });
});

describe("archives of trees", () => {
  const made = new TestRepository(`${root}/shop.git`);
  const long = `${"deep/".repeat(30)}file.yaml`;
  const longer = `${"x".repeat(120)}.yaml`;
  made.commit({
    "a/b.yaml": "b",
    "a.txt": "sorted after what a holds",
    "link.yaml": "->a.txt",
    "empty/x.png": "excluded",
    [long]: "in two fields",
    [longer]: "in a record",
    "ü/ö.yaml": "umlaut",
  });
  const handle: TreeHandle = {
    kind: "git",
    repository: made.path,
    tree: made.git("rev-parse", "main^{tree}"),
    revision: "main@sha1:x",
    ignore: [],
    environment: testEnvironment,
  };

  it("have entries in the order of a walk, Flux's modes, no owners and no times, and the same bytes each time", async () => {
    const git = { kind: "GitRepository", namespace: "default", name: "shop" };
    const path = archives.offer(git, "x.tar.gz", handle);
    const first = await archives.write(path);
    const bytes = (await archives.bytes(path)) ?? new Uint8Array();
    const list = execFileSync("tar", ["-tvz", "--numeric-owner", "--full-time", "--utc"], {
      input: bytes,
      encoding: "utf8",
    });
    const lines = list
      .trim()
      .split("\n")
      .map((line) => line.replaceAll(/ +/g, " "));
    expect(lines.slice(0, 5)).toEqual([
      "drwxr-x--- 0/0 0 1970-01-01 00:00:00 .",
      "drwxr-x--- 0/0 0 1970-01-01 00:00:00 a",
      "-rw------- 0/0 1 1970-01-01 00:00:00 a/b.yaml",
      "-rw------- 0/0 25 1970-01-01 00:00:00 a.txt",
      "drwxr-x--- 0/0 0 1970-01-01 00:00:00 deep",
    ]);
    const names = (await unpackArchive(bytes, "here")).map((file) => file.path);
    expect(names).toEqual(["a/b.yaml", "a.txt", long, longer, "ü/ö.yaml"]);
    expect(list).toContain("empty\n");
    expect(list).not.toContain("link.yaml");
    const second = new Archives(`${root}/second`, clock);
    expect(await second.write(second.offer(git, "x.tar.gz", handle))).toEqual(first);
  });

  it("are written again when the file is gone or was changed", async () => {
    const git = { kind: "GitRepository", namespace: "default", name: "again" };
    const path = archives.offer(git, "x.tar.gz", handle);
    const first = await archives.write(path);
    writeFileSync(`${root}/archives/${path}`, "tampered");
    expect(await archives.check(path, first?.digest ?? "")).toBe("altered");
    expect(await archives.write(path)).toEqual(first);
    rmSync(`${root}/archives/${path}`);
    expect(await Promise.all([archives.write(path), archives.write(path)])).toEqual([first, first]);
    expect(await archives.check(path, first?.digest ?? "")).toBe("whole");
  });
});

describe("tar headers", () => {
  it.each<[string, number]>([
    ["a", 1],
    ["x".repeat(100), 1],
    [`${"d".repeat(60)}/${"f".repeat(60)}`, 1],
    ["x".repeat(101), 4],
    [`${"d".repeat(160)}/f`, 4],
    ["ä", 4],
  ])("of %s", (name, blocks) => {
    const header = tarHeader({ name, isFolder: false, mode: 0o600, size: 3 });
    expect(header.length).toBe(blocks);
    const tar = Buffer.concat([...header, Buffer.from("abc"), padding(3), Buffer.alloc(1024)]);
    expect(
      execFileSync("tar", ["-t", "--quoting-style=literal"], {
        input: tar,
        encoding: "utf8",
        env: { ...testEnvironment, LC_ALL: "C.UTF-8" } as NodeJS.ProcessEnv,
      }),
    ).toBe(`${name}\n`);
  });
});
