import { request } from "node:http";
import { connect } from "node:net";
import { mkdtempSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fluxDefinitions } from "#api/flux";
import { administrator, type ApiServer, startApiServer } from "#apiserver";
import type { Cluster } from "#cluster";
import { type Clock, type Manifest, splitApiVersion } from "#kernel";
import { memoryStore } from "#store";
import { type HttpServer, startHttpServer } from "./http-server.ts";

const clock: Clock = {
  now: () => Date.UTC(2026, 0, 1),
  after(delayMs, run) {
    const timer = setTimeout(run, delayMs).unref();
    return () => clearTimeout(timer);
  },
};
const token = "correct-horse";
const ending = new AbortController();
const hooked: string[] = [];
let folder = "";
let api: ApiServer;
let cluster: Cluster;
let server: HttpServer;

async function create(manifest: Manifest): Promise<void> {
  const { group, version } = splitApiVersion(manifest.apiVersion);
  for (let attempt = 0; attempt < 300; attempt++) {
    const discovery = await cluster.discover(true);
    const resource = discovery.ok ? discovery.value.byKind(group, manifest.kind, version) : undefined;
    if (resource !== undefined) {
      const { name, namespace = "" } = manifest.metadata;
      const created = await cluster.create({ resource, namespace, name }, manifest, { fieldManager: "test" });
      if (!created.ok) throw new Error(created.status.message);
      return;
    }
    await new Promise((done) => setTimeout(done, 10));
  }
  throw new Error(`not served: ${manifest.kind}`);
}

const apps: Manifest = {
  apiVersion: "kustomize.toolkit.fluxcd.io/v1",
  kind: "Kustomization",
  metadata: { name: "apps", namespace: "flux-system" },
  spec: { interval: "10m", path: "./apps", prune: true, sourceRef: { kind: "GitRepository", name: "fleet" } },
};

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "keelson-console-"));
  mkdirSync(join(folder, "assets"));
  writeFileSync(join(folder, "index.html"), "<title>console</title>");
  writeFileSync(join(folder, "assets", "main-abc.js"), "1");
  api = await startApiServer({ store: memoryStore(), clock });
  cluster = api.cluster(administrator);
  for (const definition of fluxDefinitions()) await create(definition);
  await create({ apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } });
  await create(apps);
  server = await startHttpServer({
    cluster,
    clock,
    port: 0,
    token,
    consoleFolder: folder,
    hook: (link) => link.name === "fleet" && hooked.push(`${link.kind}/${link.namespace}/${link.name}`) > 0,
    artifacts: (asked, response) => asked.url === "/artifacts/x.tar.gz" && response.end("bytes") !== undefined,
    patience: { headersTimeout: 300, requestTimeout: 900, connectionsCheckingInterval: 50 },
    signal: ending.signal,
  });
  await until(async () => (await ask("/readyz")).status === 200);
});

afterAll(async () => {
  ending.abort();
  await server.close();
  await api.close();
  rmSync(folder, { recursive: true });
});

async function until(isDone: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 300 && !(await isDone()); attempt++)
    await new Promise((done) => setTimeout(done, 10));
}

type Asked = { method?: string; headers?: Record<string, string>; body?: string };
type Answered = { status: number; headers: Record<string, unknown>; text: string };

/** By node:http, which unlike fetch lets a test choose Host and Origin. */
function ask(path: string, { method = "GET", headers = {}, body }: Asked = {}): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port: server.port, path, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    asked.on("error", reject).end(body);
  });
}

const bearer = { authorization: `Bearer ${token}` };

