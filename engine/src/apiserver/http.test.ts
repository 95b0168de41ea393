import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectCluster, connectionOf, loadKubeConfig } from "#cluster";
import { memoryStore, openStore, type Store } from "#store";
import { clusterContract, realClock } from "../cluster/cluster.contract.ts";
import { type ApiServer, startApiServer } from "./server.ts";

const run = promisify(execFile);
const hasKubectl = await run("kubectl", ["version", "--client"]).then(
  () => true,
  () => false,
);

const scratch = mkdtempSync(join(tmpdir(), "keelson-api-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

clusterContract("HTTP/2 to the embedded server", async () => {
  const store = memoryStore();
  const folder = mkdtempSync(join(scratch, "contract-"));
  const server = await startApiServer({ store, clock: realClock, dataFolder: folder, listen: { port: 0 } });
  const config = await loadKubeConfig([join(folder, "kubeconfig")]);
  const connection = await connectionOf(config, { clock: realClock, environment: {} });
  const cluster = connectCluster(connection, { clock: realClock });
  return {
    cluster,
    close: async () => {
      cluster.close();
      await server.close();
      await store.close();
    },
  };
});

type Answer = { code: number; body: string; headers: Record<string, unknown> };

/** One HTTP/1.1 request. */
function ask(
  server: ApiServer,
  method: string,
  path: string,
  options: { token?: string; body?: string; type?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers = {
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      "content-type": options.type ?? "application/json",
    };
    const sent = request(`${server.url}${path}`, { method, headers, ca: server.caCertificate }, (response) => {
      let body = "";
      response.on("data", (chunk: Buffer) => (body += chunk.toString()));
      response.on("end", () => resolve({ code: response.statusCode ?? 0, body, headers: response.headers }));
    });
    sent.on("error", reject);
    sent.end(options.body);
  });
}

describe("the server on its port", () => {
  let server: ApiServer;
  let store: Store;
  let token: string;
  beforeAll(async () => {
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
    token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  });
  afterAll(async () => {
    await server.close();
    await store.close();
  });

  const refusals: [string, string, string, object, number, string][] = [
    ["a path nobody serves", "GET", "/foo", {}, 404, "404 page not found"],
    ["a version of a known group", "GET", "/apis/apps/v9", {}, 404, "the server could not find the requested resource"],
    ["a version of no group", "GET", "/apis/none.example.com/v9", {}, 404, "404 page not found"],
    ["a resource nobody serves", "GET", "/api/v1/foo", {}, 404, "the server could not find the requested resource"],
    ["a wrong token", "GET", "/api/v1/pods", { token: "nonsense" }, 401, "Unauthorized"],
    [
      "broken JSON",
      "POST",
      "/api/v1/namespaces/default/configmaps",
      { body: '{"a":' },
      400,
      "unexpected end of JSON input",
    ],
    [
      "an unknown media type",
      "PATCH",
      "/api/v1/namespaces/default/configmaps/a",
      { body: "{}" },
      415,
      "Unsupported Media Type",
    ],
    [
      "another kind",
      "POST",
      "/api/v1/namespaces/default/configmaps",
      { body: '{"apiVersion":"v1","kind":"Pod"}' },
      400,
      "cannot be handled as a ConfigMap",
    ],
    [
      "an object of another name",
      "PUT",
      "/api/v1/namespaces/default/configmaps/a",
      { body: '{"metadata":{"name":"b"}}' },
      400,
      "the name of the object (b) does not match the name on the URL (a)",
    ],
    [
      "a selector it cannot read",
      "GET",
      "/api/v1/pods?labelSelector=a%3D%3Db%3D%3Dc",
      {},
      400,
      "found '==', expected: ',' or 'end of string'",
    ],
    [
      "a field it does not select by",
      "GET",
      "/api/v1/configmaps?fieldSelector=foo%3Dbar",
      {},
      400,
      "is not a known field selector",
    ],
    ["a shell in a pod that is not there", "POST", "/api/v1/namespaces/default/pods/none/exec", {}, 404, "not found"],
  ];
  for (const [what, method, path, options, code, text] of refusals) {
    it(`refuses ${what} with ${code}`, async () => {
      const answer = await ask(server, method, path, { token, ...options });
      expect(answer.code).toBe(code);
      expect(answer.body).toContain(text);
    });
  }

  it.each(["GET", "POST"])("says that nothing runs in a pod that %s would connect to", async (method) => {
    const pods = "/api/v1/namespaces/default/pods";
    const body = { metadata: { name: "quiet" }, spec: { containers: [{ name: "c", image: "i" }] } };
    const account = JSON.stringify({ metadata: { name: "default" } });
    await ask(server, "POST", pods.replace("pods", "serviceaccounts"), { token, body: account });
    await ask(server, "POST", pods, { token, body: JSON.stringify(body) });
    const answer = await ask(server, method, `${pods}/quiet/exec?command=ls`, { token });
    expect(answer.code).toBe(400);
    expect(answer.body).toContain("Pod quiet is simulated");
  });

  it("takes YAML, and answers with the Status of what it deleted", async () => {
    const body = "metadata:\n  name: from-yaml\ndata:\n  a: 'yes'\n";
    const path = "/api/v1/namespaces/default/configmaps";
    const created = await ask(server, "POST", path, { token, body, type: "application/yaml" });
    expect(created.code).toBe(201);
    expect(JSON.parse(created.body)).toMatchObject({ kind: "ConfigMap", data: { a: "yes" } });
    const deleted = await ask(server, "DELETE", `${path}/from-yaml`, { token });
    expect(JSON.parse(deleted.body)).toMatchObject({
      kind: "Status",
      status: "Success",
      details: { name: "from-yaml" },
    });
  });

  it("tells its version and health", async () => {
    expect(JSON.parse((await ask(server, "GET", "/version", { token })).body)).toMatchObject({
      major: "1",
      minor: "36",
    });
    expect((await ask(server, "GET", "/readyz", { token })).body).toBe("ok");
    expect((await ask(server, "GET", "/metrics", { token })).body).toContain("apiserver_request_total");
  });

  it("describes every group in OpenAPI v3, with the schemas each document refers to", async () => {
    const index = JSON.parse((await ask(server, "GET", "/openapi/v3", { token })).body) as {
      paths: Record<string, { serverRelativeURL: string }>;
    };
    expect(Object.keys(index.paths)).toContain("apis/apps/v1");
    for (const { serverRelativeURL } of Object.values(index.paths)) {
      const document = await ask(server, "GET", serverRelativeURL, { token });
      const { schemas } = (JSON.parse(document.body) as { components: { schemas: object } }).components;
      for (const [, name] of document.body.matchAll(/"#\/components\/schemas\/([^"]+)"/g))
        expect(schemas).toHaveProperty([name as string]);
    }
  });
});

describe("starting and stopping", () => {
  it("stops although a watch is open, and is the same home again", async () => {
    const folder = mkdtempSync(join(scratch, "home-"));
    const open = async (): Promise<{ server: ApiServer; store: Store }> => {
      const store = openStore(join(folder, "store"));
      const server = await startApiServer({ store, clock: realClock, dataFolder: folder, listen: { port: 0 } });
      return { server, store };
    };
    const first = await open();
    const token = /token: (\S+)/.exec(first.server.kubeconfig())?.[1] ?? "";
    await ask(first.server, "POST", "/api/v1/namespaces", { token, body: '{"metadata":{"name":"kept"}}' });
    const watching = ask(first.server, "GET", "/api/v1/namespaces?watch=1", { token });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const begun = performance.now();
    await first.server.close();
    expect(performance.now() - begun).toBeLessThan(10_000);
    expect((await watching).body).toContain('"kept"');
    await first.store.close();
    const second = await open();
    expect(second.server.caCertificate).toBe(first.server.caCertificate);
    expect((await ask(second.server, "GET", "/api/v1/namespaces/kept", { token })).code).toBe(200);
    await second.server.close();
    await second.store.close();
  });

  it("says by words what to do about a port in use", async () => {
    const store = memoryStore();
    const server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
    const port = Number(new URL(server.url).port);
    await expect(startApiServer({ store, clock: realClock, listen: { port } })).rejects.toMatchObject({
      code: "port-in-use",
    });
    await server.close();
    await store.close();
  });
});

describe.skipIf(!hasKubectl)("kubectl", () => {
  let server: ApiServer;
  let store: Store;
  const folder = mkdtempSync(join(scratch, "kubectl-"));
  beforeAll(async () => {
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, dataFolder: folder, listen: { port: 0 } });
  });
  afterAll(async () => {
    await server.close();
    await store.close();
  });

  /** Standard output of a command; throws with standard error. */
  async function kubectl(...args: string[]): Promise<string> {
    const env = { ...process.env, KUBECONFIG: join(folder, "kubeconfig"), HOME: folder };
    return (await run("kubectl", args, { env })).stdout;
  }

  function file(name: string, text: string): string {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  }

  const deployment = (image: string): string => `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: c, image: "${image}"}]
`;

  it("applies, diffs and applies again, client side and server side", { timeout: 60_000 }, async () => {
    expect(await kubectl("apply", "-f", file("web.yaml", deployment("nginx:1")))).toBe("deployment.apps/web created\n");
    expect(await kubectl("apply", "-f", join(folder, "web.yaml"))).toBe("deployment.apps/web unchanged\n");
    const changed = file("web.yaml", deployment("nginx:2"));
    await expect(kubectl("diff", "-f", changed)).rejects.toMatchObject({ code: 1 });
    expect(await kubectl("apply", "-f", changed)).toBe("deployment.apps/web configured\n");
    expect(await kubectl("apply", "--server-side", "-f", changed)).toBe("deployment.apps/web serverside-applied\n");
    expect(await kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.template.spec.containers[0].image}")).toBe(
      "nginx:2",
    );
    expect(await kubectl("scale", "deploy/web", "--replicas=5")).toBe("deployment.apps/web scaled\n");
    expect(await kubectl("get", "deploy", "web")).toMatch(/^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb +0\/5/);
  });

  it("labels, annotates, waits, edits, describes, explains and deletes", { timeout: 60_000 }, async () => {
    await kubectl(
      "apply",
      "-f",
      file("cm.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: cm}\ndata: {a: '1'}\n"),
    );
    expect(await kubectl("label", "cm", "cm", "tier=front")).toBe("configmap/cm labeled\n");
    expect(await kubectl("annotate", "cm", "cm", "note=x")).toBe("configmap/cm annotated\n");
    await kubectl("patch", "cm", "cm", "-p", '{"data":{"b":"2"}}');
    await kubectl("wait", "--for=jsonpath={.data.b}=2", "cm/cm", "--timeout=5s");
    expect(await kubectl("get", "cm", "-l", "tier=front", "-o", "name")).toBe("configmap/cm\n");
    expect(await kubectl("describe", "cm", "cm")).toMatch(/Name: +cm\nNamespace: +default\nLabels: +tier=front/);
    expect(await kubectl("explain", "deployment.spec.replicas")).toContain("FIELD: replicas <integer>");
    expect(await kubectl("api-resources", "-o", "name")).toContain("deployments.apps");
    expect(await kubectl("delete", "cm", "cm")).toContain('configmap "cm" deleted');
  });

  it("serves a custom kind the moment it is defined", { timeout: 60_000 }, async () => {
    const definition = file("crd.yaml", widgetDefinition);
    await kubectl("apply", "-f", definition);
    await kubectl("wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=5s");
    const widget = file(
      "widget.yaml",
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: w}\nspec: {size: 3}\n",
    );
    expect(await kubectl("apply", "-f", widget)).toBe("widget.example.com/w created\n");
    expect(await kubectl("get", "widgets")).toMatch(/^NAME +SIZE\nw +3\n$/);
    expect(await kubectl("explain", "widget.spec")).toContain("size");
    const wrong = file(
      "wrong.yaml",
      "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: x}\nspec: {size: many}\n",
    );
    await expect(kubectl("apply", "-f", wrong)).rejects.toThrow("spec.size");
    await kubectl("delete", "crd", "widgets.example.com");
    await expect(kubectl("get", "widgets")).rejects.toThrow();
  });
});

