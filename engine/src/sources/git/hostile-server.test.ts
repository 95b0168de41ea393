// Servers that are down, slow, or lie; proxies; redirects. Whatever comes, there is a clear fault within bounds, what was
// fetched before stays, and the next good answer is taken without help.

import { randomBytes } from "node:crypto";
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { env } from "node:process";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { realClock } from "../../cluster/cluster.contract.ts";
import { closeReaders, type FetchedCommit, type GitAccess, GitMirrors } from "./index.ts";
import type { GitReference } from "./refs.ts";
import { type ProxyLogin, startHttpProxy, startSocksProxy, type TestProxy } from "./proxy.contract.ts";
import {
  hasSshd,
  serveHttp,
  serveSsh,
  temporaryFolder,
  testEnvironment,
  TestRepository,
} from "./repository.contract.ts";

const root = temporaryFolder("hostile");
const made = new TestRepository(`${root}/served/shop.git`);
const noise = randomBytes(300_000);
made.commit({ "a.yaml": "a", "noise.bin": noise });
const signal = new AbortController().signal;
// With the other large suites; without them a sample.
const isLarge = env["KEELSON_ORACLES"] !== undefined;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const each of open.splice(0)) each.close();
});
afterAll(() => {
  closeReaders();
  rmSync(root, { recursive: true, force: true });
});

let count = 0;
function mirrors(environment = testEnvironment): GitMirrors {
  return new GitMirrors({ folder: `${root}/cache-${(count += 1)}`, clock: realClock, environment });
}

async function good(options: Parameters<typeof serveHttp>[1] = {}): ReturnType<typeof serveHttp> {
  const server = await serveHttp(`${root}/served`, options);
  open.push(server);
  return server;
}

async function bad(answer: RequestListener): Promise<string> {
  const server: Server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  open.push({
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

type Call = { access?: GitAccess; into?: GitMirrors; reference?: GitReference; timeoutMs?: number };

async function fetchFrom(url: string, call: Call = {}): Promise<FetchedCommit> {
  const { into = mirrors(), reference = { branch: "main" }, ...rest } = call;
  const mirror = into.of(url);
  const resolved = await mirror.resolve(reference, { signal, ...rest });
  return mirror.fetch(resolved, { signal, ...rest });
}

const head = made.git("rev-parse", "main");

describe("a server that refuses", () => {
  it.each<[number, string]>([
    [401, "git-authentication-failed"],
    [403, "git-authentication-failed"],
    [404, "git-repository-absent"],
    [429, "git-throttled"],
    [500, "git-unreachable"],
    [503, "git-unreachable"],
  ])("with %i ends in %s, without a prompt", async (status, code) => {
    const url = await bad(
      (_request, response) => void response.writeHead(status, { "www-authenticate": "Basic" }).end(),
    );
    for (const access of isLarge
      ? [{}, { username: "u", password: "sesame" }]
      : [{ username: "u", password: "sesame" }]) {
      const fault = await fetchFrom(`${url}/shop.git`, { access }).catch((error: unknown) => error as Error);
      expect(fault).toMatchObject({ code, disposition: "retry" });
      expect(JSON.stringify([fault, String((fault as Error).cause)])).not.toContain("sesame");
    }
  });

  it.each([
    ["in one line", "<html>sign in</html>"],
    ["in several", "<!doctype html>\n<html>\n<body>sign in</body>\n</html>\n"],
    ["that is empty", ""],
    ["of noise", "\u0000garbage"],
  ])("with a page %s is told from a repository without commits", async (_, page) => {
    for (const type of ["text/html; charset=utf-8", "text/plain", "application/octet-stream"]) {
      const url = await bad((_request, response) => void response.writeHead(200, { "content-type": type }).end(page));
      const fault = { code: "git-not-spoken", disposition: "retry" };
      await expect(fetchFrom(`${url}/shop.git`)).rejects.toMatchObject(fault);
      const access = { username: "u", password: "sesame" };
      await expect(fetchFrom(`${url}/shop.git`, { access })).rejects.toMatchObject(fault);
    }
  });
});

describe("a redirect", () => {
  const seen: (string | undefined)[] = [];
  const to = (target: () => string) => (request: IncomingMessage, response: ServerResponse) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${target()}${request.url ?? ""}` }).end();
  };

  it("to another server is followed without credentials only", async () => {
    const authorization = `Basic ${Buffer.from("u:sesame").toString("base64")}`;
    const stolen: (string | undefined)[] = [];
    const server = await good();
    const thief = await bad((request, response) => {
      stolen.push(request.headers.authorization);
      response.writeHead(302, { location: `${server.url}${request.url ?? ""}` }).end();
    });
    const url = await bad(to(() => thief));
    const access = { username: "u", password: "sesame" };
    await expect(fetchFrom(`${url}/shop.git`, { access })).rejects.toMatchObject({
      code: "git-redirected",
      message: `the server sends to another one, ${thief}`,
    });
    await expect(fetchFrom(`${url}/shop.git`, { access: { bearerToken: "sesame" } })).rejects.toMatchObject({
      code: "git-redirected",
    });
    expect(seen).toContain(authorization);
    expect(stolen).toEqual([]);
    expect((await fetchFrom(`${url}/shop.git`)).commit).toBe(head);
    expect(stolen.every((each) => each === undefined)).toBe(true);
  });

  it("within one server is followed with them", async () => {
    const authorization = `Basic ${Buffer.from("u:sesame").toString("base64")}`;
    const server = await good({ authorization });
    // The same origin, as hosts do that add `.git` to a path.
    const front = await bad((request, response) => {
      const path = request.url ?? "";
      if (!path.startsWith("/shop.git")) {
        response.writeHead(301, { location: path.replace(/^\/shop/, "/shop.git") }).end();
        return;
      }
      void (async () => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const headers = Object.fromEntries(
          Object.entries(request.headers).filter(([name]) => !["host", "connection", "content-length"].includes(name)),
        ) as Record<string, string>;
        const body = chunks.length === 0 ? {} : { body: Buffer.concat(chunks) };
        const answer = await fetch(`${server.url}${path}`, { method: request.method ?? "GET", headers, ...body });
        response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
        response.end(Buffer.from(await answer.arrayBuffer()));
      })();
    });
    const into = mirrors();
    const found = await fetchFrom(`${front}/shop`, { into, access: { username: "u", password: "sesame" } });
    expect(found.commit).toBe(head);
    expect(into.of(`${front}/shop`).url).toBe(`${front}/shop`);
  });

  it("to a file or back to http is not followed", async () => {
    const url = await bad(
      (_request, response) => void response.writeHead(302, { location: `file://${made.path}` }).end(),
    );
    await expect(fetchFrom(`${url}/shop.git`)).rejects.toMatchObject({ disposition: "retry" });
    const loop = await bad(
      (request, response) => void response.writeHead(302, { location: `${request.url ?? ""}x` }).end(),
    );
    await expect(fetchFrom(`${loop}/shop.git`, { access: { bearerToken: "t" } })).rejects.toMatchObject({
      code: "git-redirected",
    });
    await expect(fetchFrom(`${loop}/shop.git`)).rejects.toMatchObject({ disposition: "retry" });
  });
});

