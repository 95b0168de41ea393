// Large public manifests with their definitions, applied by real kubectl both ways, to the embedded control plane and to a real
// kube-apiserver: the same acceptance, the same words and warnings, the same stored objects with the same owners of fields. And on a
// home their workloads come up. Manifests are the recorded renderings (KEELSON_CASES) and public charts (KEELSON_FLEETS).

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "../engine/src/kernel/index.ts";
import { type Answer, Home, run, until } from "./home.ts";

const oracles = process.env["KEELSON_ORACLES"] ?? "";
const cases = process.env["KEELSON_CASES"] ?? "";
const fleets = process.env["KEELSON_FLEETS"] ?? "";
const kubectl = join(oracles, "kubectl");
const canRun =
  ["kubectl", "kube-apiserver", "etcd"].every((name) => existsSync(join(oracles, name))) &&
  existsSync(join(cases, "kustomize-trees")) &&
  existsSync(join(fleets, "charts"));

type Case = {
  name: string;
  /** Below kustomize-trees. */
  file?: string;
  chart?: string;
  values?: string[];
  /** It states a status, which kubectl's client-side apply patches again and again on the real server, and here does not. */
  statesStatus?: boolean;
};

/** Later ones live beside earlier ones. */
const manifests: readonly Case[] = [
  { name: "argo-cd", file: "argoproj+argo-cd/expected/0037.yaml" },
  { name: "gitops-promoter", file: "argoproj-labs+gitops-promoter/expected/0006.yaml" },
  { name: "trivy-operator", file: "aquasecurity+trivy-operator/expected/0001.yaml" },
  { name: "contour", file: "projectcontour+contour/expected/0001.yaml" },
  {
    name: "node-feature-discovery",
    file: "kubernetes-sigs+node-feature-discovery/expected/0018.yaml",
    statesStatus: true,
  },
  { name: "nginx-ingress-definitions", file: "nginx+kubernetes-ingress/expected/0001.yaml" },
  { name: "aws-definitions", file: "aws+eks-charts/expected/0001.yaml" },
  { name: "app-mesh-definitions", file: "aws+eks-charts/expected/0002.yaml" },
  { name: "gateway-helm", chart: "gateway-helm-1.9.0.tgz" },
  { name: "cert-manager", chart: "cert-manager-v1.21.1.tgz", values: ["--set", "crds.enabled=true"] },
  { name: "gatekeeper-definitions", file: "open-policy-agent+gatekeeper/expected/0003.yaml" },
];

type Server = { name: string; url: string; token: string; stop: () => Promise<void> | void };
type Pair = { embedded: Server; real: Server };

const scratch = canRun ? mkdtempSync(join(tmpdir(), "keelson-manifests-")) : "";
afterAll(() => {
  if (canRun) rmSync(scratch, { recursive: true, force: true });
});

const load = async <T>(tool: string): Promise<T> =>
  (await import(new URL(`../tools/${tool}`, import.meta.url).href)) as T;

/** The manifest as a file; a chart is rendered by the command line. */
async function manifestFile({ name, file, chart, values = [] }: Case): Promise<string> {
  if (file !== undefined) return join(cases, "kustomize-trees", file);
  const command = new URL("../engine/bin/keelson.js", import.meta.url).pathname;
  const archive = join(fleets, "charts", chart ?? "");
  const args = [command, "template", name, archive, "--include-crds", "--namespace", name, "--skip-tests", ...values];
  const { status, out, err } = await run(process.execPath, args);
  if (status !== 0) throw new Error(err);
  const path = join(scratch, `${name}.yaml`);
  writeFileSync(path, out);
  return path;
}

/** `namespace` is where objects go that name none; a flag would refuse those that name another. */
function kubeconfigOf({ name, url, token }: Server, namespace: string): string {
  const path = join(scratch, `${name}-${namespace}.kubeconfig`);
  const config = {
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server: url, "insecure-skip-tls-verify": true } }],
    users: [{ name: "u", user: { token } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace } }],
    "current-context": "x",
  };
  writeFileSync(path, JSON.stringify(config));
  return path;
}

