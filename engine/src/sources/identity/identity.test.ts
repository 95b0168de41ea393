import { generateKeyPairSync, verify } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { HttpClient } from "#sources/http";
import { realClock } from "../../cluster/cluster.contract.ts";
import { type Call, gitHubAppLogin, LoginCache, parseGitHubApp } from "./index.ts";

type Asked = { method: string; url: string; headers: IncomingMessage["headers"]; body: string };
type Answer = { status: number; body: unknown };

let asked: Asked[] = [];
let answers: (request: Asked) => Answer = () => ({ status: 500, body: {} });
let url = "";
const server = createServer((request, response) => {
  let body = "";
  request.on("data", (chunk: Buffer) => (body += chunk.toString()));
  request.on("end", () => {
    const seen = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    asked.push(seen);
    const { status, body: text } = answers(seen);
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(text));
  });
});
const client = new HttpClient({ clock: realClock, random: () => 0 });
const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = privateKey.export({ type: "pkcs1", format: "pem" }).toString();
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
beforeEach(() => {
  asked = [];
});
afterAll(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

const clock = new ManualClock(Date.UTC(2026, 0, 2, 3, 4, 5));
const call: Call = { client, clock, access: {}, signal: new AbortController().signal, timeoutMs: 30_000 };

describe("a GitHub App", () => {
  const values = (more: Record<string, string>): Map<string, string> =>
    new Map(
      Object.entries({ githubAppID: "12", githubAppPrivateKey: pem, githubAppBaseURL: `${url}/api/v3/`, ...more }),
    );

  it("gets a token of its installation with a statement that its key has signed", async () => {
    answers = () => ({ status: 201, body: { token: "ghs_x", expires_at: "2026-01-02T04:04:05Z" } });
    const app = parseGitHubApp(values({ githubAppInstallationID: "34" }), "Secret/a/b");
    expect(await gitHubAppLogin(app, call)).toEqual({
      username: "x-access-token",
      password: "ghs_x",
      expiresMs: Date.UTC(2026, 0, 2, 4, 4, 5),
    });
    expect(asked.map((each) => `${each.method} ${each.url}`)).toEqual([
      "POST /api/v3/app/installations/34/access_tokens",
    ]);
    const [head = "", body = "", signature = ""] = (asked[0]?.headers.authorization ?? "")
      .replace("Bearer ", "")
      .split(".");
    expect(verify("sha256", Buffer.from(`${head}.${body}`), publicKey, Buffer.from(signature, "base64url"))).toBe(true);
    const issued = Date.UTC(2026, 0, 2, 3, 4, 5) / 1000 - 30;
    expect(JSON.parse(Buffer.from(body, "base64url").toString())).toEqual({
      iat: issued,
      exp: issued + 120,
      iss: "12",
    });
  });

  it("finds its installation by the owner, an organisation or a person", async () => {
    answers = ({ url: path }) =>
      path.includes("/orgs/")
        ? { status: 404, body: { message: "Not Found" } }
        : path.includes("/users/")
          ? { status: 200, body: { id: 56 } }
          : { status: 201, body: { token: "t", expires_at: "2026-01-02T04:04:05Z" } };
    await gitHubAppLogin(parseGitHubApp(values({ githubAppInstallationOwner: "acme" }), "x"), call);
    expect(asked.map((each) => each.url.replace("/api/v3", ""))).toEqual([
      "/orgs/acme/installation",
      "/users/acme/installation",
      "/app/installations/56/access_tokens",
    ]);
  });

  it("says what is refused, without the key", async () => {
    answers = () => ({ status: 401, body: { message: "A JSON web token could not be decoded" } });
    const app = parseGitHubApp(values({ githubAppInstallationID: "34" }), "x");
    const refused = await gitHubAppLogin(app, call).catch((error: unknown) => error as Error);
    expect(refused).toMatchObject({ code: "identity-refused", message: expect.stringContaining("GitHub App") });
    expect(JSON.stringify([refused, String((refused as Error).cause)])).not.toContain("eyJ");
  });

  it.each<[string, Record<string, string>, string]>([
    ["no number", { githubAppID: "x", githubAppInstallationID: "1" }, "githubAppID is no number"],
    ["no installation", {}, "one of githubAppInstallationID"],
    ["both", { githubAppInstallationID: "1", githubAppInstallationOwner: "a" }, "not both"],
    ["no key", { githubAppInstallationID: "1", githubAppPrivateKey: "sesame" }, "no RSA private key"],
    ["no URL", { githubAppInstallationID: "1", githubAppBaseURL: "ftp://x" }, "githubAppBaseURL"],
  ])("is refused with %s", (_name, more, text) => {
    expect(() => parseGitHubApp(values(more), "Secret/a/b")).toThrow(text);
  });
});

describe("kept credentials", () => {
  it("are asked for once, anew before they end, and after they were refused", async () => {
    const own = new ManualClock();
    const cache = new LoginCache(own);
    let made = 0;
    const make = () => Promise.resolve({ bearerToken: `${(made += 1)}`, expiresMs: own.now() + 3_600_000 });
    expect(await Promise.all([cache.get(["a"], make), cache.get(["a"], make)])).toMatchObject([
      { bearerToken: "1" },
      { bearerToken: "1" },
    ]);
    own.advance(54 * 60_000);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "1" });
    own.advance(2 * 60_000);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "2" });
    cache.forget(["a"]);
    expect(await cache.get(["a"], make)).toMatchObject({ bearerToken: "3" });
    expect(await cache.get(["b"], make)).toMatchObject({ bearerToken: "4" });
    await expect(cache.get(["c"], () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    expect(await cache.get(["c"], make)).toMatchObject({ bearerToken: "5" });
  });
});
