import { rmSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { TLSSocket } from "node:tls";
import { connect, createServer as createTcpServer } from "node:net";
import type { AddressInfo, Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeCertificate, temporaryFolder } from "../sources/git/repository.contract.ts";
import { clusterContract, realClock } from "./cluster.contract.ts";
import type { Connection } from "./connection.ts";
import type { Resource, WatchEvent } from "./contract.ts";
import { fixedCredentials } from "./credentials.ts";
import { connectCluster } from "./http-cluster.ts";
import { Informer } from "./informer.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

function connectionTo(server: string, token = "oracle"): Connection {
  const credentials = fixedCredentials({ authorization: `Bearer ${token}` });
  return { server, name: "test", namespace: "default", isInsecure: true, credentials };
}

describe.skipIf(!oracles.hasOracle())("a real kube-apiserver", () => {
  let oracle: Oracle;
  beforeAll(async () => {
    oracle = await oracles.startOracle();
  }, 120_000);
  afterAll(() => oracle.stop());

  clusterContract("HTTP/2 to kube-apiserver", () => {
    const cluster = connectCluster(connectionTo(oracle.url), { clock: realClock });
    return Promise.resolve({ cluster, close: () => cluster.close() });
  });

  it("reaches it through a proxy, and over a server that lost every connection", async () => {
    const proxy = await startProxy();
    const cluster = connectCluster({ ...connectionTo(oracle.url), proxy: proxy.url }, { clock: realClock });
    expect((await cluster.discover()).ok).toBe(true);
    expect(proxy.connects()).toBe(1);
    proxy.cut();
    expect((await cluster.discover(true)).ok).toBe(true);
    expect(proxy.connects()).toBe(2);
    cluster.close();
    proxy.close();
  });

  it("keeps an informer whole over cut connections", async () => {
    const proxy = await startProxy();
    const cluster = connectCluster({ ...connectionTo(oracle.url), proxy: proxy.url }, { clock: realClock });
    const direct = connectCluster(connectionTo(oracle.url), { clock: realClock });
    const discovery = await direct.discover();
    const resource = discovery.ok ? (discovery.value.byKind("", "ConfigMap") as Resource) : undefined;
    if (resource === undefined) throw new Error("no ConfigMap");
    const abort = new AbortController();
    const keep = (object: { metadata: { name: string } }): string => object.metadata.name;
    const informer = new Informer({ cluster, resource, clock: realClock, keep, namespace: "default", random: () => 0 });
    const ended = informer.run(abort.signal);
    await informer.synced;
    for (let i = 0; i < 10; i++) {
      const name = `cut-${i}`;
      const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name, namespace: "default" } };
      await direct.create({ resource, namespace: "default", name }, manifest, { fieldManager: "test" });
      if (i % 3 === 0) proxy.cut();
    }
    const all = (): number => [...informer.values()].filter((name) => name.startsWith("cut-")).length;
    while (all() < 10) await new Promise((resolve) => setTimeout(resolve, 20));
    abort.abort();
    await ended;
    cluster.close();
    direct.close();
    proxy.close();
  });
});

/** A CONNECT proxy whose connections can be cut. */
async function startProxy() {
  const sockets = new Set<Socket>();
  let connects = 0;
  const server = createServer();
  server.on("connect", (request, socket) => {
    connects += 1;
    const [host, port] = (request.url ?? "").split(":");
    const upstream = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket);
      socket.pipe(upstream);
    });
    for (const end of [upstream, socket as Socket]) {
      sockets.add(end);
      end.on("error", () => {});
      end.on("close", () => sockets.delete(end));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connects: () => connects,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    close: () => {
      sockets.forEach((socket) => socket.destroy());
      server.close();
    },
  };
}

type Reply = { status: number; headers?: Record<string, string>; body?: string; pause?: boolean };