async function startPair(name: string): Promise<Pair> {
  type Started = { url: string; token: string; stop: () => Promise<void> | void };
  const { startControlPlane } = await load<{ startControlPlane: (folder: string) => Promise<Started> }>(
    "control-plane.mjs",
  );
  const { startOracle } = await load<{ startOracle: () => Promise<Started> }>("oracle-apiserver.mjs");
  const folder = join(scratch, name);
  mkdirSync(folder);
  const [embedded, real] = await Promise.all([startControlPlane(folder), startOracle()]);
  return {
    embedded: { ...embedded, name: `${name}-embedded` },
    real: { ...real, name: `${name}-real` },
  };
}

function ask(server: Server, namespace: string, args: string[]): Promise<Answer> {
  const env = { ...process.env, KUBECONFIG: kubeconfigOf(server, namespace), HOME: scratch };
  return run(kubectl, args, { env, timeoutMs: 300_000 });
}

/** Namespaces that the manifest's objects say they are in, and its own for the others; nobody else brings some of them. */
async function makeNamespaces(server: Server, name: string, file: string): Promise<void> {
  const named = [...readFileSync(file, "utf8").matchAll(/^ {2}namespace: "?([a-z0-9-]+)"?\s*$/gm)].map(
    (found) => found[1],
  );
  for (const space of new Set([name, ...named])) await ask(server, "default", ["create", "namespace", space as string]);
}

/** What an apply said; waits between definitions and their objects are kubectl's own affair, so it is asked twice. */
async function apply(
  server: Server,
  { name, file, flags }: { name: string; file: string; flags: string[] },
): Promise<unknown> {
  const args = ["apply", "-f", file, ...flags];
  const first = await ask(server, name, args);
  const isMapped = !/no matches for kind|ensure CRDs are installed first/.test(first.err);
  const said = isMapped ? first : await ask(server, name, args);
  return { status: said.status, out: lines(said.out), err: lines(said.err) };
}

const lines = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line !== "")
    .sort();

async function stored(server: Server, name: string, file: string): Promise<unknown[]> {
  const { out, err } = await ask(server, name, [
    "get",
    "-f",
    file,
    "--ignore-not-found",
    "-o",
    "json",
    "--show-managed-fields",
  ]);
  // Kinds that are not defined are as unknown to the one as to the other.
  if (out === "") return lines(err);
  const found = JSON.parse(out) as { items?: unknown[] };
  return (found.items ?? [found]).map((object) => comparable(object));
}

/** Labels that a Job without labels of its own gets on the real server, because there its map is its template's; not here. */
const sharedLabels = new Set([
  "batch.kubernetes.io/controller-uid",
  "batch.kubernetes.io/job-name",
  "controller-uid",
  "job-name",
]);

/** Who says in a policy's status what does not fit: kube-controller-manager there, which does not run beside this one. */
const policyStatus = { kind: "ValidatingAdmissionPolicy", manager: "validatingadmissionpolicy-status" };

function withoutPolicyStatus(object: unknown): unknown {
  const { kind, metadata, status: _status, ...rest } = object as Manifest & { status?: unknown };
  if (kind !== policyStatus.kind) return object;
  const managedFields = metadata.managedFields?.filter(({ manager }) => manager !== policyStatus.manager);
  return { kind, metadata: { ...metadata, managedFields }, ...rest };
}

/** Without what differs from server to server: ids, times, versions, addresses, and the rules that a controller aggregates. */
function comparable(object: unknown): unknown {
  const isAggregated = typeof object === "object" && object !== null && "aggregationRule" in object;
  const text = JSON.stringify(withoutPolicyStatus(object), (key, value: unknown) => {
    if (sharedLabels.has(key)) return undefined;
    if (["uid", "creationTimestamp", "resourceVersion", "time", "lastTransitionTime"].includes(key)) return undefined;
    if (key === "clusterIP" && value !== "None") return "address";
    if (key === "clusterIPs" && !JSON.stringify(value).includes("None")) return ["address"];
    if (key === "nodePort" || key === "healthCheckNodePort") return "port";
    return key === "rules" && isAggregated ? undefined : value;
  });
  const uid = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  return sortKeys(JSON.parse(text.replace(uid, "uid")));
}

