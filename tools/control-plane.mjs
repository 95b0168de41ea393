// The embedded control plane as a process of its own on a free loopback port, for what measures or torments it: store, API and life
// (namespaces, garbage collection), without workloads and deliveries. Needs a build.
// Run by itself (`serve FOLDER PORT`) it is that process.

import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(import.meta.url);

if (process.argv[1] === here && process.argv[2] === "serve") await serve(process.argv[3], Number(process.argv[4] ?? 0));

/**
 * Starts it over a data folder; resolves when it is ready. `readyMs` counts from the start of the process. `exited` resolves with what
 * the process wrote to standard error when it ends. `killAfterMs` kills it so long after its start unless it is ready by then. `keeps`:
 * what it compiled is written down beside the bundle when it ends.
 */
export async function startControlPlane(folder, { port = 0, nodeArguments = [], killAfterMs, keeps = false } = {}) {
  const begun = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeArguments, here, "serve", folder, String(port), ...(keeps ? ["keeps"] : [])],
    {
      stdio: ["ignore", "inherit", "pipe", "ipc"],
    },
  );
  let complaint = "";
  child.stderr.on("data", (bytes) => (complaint = (complaint + bytes).slice(-100_000)));
  const exited = new Promise((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal, text: complaint })),
  );
  const fuse = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
  const ready = new Promise((resolve) => child.once("message", resolve));
  const either = await Promise.race([ready, exited]);
  clearTimeout(fuse);
  // Word that it is ready may have been on its way when it was killed.
  const first = child.killed ? await exited : either;
  if (first.url === undefined) throw new Error(`the control plane ended (${first.code}): ${first.text}`);
  const stop = async (signal = "SIGTERM") => {
    child.kill(signal);
    await exited;
  };
  const memory = () => {
    const answer = new Promise((resolve) => child.once("message", resolve));
    child.send("memory");
    return answer;
  };
  const complaints = () => complaint.split("\n").filter((line) => line !== "");
  return { ...first, pids: [child.pid], memory, complaints, readyMs: performance.now() - begun, exited, stop };
}

/** As the command loads it: out of the bundle, with V8's compiled code; where somebody compiled after bundling, what he compiled. */
async function loadEngine() {
  const dist = join(here, "..", "..", "engine", "dist");
  const bundled = join(dist, "command", "control-plane.cjs");
  const writtenAt = (file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const bundledAt = writtenAt(bundled);
  if (bundledAt === 0 || bundledAt < writtenAt(join(dist, ".info", "main.tsbuildinfo")))
    return import("../engine/dist/control-plane.js");
  const loader = createRequire(here)("../engine/bin/code-cache.cjs");
  return loader.load(bundled, { keeps: process.argv[5] === "keeps" });
}

async function serve(folder, port) {
  const { openControlPlane } = await loadEngine();
  const clock = {
    now: () => Date.now(),
    after: (ms, run) => {
      const timer = setTimeout(() => run(), ms);
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
  const ending = new AbortController();
  const controlPlane = await openControlPlane({
    dataFolder: folder,
    port,
    clock,
    signal: ending.signal,
    // A refusal with a code of 500 is an answer, not a bug.
    failed: (error) => (error?.name === "Refusal" ? undefined : console.error(error)),
    // What is tried again is no complaint.
    loopFailed: (loop, key, fault) => (fault.disposition === "retry" ? undefined : console.error(loop, key, fault)),
  });
  const { server } = controlPlane;
  const token = /token: (\S+)/.exec(server.kubeconfig())[1];
  process.on("SIGTERM", async () => {
    ending.abort();
    await controlPlane.close();
    process.exit(0);
  });
  process.on("message", () => {
    globalThis.gc?.();
    process.send(process.memoryUsage());
  });
  // Whoever started it is gone: nobody can ask for its end any more.
  process.on("disconnect", () => process.exit(0));
  controlPlane.started();
  process.send({ url: server.url, token });
}
