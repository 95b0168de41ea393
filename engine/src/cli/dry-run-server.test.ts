// --dry-run=server on the embedded control plane and on a real kube-apiserver, beside the real helm where both are at hand.

import { execFile } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startApiServer } from "#apiserver";
import { asManifest } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { connectCluster, connectionOf, loadKubeConfig } from "#cluster";
import { memoryIo } from "./io.ts";
import { runCommandLine } from "./run.ts";

// Servers are waited for; a busy machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const helm = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
const root = mkdtempSync(join(tmpdir(), "keelson-server-"));

function write(files: Record<string, string>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
}

const looking = `apiVersion: v1
kind: ConfigMap
metadata: {name: {{ .Values.name | default "a" }}}
data:
  found: {{ (lookup "v1" "ConfigMap" "default" "live").data.next | quote }}
  absent: {{ lookup "v1" "ConfigMap" "default" "absent" | quote }}
  unknown: {{ lookup "v1" "Nope" "" "x" | quote }}
  chained: {{ (lookup "v1" "ConfigMap" "default" (lookup "v1" "ConfigMap" "default" "live").data.next).data.color | quote }}
  replicas: {{ with lookup "apps/v1" "Deployment" "default" "web" }}{{ printf "%v %T %d" .spec.replicas .spec.replicas .spec.replicas | quote }}{{ end }}
  list: {{ range (lookup "v1" "ConfigMap" "default" "").items }}{{ .kind }}{{ .metadata.name }} {{ end }}
  kinds: {{ (lookup "v1" "ConfigMap" "default" "").kind }} {{ (lookup "v1" "Namespace" "" "default").metadata.name }}
  version: {{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Version }} {{ .Capabilities.KubeVersion.Minor }}
  has: {{ .Capabilities.APIVersions.Has "apps/v1/Deployment" }} {{ .Capabilities.APIVersions.Has "batch/v1" }} {{ .Capabilities.APIVersions.Has "extra/v1" }}
`;

const objects = [
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "live", namespace: "default" }, data: { next: "second" } },
  { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "second", namespace: "default" }, data: { color: "red" } },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: {
      name: "ours",
      namespace: "default",
      labels: { "app.kubernetes.io/managed-by": "Helm" },
      annotations: { "meta.helm.sh/release-name": "x", "meta.helm.sh/release-namespace": "default" },
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas: 3,
      selector: { matchLabels: { a: "b" } },
      template: { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "a", image: "a" }] } },
    },
  },
];

type Started = { kubeconfig: string; close(): Promise<void> | void };

async function startEmbedded(): Promise<Started> {
  const server = await startApiServer({ store: memoryStore(), clock: realClock, listen: { port: 0 } });
  return { kubeconfig: server.kubeconfig(), close: () => server.close() };
}

type Oracle = { url: string; token: string; stop(): void };
const oracles = (await import(new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href)) as {
  hasOracle(): boolean;
  startOracle(): Promise<Oracle>;
};

async function startReal(): Promise<Started> {
  const oracle = await oracles.startOracle();
  const { url, token } = oracle;
  const kubeconfig = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  return { kubeconfig: JSON.stringify(kubeconfig), close: () => oracle.stop() };
}

async function fill(path: string): Promise<void> {
  const connection = await connectionOf(await loadKubeConfig([path]), { clock: realClock, environment: {} });
  const cluster = connectCluster(connection, { clock: realClock });
  try {
    const discovery = await cluster.discover();
    if (!discovery.ok) throw new Error(discovery.status.message);
    const make = async (object: object): Promise<void> => {
      const manifest = asManifest(object as never);
      const resource = discovery.value.byKind(manifest.apiVersion === "v1" ? "" : "apps", manifest.kind);
      if (resource === undefined) throw new Error(`no ${manifest.kind}`);
      const { name, namespace = "" } = manifest.metadata;
      const done = await cluster.create({ resource, namespace, name }, manifest, { fieldManager: "test" });
      if (!done.ok && done.status.reason !== "AlreadyExists") throw new Error(done.status.message);
    };
    await make({ apiVersion: "v1", kind: "Namespace", metadata: { name: "default" } });
    for (const object of objects) await make(object);
  } finally {
    cluster.close();
  }
}

