// What does not fit in a policy's expressions, said in its status: beside kube-controller-manager's own, on a real API server.

import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type Cluster, connectCluster, fixedCredentials } from "#cluster";
import { asManifest, type Clock, fieldOf, type Json, type JsonObject } from "#kernel";
import { memoryStore, type Store } from "#store";
import { administrator, type ApiServer, startApiServer } from "../server.ts";
import { startLife } from "./life.ts";

const folder = process.env["KEELSON_ORACLES"] ?? "";
const canRun = ["controllers", "kube-apiserver", "etcd"].every((name) => existsSync(`${folder}/${name}`));
type Oracle = {
  url: string;
  token: string;
  stop: () => void;
  ask: (method: string, path: string) => Promise<{ code: number }>;
};

const clock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const group = "admissionregistration.k8s.io";

function policy(name: string, resources: string[], spec: JsonObject): JsonObject {
  const rules = resources.map((one) => {
    const [apiGroup = "", version = "", plural = ""] = one.split("/");
    return { apiGroups: [apiGroup], apiVersions: [version], operations: ["*"], resources: [plural] };
  });
  return {
    apiVersion: `${group}/v1`,
    kind: "ValidatingAdmissionPolicy",
    metadata: { name },
    spec: { matchConstraints: { resourceRules: rules }, ...spec },
  };
}

const policies = [
  policy("fits", ["apps/v1/deployments"], { validations: [{ expression: "object.spec.replicas < 5" }] }),
  policy("misfits", ["apps/v1/deployments", "/v1/pods", "batch/v1/jobs"], {
    validations: [
      { expression: "object.spec.replicas < 5", messageExpression: "'replicas: ' + string(object.spec.replica)" },
      { expression: "object.spec.template.spec.containers.all(c, c.image == 1)" },
      { expression: "object.metadata.labels.app == object.metadata.generation" },
      { expression: "has(object.spec.template) && object.spec.none == 1" },
      { expression: "object.metadata.creationTimestamp < 'x' || object.metadata.labels.a == 1" },
    ],
  }),
  policy("variables", ["/v1/configmaps"], {
    variables: [
      { name: "a", expression: "object.data.a" },
      { name: "b", expression: "object.nothing" },
    ],
    validations: [
      { expression: "variables.a == 1" },
      { expression: "variables.b == 1" },
      { expression: "object.data.a > 'x'" },
    ],
  }),
  policy("params", ["/v1/services"], {
    paramKind: { apiVersion: "v1", kind: "ConfigMap" },
    validations: [
      { expression: "params.data.port == object.spec.ports[0].port" },
      { expression: "params.none == 'x'" },
    ],
  }),
  policy("custom", ["example.com/v1/widgets"], {
    validations: [{ expression: "object.spec.size > 'a'" }, { expression: "object.spec.colour == 'red'" }],
  }),
  policy("wild", ["apps/*/deployments", "*/v1/pods", "apps/v1/*"], {
    validations: [{ expression: "object.nothing == 1" }],
  }),
  policy("amounts", ["/v1/services", "/v1/pods"], {
    validations: [
      { expression: "object.spec.ports.all(p, p.targetPort == 1 || p.targetPort == 'x')" },
      { expression: "object.spec.containers[0].resources.limits['cpu'] == 1" },
    ],
  }),
];

const widget: JsonObject = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget", listKind: "WidgetList" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ],
  },
};

async function create(cluster: Cluster, object: JsonObject, group_: string): Promise<void> {
  const discovery = await cluster.discover(true);
  const manifest = asManifest(object);
  const resource = discovery.ok ? discovery.value.byKind(group_, manifest.kind) : undefined;
  if (resource === undefined) throw new Error(`${manifest.kind} is not served`);
  const answer = await cluster.create({ resource, namespace: "", name: manifest.metadata.name }, manifest, {
    fieldManager: "test",
  });
  if (!answer.ok) throw new Error(answer.status.message);
}

/** The status of every policy, once all have one. */
async function statuses(cluster: Cluster, oracle?: Oracle): Promise<Record<string, Json>> {
  await create(cluster, widget, "apiextensions.k8s.io");
  await vi.waitFor(
    async () => {
      const discovery = await cluster.discover(true);
      expect(discovery.ok && discovery.value.byKind("example.com", "Widget")).toBeTruthy();
    },
    { timeout: 60_000, interval: 100 },
  );
  // There schemas are published a while after their kinds; what comes before is checked against none.
  if (oracle !== undefined)
    await vi.waitFor(async () => expect((await oracle.ask("GET", "/openapi/v3/apis/example.com/v1")).code).toBe(200), {
      timeout: 60_000,
      interval: 200,
    });
  for (const one of policies) await create(cluster, one, group);
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind(group, "ValidatingAdmissionPolicy") : undefined;
  if (resource === undefined) throw new Error("policies are not served");
  return vi.waitFor(
    async () => {
      const list = await cluster.list(resource);
      const items = list.ok ? list.value.items : [];
      const found = items.map((item) => [item.metadata.name, fieldOf(item, "status") as Json] as const);
      expect(found.length).toBe(policies.length);
      for (const [, status] of found) expect(fieldOf(status, "observedGeneration")).toBe(1);
      // Types have names of their own at every look.
      return JSON.parse(
        JSON.stringify(Object.fromEntries(found)).replace(/\b([A-Z][A-Za-z]+)\d{3,}\b/g, "$1"),
      ) as Record<string, Json>;
    },
    { timeout: 60_000, interval: 200 },
  );
}

let store: Store;
let server: ApiServer;
let ending: AbortController;

beforeEach(async () => {
  store = memoryStore();
  ending = new AbortController();
  server = await startApiServer({ store, clock });
  await startLife({ cluster: server.cluster(administrator), clock, signal: ending.signal, caCertificate: "" });
});
afterEach(async () => {
  ending.abort();
  await server.close();
  await store.close();
});

it("says in a policy's status what does not fit the types of its objects", { timeout: 120_000 }, async () => {
  const found = await statuses(server.cluster(administrator));
  expect(found["fits"]).toEqual({ observedGeneration: 1, typeChecking: {} });
  expect(JSON.stringify(found["custom"])).toContain("undefined field 'colour'");
});

describe.skipIf(!canRun)("beside kube-controller-manager", () => {
  let oracle: Oracle;
  let controllers: ChildProcess;

  beforeAll(async () => {
    const tool = new URL("../../../../tools/oracle-apiserver.mjs", import.meta.url).href;
    const { startOracle } = (await import(tool)) as { startOracle: () => Promise<Oracle> };
    oracle = await startOracle();
    controllers = spawn(`${folder}/controllers`, [oracle.url, oracle.token], { stdio: "ignore" });
  }, 120_000);
  afterAll(() => {
    controllers.kill("SIGKILL");
    oracle.stop();
  });

  it("says the same", { timeout: 300_000 }, async () => {
    const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
    const connection = { server: oracle.url, name: "oracle", namespace: "default", isInsecure: true, credentials };
    const real = connectCluster(connection, { clock });
    expect(await statuses(server.cluster(administrator))).toEqual(await statuses(real, oracle));
  });
});
