// node tools/record-merge.mjs [folder]: runs scripts of writes by several managers against a real kube-apiserver (KEELSON_ORACLES)
// and records every answer as a golden file. The scripts are generated from a fixed seed, so that a new recording differs only
// where the server does.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startOracle } from "./oracle-apiserver.mjs";

const folder = process.argv[2] ?? fileURLToPath(new URL("../engine/src/merge/testdata/server", import.meta.url));
const scripts = Number(process.argv[3] ?? 20);

/** mulberry32: small, seeded, the same everywhere. */
function randomFrom(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return {
    chance: (odds) => next() < odds,
    pick: (list) => list[Math.floor(next() * list.length)],
    some: (list, odds = 0.5) => list.filter(() => next() < odds),
    shuffled: (list) =>
      list
        .map((item) => [next(), item])
        .sort((a, b) => a[0] - b[0])
        .map(([, item]) => item),
  };
}

const text = { type: "string" };
const widget = {
  type: "object",
  properties: {
    spec: {
      type: "object",
      properties: {
        size: { type: "integer" },
        mode: text,
        map: { type: "object", additionalProperties: text },
        whole: { type: "object", additionalProperties: text, "x-kubernetes-map-type": "atomic" },
        list: { type: "array", items: text },
        set: { type: "array", items: text, "x-kubernetes-list-type": "set" },
        items: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name", "kind"],
          items: {
            type: "object",
            required: ["name"],
            properties: {
              name: text,
              kind: { type: "string", default: "plain" },
              value: text,
              tags: { type: "array", items: text, "x-kubernetes-list-type": "set" },
              inner: { type: "object", properties: { a: text, b: text } },
            },
          },
        },
        nested: { type: "object", properties: { a: text, b: text, deep: { type: "object", properties: { c: text } } } },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
    status: { type: "object", properties: { phase: text, count: { type: "integer" } } },
  },
};

const definition = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.record.dev" },
  spec: {
    group: "record.dev",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      { name: "v1", served: true, storage: true, subresources: { status: {} }, schema: { openAPIV3Schema: widget } },
    ],
  },
};

const letters = ["a", "b", "c", "d"];
const values = ["1", "2", "3"];
const entries = (random, keys) => Object.fromEntries(random.some(keys).map((key) => [key, random.pick(values)]));

function metadata(random) {
  return {
    ...(random.chance(0.4) ? { labels: entries(random, letters) } : {}),
    ...(random.chance(0.3) ? { annotations: entries(random, letters) } : {}),
    ...(random.chance(0.1) ? { finalizers: random.some(["x.dev/a", "x.dev/b"]) } : {}),
  };
}

function widgetItem(random, name) {
  return {
    name,
    ...(random.chance(0.3) ? { kind: random.pick(["plain", "other"]) } : {}),
    ...(random.chance(0.6) ? { value: random.pick(values) } : {}),
    ...(random.chance(0.3) ? { tags: random.shuffled(random.some(letters)) } : {}),
    ...(random.chance(0.3) ? { inner: entries(random, ["a", "b"]) } : {}),
  };
}

