// The embedded API server beside a real kube-apiserver with etcd, both waiting for the disk, from this one client process over HTTPS
// and HTTP/2: start to ready, server-side applies a second (creating, changing, without change), lists, watch events to many
// watchers, memory. Servers take turns, figures are medians over the rounds; the machine's load is printed with them.
// Usage: node bench/apiserver.mjs [--rounds 3] [--applies 3000] [--list 10000] [--fill 50000] [--only embedded]
// [--parts applies,lists,watch,fill] [--profile FOLDER] // (needs a build; KEELSON_ORACLES adds the real server).

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startControlPlane } from "../tools/control-plane.mjs";
import { hasOracle, startOracle } from "../tools/oracle-apiserver.mjs";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    applies: { type: "string", default: "3000" },
    list: { type: "string", default: "10000" },
    fill: { type: "string", default: "50000" },
    only: { type: "string" },
    parts: { type: "string", default: "applies,lists,watch,fill" },
    profile: { type: "string" },
  },
});
const [rounds, applies, listed, filled] = [values.rounds, values.applies, values.list, values.fill].map(Number);
const parts = values.parts.split(",");
const inFlight = 50;
const watchers = 100;
/** Applies to another namespace before anything is counted, so that both servers' caches and compilers are warm. */
const warmUp = 1000;

const servers = [
  { name: "embedded", start: startEmbedded },
  { name: "kube-apiserver + etcd", start: () => startOracle({ fsync: true }) },
].filter(({ name }) => (name === "embedded" || hasOracle()) && (values.only === undefined || name === values.only));

const figures = new Map();
for (let round = 0; round < rounds; round++) {
  for (const server of servers) await oneRound(server, round === rounds - 1);
}
report();

async function startEmbedded() {
  const folder = mkdtempSync(join(tmpdir(), "keelson-bench-"));
  const nodeArguments = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const server = await startControlPlane(folder, { nodeArguments });
  const stop = async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  return { ...server, stop };
}

async function oneRound({ name, start }, isLast) {
  const server = await start();
  const note = (what, value) => {
    const key = `${name}\t${what}`;
    figures.set(key, [...(figures.get(key) ?? []), value]);
    console.error(`${name}: ${what}: ${value}`);
  };
  note("start to ready, ms", Math.round(server.readyMs));
  note("memory at 0 objects, MB", megabytesOf(server.pids));
  const client = openClient(server);
  await client.write("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name: "warm" } });
  await applyAll(client, warmUp, { namespace: "warm", value: "1" });
  await applyAll(client, warmUp, { namespace: "warm", value: "2" });
  await applyAll(client, warmUp, { namespace: "warm", value: "2" });
  for (const [what, value] of [
    ["creating applies/s", "1"],
    ["changing applies/s", "2"],
    ["applies without change/s", "2"],
  ]) {
    const spent = processorTime(server.pids);
    note(what, await applyAll(client, applies, { namespace: "default", value }));
    const { serverMs, mainMs, ownMs } = spent();
    const name = what.replace("/s", "");
    note(`${name}: server's processor time, ms each`, Number((serverMs / applies).toFixed(3)));
    // The other server does its work on all of its threads alike.
    if (server.pids.length === 1)
      note(`${name}: of it the server's main thread, ms each`, Number((mainMs / applies).toFixed(3)));
    note(`${name}: this client's processor time, ms each`, Number((ownMs / applies).toFixed(3)));
  }
  if (isLast) {
    if (parts.includes("lists")) {
      await applyAll(client, listed, { namespace: "default", value: "2" });
      await lists(server, client, note);
    }
    if (parts.includes("watch")) await watch(server, client, note);
    if (parts.includes("fill")) {
      await applyAll(client, filled, { namespace: "default", value: "2", from: applies });
      note(`memory at ${filled} objects, MB`, megabytesOf(server.pids));
    }
  }
  client.close();
  await server.stop();
}

function openClient({ url, token }) {
  const session = connect(url, { rejectUnauthorized: false });
  const ask = (method, path, { body, contentType = "application/json", accept = "application/json" } = {}) =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": method,
        ":path": path,
        authorization: `Bearer ${token}`,
        "content-type": contentType,
        accept,
      });
      let bytes = 0;
      let status = 0;
      stream.on("response", (headers) => (status = headers[":status"]));
      stream.on("data", (chunk) => (bytes += chunk.length));
      stream.on("end", () => (status < 400 ? resolve(bytes) : reject(new Error(`${method} ${path}: ${status}`))));
      stream.on("error", reject);
      stream.end(body);
    });
  const write = (method, path, object, contentType) => ask(method, path, { body: JSON.stringify(object), contentType });
  return { ask, write, close: () => session.close() };
}