describe("a server that lies", () => {
  it.skipIf(!isLarge)("with an answer that never ends costs neither memory nor more than the time limit", async () => {
    const url = await bad((request, response) => {
      const isFirst = (request.url ?? "").includes("/info/refs");
      response.writeHead(200, {
        "content-type": `application/x-git-upload-pack-${isFirst ? "advertisement" : "result"}`,
      });
      const line = Buffer.from(`003f${"a".repeat(40)} refs/heads/${"x".repeat(7)}\n`.padEnd(0x3f, "y"));
      const block = Buffer.concat(Array.from({ length: 1000 }, () => line));
      response.write("001e# service=git-upload-pack\n0000");
      const write = (): void => {
        while (!response.destroyed && response.write(block));
        if (!response.destroyed) response.once("drain", write);
      };
      write();
    });
    const before = process.memoryUsage().rss;
    const fault = await fetchFrom(`${url}/shop.git`, { timeoutMs: 5_000 }).catch((error: unknown) => error);
    expect(fault).toMatchObject({ disposition: "retry" });
    expect(["git-timeout", "git-too-large"]).toContain((fault as { code: string }).code);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1024 * 1024);
  });

  it("about what a branch is ends in a fault, and the truth is taken afterwards", async () => {
    const server = await good();
    const into = mirrors();
    const url = `${server.url}/shop.git`;
    await fetchFrom(url, { into });
    const mirror = into.of(url);
    for (const commit of [
      "0".repeat(39) + "1",
      made.git("rev-parse", "main:a.yaml"),
      made.git("rev-parse", "main^{tree}"),
    ]) {
      const resolved = { commit, name: "refs/heads/main", revision: `main@sha1:${commit}` };
      await expect(mirror.fetch(resolved, { signal })).rejects.toMatchObject({ disposition: "retry" });
    }
    expect((await mirror.find(head))?.commit).toBe(head);
  });

  it("by cutting or changing a pack loses nothing that was there", async () => {
    const repository = new TestRepository(`${root}/served/moving.git`);
    const first = repository.commit({ "noise.bin": noise });
    const cut = { bytes: Infinity };
    const server = await good({ cut });
    const into = mirrors();
    const url = `${server.url}/moving.git`;
    await fetchFrom(url, { into });
    const second = repository.commit({ "noise.bin": randomBytes(300_000), "b.yaml": "b" });
    cut.bytes = 20_000;
    for (let i = 0; i < 3; i++) await expect(fetchFrom(url, { into })).rejects.toMatchObject({ code: "git-damaged" });
    expect((await into.of(url).find(first))?.commit).toBe(first);
    expect(readdirSync(`${into.of(url).folder}/objects/pack`).filter((name) => name.startsWith("tmp"))).toEqual([]);
    cut.bytes = Infinity;
    expect((await fetchFrom(url, { into })).commit).toBe(second);
  });

  it.skipIf(!isLarge)("with tens of thousands of references is read in its stride", async () => {
    const repository = new TestRepository(`${root}/served/refs.git`);
    const commit = repository.commit({ a: "a" });
    const names = Array.from({ length: 50_000 }, (_, i) => `${commit} refs/tags/v1.${i}.0`).sort();
    writeFileSync(
      `${repository.path}/packed-refs`,
      `# pack-refs with: peeled fully-peeled sorted \n${names.join("\n")}\n`,
    );
    const server = await good();
    const found = await fetchFrom(`${server.url}/refs.git`, { reference: { semver: "1.x" } });
    expect(found.commit).toBe(commit);
  });

  it("with an empty repository, or another branch, is told apart", async () => {
    const empty = new TestRepository(`${root}/served/empty.git`);
    const server = await good();
    await expect(fetchFrom(`${server.url}/empty.git`)).rejects.toMatchObject({ code: "git-empty" });
    await expect(fetchFrom(empty.path)).rejects.toMatchObject({ code: "git-empty" });
    await expect(fetchFrom(`${server.url}/shop.git`, { reference: {} })).rejects.toMatchObject({
      code: "git-ref-absent",
      hint: expect.stringContaining("the repository's own branch is main"),
    });
  });
});

