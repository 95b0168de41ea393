// flux2-kustomize-helm-example on a real kube-apiserver, staging and production: under Keelson unmodified and through mirrors, and under Flux's
// own controllers with the addresses of the mirrors written into it. Both come to the same objects, releases and words; then an upgrade, a
// broken upgrade and its way back. Pods are simulated beside both.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fluxDefinitions } from "../engine/src/api/flux/index.ts";
import { keelsonDefinitions } from "../engine/src/api/keelson/index.ts";
import { startWorkloads } from "../engine/src/apiserver/workloads/index.ts";
import { connectCluster, fixedCredentials } from "../engine/src/cluster/index.ts";
import { type FleetCharts, fleets, podinfoUrl, podinfoValues, startFleetCharts } from "./fleet-charts.ts";
import { hasHelmEngines, RealCluster } from "./flux-engines.ts";
import { run, until } from "./home.ts";
import { Repository, serveOverHttp } from "./repository.ts";

type Json = { [member: string]: unknown };
type Live = Json & {
  kind: string;
  metadata: Json & { name: string; namespace?: string; annotations?: { [key: string]: string } };
  status?: Json & { conditions?: { type: string; status: string; reason: string; message: string }[] };
};

const patienceMs = 240_000;
const releases = [
  ["cert-manager", "cert-manager"],
  ["envoy-gateway-system", "envoy-gateway"],
  ["podinfo", "podinfo"],
] as const;

/** The fleet under one engine. */
class Fleet {
  readonly cluster: RealCluster = new RealCluster();
  readonly #ending = new AbortController();

