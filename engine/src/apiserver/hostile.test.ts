// Requests that no honest client sends: each gets an answer of its own making, in bounded time, and the server lives on.

import fc from "fast-check";
import { type ClientHttp2Session, connect, constants } from "node:http2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryStore, type Store } from "#store";
import { bodiesBytesMax, bodyBytesMax } from "./limits.ts";
import { type ApiServer, startApiServer } from "./server.ts";

let server: ApiServer;
let store: Store;
let session: ClientHttp2Session | undefined;
const bugs: unknown[] = [];

beforeAll(async () => {
  store = memoryStore();
  // A refusal with 500 is the real server's own answer to an apply that does not fit its schema.
  const failed = (error: unknown): void => {
    if (!(error instanceof Error && error.name === "Refusal")) bugs.push(error);
  };
  server = await startApiServer({ store, clock: realClock, listen: { port: 0 }, failed });
});
afterAll(async () => {
  session?.close();
  await server.close();
  await store.close();
});

type Request = { method: string; path: string; contentType: string; body: Buffer };

/** The codes of the answers, in order; every request goes over one connection. */
async function ask(requests: readonly Request[]): Promise<number[]> {
  session ??= connect(server.url, { ca: server.caCertificate });
  const open = session;
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  const codes = requests.map(
    ({ method, path, contentType, body }) =>
      new Promise<number>((resolve, reject) => {
        const stream = open.request(
          {
            [constants.HTTP2_HEADER_METHOD]: method,
            [constants.HTTP2_HEADER_PATH]: path,
            authorization: `Bearer ${token}`,
            "content-type": contentType,
          },
          { endStream: false },
        );
        let code = 0;
        stream.on("response", (headers) => (code = headers[":status"] ?? 0));
        stream.on("end", () => resolve(code));
        stream.on("error", reject);
        stream.resume();
        stream.end(body);
      }),
  );
  const answers = await Promise.all(codes);
  return answers;
}

const word = fc.constantFrom(
  "api",
  "apis",
  "v1",
  "apps",
  "namespaces",
  "default",
  "configmaps",
  "pods",
  "a",
  "..",
  "%00",
  "%2e%2e",
  "status",
  "scale",
  "__proto__",
  "constructor",
  "openapi",
  "v3",
  "finalize",
  "log",
);
const path = fc.array(word, { minLength: 1, maxLength: 8 }).map((parts) => `/${parts.join("/")}`);
const query = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        "labelSelector",
        "fieldSelector",
        "limit",
        "continue",
        "resourceVersion",
        "dryRun",
        "fieldManager",
        "force",
        "includeObject",
      ),
      fc.string({ maxLength: 12 }),
    ),
    { maxLength: 3 },
  )
  .map((pairs) =>
    pairs.length === 0 ? "" : `?${pairs.map(([key, value]) => `${key}=${encodeURIComponent(value)}`).join("&")}`,
  );
const contentType = fc.constantFrom(
  "application/json",
  "application/yaml",
  "application/json-patch+json",
  "application/merge-patch+json",
  "application/strategic-merge-patch+json",
  "application/apply-patch+yaml",
  "application/vnd.kubernetes.protobuf",
  "text/plain",
);
const body = fc.oneof(
  fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
  fc
    .record({
      kind: fc.constantFrom("ConfigMap", "Pod"),
      metadata: fc.jsonValue(),
      spec: fc.jsonValue(),
      data: fc.jsonValue(),
      status: fc.jsonValue(),
    })
    .map((object) => Buffer.from(JSON.stringify(object))),
  fc
    .record({
      metadata: fc.record({
        name: fc.constantFrom("a", "b"),
        labels: fc.jsonValue(),
        finalizers: fc.jsonValue(),
        ownerReferences: fc.jsonValue(),
        managedFields: fc.jsonValue(),
      }),
    })
    .map((object) => Buffer.from(JSON.stringify(object))),
);
const method = fc.constantFrom("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS");
const target = fc.oneof(
  path,
  fc.constantFrom(
    "/api/v1/namespaces/default/configmaps",
    "/api/v1/namespaces/default/configmaps/a",
    "/api/v1/namespaces/default/pods",
    "/apis/apps/v1/namespaces/default/deployments/a/scale",
  ),
);
const hostile = fc.record({
  method,
  path: fc.tuple(target, query).map(([where, what]) => where + what),
  contentType,
  body,
});

describe("hostile requests", () => {
  it("get an answer, and no bug is met", { timeout: 60_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostile, { minLength: 20, maxLength: 40 }), async (requests) => {
        const codes = await ask(requests);
        for (const code of codes) expect(code).toBeGreaterThanOrEqual(200);
        expect(bugs.slice(0, 1)).toEqual([]);
      }),
      { numRuns: 40, seed: 20261121 },
    );
    expect(await ask([{ method: "GET", path: "/readyz", contentType: "", body: Buffer.alloc(0) }])).toEqual([200]);
  });

  it("that never send the rest of their bodies are refused, and an honest one is answered", {
    timeout: 60_000,
  }, async () => {
    const unfinished = connect(server.url, { ca: server.caCertificate, maxSessionMemory: 1000 });
    const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
    const path = "/api/v1/namespaces/default/configmaps";
    const bytes = bodyBytesMax - 1024;
    const head = { [constants.HTTP2_HEADER_METHOD]: "POST", [constants.HTTP2_HEADER_PATH]: path };
    const refused = new Promise<number | undefined>((resolve) => {
      for (let count = 0; count < bodiesBytesMax / bytes + 1; count++) {
        const stream = unfinished.request({ ...head, authorization: `Bearer ${token}` }, { endStream: false });
        stream.on("response", (headers) => resolve(headers[":status"]));
        stream.on("error", () => undefined);
        stream.resume();
        stream.write(Buffer.alloc(bytes, " "));
      }
    });
    expect(await refused).toBe(429);
    const body = Buffer.from('{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"honest"}}');
    expect(await ask([{ method: "POST", path, contentType: "application/json", body }])).toEqual([201]);
    unfinished.destroy();
  });
});
