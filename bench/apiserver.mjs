// The embedded API server beside a real kube-apiserver with etcd, both with fsync, from one separate client process each:
// server-side applies a second over HTTPS, a list of many objects, watch events to many watchers, start to ready, memory.
// Usage: node bench/apiserver.mjs [objects] (needs a build; KEELSON_ORACLES adds the real server).

import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";

const objects = Number(process.argv[2] ?? 2000);
const inFlight = 50;
const watchers = 100;

if (process.argv[2] === "serve") await serve(process.argv[3]);
else await main();

async function serve(folder) {
  const { openStore } = await import("../engine/dist/store/index.js");
  const { startApiServer } = await import("../engine/dist/apiserver/index.js");
  const begun = performance.now();
  const clock = {
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  const server = await startApiServer({
    store: openStore(join(folder, "store")),
    clock,
    dataFolder: folder,
    listen: { port: 0 },
  });
  const token = /token: (\S+)/.exec(server.kubeconfig())[1];
  process.send({ url: server.url, token, ms: performance.now() - begun });
  process.on("message", () => process.send({ bytes: process.memoryUsage().rss }));
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), "keelson-bench-"));
  const child = spawn(process.execPath, [new URL(import.meta.url).pathname, "serve", folder], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const message = () => new Promise((resolve) => child.once("message", resolve));
  const memory = async () => {
    const answer = message();
    child.send("memory");
    return `${Math.round((await answer).bytes / 1e6)} MB`;
  };
  const { url, token, ms } = await message();
  console.log(`embedded: start to ready ${Math.round(ms)} ms, memory ${await memory()}`);
  await measure("embedded", url, token);
  console.log(`embedded: memory ${await memory()} with ${objects} objects`);
  child.kill();
  rmSync(folder, { recursive: true, force: true });
  if (process.env.KEELSON_ORACLES === undefined) return;
  const { startOracle } = await import("../tools/oracle-apiserver.mjs");
  const oracle = await startOracle({ fsync: true });
  await measure("kube-apiserver", oracle.url, oracle.token);
  oracle.stop();
}

async function measure(name, url, token) {
  const session = connect(url, { rejectUnauthorized: false });
  const ask = (method, path, body, contentType = "application/json") =>
    new Promise((resolve, reject) => {
      const stream = session.request({
        ":method": method,
        ":path": path,
        authorization: `Bearer ${token}`,
        "content-type": contentType,
      });
      let bytes = 0;
      stream.on("data", (chunk) => (bytes += chunk.length));
      stream.on("end", () => resolve(bytes));
      stream.on("error", reject);
      stream.end(body);
    });
  const apply = (n, value) => {
    const object = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: `bench-${n}`, labels: { bench: "yes", n: String(n % 10) } },
      data: { value, text: "x".repeat(1500) },
    };
    const path = `/api/v1/namespaces/default/configmaps/bench-${n}?fieldManager=bench&force=true`;
    return ask("PATCH", path, JSON.stringify(object), "application/apply-patch+yaml");
  };
  const all = async (value) => {
    const begun = performance.now();
    let next = 0;
    const worker = async () => {
      while (next < objects) await apply(next++, value);
    };
    await Promise.all(Array.from({ length: inFlight }, worker));
    return Math.round(objects / ((performance.now() - begun) / 1000));
  };
  console.log(
    `${name}: ${await all("1")} creating applies/s, ${await all("2")} changing applies/s, ${await all("2")} applies without change/s`,
  );
  const begun = performance.now();
  const bytes = await ask("GET", "/api/v1/namespaces/default/configmaps");
  const first = performance.now() - begun;
  await ask("GET", "/api/v1/namespaces/default/configmaps");
  console.log(
    `${name}: list of ${objects} objects, ${(bytes / 1e6).toFixed(1)} MB: ${Math.round(first)} ms, again ${Math.round(performance.now() - begun - first)} ms`,
  );
  await watch(name, url, token, apply);
  session.close();
}

async function watch(name, url, token, apply) {
  const sessions = Array.from({ length: 4 }, () => connect(url, { rejectUnauthorized: false }));
  let seen = 0;
  const streams = Array.from({ length: watchers }, (_, n) => {
    const path = "/api/v1/namespaces/default/configmaps?watch=1&labelSelector=bench&resourceVersion=0";
    const stream = sessions[n % sessions.length].request({ ":path": path, authorization: `Bearer ${token}` });
    stream.on("data", (chunk) => {
      for (const byte of chunk) if (byte === 10) seen++;
    });
    return stream;
  });
  const initial = watchers * objects;
  const until = async (count) => {
    const limit = performance.now() + 120_000;
    while (seen < count && performance.now() < limit) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const begun = performance.now();
  await until(initial);
  const state = performance.now();
  const writes = 200;
  for (let n = 0; n < writes; n += inFlight)
    await Promise.all(Array.from({ length: inFlight }, (_, i) => apply(n + i, "3")));
  await until(initial + writes * watchers);
  const rate = Math.round((writes * watchers) / ((performance.now() - state) / 1000));
  console.log(
    `${name}: ${watchers} watchers got ${Math.round(initial / ((state - begun) / 1000))} initial events/s, then ${rate} events/s`,
  );
  for (const stream of streams) stream.close();
  for (const session of sessions) session.close();
}
