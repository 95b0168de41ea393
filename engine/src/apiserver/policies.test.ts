import { afterEach, beforeEach, expect, it } from "vitest";
import type { Cluster } from "#cluster";
import { asJson, type JsonObject, ManualClock, type Manifest } from "#kernel";
import { memoryStore, type Store } from "#store";
import { administrator, type ApiServer, startApiServer } from "./server.ts";

let store: Store;
let server: ApiServer;
let cluster: Cluster;

beforeEach(async () => {
  store = memoryStore();
  server = await startApiServer({ store, clock: new ManualClock(), withoutServiceAccounts: true });
  cluster = server.cluster(administrator);
});
afterEach(async () => {
  await server.close();
  await store.close();
});

async function create(object: JsonObject, group = ""): ReturnType<Cluster["create"]> {
  const manifest = object as unknown as Manifest;
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind(group, manifest.kind) : undefined;
  if (resource === undefined) throw new Error(`${manifest.kind} is not served`);
  const target = { resource, namespace: resource.isNamespaced ? "default" : "", name: manifest.metadata.name };
  return cluster.create(target, manifest, { fieldManager: "test" });
}

const rules = [{ apiGroups: [""], apiVersions: ["v1"], operations: ["CREATE"], resources: ["configmaps"] }];

async function policy(type: "Validating" | "Mutating", spec: JsonObject, binding: JsonObject = {}): Promise<void> {
  const apiVersion = "admissionregistration.k8s.io/v1";
  const kind = `${type}AdmissionPolicy`;
  const metadata = { name: "p" };
  const whole = { apiVersion, kind, metadata, spec: { matchConstraints: { resourceRules: rules }, ...spec } };
  const bound = { apiVersion, kind: `${kind}Binding`, metadata, spec: { policyName: "p", ...binding } };
  for (const object of [whole, bound])
    expect(await create(object, "admissionregistration.k8s.io")).toMatchObject({ ok: true });
}

function configMap(name: string, data: JsonObject): JsonObject {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data };
}

it("refuses what a validating policy does not allow, in its words", async () => {
  const validations = [{ expression: "object.data.a == '1'", messageExpression: "'a is ' + object.data.a" }];
  await policy("Validating", { validations }, { validationActions: ["Deny"] });
  expect(await create(configMap("x", { a: "1" }))).toMatchObject({ ok: true });
  const words = "ValidatingAdmissionPolicy 'p' with binding 'p' denied request: a is 2";
  expect(await create(configMap("y", { a: "2" }))).toMatchObject({
    ok: false,
    status: { code: 422, message: expect.stringContaining(words) as string },
  });
});

it("changes objects as mutating policies say, again where they may, and refuses when one fails", async () => {
  const patch = "has(object.data.n) ? [JSONPatch{op: 'replace', path: '/data/n', value: object.data.n + 'n'}] : []";
  const configuration =
    "Object{metadata: Object.metadata{labels: {'made/by': 'p'}}, data: {'b': 'a' in object.data ? '}' : object.data.c}}";
  await policy("Mutating", {
    reinvocationPolicy: "IfNeeded",
    failurePolicy: "Fail",
    mutations: [
      { patchType: "JSONPatch", jsonPatch: { expression: patch } },
      { patchType: "ApplyConfiguration", applyConfiguration: { expression: configuration } },
    ],
  });
  const made = await create(configMap("x", { n: "1", a: "" }));
  expect(made.ok && asJson(made.value)).toMatchObject({
    metadata: { labels: { "made/by": "p" } },
    data: { n: "1nn", a: "", b: "}" },
  });
  expect(await create(configMap("y", { n: "1" }))).toMatchObject({
    ok: false,
    status: {
      code: 403,
      message: expect.stringMatching(/^policy 'p' with binding 'p' denied request: .*no such key: c$/) as string,
    },
  });
});

it("lets requests pass a webhook whose Service has simulated pods that are ready, and refuses them before", async () => {
  const hook = {
    name: "hook.example.com",
    clientConfig: { service: { namespace: "default", name: "hook", path: "/check" } },
    rules: [{ operations: ["CREATE"], apiGroups: [""], apiVersions: ["v1"], resources: ["configmaps"] }],
    sideEffects: "None",
    admissionReviewVersions: ["v1"],
    timeoutSeconds: 2,
  };
  const configuration = {
    apiVersion: "admissionregistration.k8s.io/v1",
    kind: "ValidatingWebhookConfiguration",
    metadata: { name: "hook" },
    webhooks: [hook],
  };
  expect(await create(configuration, "admissionregistration.k8s.io")).toMatchObject({ ok: true });
  expect(await create(configMap("early", {}))).toMatchObject({ ok: false, status: { code: 500 } });
  const node = {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name: "n1", labels: { "keelson.dev/simulated": "true" } },
  };
  expect(await create(node)).toMatchObject({ ok: true });
  const slice = (name: string, nodeName: string, ready: boolean): JsonObject => ({
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, labels: { "kubernetes.io/service-name": "hook" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.0.0.1"], nodeName, conditions: { ready } }],
  });
  for (const [name, nodeName, ready] of [
    ["unready", "n1", false],
    ["real", "n2", true],
  ] as const) {
    expect(await create(slice(name, nodeName, ready), "discovery.k8s.io")).toMatchObject({ ok: true });
    expect(await create(configMap("early", {}))).toMatchObject({ ok: false });
  }
  expect(await create(slice("ready", "n1", true), "discovery.k8s.io")).toMatchObject({ ok: true });
  expect(await create(configMap("late", {}))).toMatchObject({ ok: true });
});