const kinds = {
  ConfigMap: {
    apiVersion: "v1",
    path: "/api/v1/namespaces/record/configmaps",
    body: (random) => (random.chance(0.9) ? { data: entries(random, letters) } : {}),
  },
  Widget: {
    apiVersion: "record.dev/v1",
    path: "/apis/record.dev/v1/namespaces/record/widgets",
    body: (random) => ({
      spec: {
        ...(random.chance(0.5) ? { size: random.pick([1, 2, 3]) } : {}),
        ...(random.chance(0.3) ? { mode: random.pick(values) } : {}),
        ...(random.chance(0.4) ? { map: entries(random, letters) } : {}),
        ...(random.chance(0.3) ? { whole: entries(random, letters) } : {}),
        ...(random.chance(0.3) ? { list: random.some(letters) } : {}),
        ...(random.chance(0.5) ? { set: random.shuffled(random.some(letters)) } : {}),
        ...(random.chance(0.6)
          ? { items: random.shuffled(random.some(letters)).map((name) => widgetItem(random, name)) }
          : {}),
        ...(random.chance(0.4)
          ? {
              nested: {
                ...entries(random, ["a", "b"]),
                ...(random.chance(0.4) ? { deep: entries(random, ["c"]) } : {}),
              },
            }
          : {}),
        ...(random.chance(0.3)
          ? { free: { ...entries(random, letters), deep: { ...entries(random, letters), l: random.some(letters) } } }
          : {}),
      },
    }),
  },
  Deployment: {
    apiVersion: "apps/v1",
    path: "/apis/apps/v1/namespaces/record/deployments",
    body: (random) => ({
      spec: {
        ...(random.chance(0.5) ? { replicas: random.pick([1, 2, 3]) } : {}),
        selector: { matchLabels: { app: "x" } },
        ...(random.chance(0.3)
          ? { strategy: random.pick([{ type: "Recreate" }, { type: "RollingUpdate", rollingUpdate: { maxSurge: 1 } }]) }
          : {}),
        template: {
          metadata: { labels: { app: "x", ...entries(random, letters) } },
          spec: {
            containers: ["main", ...random.some(["side", "log"])].map((name) => ({
              name,
              image: `i:${random.pick(values)}`,
              ...(random.chance(0.4)
                ? {
                    env: random
                      .shuffled(random.some(letters))
                      .map((key) => ({ name: key, value: random.pick(values) })),
                  }
                : {}),
              ...(random.chance(0.3)
                ? { ports: random.some([80, 443, 8080]).map((port) => ({ containerPort: port })) }
                : {}),
              ...(random.chance(0.3) ? { args: random.some(letters) } : {}),
              ...(random.chance(0.3) ? { resources: { limits: { cpu: random.pick(["1", "2"]) } } } : {}),
              ...(random.chance(0.2)
                ? {
                    securityContext: {
                      runAsNonRoot: true,
                      ...(random.chance(0.5) ? { capabilities: { add: random.some(["A", "B"]) } } : {}),
                    },
                  }
                : {}),
            })),
            ...(random.chance(0.3) ? { volumes: random.some(letters).map((name) => ({ name, emptyDir: {} })) } : {}),
            ...(random.chance(0.2) ? { nodeSelector: entries(random, letters) } : {}),
          },
        },
      },
    }),
  },
  Service: {
    apiVersion: "v1",
    path: "/api/v1/namespaces/record/services",
    body: (random) => ({
      spec: {
        ports: [80, ...random.some([443, 8080])].map((port) => ({
          port,
          name: `p${port}`,
          ...(random.chance(0.4) ? { targetPort: random.pick([1, "web"]) } : {}),
          ...(random.chance(0.3) ? { protocol: "TCP" } : {}),
        })),
        ...(random.chance(0.6) ? { selector: entries(random, letters) } : {}),
        ...(random.chance(0.2) ? { sessionAffinity: "ClientIP" } : {}),
      },
    }),
  },
};

const managers = ["one", "two", "kubectl"];
const types = {
  apply: "application/apply-patch+yaml",
  merge: "application/merge-patch+json",
  strategic: "application/strategic-merge-patch+json",
  json: "application/json-patch+json",
};

function makeStep(random, kind, live) {
  const { apiVersion, body } = kinds[kind];
  const manager = random.pick(managers);
  const object = { apiVersion, kind, metadata: metadata(random), ...body(random) };
  if (live === undefined)
    return random.chance(0.6)
      ? { op: "apply", manager, isForced: random.chance(0.5), body: object }
      : { op: "create", manager, body: object };
  const roll = random.pick(["apply", "apply", "apply", "apply", "update", "merge", "strategic", "status", "retire"]);
  if (roll === "apply") return { op: "apply", manager, isForced: random.chance(0.6), body: object };
  if (roll === "retire")
    return {
      op: "apply",
      manager,
      isForced: true,
      body: {
        apiVersion,
        kind,
        metadata: {},
        ...(kind === "ConfigMap" ? {} : kind === "Widget" ? { spec: {} } : body(random)),
      },
    };
  if (roll === "update") {
    const { resourceVersion: _, managedFields, ...kept } = live.metadata;
    const sent = random.chance(0.3) ? { managedFields } : random.chance(0.1) ? { managedFields: [{}] } : {};
    return {
      op: "update",
      manager,
      body: { ...live, ...mergeSpec(live, object), metadata: { ...kept, ...object.metadata, ...sent } },
    };
  }
  if (roll === "status" && (kind === "Widget" || kind === "Deployment")) {
    const status =
      kind === "Widget" ? { phase: random.pick(values), count: 1 } : { observedGeneration: random.pick([1, 2]) };
    if (random.chance(0.5))
      return { op: "apply", manager, isForced: true, subresource: "status", body: { apiVersion, kind, status } };
    return { op: "merge", manager, subresource: "status", body: { status } };
  }
  if (roll === "strategic" && kind !== "Widget")
    return { op: "strategic", manager, body: { metadata: object.metadata, ...patchable(object) } };
  return { op: "merge", manager, body: { metadata: object.metadata, ...patchable(object) } };
}