const servers: [string, boolean, () => Promise<Started>][] = [
  ["the embedded control plane", true, startEmbedded],
  ["a real kube-apiserver", oracles.hasOracle(), startReal],
];

describe.each(servers.filter(([, isAtHand]) => isAtHand))(
  "keelson template --dry-run=server on %s",
  (name, _, start) => {
    let started: Started | undefined;
    const config = join(root, `${name.replaceAll(" ", "-")}.yaml`);
    beforeAll(async () => {
      write({
        "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "web/templates/a.yaml": looking,
        "odd/Chart.yaml": "apiVersion: v2\nname: odd\nversion: 0.1.0\n",
        "odd/templates/a.yaml": "apiVersion: nope.example/v1\nkind: Odd\nmetadata: {name: a}\n",
        "far/Chart.yaml": "apiVersion: v2\nname: far\nversion: 0.1.0\n",
        "far/templates/a.yaml": 'a: {{ lookup "nope.example/v1" "Odd" "" "" }}\n',
      });
      started = await start();
      writeFileSync(config, started.kubeconfig);
      await fill(config);
    });
    afterAll(async () => {
      await started?.close();
    });

    async function run(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
      const io = memoryIo({ clock: realClock, folder: root, home: root });
      const code = await runCommandLine(["template", ...args, "--kubeconfig", config], io, { version: "0" });
      return { code, ...io.text() };
    }

    /** What helm prints, or its error. */
    async function ofHelm(...args: string[]): Promise<string> {
      const words = ["template", ...args, "--kubeconfig", config];
      const env = { PATH: process.env["PATH"], HOME: root, HELM_NAMESPACE: "default" };
      return promisify(execFile)(helm, words, { cwd: root, env }).then(
        ({ stdout }) => stdout,
        (error: { stderr: string }) => error.stderr.replace(/^Error: /m, ""),
      );
    }

    const cases: [string, string[], string][] = [
      ["looks objects up and knows the versions", ["x", "web", "--dry-run=server"], 'chained: "red"'],
      ["ignores versions that are given", ["x", "web", "--validate", "--api-versions", "extra/v1"], "true true false"],
      ["takes what the release owns already", ["x", "web", "--dry-run=server", "--set", "name=ours"], "name: ours"],
      [
        "refuses what exists and belongs to no release",
        ["x", "web", "--dry-run=server", "--set", "name=live"],
        'ConfigMap "live" in namespace "default" exists and cannot be imported into the current release: invalid ownership metadata; label validation error: missing key "app.kubernetes.io/managed-by": must be set to "Helm"',
      ],
      [
        "minds no owner when it upgrades",
        ["x", "web", "--dry-run=server", "--is-upgrade", "--set", "name=live"],
        "name: live",
      ],
      [
        "refuses a kind that is not served",
        ["x", "odd", "--dry-run=server"],
        'unable to build kubernetes objects from release manifest: resource mapping not found for name: "a" namespace: "" from "": no matches for kind "Odd" in version "nope.example/v1"',
      ],
      [
        "fails on a lookup in a group that is not served",
        ["x", "far", "--dry-run=server"],
        "unable to get apiresource from unstructured: nope.example/v1, Kind=Odd",
      ],
    ];

    it.each(cases)("%s", async (_name, args, words) => {
      const { stdout, stderr, code } = await run(...args);
      expect(stdout + stderr).toContain(words);
      expect(code).toBe(stdout === "" ? 1 : 0);
      if (!existsSync(helm)) return;
      const said = await ofHelm(...args);
      if (stdout === "") expect(said).toContain(words);
      else expect(said).toBe(stdout);
    });
  },
);

describe("keelson template --dry-run", () => {
  it("refuses other modes", async () => {
    write({ "plain/Chart.yaml": "apiVersion: v2\nname: plain\nversion: 0.1.0\n" });
    const io = memoryIo({ clock: realClock, folder: root, home: root });
    expect(await runCommandLine(["template", "x", "plain", "--dry-run=none"], io, { version: "0" })).toBe(2);
    expect(io.text().stderr).toContain('Must be "server" or "client"');
  });
});