/** A plain HTTP server that answers from a list, and notes what it was asked. */
async function startScripted(replies: Reply[]) {
  const asked: { method: string; url: string; headers: Record<string, unknown> }[] = [];
  const server = createServer((request, response) => {
    asked.push({ method: request.method ?? "", url: request.url ?? "", headers: request.headers });
    const reply = replies.shift() ?? { status: 500, body: "the script is at its end" };
    response.writeHead(reply.status, reply.headers).write(reply.body ?? "{}");
    if (reply.pause !== true) response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, asked, close: () => (server.closeAllConnections(), server.close()) };
}

const configMaps: Resource = {
  group: "",
  version: "v1",
  plural: "configmaps",
  singular: "configmap",
  kind: "ConfigMap",
  isNamespaced: true,
  verbs: [],
  shortNames: [],
  categories: [],
  subresources: [],
};
const target = { resource: configMaps, namespace: "shop", name: "a" };

describe("http client", () => {
  it("waits as the server asks, then asks again", async () => {
    const server = await startScripted([
      { status: 429, headers: { "retry-after": "0" } },
      { status: 503, headers: { "retry-after": "0" } },
      { status: 200, body: '{"kind":"ConfigMap","metadata":{"name":"a"}}' },
    ]);
    const cluster = connectCluster(connectionTo(server.url), { clock: realClock });
    expect((await cluster.get(target)).ok).toBe(true);
    expect(server.asked).toHaveLength(3);
    server.close();
  });

  it("asks for new credentials once when they are refused, and says so when that does not help", async () => {
    const unauthorized = '{"kind":"Status","code":401,"reason":"Unauthorized","message":"no"}';
    const server = await startScripted([
      { status: 401, body: unauthorized },
      { status: 401, body: unauthorized },
    ]);
    let tokens = 0;
    const credentials = {
      current: () => Promise.resolve({ authorization: `Bearer ${tokens}` }),
      refused: () => void (tokens += 1),
    };
    const cluster = connectCluster({ ...connectionTo(server.url), credentials }, { clock: realClock });
    const answer = await cluster.get(target);
    expect(answer.ok ? undefined : answer.status).toMatchObject({ code: 401, reason: "Unauthorized", message: "no" });
    expect(server.asked.map((request) => request.headers["authorization"])).toEqual(["Bearer 0", "Bearer 1"]);
    server.close();
  });

  it("sends impersonation headers, selectors and dry runs as the API has them", async () => {
    const server = await startScripted([{ status: 200, body: '{"items":null,"metadata":{}}' }, { status: 200 }]);
    const cluster = connectCluster(connectionTo(server.url), { clock: realClock });
    const other = cluster.as({ user: "jane", groups: ["a", "b"], extra: { "example.org/Team": ["x"] } });
    const listed = await other.list(configMaps, { namespace: "shop", labelSelector: "a in (b)", limit: 5 });
    expect(listed.ok && listed.value.items).toEqual([]);
    expect(server.asked[0]).toMatchObject({
      url: "/api/v1/namespaces/shop/configmaps?labelSelector=a+in+%28b%29&limit=5",
      headers: { "impersonate-user": "jane", "impersonate-group": "a, b", "impersonate-extra-example.org%2fteam": "x" },
    });
    const manifest = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "a" } };
    await cluster.apply(target, manifest, { fieldManager: "me", isForced: true, isDryRun: true });
    expect(server.asked[1]).toMatchObject({
      method: "PATCH",
      url: "/api/v1/namespaces/shop/configmaps/a?fieldManager=me&dryRun=All&force=true",
      headers: { "content-type": "application/apply-patch+yaml" },
    });
    server.close();
  });

  it("gives answers that are no JSON, and servers that are not there, as a Status", async () => {
    const server = await startScripted([{ status: 502, body: "<html>bad gateway</html>" }]);
    const cluster = connectCluster(connectionTo(server.url), { clock: realClock });
    const bad = await cluster.get(target);
    expect(bad.ok ? "" : bad.status).toMatchObject({ code: 502, message: expect.stringContaining("bad gateway") });
    server.close();
    const nowhere = await freePort();
    const absent = await connectCluster(connectionTo(`https://127.0.0.1:${nowhere}`), { clock: realClock }).get(target);
    expect(absent.ok ? "" : absent.status).toMatchObject({
      code: 0,
      reason: "Unreachable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });

  it("reads watch events that arrive in pieces, and an ERROR event as its Status", async () => {
    const lines = [
      '{"type":"ADDED","object":{"kind":"ConfigMap","metadata":{"name":"ä"}}}',
      '{"type":"ERROR","object":{"kind":"Status","code":410,"reason":"Expired","message":"old"}}',
    ];
    const server = await startScripted([{ status: 200, body: `${lines.join("\n")}\n` }]);
    const cluster = connectCluster(connectionTo(server.url), { clock: realClock });
    const events: WatchEvent[] = [];
    const signal = new AbortController().signal;
    for await (const event of cluster.watch(configMaps, {}, signal)) events.push(event);
    expect(events).toMatchObject([
      { type: "ADDED", object: { metadata: { name: "ä" } } },
      { type: "ERROR", status: { code: 410, reason: "Expired" } },
    ]);
    server.close();
  });

  it("speaks HTTP/1.1 over TLS where there is no HTTP/2, checks the server's name and shows its certificate", async () => {
    const folder = temporaryFolder("client-tls");
    const { authority, options } = makeCertificate(folder);
    const subjects: (string | undefined)[] = [];
    const tls = {
      ...options,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: false,
      ALPNProtocols: ["http/1.1"],
    };
    const server = createTlsServer(tls, (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      subjects.push(subject === undefined ? undefined : String(subject.CN));
      response.end('{"kind":"ConfigMap","metadata":{"name":"a"}}');
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const own = fixedCredentials({ certificate: options.cert, key: options.key });
    const base = { server: url, name: "tls", namespace: "default", authority, credentials: own };
    const ask = async (connection: Connection): Promise<string> => {
      const cluster = connectCluster(connection, { clock: realClock });
      const answer = await cluster.get(target);
      cluster.close();
      return answer.ok ? "ok" : answer.status.message;
    };
    expect(await ask(base)).toBe("ok");
    expect(await ask({ ...base, serverName: "api.test" })).toBe("ok");
    expect(await ask({ ...base, serverName: "other.test" })).toContain("other.test");
    const { authority: _, ...untrusting } = base;
    expect(await ask(untrusting)).toMatch(/self.signed/i);
    expect(await ask({ ...untrusting, isInsecure: true, credentials: fixedCredentials({}) })).toBe("ok");
    expect(subjects).toEqual(["test", "test", undefined]);
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true });
  });

  it("finds its way on a server without aggregated discovery", async () => {
    const bodies: Record<string, unknown> = {
      "/version": { gitVersion: "v1.30.0" },
      "/api": { kind: "APIVersions", versions: ["v1"] },
      "/apis": {
        kind: "APIGroupList",
        groups: [
          {
            name: "apps",
            preferredVersion: { groupVersion: "apps/v1" },
            versions: [{ groupVersion: "apps/v1beta1" }, { groupVersion: "apps/v1" }],
          },
        ],
      },
      "/api/v1": { resources: [{ name: "pods", kind: "Pod", namespaced: true, verbs: ["get"] }, { name: "pods/log" }] },
      "/apis/apps/v1": { resources: [{ name: "deployments", kind: "Deployment", namespaced: true }] },
      "/apis/apps/v1beta1": { resources: [{ name: "deployments", kind: "Deployment", namespaced: true }] },
    };
    const server = createServer((request, response) => response.end(JSON.stringify(bodies[request.url ?? ""])));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const answer = await connectCluster(connectionTo(url), { clock: realClock }).discover();
    expect(answer.ok && answer.value.byKind("", "Pod")?.subresources).toEqual(["log"]);
    expect(answer.ok && answer.value.byKind("apps", "Deployment")?.version).toBe("v1");
    expect(answer.ok && answer.value.byKind("apps", "Deployment", "v1beta1")?.version).toBe("v1beta1");
    server.closeAllConnections();
    server.close();
  });
});

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
