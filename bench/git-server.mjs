// What measurements of Git sources stand on: repositories that are committed to without a work tree, the real `git http-backend`
// behind a port, a clock, and a stopwatch that counts requests.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";

export const environment = { PATH: process.env.PATH };
export const clock = {
  now: () => Date.now(),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** A folder of its own, with repositories in `served` and a server for them. */
export async function startGitServer() {
  const root = mkdtempSync(join(tmpdir(), "keelson-bench-"));
  mkdirSync(join(root, "served"));
  const git = (args, input) =>
    execFileSync("git", args, { input, env: { ...environment, HOME: root }, encoding: "utf8" }).trim();
  const counted = { requests: 0 };
  const server = createServer((request, response) => {
    counted.requests += 1;
    answer(join(root, "served"), request, response);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    root,
    git,
    url: `http://127.0.0.1:${server.address().port}`,
    repository: (name) => newRepository(git, join(root, "served", `${name}.git`)),
    time: (label, run, repeats) => time(counted, label, run, repeats),
    close: () => {
      server.closeAllConnections();
      server.close();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

function newRepository(git, path) {
  git(["init", "-q", "--bare", "-b", "main", path]);
  let commits = 0;
  const commit = (changes) => {
    const head = commits === 0 ? "" : "from refs/heads/main^0\n";
    commits += 1;
    const body = changes
      .map(([file, text]) => `M 100644 inline ${file}\ndata ${Buffer.byteLength(text)}\n${text}\n`)
      .join("");
    const seconds = 1_700_000_000 + commits;
    const text = `commit refs/heads/main\ncommitter A <a@example.org> ${seconds} +0000\ndata 1\nx\n${head}${body}`;
    git(["-C", path, "fast-import", "--quiet"], text);
    return git(["-C", path, "rev-parse", "main"]);
  };
  return { path, commit };
}

function answer(served, request, response) {
  const url = new URL(request.url, "http://localhost");
  const backend = spawn("git", ["http-backend"], {
    env: {
      ...environment,
      GIT_PROJECT_ROOT: served,
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
}

/** Prints the median of the runs, and how many requests each took. Gives the last result. */
async function time(counted, label, run, repeats = 1) {
  const times = [];
  let result;
  const before = counted.requests;
  for (let i = 0; i < repeats; i++) {
    const start = performance.now();
    result = await run(i);
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  const each = ((counted.requests - before) / repeats).toFixed(1);
  console.log(`${label.padEnd(64)} ${times[Math.floor(times.length / 2)].toFixed(1).padStart(8)} ms  ${each} requests`);
  return result;
}

/** The manifests that measurements commit: one of some kilobytes for each number. */
export const manifest = (i, n) =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: c${i}\ndata:\n  n: "${n}"\n  text: "${`${i} `.repeat(300)}"\n`;
export const path = (i) => `apps/team-${i % 20}/app-${i % 500}/file-${i}.yaml`;