/** Entries of managedFields stand in the order of their times, conditions in that of their controllers: not the same twice. */
function sortKeys(value: unknown, name?: string): unknown {
  if (Array.isArray(value)) {
    const items = value.map((item) => sortKeys(item));
    return name === "managedFields" || name === "conditions"
      ? items.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : items;
  }
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, below]) => [key, sortKeys(below, key)]));
}

/** Where two values differ, with the start of both. */
function differences(embedded: unknown, real: unknown, path = ""): string[] {
  const isWhole = (value: unknown): boolean => typeof value !== "object" || value === null;
  if (isWhole(embedded) || isWhole(real) || Array.isArray(embedded) !== Array.isArray(real)) {
    if (JSON.stringify(embedded) === JSON.stringify(real)) return [];
    return [`${path}: ${JSON.stringify(embedded)?.slice(0, 200)} is ${JSON.stringify(real)?.slice(0, 200)} there`];
  }
  const [left, right] = [embedded as Record<string, unknown>, real as Record<string, unknown>];
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].flatMap((name) => differences(left[name], right[name], `${path}/${name}`));
}

describe.skipIf(!canRun)("large public manifests", () => {
  for (const [way, flags] of [
    ["client-side", []],
    ["server-side", ["--server-side"]],
  ] as const) {
    describe(`applied ${way}`, () => {
      let pair: Pair;
      beforeAll(async () => {
        pair = await startPair(way);
      }, 240_000);
      afterAll(async () => {
        await pair?.embedded.stop();
        await pair?.real.stop();
      });
      for (const manifest of manifests)
        it(`${manifest.name} is the same on both servers`, { timeout: 600_000 }, async () => {
          const file = await manifestFile(manifest);
          const on = async (server: Server): Promise<unknown> => {
            await makeNamespaces(server, manifest.name, file);
            const said = await apply(server, { name: manifest.name, file, flags: [...flags] });
            // Once more: nothing is left to change.
            const again = await apply(server, { name: manifest.name, file, flags: [...flags] });
            return {
              said,
              ...(manifest.statesStatus === true ? {} : { again }),
              objects: await stored(server, manifest.name, file),
            };
          };
          const [embedded, real] = await Promise.all([on(pair.embedded), on(pair.real)]);
          expect(differences(embedded, real).slice(0, 40)).toEqual([]);
        });
    });
  }

  it("come up on a home: the workloads of Argo CD, cert-manager and Contour", { timeout: 600_000 }, async () => {
    await using home = new Home({ args: ["--no-example"] });
    home.start();
    await home.ready(120_000);
    const [url, token] = [/server: (\S+)/, /token: (\S+)/].map(
      (one) => one.exec(readFileSync(home.kubeconfig, "utf8"))?.[1] ?? "",
    );
    const server: Server = { name: "home", url: url as string, token: token as string, stop: () => undefined };
    for (const name of ["argo-cd", "cert-manager", "contour"]) {
      const manifest = manifests.find((one) => one.name === name) as Case;
      const file = await manifestFile(manifest);
      await makeNamespaces(server, name, file);
      await apply(server, { name, file, flags: ["--server-side"] });
    }
    await until(
      "every workload to be ready",
      async () => {
        const { out } = await ask(server, "default", [
          "get",
          "deployments,statefulsets,daemonsets",
          "-A",
          "-o",
          "json",
        ]);
        const { items } = JSON.parse(out) as {
          items: { status?: Record<string, number>; spec: { replicas?: number } }[];
        };
        const isReady = items.every(({ status = {}, spec }) => {
          const wanted = status["desiredNumberScheduled"] ?? spec.replicas ?? 1;
          return (status["readyReplicas"] ?? status["numberReady"] ?? 0) === wanted;
        });
        return items.length > 10 && isReady ? true : undefined;
      },
      240_000,
    );
  });
});
