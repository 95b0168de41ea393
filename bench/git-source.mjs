// Figures of Git sources: a revision check when nothing changed, the fetch of one new commit, comparison and archive in a
// repository of 10,000 files, over the real `git http-backend`. Run: node bench/git-source.mjs (after npm run build).
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { clock, environment, manifest, path, startGitServer } from "./git-server.mjs";

const dist = new URL("../engine/dist/", import.meta.url);
const { GitMirrors, changedPaths, closeReaders, findIgnoreFiles, openTree } = await import(
  `${dist}sources/git/index.js`
);
const { writeArchive } = await import(`${dist}artifacts/archive.js`);
const { watchRefs } = await import(`${dist}sources/git/index.js`);

const files = Number(process.argv[2] ?? 10_000);
const { root, git, url, repository: newRepository, time, close } = await startGitServer();
const { path: repository, commit } = newRepository("fleet");
commit(Array.from({ length: files }, (_, i) => [path(i), manifest(i, 0)]));

const mirrors = new GitMirrors({ folder: join(root, "mirrors"), clock, environment });
const call = { signal: new AbortController().signal };
const http = mirrors.of(`${url}/fleet.git`);
const local = mirrors.of(repository);

async function handle(mirror, resolved) {
  const { tree } = await mirror.fetch(resolved, call);
  const base = { kind: "git", repository: mirror.folder, tree, revision: resolved.revision, environment };
  return { ...base, ignore: await findIgnoreFiles(base) };
}

console.log(`${files} files, ${git(["-C", repository, "count-objects", "-vH"]).match(/size-pack: (.*)/)[1]}`);
for (const [name, mirror] of [
  ["http", http],
  ["path", local],
]) {
  const first = await time(`${name}: first fetch, ignore files found`, async () =>
    handle(mirror, await mirror.resolve({ branch: "main" }, call)),
  );
  await time(
    `${name}: revision check, nothing changed`,
    async () => handle(mirror, await mirror.resolve({ branch: "main" }, call)),
    15,
  );
  let before = first;
  await time(
    `${name}: one new commit: check, fetch, ignore files, changed paths`,
    async (i) => {
      const after = await handle(mirror, await mirror.resolve({ branch: "main" }, call));
      const changed = await changedPaths(before, after);
      if (i > 0 && changed.length !== 2) throw new Error(`${changed.length} paths`);
      before = after;
      commit([
        [path(i * 7), manifest(i, name + i)],
        [path(i * 7 + 1), manifest(i, name + i)],
      ]);
    },
    11,
  );
  if (name === "path") continue;
  await time("all files read (one prefetch)", async () => (await openTree(before)).prefetch(""));
  await time("one app's folder read in a fresh tree", async () => (await openTree(before)).prefetch("apps/team-1"));
  await time("archive written, with digest", () => writeArchive(before, join(root, "archive.tar.gz")), 3);
  await time(
    "for comparison: git archive --format=tar.gz",
    () => {
      execFileSync("sh", [
        "-c",
        `git --git-dir ${mirror.folder} archive --format=tar.gz ${before.tree} > ${root}/git.tar.gz`,
      ]);
    },
    3,
  );
}

let changed;
const stopWatching = watchRefs({ path: repository, clock, changed: () => changed?.() });
await new Promise((resolve) => setTimeout(resolve, 200));
await time(
  "path: commit (by fast-import) → told by the watch → fetched",
  async (i) => {
    const told = new Promise((resolve) => (changed = resolve));
    commit([[path(i), manifest(i, `w${i}`)]]);
    const start = performance.now();
    await told;
    const at = performance.now() - start;
    await handle(local, await local.resolve({ branch: "main" }, call));
    if (i === 9) console.log(`  of which: commit → told ${at.toFixed(1)} ms`);
  },
  10,
);
console.log(`memory: ${(process.memoryUsage().rss / 1024 / 1024).toFixed(0)} MB`);
stopWatching();
closeReaders();
close();
