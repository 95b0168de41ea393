// node bench/apply.mjs (after npm run build): CPU time of server-side apply, decoding, validation and the tracking of a create, for a
// Deployment whose manifest has 2 KB.
import { validateBuiltin } from "../engine/dist/api/crd/index.js";
import { builtinSchemas, decodeBuiltin, schemaFor } from "../engine/dist/api/kubernetes/index.js";
import { applyManifest, trackUpdate } from "../engine/dist/merge/index.js";

const type = { schemas: builtinSchemas, root: schemaFor("apps", "v1", "Deployment") };
const runs = 6000;

function container(name, image) {
  return {
    name,
    image,
    ports: [{ containerPort: 80, name: "http" }],
    env: Array.from({ length: 6 }, (_, index) => ({ name: `E${index}`, value: `value-${index}` })),
    resources: { limits: { cpu: "1", memory: "128Mi" }, requests: { cpu: "100m", memory: "64Mi" } },
    volumeMounts: [{ name: "v", mountPath: "/data" }],
    readinessProbe: { httpGet: { path: "/", port: 80 }, periodSeconds: 10 },
  };
}

function manifest(image, replicas) {
  const metadata = {
    name: "x",
    namespace: "y",
    labels: { a: "b", c: "d", e: "f" },
    annotations: { one: "x".repeat(700) },
  };
  const spec = {
    containers: [container("main", image), container("side", "sidecar")],
    volumes: [{ name: "v", emptyDir: {} }],
  };
  const template = { metadata: { labels: { a: "b" } }, spec };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: { replicas, selector: { matchLabels: { a: "b" } }, template },
  };
}

function measure(name, run) {
  for (let i = 0; i < 1500; i++) run(i);
  const start = process.cpuUsage();
  for (let i = 0; i < runs; i++) run(i);
  const { user, system } = process.cpuUsage(start);
  console.log(`${name}: ${((user + system) / runs).toFixed(1)} µs`);
}

const first = applyManifest({
  live: undefined,
  manifest: manifest("a", 1),
  manager: "m",
  isForced: true,
  type,
  nowMs: 0,
});
const decoded = decodeBuiltin(first.object, type.root).object;
const live = JSON.stringify(decoded);
const [same, changed] = [JSON.stringify(manifest("a", 1)), JSON.stringify(manifest("b", 2))];
const apply = (text) => (i) =>
  applyManifest({
    live: JSON.parse(live),
    manifest: JSON.parse(text),
    manager: "m",
    isForced: true,
    type,
    nowMs: i * 1000,
  });

console.log(
  `manifest ${same.length} bytes, live ${live.length} bytes; every figure but validation includes JSON.parse`,
);
measure("JSON.parse of both", () => [JSON.parse(live), JSON.parse(same)]);
measure("apply, nothing changed", apply(same));
measure("apply, two fields changed", apply(changed));
measure("decode", () => decodeBuiltin(JSON.parse(live), type.root));
measure("validate", () => validateBuiltin("apps", "Deployment", decoded));
measure("track a create", (i) =>
  trackUpdate({ live: undefined, next: JSON.parse(live), manager: "m", type, nowMs: i }),
);