  async start(): Promise<void> {
    await this.cluster.start({ withHelm: true });
    for (const definition of [...fluxDefinitions(), ...keelsonDefinitions()])
      if (!(await this.#has(definition.metadata.name)))
        await this.cluster.kubectl(["apply", "--server-side", "-f", "-"], JSON.stringify(definition));
    await this.cluster.kubectl(["wait", "--for=condition=Established", "crd", "--all", "--timeout=60s"]);
    const { url, token } = this.cluster.access;
    const clock = {
      now: () => Date.now(),
      after: (delayMs: number, ready: () => void) => {
        const timer = setTimeout(ready, delayMs).unref();
        return () => clearTimeout(timer);
      },
    };
    const credentials = fixedCredentials({ authorization: `Bearer ${token}` });
    const connection = { server: url, name: "real", namespace: "default", isInsecure: true, credentials };
    const cluster = connectCluster(connection, { clock });
    await startWorkloads({ cluster, clock, signal: this.#ending.signal, random: Math.random });
  }

  async #has(definition: string): Promise<boolean> {
    return (await this.cluster.kubectl(["get", "crd", definition, "--ignore-not-found"])) !== "";
  }

  async sync(url: string, name: string): Promise<void> {
    const text = `apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1h, url: "${url}", ref: {branch: main}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: flux-system, namespace: flux-system}
spec: {interval: 1h, path: ./clusters/${name}, prune: true, sourceRef: {kind: GitRepository, name: flux-system}}
`;
    await this.cluster.kubectl(["apply", "--server-side", "-f", "-"], text);
  }

  async get(kind: string, name: string, namespace: string): Promise<Live | undefined> {
    const text = await this.cluster.kubectl(["get", kind, name, "-n", namespace, "-o", "json", "--ignore-not-found"]);
    return text === "" ? undefined : (JSON.parse(text) as Live);
  }

  async request(kind: string, name: string, namespace = "flux-system"): Promise<void> {
    const token = `reconcile.fluxcd.io/requestedAt=${Date.now()}`;
    await this.cluster.kubectl(["annotate", "--overwrite", kind, name, "-n", namespace, token]);
  }

  /** Waits for Ready and gives it. */
  ready(kind: string, name: string, namespace: string, is: { status: string; reason?: string }): Promise<Json> {
    let seen: unknown;
    return until(
      `${kind}/${name} to be Ready=${is.status}; at last ${JSON.stringify(seen)}`,
      async () => {
        const found = (seen = (await this.get(kind, name, namespace))?.status?.conditions?.find(
          ({ type }) => type === "Ready",
        ));
        return found?.status === is.status && (is.reason === undefined || found.reason === is.reason)
          ? found
          : undefined;
      },
      patienceMs,
    );
  }

  /** All of it ready. cert-manager's webhooks fail closed, and nobody answers them here. */
  async up(): Promise<void> {
    await this.ready("kustomization", "infra-controllers", "flux-system", { status: "True" });
    for (const kind of ["validatingwebhookconfiguration", "mutatingwebhookconfiguration"])
      await this.cluster.kubectl(["delete", kind, "cert-manager-webhook"]);
    await this.request("kustomization", "infra-configs");
    for (const name of ["infra-configs", "apps"])
      await this.ready("kustomization", name, "flux-system", { status: "True" });
  }

  async history(): Promise<Json[]> {
    return ((await this.get("helmrelease", "podinfo", "podinfo"))?.status?.["history"] ?? []) as Json[];
  }

  /** Follows what the repository of charts offers now. */
  async followChart(version: string): Promise<void> {
    await this.request("helmrepository", "podinfo", "podinfo");
    await until(
      `podinfo ${version}`,
      async () => {
        const [newest] = await this.history();
        return newest?.["chartVersion"] === version && newest["status"] === "deployed" ? true : undefined;
      },
      patienceMs,
    );
    await this.ready("helmrelease", "podinfo", "podinfo", { status: "True" });
  }

  /** Every object of the releases, without what differs from cluster to cluster. */
  async objects(): Promise<Map<string, Json>> {
    const words = ["api-resources", "--verbs=list", "-o", "name"];
    const kinds = (await this.cluster.kubectl(words)).trim().split("\n");
    const selected = ["get", kinds.join(","), "-A", "-l", "helm.toolkit.fluxcd.io/name"];
    const { items } = await this.cluster.json<{ items: Live[] }>(selected);
    // What sources and controllers of workloads make has other names on each cluster.
    const others = ["HelmChart", "EndpointSlice", "Endpoints"];
    return new Map(items.filter(({ kind }) => !others.includes(kind)).map((each) => [nameOf(each), plain(each)]));
  }

  /** What status says of each release. */
  async statuses(): Promise<Json> {
    const said: Json = {};
    for (const [namespace, name] of releases) {
      const { conditions = [], ...status } = (await this.get("helmrelease", name, namespace))?.status ?? {};
      const history = (status["history"] ?? []) as Json[];
      const inventory = status["inventory"] as { entries?: { id: string }[] } | undefined;
      said[name] = {
        conditions: conditions.map(({ type, status: is, reason, message }) => [type, is, reason, message]),
        history: history.map(({ version, status: is, action, chartVersion, configDigest, ociDigest }) => ({
          version,
          is,
          action,
          chartVersion,
          configDigest,
          ociDigest,
        })),
        inventory: (inventory?.entries ?? []).map(({ id }) => id).sort(),
        attempted: [status["lastAttemptedRevision"], status["lastAttemptedConfigDigest"]],
      };
    }
    return said;
  }

  async helm(...words: string[]): Promise<string> {
    const program = join(process.env["KEELSON_ORACLES"] ?? "/nowhere", "helm");
    const env = { ...process.env, KUBECONFIG: this.cluster.kubeconfig };
    const answer = await run(program, words, { env });
    if (answer.status !== 0) throw new Error(answer.err);
    return answer.out;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.cluster[Symbol.asyncDispose]();
  }
}

function nameOf({ kind, metadata }: Live): string {
  return `${kind}/${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Wishes alone: no book-keeping, nothing that a server or a controller of workloads has chosen. */
function plain({ metadata, status: _status, ...rest }: Live): Json {
  const { labels, annotations = {}, uid } = metadata;
  const { "deployment.kubernetes.io/revision": _revision, ...notes } = annotations;
  const { clusterIP: _ip, clusterIPs: _ips, ...spec } = (rest["spec"] ?? {}) as Json;
  const text = JSON.stringify({ ...rest, labels, annotations: notes, spec });
  // A Job's own identity stands in its selector.
  return JSON.parse(text.replaceAll(String(uid), "its uid")) as Json;
}

/** The fleet with the mirrors' addresses written into it, and without generated artifacts, which need a controller that is not at hand. */
function rewritten(repository: Repository, charts: FleetCharts): void {
  const from = `${fleets}/flux2-kustomize-helm-example`;
  repository.copy(from);
  const edit = (path: string, ...changes: [string | RegExp, string][]): void => {
    const before = repository.read(path);
    repository.write({ [path]: changes.reduce((text, [what, by]) => text.replaceAll(what, by), before) });
  };
  const registry = (host: string, at: string): [string, string] => [
    `url: oci://${host}/`,
    `insecure: true\n  url: oci://${charts.registry}/${at}/`,
  ];
  edit("infrastructure/controllers/cert-manager.yaml", registry("quay.io", "quay"));
  edit("infrastructure/controllers/envoy-gateway.yaml", registry("docker.io", "docker"));
  edit("apps/base/podinfo/repository.yaml", [podinfoUrl, charts.podinfo.url]);
  for (const name of ["staging", "production"]) {
    const sourced: [RegExp, string] = [
      /kind: ExternalArtifact\n( +)name: \w+/g,
      "kind: GitRepository\n$1name: flux-system",
    ];
    edit(`clusters/${name}/apps.yaml`, sourced, ["path: ./", "path: ./apps/"]);
    edit(`clusters/${name}/infrastructure.yaml`, sourced, ["path: ./", "path: ./infrastructure/"]);
    repository.remove(`clusters/${name}/artifacts.yaml`);
  }
}

/** What came of it, for a comparison. */
type Told = { objects: Json; statuses: Json; life?: Json };

/** The fleet on one cluster under one engine, and where it is asked for the rest of its life. */
async function live(name: string, engine: "keelson" | "flux", isWhole: boolean): Promise<Told> {
  using repository = new Repository();
  const charts = await startFleetCharts();
  charts.podinfo.offer("6.14.0");
  if (engine === "flux") rewritten(repository, charts);
  else repository.copy(`${fleets}/flux2-kustomize-helm-example`);
  repository.commit("the example");
  const served = await serveOverHttp(repository);
  await using fleet = new Fleet();
  try {
    await fleet.start();
    if (engine === "flux")
      await fleet.cluster.startFlux({ helm: ["--requeue-dependency=5s"], kustomize: ["--requeue-dependency=5s"] });
    else {
      const file = join(repository.path, ".git", "mirrors.yaml");
      writeFileSync(file, charts.mirrors);
      await fleet.cluster.startKeelson(["--mirrors", file]);
    }
    await fleet.sync(served.url, name);
    await fleet.up();
    const [objects, statuses] = [await fleet.objects(), await fleet.statuses()];

    const told = { objects: Object.fromEntries(objects), statuses };
    return isWhole ? { ...told, life: await lifeOf(fleet, { name, repository, charts }) } : told;
  } finally {
    served.close();
    await charts.close();
  }
}

/** An upgrade, a broken one that goes back, and its repair. */
async function lifeOf(
  fleet: Fleet,
  { name, repository, charts }: { name: string; repository: Repository; charts: FleetCharts },
): Promise<Json> {
  charts.podinfo.offer("6.14.1");
  await fleet.followChart("6.14.1");
  const path = `apps/${name}/podinfo-values.yaml`;
  const commit = async (more: string, message: string): Promise<void> => {
    repository.write({ [path]: podinfoValues(name, more) }).commit(message);
    await fleet.request("gitrepository", "flux-system");
  };
  await commit("    podAnnotations: {keelson.dev/simulate: crash}\n", "breaks podinfo");
  const back = await fleet.ready("helmrelease", "podinfo", "podinfo", {
    status: "False",
    reason: "RollbackSucceeded",
  });
  const history = await fleet.history();
  await commit("    replicaCount: 3\n", "repairs podinfo");
  await until(
    "three replicas",
    async () => {
      const found = await fleet.get("deployment", "podinfo", "podinfo");
      return found?.status?.["readyReplicas"] === 3 ? true : undefined;
    },
    patienceMs,
  );
  await fleet.ready("helmrelease", "podinfo", "podinfo", { status: "True" });
  const revisions = JSON.parse(await fleet.helm("history", "podinfo", "-n", "podinfo", "-o", "json")) as Json[];
  return {
    history: history.map(({ version, status, action, chartVersion }) => ({ version, status, action, chartVersion })),
    words: [back["reason"], back["message"]],
    helm: revisions.map(({ revision, status, chart }) => `${String(revision)} ${String(status)} ${String(chart)}`),
  };
}

describe.skipIf(!hasHelmEngines || fleets === undefined)("a fleet of charts on a real kube-apiserver", () => {
  it.each([
    ["production", true],
    ["staging", false],
  ])("%s: what Keelson makes of it is what Flux makes of it", { timeout: 900_000 }, async (name, isWhole) => {
    const ours = await live(name, "keelson", isWhole);
    expect(ours).toEqual(await live(name, "flux", isWhole));
  });
});