describe("the port", () => {
  const cases: [string, string, Asked, number][] = [
    ["tells anyone that it lives", "/healthz", {}, 200],
    ["shows the page without data to anyone", "/", {}, 200],
    ["answers any page of the console with the console", "/Kustomization/flux-system/apps", {}, 200],
    ["keeps the API behind the token", "/api/stream", {}, 401],
    ["keeps metrics behind the token", "/metrics", {}, 401],
    ["refuses another token", "/metrics", { headers: { authorization: "Bearer wrong" } }, 401],
    ["refuses another token in the address", "/?token=wrong", {}, 401],
    ["refuses a name that is not this machine's", "/metrics", { headers: { host: "evil.example" } }, 421],
    ["refuses pages of other origins", "/api/fleet", { headers: { ...bearer, origin: "http://evil.example" } }, 403],
    ["refuses pages without an origin", "/api/fleet", { headers: { ...bearer, origin: "null" } }, 403],
    ["refuses other sites' requests", "/api/fleet", { headers: { ...bearer, "sec-fetch-site": "cross-site" } }, 403],
    ["refuses other ports' pages", "/api/fleet", { headers: { ...bearer, "sec-fetch-site": "same-site" } }, 403],
    [
      "refuses a rebound name though its page is of the same origin",
      "/api/fleet",
      { headers: { ...bearer, host: "evil.example:7440", origin: "http://evil.example:7440" } },
      421,
    ],
    ["refuses a name that ends as ours", "/metrics", { headers: { ...bearer, host: "127.0.0.1.evil.example" } }, 421],
    [
      "believes no proxy about the name",
      "/metrics",
      { headers: { ...bearer, host: "evil.example", "x-forwarded-host": "localhost" } },
      421,
    ],
    [
      "takes no action from a form",
      "/api/actions",
      { method: "POST", headers: { ...bearer, "content-type": "text/plain" }, body: "{}" },
      400,
    ],
    ["takes no action in the address", "/api/actions?action=suspend", { method: "POST", headers: bearer }, 400],
    ["takes no other method", "/api/fleet", { method: "DELETE", headers: bearer }, 400],
    ["takes no token in the API's address", `/api/fleet?token=${token}`, {}, 401],
    ["changes nothing on GET", "/api/actions", { headers: bearer }, 400],
    ["knows no other addresses", "/api/explode", { headers: bearer }, 404],
    ["refuses an address that cannot be read", "/api/deliveries/%zz", { headers: bearer }, 400],
    ["says when a delivery is not there", "/api/deliveries/Kustomization/flux-system/none", { headers: bearer }, 404],
    ["shows no other kinds as deliveries", "/api/deliveries/Secret/flux-system/none", { headers: bearer }, 404],
    ["serves artifacts", "/artifacts/x.tar.gz", {}, 200],
    ["says which artifacts it does not have", "/artifacts/y.tar.gz", {}, 404],
    ["wants the token for a webhook", "/hook/GitRepository/flux-system/fleet", { method: "POST" }, 401],
    [
      "says which sources it does not know",
      `/hook/GitRepository/flux-system/none?token=${token}`,
      { method: "POST" },
      404,
    ],
    ["wants POST for a webhook", `/hook/GitRepository/flux-system/fleet?token=${token}`, {}, 405],
  ];
  for (const [name, path, asked, status] of cases) {
    it(name, async () => {
      const answer = await ask(path, asked);
      expect(answer.status).toBe(status);
      expect(answer.headers["content-security-policy"]).toContain("default-src 'none'");
    });
  }

  it("takes a webhook as a request to look now", async () => {
    const answer = await ask(`/hook/GitRepository/flux-system/fleet?token=${token}`, { method: "POST", body: "{}" });
    expect([answer.status, hooked]).toEqual([202, ["GitRepository/flux-system/fleet"]]);
  });

  it("cuts off a webhook that is too large", async () => {
    const body = "x".repeat(4 * 1024 * 1024);
    const answer = await ask(`/hook/GitRepository/flux-system/fleet?token=${token}`, { method: "POST", body }).catch(
      () => ({ status: 413 }),
    );
    expect(answer.status).toBe(413);
  });

  it("signs a browser in and takes the token out of the address", async () => {
    const answer = await ask(`/Kustomization/flux-system/apps?token=${token}`);
    expect([answer.status, answer.headers["location"]]).toEqual([303, "/Kustomization/flux-system/apps"]);
    const cookie = String(answer.headers["set-cookie"]);
    expect(cookie).toContain("HttpOnly; SameSite=Strict");
    const signedIn = await ask("/metrics", { headers: { cookie: cookie.split(";")[0] ?? "" } });
    expect(signedIn.status).toBe(200);
    expect(signedIn.text).toContain('gotk_resource_info{customresource_kind="Kustomization"');
    expect(signedIn.text).toContain("# TYPE gotk_reconcile_duration_seconds histogram");
  });

  it("keeps hashed files for ever and the page never", async () => {
    expect((await ask("/assets/main-abc.js")).headers["cache-control"]).toContain("immutable");
    expect((await ask("/")).headers["cache-control"]).toBe("no-cache");
  });

  it("takes the token out of the address alone, and never sends a browser elsewhere", async () => {
    const filtered = await ask(`/?q=state%3Afailed&token=${token}&sort=age`);
    expect(filtered.headers["location"]).toBe("/?q=state%3Afailed&sort=age");
    for (const path of ["//evil.example/", "/.//evil.example/", "/\\evil.example/", "http://evil.example//other/"]) {
      const { status, headers } = await ask(`${path}?token=${token}`);
      expect([path, status, String(headers["location"])]).toEqual([path, 303, expect.stringMatching(/^\/(?![/\\])/)]);
    }
  });

  it("keeps the cookies of two servers on one machine apart", async () => {
    const signedIn = await ask(`/?token=${token}`);
    const cookie = String(signedIn.headers["set-cookie"]).split(";")[0] ?? "";
    expect(cookie).toBe(`keelson-${server.port}=${token}`);
    expect((await ask("/metrics", { headers: { cookie: `keelson-1=${token}` } })).status).toBe(401);
    expect((await ask("/metrics", { headers: { cookie: `keelson-1=other; ${cookie}` } })).status).toBe(200);
  });

  const paths = [
    "/../../../etc/passwd",
    "/assets/../../../../etc/passwd",
    "/assets/..%2f..%2f..%2fetc%2fpasswd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/artifacts/../../../etc/passwd",
    "/artifacts/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "/assets/main-abc.js%00.html",
    "/..\\..\\etc\\passwd",
  ];
  for (const path of paths)
    it(`serves no other file for ${path}`, async () => {
      const answer = await ask(path);
      expect([200, 404]).toContain(answer.status);
      expect(["<title>console</title>", "no such artifact\n", "1"]).toContain(answer.text);
    });

  it("refuses an address that is none", async () => {
    for (const path of ["http://[", "*", "/hook/%zz/a/b"]) {
      const method = path.startsWith("/hook") ? "POST" : "GET";
      const { status } = await ask(path, { method, headers: bearer });
      expect([path, status]).toEqual([path, path.startsWith("/hook") ? 404 : 400]);
    }
  });

  it("lets go of who sends slowly, or speaks another protocol", async () => {
    // Headers that never end, a body that never comes, and HTTP/2 without asking.
    const cases: [string, RegExp][] = [
      ["GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ", /^(HTTP\/1\.1 408 .*)?$/s],
      [
        `POST /api/actions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`,
        /^(HTTP\/1\.1 408 .*)?$/s,
      ],
      ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", /^(HTTP\/1\.1 400 .*)?$/s],
    ];
    for (const [sent, answered] of cases) expect(await sayRaw(sent)).toMatch(answered);
    expect((await ask("/healthz")).status).toBe(200);
  });

  it("refuses headers beyond measure", async () => {
    const sent = `GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Large: ${"x".repeat(64 * 1024)}\r\n\r\n`;
    // The connection may end while headers still come, and take the answer with it.
    expect(await sayRaw(sent)).toMatch(/^(HTTP\/1\.1 431 .*)?$/s);
    expect((await ask("/healthz")).status).toBe(200);
  });
});

/** Sends bytes; resolves with all that came once the server has closed the connection. */
function sayRaw(text: string): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect(server.port, "127.0.0.1", () => socket.write(text));
    socket.setEncoding("utf8").on("data", (chunk: string) => (heard += chunk));
    socket.on("error", () => undefined);
    socket.on("close", () => resolve(heard));
  });
}
