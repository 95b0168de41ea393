// Two servers to try releases on, and a node that lets what runs there come to an end: Jobs and Pods end as their annotation
// `test.keelson.dev/ends` says, Deployments become available at once.

import { spawn } from "node:child_process";
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startApiServer } from "#apiserver";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import { type Cluster, connectCluster, connectionOf, Informer, parseKubeConfig, type Resource } from "#cluster";
import { fieldOf, type Json, type Manifest } from "#kernel";
import { memoryStore } from "#store";
import { realClock } from "../../../../cluster/cluster.contract.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(options: { flags: string[] }): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

export const helmBinary: string = join(process.env["KEELSON_ORACLES"] ?? "", "helm");
export const hasOracle: () => boolean = oracles.hasOracle;

export type World = { name: string; cluster: Cluster; kubeconfig: string; folder: string; close(): Promise<void> };

/** `isAlive`: controllers and a kubelet bring forth Pods, in place of a node that says what annotations want. */
export type WorldOptions = { isAlive?: boolean };

/** The real server. */
export async function realWorld(options: WorldOptions = {}): Promise<World> {
  const oracle = await oracles.startOracle({ flags: ["--allow-privileged=true"] });
  const text = `apiVersion: v1
kind: Config
current-context: real
contexts: [{name: real, context: {cluster: real, user: real}}]
clusters: [{name: real, cluster: {server: "${oracle.url}", insecure-skip-tls-verify: true}}]
users: [{name: real, user: {token: ${oracle.token}}}]
`;
  return world("real", text, { ...options, stop: () => oracle.stop() });
}

/** Our own. */
export async function embeddedWorld(options: WorldOptions = {}): Promise<World> {
  const server = await startApiServer({ store: memoryStore(), clock: realClock, listen: { port: 0 } });
  return world("embedded", server.kubeconfig(), { ...options, stop: () => server.close() });
}

async function world(
  name: string,
  text: string,
  { isAlive = false, stop }: WorldOptions & { stop: () => Promise<void> | void },
): Promise<World> {
  const folder = mkdtempSync(join(tmpdir(), "keelson-releases-"));
  const kubeconfig = join(folder, "kubeconfig");
  writeFileSync(kubeconfig, text);
  const connection = await connectionOf(parseKubeConfig(text, folder), { clock: realClock, environment: {} });
  const cluster = connectCluster(connection, { clock: realClock });
  const node = new AbortController();
  setMaxListeners(0, node.signal);
  if (isAlive) await bringToLife(cluster, node.signal);
  else await playNode(cluster, node.signal);
  return {
    name,
    cluster,
    kubeconfig,
    folder,
    close: async () => {
      node.abort();
      cluster.close();
      await stop();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** What kube-controller-manager and kubelets do, and are shown to do, simulated: nothing runs. */
async function bringToLife(cluster: Cluster, signal: AbortSignal): Promise<void> {
  await startLife({ cluster, clock: realClock, signal, caCertificate: "" });
  await startWorkloads({ cluster, clock: realClock, signal, random: Math.random });
}

async function playNode(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const discovery = await cluster.discover(true);
  if (!discovery.ok) throw new Error(discovery.status.message);
  const kinds: [group: string, kind: string, version: string][] = [
    ["batch", "Job", "v1"],
    ["", "Pod", "v1"],
    ["apps", "Deployment", "v1"],
  ];
  for (const [group, kind, version] of kinds) {
    const resource = discovery.value.byKind(group, kind, version) as Resource;
    const informer = new Informer<Manifest>({ cluster, resource, clock: realClock, keep: (object) => object });
    informer.subscribe({ changed: (object) => void advance(cluster, resource, object) });
    void informer.run(signal);
  }
}

async function advance(cluster: Cluster, resource: Resource, object: Manifest): Promise<void> {
  const status = statusFor(object);
  if (status === undefined || (object.metadata.deletionTimestamp ?? "") !== "") return;
  const target = {
    resource,
    namespace: object.metadata.namespace ?? "",
    name: object.metadata.name,
    subresource: "status",
  };
  await cluster.patch(target, { type: "merge", patch: { status } }, { fieldManager: "node" });
}

function statusFor(object: Manifest): { [key: string]: Json } | undefined {
  const ends = object.metadata.annotations?.["test.keelson.dev/ends"] ?? "well";
  if (ends === "never") return undefined;
  const now = new Date().toISOString().replace(/\.\d+/, "");
  if (object.kind === "Pod")
    return fieldOf(object, "status", "phase") === "Pending"
      ? { phase: ends === "well" ? "Succeeded" : "Failed" }
      : undefined;
  if (object.kind === "Job") {
    if (fieldOf(object, "status", "conditions") !== undefined) return undefined;
    const condition = { status: "True", lastProbeTime: now, lastTransitionTime: now };
    return ends === "well"
      ? {
          startTime: now,
          completionTime: now,
          succeeded: 1,
          conditions: [
            { type: "SuccessCriteriaMet", ...condition },
            { type: "Complete", ...condition },
          ],
        }
      : {
          startTime: now,
          failed: 1,
          conditions: [
            { type: "FailureTarget", ...condition, reason: "BackoffLimitExceeded" },
            { type: "Failed", ...condition, reason: "BackoffLimitExceeded" },
          ],
        };
  }
  if (fieldOf(object, "status", "observedGeneration") === object.metadata.generation) return undefined;
  const replicas = Number(fieldOf(object, "spec", "replicas") ?? 1);
  return {
    observedGeneration: object.metadata.generation ?? 1,
    replicas,
    updatedReplicas: replicas,
    readyReplicas: replicas,
    availableReplicas: replicas,
    conditions: [
      { type: "Available", status: "True", lastTransitionTime: now, lastUpdateTime: now, reason: "MinimumReplicasAvailable" },
      { type: "Progressing", status: "True", lastTransitionTime: now, lastUpdateTime: now, reason: "NewReplicaSetAvailable" },
    ],
  };
}

export type Ran = { code: number; out: string; error: string };

/** The real helm. */
export function helm(
  world: World,
  words: readonly string[],
  environment: { [name: string]: string } = {},
): Promise<Ran> {
  return new Promise((resolve) => {
    const home = join(world.folder, "helm");
    const child = spawn(helmBinary, words, {
      env: {
        ...process.env,
        KUBECONFIG: world.kubeconfig,
        HELM_CACHE_HOME: join(home, "cache"),
        HELM_CONFIG_HOME: join(home, "config"),
        HELM_DATA_HOME: join(home, "data"),
        HOME: home,
        TZ: "UTC",
        ...environment,
      },
    });
    const out: Buffer[] = [];
    const error: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => error.push(chunk));
    child.on("close", (code) =>
      resolve({ code: code ?? -1, out: Buffer.concat(out).toString(), error: Buffer.concat(error).toString() }),
    );
  });
}