function apply(client, n, { namespace, value }) {
  const object = {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: `bench-${n}`, labels: { bench: "yes", n: String(n % 10) } },
    data: { value, text: "x".repeat(1500) },
  };
  const path = `/api/v1/namespaces/${namespace}/configmaps/bench-${n}?fieldManager=bench&force=true`;
  return client.write("PATCH", path, object, "application/apply-patch+yaml");
}

/** Applies `count` objects with so many requests in flight; the rate. */
async function applyAll(client, count, { from = 0, ...options }) {
  const begun = performance.now();
  let next = from;
  const worker = async () => {
    while (next < count) await apply(client, next++, options);
  };
  await Promise.all(Array.from({ length: inFlight }, worker));
  return Math.round((count - from) / ((performance.now() - begun) / 1000));
}

async function lists(server, client, note) {
  const path = "/api/v1/namespaces/default/configmaps?labelSelector=bench";
  const forms = { JSON: "application/json", Table: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
  for (const [form, accept] of Object.entries(forms)) {
    const times = [];
    let bytes = 0;
    const spent = processorTime(server.pids);
    for (let turn = 0; turn < 6; turn++) {
      const begun = performance.now();
      bytes = await client.ask("GET", path, { accept });
      times.push(performance.now() - begun);
    }
    const size = `${listed} objects as ${form}`;
    note(`first list of ${size}, ms`, Math.round(times[0]));
    note(`later list of ${size}, ms`, Math.round(median(times.slice(1))));
    note(`list of ${size}: server's processor time, ms each`, Math.round(spent().serverMs / times.length));
    console.error(`${(bytes / 1e6).toFixed(1)} MB`);
  }
}

async function watch(server, client, note) {
  const sessions = Array.from({ length: 4 }, () => connect(server.url, { rejectUnauthorized: false }));
  let seen = 0;
  const streams = Array.from({ length: watchers }, (_, n) => {
    const path = "/api/v1/namespaces/warm/configmaps?watch=1&labelSelector=bench&resourceVersion=0";
    const stream = sessions[n % sessions.length].request({ ":path": path, authorization: `Bearer ${server.token}` });
    stream.on("data", (chunk) => {
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) seen++;
    });
    return stream;
  });
  // A server may end the watch of a reader that is behind: then no more comes, and the figure is of what came.
  const until = async (count) => {
    let [last, lastAt] = [seen, performance.now()];
    while (seen < count && performance.now() < lastAt + 15_000) {
      await new Promise((resolve) => setTimeout(resolve, 2));
      if (seen !== last) [last, lastAt] = [seen, performance.now()];
    }
    if (seen < count) console.error(`only ${seen} of ${count} events came`);
    return lastAt;
  };
  const initial = watchers * warmUp;
  const begun = performance.now();
  const stated = await until(initial);
  note(`initial events/s to ${watchers} watchers`, Math.round(seen / ((stated - begun) / 1000)));
  const begunWriting = performance.now();
  const spent = processorTime(server.pids);
  await applyAll(client, warmUp, { namespace: "warm", value: "3" });
  const ended = await until(initial + warmUp * watchers);
  const seconds = (ended - begunWriting) / 1000;
  note(
    `events/s to ${watchers} watchers, from the first write to the last event`,
    Math.round((seen - initial) / seconds),
  );
  note("events: server's processor time, ms each", Number((spent().serverMs / (seen - initial)).toFixed(4)));
  for (const stream of streams) stream.close();
  for (const session of sessions) session.close();
}

function megabytesOf(pids) {
  const kilobytes = pids.map((pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]));
  return Math.round(kilobytes.reduce((sum, one) => sum + one, 0) / 1000);
}

/** Begins to count; the result says what the server and this process have used since. */
function processorTime(pids) {
  const taken = () => ({
    serverMs: processorMsOf(pids),
    mainMs: Number(readFileSync(`/proc/${pids[0]}/task/${pids[0]}/schedstat`, "utf8").split(" ")[0]) / 1e6,
    ownMs: processorMsOf([process.pid]),
  });
  const before = taken();
  return () => Object.fromEntries(Object.entries(taken()).map(([name, ms]) => [name, ms - before[name]]));
}

/** What the processes have used of all processors: unlike the clock, hardly moved by whatever else the machine does. */
function processorMsOf(pids) {
  const ticks = pids.map((pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, one) => sum + one, 0) * 10;
}

function median(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

function report() {
  const rows = [...new Set([...figures.keys()].map((key) => key.split("\t")[1]))];
  console.log(`| ${["", ...servers.map((server) => server.name)].join(" | ")} |`);
  console.log(`|${" --- |".repeat(servers.length + 1)}`);
  for (const row of rows) {
    const cells = servers.map(({ name }) => median(figures.get(`${name}\t${row}`) ?? [Number.NaN]));
    console.log(`| ${[row, ...cells].join(" | ")} |`);
  }
  console.log(
    `\nmedians of ${rounds} rounds; load ${loadavg()
      .map((one) => one.toFixed(1))
      .join(" ")}; Node ${process.version}`,
  );
}
