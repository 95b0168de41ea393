// What a user of `keelson helm` waits for beside the real helm: whole processes, turn by turn against the embedded control plane
// over HTTPS, medians and their ratio. Needs a build and KEELSON_ORACLES.
// Usage: node bench/helm-releases.mjs [times] [releases to list]

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync, gzipSync } from "node:zlib";
import { startControlPlane } from "../tools/control-plane.mjs";
import { openClient } from "../tools/proofs/client.mjs";

const [times = 11, releases = 500] = process.argv.slice(2).map(Number);
const oracles = process.env.KEELSON_ORACLES;
if (oracles === undefined) throw new Error("KEELSON_ORACLES names no folder");
const keelson = [process.execPath, fileURLToPath(new URL("../engine/bin/keelson.js", import.meta.url)), "helm"];
const folder = mkdtempSync(join(tmpdir(), "keelson-bench-helm-"));
const server = await startControlPlane(join(folder, "data"));
const client = openClient(server);

const kubeconfig = `apiVersion: v1
kind: Config
current-context: bench
contexts: [{name: bench, context: {cluster: bench, user: bench}}]
clusters: [{name: bench, cluster: {server: "${server.url}", insecure-skip-tls-verify: true}}]
users: [{name: bench, user: {token: "${server.token}"}}]
`;

const object = (kind, apiVersion, name, rest) =>
  `apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: {{ .Release.Name }}${name}}\n${rest}\n`;
const chart = {
  "Chart.yaml": "apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: 1.2.3\n",
  "values.yaml": "replicas: 2\ncolour: blue\nimage: registry.example.com/web:1\n",
  "templates/config.yaml": object("ConfigMap", "v1", "", "data: {colour: {{ .Values.colour }}}"),
  "templates/account.yaml": object("ServiceAccount", "v1", "", ""),
  "templates/service.yaml": object(
    "Service",
    "v1",
    "",
    "spec: {selector: {app: {{ .Release.Name }}}, ports: [{port: 80}]}",
  ),
  "templates/deployment.yaml": object(
    "Deployment",
    "apps/v1",
    "",
    `spec:
  replicas: {{ .Values.replicas }}
  selector: {matchLabels: {app: {{ .Release.Name }}}}
  template:
    metadata: {labels: {app: {{ .Release.Name }}}}
    spec: {containers: [{name: web, image: {{ .Values.image }}}]}`,
  ),
};

/** Milliseconds of one process. */
function run(command, words) {
  const [program, ...first] = command;
  const begun = performance.now();
  const { status, stderr } = spawnSync(program, [...first, ...words, "--kubeconfig", "kubeconfig"], {
    cwd: folder,
    encoding: "utf8",
    env: { ...process.env, HOME: folder },
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(`${program} ${words.join(" ")}: ${stderr}`);
  return performance.now() - begun;
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const rows = [];

/** Turn by turn, so that a slow minute of the machine hits both. */
function compare(name, words) {
  const [ours, theirs] = [[], []];
  for (let time = 0; time < times; time++) {
    ours.push(run(keelson, words("k", time)));
    theirs.push(run([join(oracles, "helm")], words("h", time)));
  }
  const [a, b] = [median(ours), median(theirs)];
  rows.push(`| ${name} | ${a.toFixed(0)} ms | ${b.toFixed(0)} ms | ${(a / b).toFixed(2)} |`);
}

/** So many releases in one namespace: copies of one record. */
async function fill(namespace) {
  await client.ask("POST", "/api/v1/namespaces", {
    body: { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
  });
  const path = "/api/v1/namespaces/default/secrets/sh.helm.release.v1.k0.v1";
  const first = JSON.parse((await client.ask("GET", path)).body);
  const text = gunzipSync(Buffer.from(Buffer.from(first.data.release, "base64").toString(), "base64")).toString();
  for (let at = 0; at < releases; at++) {
    const name = `app-${at}`;
    const release = gzipSync(JSON.stringify({ ...JSON.parse(text), name, namespace })).toString("base64");
    const body = {
      apiVersion: "v1",
      kind: "Secret",
      type: first.type,
      metadata: { name: `sh.helm.release.v1.${name}.v1`, labels: { ...first.metadata.labels, name } },
      data: { release: Buffer.from(release).toString("base64") },
    };
    const { code, body: answer } = await client.ask("POST", `/api/v1/namespaces/${namespace}/secrets`, { body });
    if (code !== 201) throw new Error(`${name}: ${answer}`);
  }
}

try {
  writeFileSync(join(folder, "kubeconfig"), kubeconfig);
  for (const [path, text] of Object.entries(chart)) {
    mkdirSync(dirname(join(folder, "web", path)), { recursive: true });
    writeFileSync(join(folder, "web", path), text);
  }
  const inDefault = ["-n", "default"];
  compare("install, 4 objects", (who, time) => ["install", `${who}${time}`, "web", ...inDefault]);
  compare("upgrade that changes nothing", (who) => ["upgrade", `${who}0`, "web", ...inDefault]);
  compare("upgrade of one value", (who, time) => [
    "upgrade",
    `${who}1`,
    "web",
    "--set",
    `colour=c${time}`,
    ...inDefault,
  ]);
  compare("rollback", (who) => ["rollback", `${who}1`, ...inDefault]);
  await fill("many");
  compare(`list of ${releases} releases`, () => ["list", "-n", "many", "--max", "0"]);
  console.log("| what | keelson helm | helm | ratio |\n| --- | --- | --- | --- |");
  console.log(rows.join("\n"));
} finally {
  client.close();
  await server.stop("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}
