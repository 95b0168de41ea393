// What a user of `keelson up` waits for, as one run: start to all ready, commit to applied, kubectl's edit to healed, restart, memory; with the
// example fleet and with COUNT deliveries. Whole processes, the API polled over HTTP/2 on one connection every 2 ms.
// Usage: node bench/home.mjs [COUNT]

import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const count = Number(process.argv[2] ?? 100);
const command = fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function git(folder, ...args) {
  const author = ["-c", "user.name=Bench", "-c", "user.email=bench@example.com"];
  return execFileSync("git", ["-C", folder, ...author, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function fleet(folder) {
  git(folder, "init", "-q", "-b", "main");
  mkdirSync(join(folder, "cluster"));
  for (let i = 0; i < count; i += 1) {
    mkdirSync(join(folder, `app-${i}`));
    writeFileSync(join(folder, `cluster/app-${i}.yaml`), kustomization(i));
    writeFileSync(join(folder, `app-${i}/app.yaml`), application(i));
  }
  git(folder, "add", "-A");
  git(folder, "commit", "-qm", "a fleet");
}

const kustomization = (i) => `apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: app-${i}, namespace: flux-system}
spec: {interval: 10m, path: ./app-${i}, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`;

const application = (i, colour = "blue") => `apiVersion: v1
kind: ConfigMap
metadata: {name: app-${i}, namespace: default}
data: {colour: ${colour}}
---
apiVersion: v1
kind: Service
metadata: {name: app-${i}, namespace: default}
spec: {selector: {app: app-${i}}, ports: [{port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: app-${i}, namespace: default}
spec:
  replicas: 0
  selector: {matchLabels: {app: app-${i}}}
  template:
    metadata: {labels: {app: app-${i}}}
    spec: {containers: [{name: app, image: registry.example.com/app}]}
`;

class Home {
  constructor(data, args) {
    this.data = data;
    this.args = args;
  }

  /** Seconds from the start of the process until it says that everything is ready. */
  async start() {
    const started = performance.now();
    let output = "";
    this.child = spawn(process.execPath, [
      command,
      "up",
      "--data",
      this.data,
      "--api-port",
      "0",
      "--port",
      "0",
      ...this.args,
    ]);
    this.child.stdout.on("data", (bytes) => (output += bytes));
    while (!output.includes("everything is ready")) {
      if (this.child.exitCode !== null || performance.now() - started > 120_000) throw new Error(output);
      await sleep(5);
    }
    return (performance.now() - started) / 1000;
  }

  async stop() {
    const started = performance.now();
    const gone = new Promise((resolve) => this.child.once("exit", resolve));
    this.child.kill("SIGINT");
    await gone;
    return (performance.now() - started) / 1000;
  }

  megabytes() {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)[1]) / 1024);
  }

  client() {
    const config = readFileSync(join(this.data, "kubeconfig"), "utf8");
    const field = (name) => new RegExp(`${name}: "?([^"\\n]+)"?`).exec(config)[1];
    const session = connect(field("server"), { ca: Buffer.from(field("certificate-authority-data"), "base64") });
    const authorization = `Bearer ${field("token")}`;
    const ask = (method, path, body, type = "application/merge-patch+json") =>
      new Promise((resolve, reject) => {
        const stream = session.request({ ":method": method, ":path": path, authorization, "content-type": type });
        let text = "";
        stream.on("data", (bytes) => (text += bytes));
        stream.on("end", () => resolve(JSON.parse(text)));
        stream.on("error", reject);
        stream.end(body);
      });
    return { ask, close: () => session.close() };
  }
}

async function until(ask) {
  const started = performance.now();
  while (!(await ask())) {
    if (performance.now() - started > 60_000) throw new Error("waited a minute");
    await sleep(2);
  }
  return performance.now() - started;
}

const median = (values) => Math.round([...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]);

async function run(name, args, change) {
  const data = mkdtempSync(join(tmpdir(), "keelson-bench-"));
  const home = new Home(data, args);
  const start = await home.start();
  await sleep(1_000);
  const memory = home.megabytes();
  const applied = [];
  const healed = [];
  const { ask, close } = home.client();
  for (let i = 0; i < 6; i += 1) {
    const { isApplied, edit, isHealed } = change(i, data, ask);
    applied.push(await until(isApplied));
    await sleep(300);
    await edit();
    healed.push(await until(isHealed));
    await sleep(300);
  }
  close();
  const stop = await home.stop();
  const restart = await home.start();
  await home.stop();
  rmSync(data, { recursive: true, force: true });
  const row = [
    `start to all ready ${start.toFixed(1)} s`,
    `restart ${restart.toFixed(1)} s`,
    `stop ${stop.toFixed(2)} s`,
  ];
  row.push(`commit to applied ${median(applied)} ms`, `edit to healed ${median(healed)} ms`, `memory ${memory} MB`);
  console.log(`${name}: ${row.join(", ")}`);
}

const patch = (ask, path, value) => ask("PATCH", `${path}?fieldManager=kubectl-edit`, JSON.stringify(value));

await run("example fleet", [], (i, data, ask) => {
  const file = join(data, "example/apps/production/kustomization.yaml");
  const path = "/apis/apps/v1/namespaces/shop-production/deployments/web";
  const replicas = 3 + (i % 2 === 0 ? 2 : 0);
  writeFileSync(file, readFileSync(file, "utf8").replace(/count: [35]/, `count: ${replicas}`));
  git(join(data, "example"), "commit", "-qam", `replicas ${replicas}`);
  const isApplied = async () => (await ask("GET", path)).spec?.replicas === replicas;
  // Another object each time: one that is undone again and again is left until the interval, as it should be.
  const edited = `/apis/apps/v1/namespaces/${i < 3 ? "shop-staging" : "shop-production"}/deployments/${["catalog", "orders", "web"][i % 3]}`;
  let before;
  const edit = async () => {
    before = (await ask("GET", edited)).spec.replicas;
    await patch(ask, edited, { spec: { replicas: 9 } });
  };
  const isHealed = async () => (await ask("GET", edited)).spec?.replicas === before;
  return { isApplied, edit, isHealed };
});

const repository = mkdtempSync(join(tmpdir(), "keelson-bench-repository-"));
fleet(repository);
await run(`${count} deliveries`, ["--repo", repository, "--branch", "main", "--path", "cluster"], (i, _data, ask) => {
  const path = "/api/v1/namespaces/default/configmaps/app-7";
  const edited = `/api/v1/namespaces/default/configmaps/app-${10 + i}`;
  const colour = `colour-${i}`;
  writeFileSync(join(repository, "app-7/app.yaml"), application(7, colour));
  git(repository, "commit", "-qam", colour);
  const isApplied = async () => (await ask("GET", path)).data?.colour === colour;
  const isHealed = async () => (await ask("GET", edited)).data?.colour === "blue";
  return { isApplied, isHealed, edit: () => patch(ask, edited, { data: { colour: "red" } }) };
});
rmSync(repository, { recursive: true, force: true });