/** Services keep their address, Deployments their selector. */
function mergeSpec(live, object) {
  if (object.spec === undefined) return object.data === undefined ? {} : { data: object.data };
  if (live.kind === "Service") return { spec: { ...live.spec, ports: object.spec.ports } };
  return { spec: object.spec };
}

function patchable({ spec, data }) {
  return { ...(spec === undefined ? {} : { spec }), ...(data === undefined ? {} : { data }) };
}

async function send(oracle, kind, name, step) {
  const { path } = kinds[kind];
  const query = `?fieldManager=${step.manager}${step.isForced ? "&force=true" : ""}`;
  const at = `${path}/${name}${step.subresource ? `/${step.subresource}` : ""}${query}`;
  const body =
    step.op === "create" || step.op === "update"
      ? { ...step.body, metadata: { ...step.body.metadata, name } }
      : step.body;
  if (step.op === "apply") body.metadata = { ...body.metadata, name };
  if (step.op === "create") return oracle.ask("POST", path + query, { body });
  if (step.op === "update") return oracle.ask("PUT", at, { body });
  return oracle.ask("PATCH", at, { body, contentType: types[step.op] });
}

async function runScript(oracle, kind, seed) {
  const random = randomFrom(seed);
  const name = `${kind.toLowerCase()}-${seed}`;
  let live;
  const steps = [];
  for (let i = 0; i < 7; i++) {
    const step = makeStep(random, kind, live);
    const answer = await send(oracle, kind, name, step);
    const taken = answered(step, answer);
    steps.push(taken);
    if (taken.code < 300) live = taken.answer;
    if (live?.metadata.deletionTimestamp !== undefined) break;
  }
  return { kind, name, seed, steps };
}

const lastApplied = "kubectl.kubernetes.io/last-applied-configuration";
const configMap = (data, more = {}) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { ...more }, data });
const widgetOf = (spec) => ({ apiVersion: "record.dev/v1", kind: "Widget", metadata: {}, spec });
const applyStep = (manager, body, isForced = false) => ({ op: "apply", manager, isForced, body });
const mergeStep = (manager, body) => ({ op: "merge", manager, body });

