// kill -9 of `keelson helm` at random moments of an install, tests, an upgrade, a rollback and an uninstall, with hooks, against
// the embedded control plane over HTTPS or a real kube-apiserver; then the same command again, with --resume, until one is not
// killed. Proves that each hook ran once, that the release stands where it should, and that nothing is left behind. Needs a build,
// and KEELSON_ORACLES for the real one.
// Usage: npm run proof -- release-kills [kills of each action] [seed] [embedded|real]

import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { startControlPlane } from "../control-plane.mjs";
import { leash } from "../leash.mjs";
import { startOracle } from "../oracle-apiserver.mjs";
import { openClient, seeded } from "./client.mjs";

const command = fileURLToPath(new URL("../../engine/bin/keelson.js", import.meta.url));
const jobsPath = "/apis/batch/v1/namespaces/default/jobs";
const recordsPath = "/api/v1/namespaces/default/secrets?labelSelector=owner%3Dhelm";
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs it; throws at the first thing that is not as it must be. Resolves with what happened. */
export async function releaseKills({ times = 50, seed = 20261121, isReal = false, tell = () => {} } = {}) {
  const next = seeded(seed);
  const folder = mkdtempSync(join(tmpdir(), "keelson-release-kills-"));
  const release = leash({ pids: [], folders: [folder] });
  const server = await (isReal ? startOracle() : startControlPlane(join(folder, "data")));
  const world = new World(server, folder);
  try {
    await world.open();
    await world.measure();
    const kills = Object.fromEntries(steps.map(({ name }) => [name, 0]));
    let rounds = 0;
    for (; Object.values(kills).some((count) => count < times); rounds++) {
      for (const step of steps) kills[step.name] += await world.play(step, next);
      if (rounds % 10 === 9) tell(`${rounds + 1} rounds: ${JSON.stringify(kills)}, ${world.hooksRun} hooks`);
    }
    return { rounds, kills, hooks: world.hooksRun };
  } finally {
    await world.close();
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * The same life on a server that is killed while the first hook of each step is under way, and comes back after a while. A step that
 * gives up is taken again, with --resume. Resolves with how many went on by themselves.
 */
export async function serverKills() {
  const folder = mkdtempSync(join(tmpdir(), "keelson-server-kills-"));
  const release = leash({ pids: [], folders: [folder] });
  const data = join(folder, "data");
  let server = await startControlPlane(data);
  const world = new World(server, folder);
  let goneOn = 0;
  try {
    await world.open();
    for (const step of steps) {
      const going = world.tryOnce(step);
      await world.untilHook();
      await server.stop("SIGKILL");
      await sleep(500);
      server = await startControlPlane(data, { port: Number(new URL(server.url).port) });
      world.reconnect(server);
      let isDone = await going;
      if (isDone) goneOn++;
      for (let tries = 0; !isDone && tries < 3; tries++) isDone = await world.tryOnce(step);
      if (!isDone) throw new Error(`${step.name} does not come through`);
      await world.checkEnd(step);
    }
    return { steps: steps.length, goneOn };
  } finally {
    await world.close();
    await server.stop("SIGKILL");
    release();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One life of a release; what each step leaves, and which hooks it runs. */
const steps = [
  {
    name: "install",
    words: ["install", "web", "one"],
    revisions: 1,
    objects: ["a 1", "first"],
    hooks: ["pre", "post"],
  },
  {
    name: "test",
    words: ["test", "web"],
    revisions: 1,
    objects: ["a 1", "first"],
    hooks: ["check", "prove"],
  },
  {
    name: "upgrade",
    words: ["upgrade", "web", "two"],
    revisions: 2,
    objects: ["a 2", "second"],
    hooks: ["pre", "post"],
  },
  {
    name: "rollback",
    words: ["rollback", "web", "1"],
    revisions: 3,
    objects: ["a 1", "first"],
    hooks: ["pre", "post"],
  },
  {
    name: "uninstall",
    words: ["uninstall", "web", "--ignore-not-found"],
    revisions: 0,
    objects: [],
    hooks: ["pre", "post"],
  },
];

class World {
  hooksRun = 0;
  #server;
  #folder;
  #client;
  /** Every hook's Job that was ever seen, by uid; and those that a check has counted. */
  #jobs = new Map();
  #counted = new Set();
  #isOver = false;
  #node;
  /** How long each step takes undisturbed, in ms. */
  #durations = new Map();

  constructor(server, folder) {
    this.#server = server;
    this.#folder = folder;
  }

  async open() {
    this.#client = openClient(this.#server);
    writeFileSync(join(this.#folder, "kubeconfig"), kubeconfig(this.#server));
    for (const [name, version, extra] of [
      ["one", 1, "first"],
      ["two", 2, "second"],
    ])
      writeChart(join(this.#folder, name), version, extra);
    this.#node = this.#playNode();
  }

  async close() {
    this.#isOver = true;
    await this.#node;
    this.#client?.close();
  }

  /** Each step once, without a kill. */
  async measure() {
    for (const step of steps) {
      const begun = performance.now();
      await this.#run(step.words);
      this.#durations.set(step.name, performance.now() - begun);
      await this.#check(step);
    }
  }

  /** The server is back, with what it held. */
  reconnect(server) {
    this.#client.close();
    this.#server = server;
    this.#client = openClient(server);
    writeFileSync(join(this.#folder, "kubeconfig"), kubeconfig(server));
  }

  /** Whether it ends well. */
  tryOnce(step) {
    return this.#run(step.words).then(
      () => true,
      () => false,
    );
  }

  /** Until there is a hook that has not been counted. */
  async untilHook() {
    const before = this.#jobs.size;
    while (this.#jobs.size === before) await sleep(5);
  }

  /** The release stands where it should, whatever it took. */
  async checkEnd({ name, revisions, objects }) {
    const records = await this.#records();
    const isRight =
      revisions === 0 ? records.length === 0 : records.at(-1) === "deployed" && !/pending/.test(records.join());
    if (!isRight) throw new Error(`after ${name}, records: ${records.join()}`);
    expectSame({ name }, "objects", await this.#objects(), objects);
  }

  /** One step, killed at a random moment, and again until it ends by itself; answers how often it was killed. */
  async play(step, next) {
    let kills = 0;
    for (let isDone = false; !isDone; ) {
      const mayKill = kills < 3 && next(4) !== 0;
      // Not in the first quarter: there is no request yet.
      const quarter = Math.ceil(this.#durations.get(step.name) / 4);
      const killAfterMs = mayKill ? quarter + next(3 * quarter) : undefined;
      const begun = performance.now();
      const ended = await this.#run(step.words, killAfterMs);
      isDone = ended === "done";
      // The machine may be busier than it was, or less: the next kill must not come too late.
      if (isDone) this.#durations.set(step.name, performance.now() - begun);
      if (!isDone) kills++;
      // What it had sent is still on its way; and it may have been killed with all its work done.
      if (!isDone) await sleep(150);
      if (!isDone && (await this.#isThere(step))) isDone = true;
    }
    await this.#check(step);
    return kills;
  }

  #run(words, killAfterMs) {
    return new Promise((resolve, reject) => {
      const flags = words[0] === "uninstall" ? ["--wait"] : [];
      const child = spawn(
        process.execPath,
        [command, "helm", ...words, ...flags, "--resume", "-n", "default", "--kubeconfig", "kubeconfig"],
        { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"] },
      );
      let complaint = "";
      child.stderr.on("data", (bytes) => (complaint += bytes));
      const fuse = killAfterMs === undefined ? undefined : setTimeout(() => child.kill("SIGKILL"), killAfterMs);
      child.once("close", (code, signal) => {
        clearTimeout(fuse);
        if (signal === "SIGKILL") resolve("killed");
        else if (code === 0) resolve("done");
        else reject(new Error(`keelson helm ${words.join(" ")}: exit ${code}: ${complaint}`));
      });
    });
  }

  async #isThere({ name, revisions }) {
    const records = await this.#records();
    if (name === "test") return this.#isTested();
    if (revisions === 0) return records.length === 0;
    return records.length === revisions && records.at(-1) === "deployed";
  }

  async #check(step) {
    const records = await this.#records();
    const wanted = Array.from({ length: step.revisions }, (_, at) =>
      at + 1 === step.revisions ? "deployed" : "superseded",
    );
    expectSame(step, "records", records, wanted);
    expectSame(step, "objects", await this.#objects(), step.objects);
    // The node may still be behind the last deletion.
    await this.#look();
    const uncounted = [...this.#jobs].filter(([uid]) => !this.#counted.has(uid));
    const hooks = uncounted.map(([, name]) => name).sort(compare);
    expectSame(step, "hooks", hooks, [...step.hooks].sort(compare));
    this.hooksRun += hooks.length;
    for (const [uid] of uncounted) this.#counted.add(uid);
  }

  /** No run of the tests is under way, and the last one ended well. */
  async #isTested() {
    const [{ data }] = await this.#list(recordsPath);
    const text = gunzipSync(Buffer.from(Buffer.from(data.release, "base64").toString(), "base64")).toString();
    const { keelson, hooks } = JSON.parse(text);
    const tests = hooks.filter(({ events }) => events.includes("test"));
    return keelson === undefined && tests.every(({ last_run }) => last_run.phase === "Succeeded");
  }

  async #records() {
    const items = await this.#list(recordsPath);
    return items
      .map(({ metadata }) => [Number(metadata.labels.version), metadata.labels.status])
      .sort(([a], [b]) => a - b)
      .map(([, status]) => status);
  }

  async #objects() {
    const items = await this.#list(
      "/api/v1/namespaces/default/configmaps?labelSelector=app.kubernetes.io%2Fmanaged-by%3DHelm",
    );
    return items.map(({ metadata, data }) => (metadata.name === "a" ? `a ${data.version}` : metadata.name)).sort();
  }

  async #list(path) {
    const answer = await this.#client.ask("GET", path);
    if (answer.code !== 200) throw new Error(`${path}: ${answer.body}`);
    return JSON.parse(answer.body).items;
  }

  /** Lets Jobs end after a while, and counts them. */
  async #playNode() {
    while (!this.#isOver) {
      // The server may be away.
      await this.#look().catch(() => {});
      await sleep(15);
    }
  }

  async #look() {
    for (const job of await this.#list(jobsPath)) {
      const { uid, name } = job.metadata;
      if (this.#jobs.has(uid)) continue;
      this.#jobs.set(uid, name);
      setTimeout(() => void this.#end(name), 60);
    }
  }

  async #end(name) {
    const now = new Date().toISOString().replace(/\.\d+/, "");
    const condition = { status: "True", lastProbeTime: now, lastTransitionTime: now };
    const conditions = ["SuccessCriteriaMet", "Complete"].map((type) => ({ type, ...condition }));
    const body = { status: { startTime: now, completionTime: now, succeeded: 1, conditions } };
    const contentType = "application/merge-patch+json";
    const path = `${jobsPath}/${name}/status`;
    const ask = () => this.#client.ask("PATCH", path, { body, contentType }).catch(() => undefined);
    // Until the server has heard it.
    while (!this.#isOver && (await ask()) === undefined) await sleep(50);
  }
}

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

function expectSame({ name }, what, found, wanted) {
  if (JSON.stringify(found) === JSON.stringify(wanted)) return;
  throw new Error(`after ${name}, ${what}: ${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
}

function writeChart(folder, version, extra) {
  const hook = (name, events, policy) => `apiVersion: batch/v1
kind: Job
metadata:
  name: ${name}
  annotations: {helm.sh/hook: "${events}", helm.sh/hook-delete-policy: "${policy}"}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: main, image: "example.com/a:1"}]}}
`;
  const map = (name) => `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\ndata: {version: "${version}"}\n`;
  const files = {
    "Chart.yaml": `apiVersion: v2\nname: demo\nversion: ${version}.0.0\n`,
    "templates/a.yaml": map("a"),
    "templates/extra.yaml": map(extra),
    "templates/pre.yaml": hook("pre", "pre-install,pre-upgrade,pre-rollback,pre-delete", "before-hook-creation"),
    "templates/post.yaml": hook("post", "post-install,post-upgrade,post-rollback,post-delete", "hook-succeeded"),
    "templates/check.yaml": hook("check", "test", "before-hook-creation"),
    "templates/prove.yaml": hook("prove", "test", "hook-succeeded,hook-failed"),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

function kubeconfig({ url, token }) {
  return `apiVersion: v1
kind: Config
current-context: proof
contexts: [{name: proof, context: {cluster: proof, user: proof}}]
clusters: [{name: proof, cluster: {server: "${url}", insecure-skip-tls-verify: true}}]
users: [{name: proof, user: {token: "${token}"}}]
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [times = "50", seed = "20261121", where = "embedded"] = process.argv.slice(2);
  const isReal = where === "real";
  const result = await releaseKills({ times: Number(times), seed: Number(seed), isReal, tell: console.log });
  const kills = Object.entries(result.kills).map(([name, count]) => `${name} ${count}`);
  console.log(`kills: ${kills.join(", ")}; rounds: ${result.rounds}; hooks run: ${result.hooks}, each once`);
}