const widgetDefinition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    additionalPrinterColumns: [{name: Size, type: integer, jsonPath: .spec.size}]
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              size: {type: integer, description: how large it is}
`;

it("opens no more watches than it may, says when to come again, and has room once one has ended", async () => {
  const store = memoryStore();
  const server = await startApiServer({ store, clock: realClock, listen: { port: 0, watchesMost: 2 } });
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  const session = connect(server.url, { ca: server.caCertificate });
  const watch = (): Promise<{ code: number; retryAfter: string | undefined; end: () => void }> =>
    new Promise((resolve, reject) => {
      const path = "/api/v1/configmaps?watch=1";
      const stream = session.request({ ":path": path, authorization: `Bearer ${token}` });
      stream.on("error", reject);
      stream.on("response", (headers) =>
        resolve({ code: headers[":status"] ?? 0, retryAfter: headers["retry-after"], end: () => stream.close() }),
      );
    });
  try {
    const [first, , beyond] = [await watch(), await watch(), await watch()];
    expect([first.code, beyond.code, beyond.retryAfter]).toEqual([200, 429, "1"]);
    first.end();
    await vi.waitFor(async () => expect((await watch()).code).toBe(200), { timeout: 60_000 });
  } finally {
    session.destroy();
    await server.close();
    await store.close();
  }
});

it("answers HEAD over HTTP/2 with a head alone, also where a body comes with it", async () => {
  const store = memoryStore();
  const server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
  const token = /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "";
  const session = connect(server.url, { ca: server.caCertificate });
  const answer = (body: string | undefined): Promise<{ code: unknown; length: unknown; bytes: number }> =>
    new Promise((resolve, reject) => {
      const head = { ":method": "HEAD", ":path": "/api/v1/namespaces/default", authorization: `Bearer ${token}` };
      const stream = session.request(head, { endStream: body === undefined });
      let bytes = 0;
      let found: Record<string, unknown> = {};
      stream.on("error", reject);
      stream.on("response", (headers) => (found = headers));
      stream.on("data", (chunk: Buffer) => (bytes += chunk.length));
      stream.on("end", () => resolve({ code: found[":status"], length: found["content-length"], bytes }));
      if (body !== undefined) stream.end(body);
    });
  try {
    for (const body of [undefined, "{}"]) {
      const { code, length, bytes } = await answer(body);
      expect([code, bytes]).toEqual([200, 0]);
      expect(Number(length)).toBeGreaterThan(0);
    }
  } finally {
    session.destroy();
    await server.close();
    await store.close();
  }
});