/** Scripts for what chance does not find. */
const written = [
  {
    name: "client-side-upgrade",
    kind: "ConfigMap",
    steps: [
      {
        op: "create",
        manager: "kubectl-client-side-apply",
        body: configMap(
          { a: "1", b: "2" },
          { annotations: { [lastApplied]: JSON.stringify(configMap({ a: "1", b: "2" })) } },
        ),
      },
      applyStep("kubectl", configMap({ a: "5", b: "<&>" })),
      mergeStep("editor", { data: { b: "9" } }),
      applyStep("kubectl", configMap({ a: "6", b: "7" })),
      applyStep("other", configMap({ a: "7" })),
      applyStep("kubectl", configMap({ a: "6" }), true),
    ],
  },
  {
    name: "many-updaters",
    kind: "ConfigMap",
    steps: [
      { op: "create", manager: "m00", body: configMap({ k: "0" }) },
      ...Array.from({ length: 14 }, (_, index) =>
        mergeStep(`m${String(index + 1).padStart(2, "0")}`, { data: { [`k${index}`]: "1" } }),
      ),
      applyStep("one", configMap({ k0: "1", k1: "2" }), true),
      mergeStep("m99", { data: { last: "1" } }),
    ],
  },
  {
    name: "before-first-apply",
    kind: "ConfigMap",
    steps: [
      { op: "create", manager: "maker", body: configMap({ a: "1", b: "2" }, { labels: { l: "1" } }) },
      mergeStep("forgetter", { metadata: { managedFields: [{}] } }),
      mergeStep("silent", { data: { c: "3" } }),
      applyStep("one", configMap({ a: "9" })),
      applyStep("one", configMap({ a: "9" }), true),
      applyStep("two", configMap({ a: "9", b: "2" })),
      applyStep("one", configMap({})),
    ],
  },
  {
    name: "empty-and-null",
    kind: "Widget",
    steps: [
      applyStep("one", widgetOf({ map: {}, set: [], items: [], whole: {}, list: [], nested: {}, free: {} })),
      applyStep(
        "two",
        widgetOf({ map: { a: "1" }, set: ["x"], items: [{ name: "n" }], nested: { deep: {} }, free: { l: [], m: {} } }),
      ),
      applyStep("one", widgetOf({ map: null, nested: null, size: null })),
      applyStep("two", widgetOf({ map: {}, set: [], items: [{ name: "n", inner: {}, tags: [] }] })),
      applyStep("two", widgetOf({})),
      applyStep("one", { ...widgetOf({}), spec: null }),
    ],
  },
  {
    name: "refused",
    kind: "Widget",
    steps: [
      applyStep("one", widgetOf({ set: ["a", "a"] })),
      applyStep("one", widgetOf({ items: [{ name: "a" }, { name: "a", kind: "plain" }] })),
      applyStep("one", widgetOf({ items: [{ value: "a" }] })),
      applyStep("one", widgetOf({ items: ["a"] })),
      applyStep("one", widgetOf({ set: [["a"]] })),
      applyStep("one", widgetOf({ size: "x" })),
      applyStep("one", widgetOf({ map: ["x"] })),
      applyStep("one", widgetOf({ list: { a: 1 } })),
      applyStep("one", widgetOf({ mode: 5, nested: { a: { b: 1 } } })),
      applyStep("one", { ...widgetOf({}), metadata: { managedFields: [] } }),
      applyStep("one", widgetOf({ size: 1 })),
    ],
  },
  {
    name: "duplicates",
    kind: "Deployment",
    steps: [
      {
        op: "create",
        manager: "maker",
        body: deploymentWith([
          { name: "A", value: "1" },
          { name: "A", value: "2" },
        ]),
      },
      applyStep("one", deploymentWith([{ name: "A", value: "3" }]), true),
      applyStep(
        "two",
        deploymentWith([
          { name: "A", value: "3" },
          { name: "B", value: "1" },
        ]),
        true,
      ),
      applyStep("one", deploymentWith([]), true),
    ],
  },
];

function deploymentWith(env) {
  const spec = { containers: [{ name: "main", image: "i", env }] };
  const template = { metadata: { labels: { app: "x" } }, spec };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: {},
    spec: { selector: { matchLabels: { app: "x" } }, template },
  };
}

async function runWritten(oracle, { name, kind, steps }) {
  const done = [];
  for (const step of steps) {
    const answer = await send(oracle, kind, name, structuredClone(step));
    done.push(answered(step, answer));
  }
  return { kind, name, seed: 0, steps: done };
}

function answered(step, { code, body: text }) {
  const body = JSON.parse(text);
  const refusal = { message: body.message, reason: body.reason, causes: body.details?.causes };
  return { ...step, code, answer: code < 300 ? body : refusal };
}

const oracle = await startOracle();
try {
  await oracle.ask("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: "record" } },
  });
  await oracle.ask("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", { body: definition });
  for (let tries = 0; tries < 60; tries++) {
    if ((await oracle.ask("GET", kinds.Widget.path)).code === 200) break;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  mkdirSync(folder, { recursive: true });
  for (const kind of Object.keys(kinds)) {
    const recorded = [];
    for (let seed = 1; seed <= scripts; seed++) recorded.push(await runScript(oracle, kind, seed));
    const lines = recorded.map((script) => JSON.stringify(script)).join("\n");
    writeFileSync(join(folder, `${kind.toLowerCase()}.jsonl`), `${lines}\n`);
    console.log(kind, recorded.length, "scripts", recorded.flatMap((script) => script.steps).length, "steps");
  }
  const own = [];
  for (const script of written) own.push(JSON.stringify(await runWritten(oracle, script)));
  writeFileSync(join(folder, "written.jsonl"), `${own.join("\n")}\n`);
  writeFileSync(join(folder, "definition.json"), `${JSON.stringify(definition, null, 2)}\n`);
} finally {
  oracle.stop();
}
