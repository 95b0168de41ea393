// Figures of Git sources over the real `git http-backend`: what a revision check costs, the fetch of one new commit in a
// repository of 10,000 files, 100 sources at once, the disk after 1,000 revisions.
// Run: node bench/sources-git.mjs [files] [sources] [revisions] (after npm run build); 0 leaves a part out.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clock, environment, manifest, path, startGitServer } from "./git-server.mjs";

const dist = new URL("../engine/dist/", import.meta.url);
const { GitMirrors, changedPaths, closeReaders, findIgnoreFiles } = await import(`${dist}sources/git/index.js`);
const { Archives } = await import(`${dist}artifacts/archives.js`);
const { startArtifacts } = await import(`${dist}artifacts/index.js`);
const { administrator, startApiServer } = await import(`${dist}apiserver/index.js`);
const { memoryStore } = await import(`${dist}store/index.js`);
const { fluxDefinitions } = await import(`${dist}api/flux/index.js`);

const [files = 10_000, sources = 100, revisions = 1_000] = process.argv.slice(2).map(Number);
const { root, git, url: base, repository: newRepository, time, close } = await startGitServer();

function kilobytes(folder) {
  return Number(execFileSync("du", ["-sk", folder], { encoding: "utf8" }).split("\t")[0]);
}

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
  const start = performance.now();
  let before = [];
  let most = 0;
  for (let i = 0; i < revisions; i++) {
    commitAndForget(commit, i);
    const resolved = await mirror.resolve({ branch: "main" }, call);
    const handle = await handleOf(mirror, resolved);
    await archives.write(archives.offer(source, `${resolved.commit}.tar.gz`, handle));
    await mirror.keepOnly([resolved.commit, ...before], call.signal);
    before = [resolved.commit];
    now += 61_000;
    if (i > 0 && (i + 1) % Math.ceil(revisions / 10) !== 0) continue;
    const [kept, packed] = [kilobytes(join(root, "long")), kilobytes(join(root, "long-archives"))];
    const each = ((performance.now() - start) / (i + 1)).toFixed(0);
    most = Math.max(most, kept + packed);
    console.log(
      `  after ${i + 1}: mirror ${kept} KB, archives ${packed} KB; ${each} ms each, commit and archive included`,
    );
  }
  console.log(`  at most ${most} KB`);
}

try {
  if (files > 0) await oneRepository();
  if (sources > 0) await manySources();
  if (revisions > 0) await manyRevisions();
} finally {
  closeReaders();
  close();
}
process.exit(0);
