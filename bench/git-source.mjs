// Figures of Git sources: a revision check when nothing changed, the fetch of one new commit, comparison and archive in a
// repository of 10,000 files, over the real `git http-backend`. Run: node bench/git-source.mjs (after npm run build).
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

const dist = new URL("../engine/dist/", import.meta.url);
const { GitMirrors, changedPaths, closeReaders, findIgnoreFiles, openTree } = await import(
  `${dist}sources/git/index.js`
);
const { writeArchive } = await import(`${dist}artifacts/archive.js`);
const { watchRefs } = await import(`${dist}sources/git/index.js`);

const files = Number(process.argv[2] ?? 10_000);
const root = mkdtempSync(join(tmpdir(), "keelson-bench-"));
const environment = { PATH: process.env.PATH };
const clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

const repository = join(root, "served", "fleet.git");
const git = (args, input) =>
  execFileSync("git", args, { input, env: { ...environment, HOME: root }, encoding: "utf8" }).trim();
git(["init", "-q", "--bare", "-b", "main", repository]);

let commits = 0;
function commit(changes) {
  const head = commits === 0 ? "" : "from refs/heads/main^0\n";
  commits += 1;
  const body = changes
    .map(([path, text]) => `M 100644 inline ${path}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
    .join("");
  const text = `commit refs/heads/main\ncommitter A <a@example.org> ${1_700_000_000 + commits} +0000\ndata 1\nx\n${head}${body}`;
  git(["-C", repository, "fast-import", "--quiet"], text);
}

const manifest = (i, n) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\ndata:\n  n: "${n}"\n  text: "${`${i} `.repeat(300)}"\n`;
const path = (i) => `apps/team-${i % 20}/app-${i % 500}/file-${i}.yaml`;
commit(Array.from({ length: files }, (_, i) => [path(i), manifest(i, 0)]));

const server = createServer((request, response) => {
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

async function time(label, run, repeats = 1) {
  const times = [];
  let result;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    result = await run(i);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  console.log(`${label.padEnd(62)} ${times[Math.floor(times.length / 2)].toFixed(1).padStart(8)} ms`);
  return result;
}

const mirrors = new GitMirrors({ folder: join(root, "mirrors"), clock, environment });
const call = { signal: new AbortController().signal };
const over = (url) => mirrors.of(url);
const http = over(`http://127.0.0.1:${server.address().port}/fleet.git`);
const local = over(repository);

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
const close = watchRefs({ path: repository, clock, changed: () => changed?.() });
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
close();
closeReaders();
server.closeAllConnections();
server.close();
rmSync(root, { recursive: true, force: true });
