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
    const body = JSON.parse(answer.body);
    steps.push({
      ...step,
      code: answer.code,
      answer: answer.code < 300 ? body : { message: body.message, reason: body.reason, causes: body.details?.causes },
    });
    if (answer.code < 300) live = body;
    if (live?.metadata.deletionTimestamp !== undefined) break;
  }
  return { kind, name, seed, steps };
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
  writeFileSync(join(folder, "definition.json"), `${JSON.stringify(definition, null, 2)}\n`);
} finally {
  oracle.stop();
}
