// Figures of sources from a registry: what a look costs when nothing changed, and one hundred OCIRepositories at once, over the
// embedded API server and an in-process registry. Run: node bench/sources-oci.mjs [sources] (after npx tsc -b).
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { gzipSync } from "node:zlib";

const dist = new URL("../engine/dist/", import.meta.url);
const { administrator, startApiServer } = await import(`${dist}apiserver/index.js`);
const { startArtifacts } = await import(`${dist}artifacts/index.js`);
const { fluxDefinitions } = await import(`${dist}api/flux/index.js`);
const { memoryStore } = await import(`${dist}store/index.js`);

const count = Number(process.argv[2] ?? 100);
const folder = mkdtempSync(join(tmpdir(), "keelson-bench-"));
const clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
const sha256 = (bytes) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

/** A tar of some manifests. */
function tar(files) {
  const parts = files.flatMap(([name, text]) => {
    const bytes = Buffer.from(text);
    const head = Buffer.alloc(512);
    head.write(name, 0);
    head.write("0000644\0", 100);
    head.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("        0", 148);
    head.write("ustar\u000000", 257);
    head.write(
      `${head
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, "0")}\0 `,
      148,
    );
    return [head, bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

const blobs = new Map();
const manifests = new Map();
function push(repository, tag, version) {
  const files = Array.from({ length: 20 }, (_, i) => [
    `file-${i}.yaml`,
    `kind: ConfigMap # ${repository} ${version}\n`.repeat(20),
  ]);
  const layer = gzipSync(tar(files));
  blobs.set(sha256(layer), layer);
  const type = "application/vnd.oci.image.manifest.v1+json";
  const config = { mediaType: "application/vnd.cncf.flux.config.v1+json", digest: sha256("{}"), size: 2 };
  const layers = [
    { mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", digest: sha256(layer), size: layer.length },
  ];
  const manifest = Buffer.from(JSON.stringify({ schemaVersion: 2, mediaType: type, config, layers }));
  manifests.set(`${repository}:${tag}`, manifest);
  manifests.set(`${repository}:${sha256(manifest)}`, manifest);
}

let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  const [, repository, what, name] = /^\/v2\/(.+)\/(manifests|blobs)\/(.+)$/.exec(request.url) ?? [];
  const found = what === "blobs" ? blobs.get(name) : manifests.get(`${repository}:${name}`);
  if (found === undefined) return response.writeHead(request.url === "/v2/" ? 200 : 404).end();
  if (what === "manifests") response.setHeader("docker-content-digest", sha256(found));
  response.writeHead(200, {
    "content-type": "application/vnd.oci.image.manifest.v1+json",
    "content-length": found.length,
  });
  return response.end(request.method === "HEAD" ? undefined : found);
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const host = `127.0.0.1:${server.address().port}`;

const api = await startApiServer({ store: memoryStore(), clock, withoutServiceAccounts: true });
const cluster = api.cluster(administrator);
const resource = (kind, plural, group, version, isNamespaced = true) => ({
  group,
  version,
  plural,
  kind,
  singular: kind.toLowerCase(),
  isNamespaced,
  verbs: [],
  shortNames: [],
  categories: [],
  subresources: ["status"],
});
const definitions = resource(
  "CustomResourceDefinition",
  "customresourcedefinitions",
  "apiextensions.k8s.io",
  "v1",
  false,
);
for (const each of fluxDefinitions())
  await cluster.create({ resource: definitions, namespace: "", name: each.metadata.name }, each, {
    fieldManager: "bench",
  });
const sources = resource("OCIRepository", "ocirepositories", "source.toolkit.fluxcd.io", "v1");
while (!(await cluster.list(sources)).ok) await new Promise((resolve) => setTimeout(resolve, 20));

const ending = new AbortController();
const artifacts = startArtifacts({
  cluster,
  clock,
  folder,
  environment: { PATH: process.env.PATH },
  address: "http://127.0.0.1:1",
  signal: ending.signal,
});
await artifacts.ready;
const names = Array.from({ length: count }, (_, i) => `app-${i}`);
for (const name of names) push(name, "latest", 1);

async function until(holds) {
  for (;;) {
    const answer = await cluster.list(sources);
    if (answer.ok && answer.value.items.length === count && answer.value.items.every(holds)) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function measure(label, work) {
  requests = 0;
  const cpu = process.cpuUsage();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const { user, system } = process.cpuUsage(cpu);
  const each = (value) => (value / count).toFixed(2);
  console.log(
    `${label}: ${ms.toFixed(0)} ms, ${each(ms)} ms each, ${each((user + system) / 1000)} ms CPU each, ${each(requests)} requests each`,
  );
}

const isReady = (object) => object.status?.conditions?.some((each) => each.type === "Ready" && each.status === "True");
await measure(`${count} sources made and fetched`, async () => {
  for (const name of names) {
    const metadata = { name, namespace: "default" };
    const spec = { url: `oci://${host}/${name}`, interval: "1h" };
    const object = { apiVersion: "source.toolkit.fluxcd.io/v1", kind: "OCIRepository", metadata, spec };
    await cluster.create({ resource: sources, namespace: "default", name }, object, { fieldManager: "bench" });
  }
  await until(isReady);
});

async function askAll(token) {
  const patch = { metadata: { annotations: { "reconcile.fluxcd.io/requestedAt": token } } };
  for (const name of names)
    await cluster.patch(
      { resource: sources, namespace: "default", name },
      { type: "merge", patch },
      { fieldManager: "bench" },
    );
  await until((object) => object.status?.lastHandledReconcileAt === token && isReady(object));
}

await measure(`${count} looks when nothing changed`, () => askAll("one"));
for (const name of names) push(name, "latest", 2);
await measure(`${count} new revisions`, () => askAll("two"));
console.log(`memory: ${Math.round(process.memoryUsage.rss() / 1024 / 1024)} MiB`);
ending.abort();
await artifacts.ended;
await api.close();
server.closeAllConnections();
server.close();
rmSync(folder, { recursive: true, force: true });