describe("a mirror on disk", () => {
  const damages: [string, (folder: string) => void][] = [
    ["its packs are gone", (folder) => rmSync(`${folder}/objects/pack`, { recursive: true })],
    ["a pack is cut", (folder) => truncateSync(`${folder}/objects/pack/${packIn(folder)}`, 2_000)],
    [
      "a pack is overwritten",
      (folder) => {
        const path = `${folder}/objects/pack/${packIn(folder)}`;
        rmSync(path);
        writeFileSync(path, Buffer.alloc(readFileSync(`${folder}/objects/pack/${packIn(folder, ".idx")}`).length, 7));
      },
    ],
    ["its HEAD is gone", (folder) => rmSync(`${folder}/HEAD`)],
    ["its settings are nonsense", (folder) => writeFileSync(`${folder}/config`, "[core\n")],
    ["its references are nonsense", (folder) => writeFileSync(`${folder}/refs/keelson/${head}`, "x")],
    [
      "it is a file",
      (folder) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, "x");
      },
    ],
  ];
  const packIn = (folder: string, end = ".pack"): string =>
    readdirSync(`${folder}/objects/pack`).find((name) => name.endsWith(end)) ?? "";

  it.each(isLarge ? damages : damages.slice(0, 2))("mends itself when %s", async (_name, damage) => {
    const repository = new TestRepository(`${root}/served/mended-${(count += 1)}.git`);
    repository.commit({ "a.yaml": "a", "noise.bin": noise });
    const server = await good();
    const url = `${server.url}/${repository.path.split("/").at(-1) ?? ""}`;
    const folder = `${root}/cache-${(count += 1)}`;
    const start = (): GitMirrors => new GitMirrors({ folder, clock: realClock, environment: testEnvironment });
    const before = start();
    await fetchFrom(url, { into: before });
    closeReaders(before.of(url).folder);
    expect(await before.of(url).isIntact(signal)).toBe(true);
    damage(before.of(url).folder);
    // The next pass of this process, and the first of another.
    const isIntact = await before.of(url).isIntact(signal);
    if (!isIntact) await before.of(url).reset();
    const next = repository.commit({ "b.yaml": "b" });
    const after = isIntact ? start() : before;
    const found = await fetchFrom(url, { into: after }).catch(async (error: unknown) => {
      if ((error as { code: string }).code !== "git-damaged") throw error;
      await after.of(url).reset();
      return fetchFrom(url, { into: after });
    });
    expect(found.commit).toBe(next);
    expect(await after.of(url).isIntact(signal)).toBe(true);
  });

  it.skipIf(!isLarge)(
    "drops what nothing names once it has doubled, and keeps what is in use",
    async () => {
      const repository = new TestRepository(`${root}/served/growing.git`);
      const into = mirrors();
      let size = 0;
      let commit = "";
      for (let i = 0; i < 30; i++) {
        commit = repository.commit({ "big.bin": randomBytes(3_000_000), "a.yaml": `${i}` });
        await fetchFrom(repository.path, { into });
        await into.of(repository.path).keepOnly([commit], signal);
        const folder = `${into.of(repository.path).folder}/objects/pack`;
        size = readdirSync(folder).reduce((sum, name) => sum + readFileSync(`${folder}/${name}`).length, 0);
      }
      expect(size).toBeLessThan(45 * 1024 * 1024);
      expect((await into.of(repository.path).find(commit))?.commit).toBe(commit);
      expect(await into.of(repository.path).isIntact(signal)).toBe(true);
    },
    120_000,
  );
});

