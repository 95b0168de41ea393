// Figures of Git sources over the real `git http-backend`: what a revision check costs, the fetch of one new commit in a
// repository of 10,000 files, 100 sources at once, the disk after 1,000 revisions.
// Run: node bench/sources-git.mjs [files] [sources] [revisions] (after npm run build).
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const dist = new URL("../engine/dist/", import.meta.url);
const { GitMirrors, changedPaths, closeReaders, findIgnoreFiles } = await import(`${dist}sources/git/index.js`);
const { Archives } = await import(`${dist}artifacts/archives.js`);
const { startArtifacts } = await import(`${dist}artifacts/index.js`);
const { administrator, startApiServer } = await import(`${dist}apiserver/index.js`);
const { memoryStore } = await import(`${dist}store/index.js`);
const { fluxDefinitions } = await import(`${dist}api/flux/index.js`);

const [files = 10_000, sources = 100, revisions = 1_000] = process.argv.slice(2).map(Number);
const root = mkdtempSync(join(tmpdir(), "keelson-bench-"));
const environment = { PATH: process.env.PATH };
const clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
const git = (args, input) =>
  execFileSync("git", args, { input, env: { ...environment, HOME: root }, encoding: "utf8" }).trim();

/** A bare repository that is committed to without a work tree. */
function newRepository(name) {
  const path = join(root, "served", `${name}.git`);
  git(["init", "-q", "--bare", "-b", "main", path]);
  let commits = 0;
  const commit = (changes) => {
    const head = commits === 0 ? "" : "from refs/heads/main^0\n";
    commits += 1;
    const body = changes
      .map(([file, text]) => `M 100644 inline ${file}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
      .join("");
    const time = 1_700_000_000 + commits;
    const text = `commit refs/heads/main\ncommitter A <a@example.org> ${time} +0000\ndata 1\nx\n${head}${body}`;
    git(["-C", path, "fast-import", "--quiet"], text);
    return git(["-C", path, "rev-parse", "main"]);
  };
  return { path, commit };
}
mkdirSync(join(root, "served"));

let requests = 0;
const server = createServer((request, response) => {
  requests += 1;
  const url = new URL(request.url, "http://localhost");
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: join(root, "served"),
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"] ?? "",
    },
  });
  request.pipe(backend.stdin);
  let head = Buffer.alloc(0);
  backend.stdout.on("data", (chunk) => {
    if (response.headersSent) return response.write(chunk);
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf("\r\n\r\n");
    if (end < 0) return;
    for (const line of head.toString("latin1", 0, end).split("\r\n")) {
      const [name, value] = line.split(": ");
      if (name === "Status") response.statusCode = Number.parseInt(value, 10);
      else response.setHeader(name, value);
    }
    response.write(head.subarray(end + 4));
  });
  backend.on("close", () => response.end());
});
await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
const base = `http://127.0.0.1:${server.address().port}`;

async function time(label, run, repeats = 1) {
  const times = [];
  let result;
  const before = requests;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    result = await run(i);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const each = ((requests - before) / repeats).toFixed(1);
  console.log(`${label.padEnd(64)} ${times[Math.floor(times.length / 2)].toFixed(1).padStart(8)} ms  ${each} requests`);
  return result;
}

function kilobytes(folder) {
  return Number(execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0]);
}

const manifest = (i, n) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\ndata:\n  n: "${n}"\n  text: "${`${i} `.repeat(300)}"\n`;
const path = (i) => `apps/team-${i % 20}/app-${i % 500}/file-${i}.yaml`;
const call = { signal: new AbortController().signal };

async function handleOf(mirror, resolved) {
  const { tree } = await mirror.fetch(resolved, call);
  const plain = { kind: "git", repository: mirror.folder, tree, revision: resolved.revision, environment };
  return { ...plain, ignore: await findIgnoreFiles(plain) };
}

async function oneRepository() {
  const { commit } = newRepository("fleet");
  commit(Array.from({ length: files }, (_, i) => [path(i), manifest(i, 0)]));
  const mirrors = new GitMirrors({ folder: join(root, "mirrors"), clock, environment });
  const mirror = mirrors.of(`${base}/fleet.git`);
  const look = async () => handleOf(mirror, await mirror.resolve({ branch: "main" }, call));
  console.log(`one repository of ${files} files`);
  let before = await time("  first fetch, ignore files found", look);
  await time("  revision check, nothing changed", look, 15);
  const archives = new Archives(join(root, "archives"), clock);
  const source = { kind: "GitRepository", namespace: "default", name: "fleet" };
  await time("  archive with digest", () => archives.write(archives.offer(source, "first.tar.gz", before)));
  for (let i = 0; i < 11; i++) commitAndForget(commit, i);
  await time(
    "  one new commit: check, fetch, ignore files, changed paths",
    async (i) => {
      const after = await look();
      if (i > 0 && (await changedPaths(before, after)).length !== 2) throw new Error("not two paths");
      before = after;
      commitAndForget(commit, i + 100);
    },
    11,
  );
}

function commitAndForget(commit, i) {
  commit([
    [path(i * 7), manifest(i, `n${i}`)],
    [path(i * 7 + 1), manifest(i, `n${i}`)],
  ]);
}

const resource = (kind, plural, group, version, isNamespaced) => ({
  ...{ group, version, plural, singular: kind.toLowerCase(), kind, isNamespaced },
  ...{ verbs: [], shortNames: [], categories: [], subresources: [] },
});
const repositoryKind = resource("GitRepository", "gitrepositories", "source.toolkit.fluxcd.io", "v1", true);

async function manySources() {
  const made = Array.from({ length: sources }, (_, i) => newRepository(`s${i}`));
  for (const [i, each] of made.entries()) each.commit([["a.yaml", manifest(i, 0)]]);
  const store = memoryStore();
  const api = await startApiServer({ store, clock });
  const cluster = api.cluster(administrator);
  const crd = resource("CustomResourceDefinition", "customresourcedefinitions", "apiextensions.k8s.io", "v1", false);
  for (const each of fluxDefinitions())
    await cluster.create({ resource: crd, namespace: "", name: each.metadata.name }, each, { fieldManager: "bench" });
  while (!(await cluster.list(repositoryKind)).ok) await new Promise((resolve) => setTimeout(resolve, 50));
  const abort = new AbortController();
  const artifacts = startArtifacts({
    ...{ cluster, clock, environment, signal: abort.signal },
    ...{ folder: join(root, "sources"), address: "http://127.0.0.1:1" },
  });
  await artifacts.ready;
  const isAt = (object, commit) =>
    object.status?.artifact?.revision.endsWith(commit) &&
    object.status.conditions.some((each) => each.type === "Ready" && each.status === "True");
  const all = async (commits) => {
    for (;;) {
      const { items } = (await cluster.list(repositoryKind, { namespace: "default" })).value;
      if (commits.every((commit, i) => items.some((item) => item.metadata.name === `s${i}` && isAt(item, commit))))
        return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  console.log(`${sources} sources at once`);
  const heads = made.map((each) => git(["-C", each.path, "rev-parse", "main"]));
  await time("  created, all ready", async () => {
    for (const [i] of made.entries()) {
      const object = {
        apiVersion: "source.toolkit.fluxcd.io/v1",
        kind: "GitRepository",
        metadata: { name: `s${i}`, namespace: "default" },
        spec: { url: `${base}/s${i}.git`, interval: "1h", ref: { branch: "main" } },
      };
      await cluster.create({ resource: repositoryKind, namespace: "default", name: `s${i}` }, object, {
        fieldManager: "bench",
      });
    }
    await all(heads);
  });
  const next = made.map((each, i) => each.commit([["a.yaml", manifest(i, 1)]]));
  await time("  one commit each, all ready again", async () => {
    for (const [i] of made.entries()) artifacts.hook({ kind: "GitRepository", namespace: "default", name: `s${i}` });
    await all(next);
  });
  console.log(`  memory ${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MB`);
  abort.abort();
  await artifacts.ended;
  await api.close();
}

async function manyRevisions() {
  const { path: place, commit } = newRepository("history");
  commit(Array.from({ length: 1_000 }, (_, i) => [path(i), manifest(i, 0)]));
  const mirrors = new GitMirrors({ folder: join(root, "long"), clock, environment });
  const mirror = mirrors.of(place);
  let now = Date.now();
  const archives = new Archives(join(root, "long-archives"), { ...clock, now: () => now });
  const source = { kind: "GitRepository", namespace: "default", name: "history" };
  console.log(`${revisions} revisions of 1,000 files, two of them changed in each`);
  const sizes = [];
  const start = performance.now();
  let before = [];
  for (let i = 0; i < revisions; i++) {
    commitAndForget(commit, i);
    const resolved = await mirror.resolve({ branch: "main" }, call);
    const handle = await handleOf(mirror, resolved);
    await archives.write(archives.offer(source, `${resolved.commit}.tar.gz`, handle));
    await mirror.keepOnly([resolved.commit, ...before], call.signal);
    before = [resolved.commit];
    now += 61_000;
    if (i === 0 || (i + 1) % Math.ceil(revisions / 4) === 0)
      sizes.push(`${i + 1}: ${kilobytes(join(root, "long"))} + ${kilobytes(join(root, "long-archives"))} KB`);
  }
  console.log(`  mirror + archives after ${sizes.join(", ")}`);
  console.log(`  ${((performance.now() - start) / revisions).toFixed(0)} ms a revision, commit and archive included`);
}

try {
  await oneRepository();
  await manySources();
  await manyRevisions();
} finally {
  closeReaders();
  server.closeAllConnections();
  server.close();
  rmSync(root, { recursive: true, force: true });
}
process.exit(0);