describe("a proxy", () => {
  const login = { username: "pröxy", password: "p@ss:wörd" };
  const start: [string, () => Promise<TestProxy>, (wanted: ProxyLogin) => Promise<TestProxy>][] = [
    ["http", startHttpProxy, startHttpProxy],
    ["socks5", startSocksProxy, startSocksProxy],
  ];

  it.each(start)("of the kind %s is gone through, with and without a password", async (_name, plain, locked) => {
    const server = await good();
    for (const proxy of [await plain(), await locked(login)]) {
      open.push(proxy);
      expect((await fetchFrom(`${server.url}/shop.git`, { access: { proxy: proxy.url } })).commit).toBe(head);
      expect(proxy.asked.length).toBeGreaterThan(0);
    }
    const proxy = await locked(login);
    open.push(proxy);
    const wrong = proxy.url.replace(/\/\/[^@]*@/, "//pr%C3%B6xy:sesame@");
    const fault = await fetchFrom(`${server.url}/shop.git`, { access: { proxy: wrong } }).catch(
      (error: unknown) => error,
    );
    expect(fault).toMatchObject({ disposition: "retry" });
    expect(JSON.stringify([fault, String((fault as Error).cause)])).not.toContain("sesame");
  });

  it("of the installation holds where an object names none, and not for exempt hosts or this machine", async () => {
    const server = await good();
    const proxy = await startHttpProxy();
    open.push(proxy);
    const environment = { ...testEnvironment, http_proxy: proxy.url };
    // Another name of this machine, which no rule exempts.
    const elsewhere = `${server.url.replace("127.0.0.1", "0.0.0.0")}/shop.git`;
    await fetchFrom(elsewhere, { into: mirrors(environment) });
    const { length } = proxy.asked;
    expect(length).toBeGreaterThan(0);
    await fetchFrom(elsewhere, { into: mirrors({ ...environment, no_proxy: "0.0.0.0" }) });
    await fetchFrom(`${server.url}/shop.git`, { into: mirrors(environment) });
    expect(proxy.asked.length).toBe(length);
    const own = { proxy: proxy.url };
    await fetchFrom(`${server.url}/shop.git`, {
      access: own,
      into: mirrors({ ...environment, no_proxy: "127.0.0.1" }),
    });
    expect(proxy.asked.length).toBeGreaterThan(length);
  });

  it("that is down or no proxy at all is said to be the matter", async () => {
    const server = await good();
    await expect(
      fetchFrom(`${server.url}/shop.git`, { access: { proxy: "http://127.0.0.1:1" } }),
    ).rejects.toMatchObject({
      code: "git-unreachable",
    });
    await expect(fetchFrom(`${server.url}/shop.git`, { access: { proxy: "ftp://x" } })).rejects.toMatchObject({
      code: "git-credentials-invalid",
    });
  });

  it.skipIf(!hasSshd() || !isLarge).each(start)(
    "of the kind %s is gone through by ssh",
    async (_name, plain, locked) => {
      const ssh = await serveSsh();
      open.push(ssh);
      const { identity, knownHosts } = ssh;
      for (const proxy of [await plain(), await locked(login)]) {
        open.push(proxy);
        const found = await fetchFrom(ssh.url + made.path, { access: { identity, knownHosts, proxy: proxy.url } });
        expect(found.commit).toBe(head);
        expect(proxy.asked).toContain(new URL(ssh.url).host);
      }
      const proxy = await locked(login);
      open.push(proxy);
      const wrong = proxy.url.replace(/\/\/[^@]*@/, "//pr%C3%B6xy:sesame@");
      const fault = await fetchFrom(ssh.url + made.path, { access: { identity, knownHosts, proxy: wrong } }).catch(
        (error: unknown) => error,
      );
      expect(fault).toMatchObject({ code: "git-proxy-refused" });
      expect(JSON.stringify([fault, String((fault as Error).cause)])).not.toContain("sesame");
    },
  );
});
