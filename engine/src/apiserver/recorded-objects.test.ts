// The objects that recorded builds and charts give, sent to this server and to a real kube-apiserver: created and applied as a dry run,
// each must be let through or refused alike, with the same defaults. What people have must not be refused for a rule that is ours alone.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { parseYamlDocuments } from "#formats/yaml";
import { memoryStore, type Store } from "#store";
import { type ApiServer, startApiServer } from "./server.ts";
import { ask, differences, normalised, type Server } from "./testdata/differential/compare.ts";
import { applied, post, type Step } from "./testdata/differential/steps.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(options: { withServiceAccounts: boolean }): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;
type Recorded = { apiVersion: string; kind: string; metadata: Record<string, unknown> };

const cases = process.env["KEELSON_CASES"];
const isProof = process.env["KEELSON_PROOF"] === "recorded-objects";
/** Of the objects one in so many. */
const every = isProof ? 1 : 97;
const namespace = "recorded";
/** Requests under way on each server. */
const width = 8;
const isExpected = /(^|\/)(expected(\/.*|\.yaml)|\d+\.yaml)$/;

function objectsOf(folder: string): Recorded[] {
  const found = new Map<string, Recorded>();
  for (const name of readdirSync(folder, { recursive: true, encoding: "utf8" }).sort()) {
    if (!isExpected.test(name) || !name.endsWith(".yaml")) continue;
    for (const one of documentsOf(readFileSync(join(folder, name), "utf8")))
      if (isObject(one)) found.set(JSON.stringify(one), one);
  }
  return [...found.values()];
}

function documentsOf(text: string): unknown[] {
  try {
    return parseYamlDocuments(text).map((one) => JSON.parse(JSON.stringify(one, asNumber)) as unknown);
  } catch {
    // Some expectations are no YAML on purpose.
    return [];
  }
}

function asNumber(_key: string, value: unknown): unknown {
  return typeof value === "bigint" ? Number(value) : value;
}

function isObject(value: unknown): value is Recorded {
  if (typeof value !== "object" || value === null) return false;
  const { apiVersion, kind, metadata } = value as Partial<Recorded>;
  if (typeof apiVersion !== "string" || typeof kind !== "string") return false;
  // Names that are no text cannot be asked for.
  return typeof metadata === "object" && metadata !== null && typeof (metadata["name"] ?? "") === "string";
}

type Resource = { name: string; kind: string; namespaced: boolean; verbs: string[] };

/** `apiVersion|kind` → where objects of it are created. */
async function pathsOf(server: Server): Promise<Map<string, string>> {
  const read = async (path: string): Promise<unknown> => JSON.parse((await ask(server, { method: "GET", path })).body);
  const { groups } = (await read("/apis")) as { groups: { versions: { groupVersion: string }[] }[] };
  const versions = groups.flatMap((group) => group.versions.map((version) => version.groupVersion));
  const paths = new Map<string, string>();
  for (const apiVersion of ["v1", ...versions]) {
    const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const { resources } = (await read(root)) as { resources: Resource[] };
    for (const { name, kind, namespaced, verbs } of resources)
      if (!name.includes("/") && verbs.includes("create"))
        paths.set(`${apiVersion}|${kind}`, namespaced ? `${root}/namespaces/${namespace}/${name}` : `${root}/${name}`);
  }
  return paths;
}

function stepsFor(object: Recorded, path: string): Step[] {
  const { namespace: _, ...metadata } = object.metadata;
  const placed = { ...object, metadata: path.includes("/namespaces/") ? { ...metadata, namespace } : metadata };
  const name = typeof metadata["name"] === "string" ? encodeURIComponent(metadata["name"]) : "none";
  return [
    post(`${path}?dryRun=All&fieldValidation=Warn`, placed),
    applied(`${path}/${name}`, "recorded", placed, "&dryRun=All&force=true"),
  ];
}

describe.skipIf(!oracles.hasOracle() || cases === undefined)("recorded objects beside a real kube-apiserver", () => {
  let oracle: Oracle;
  let server: ApiServer;
  let store: Store;

  beforeAll(async () => {
    oracle = await oracles.startOracle({ withServiceAccounts: true });
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
  }, 120_000);

  afterAll(async () => {
    oracle.stop();
    await server.close();
    await store.close();
  });

  it("are answered alike", { timeout: 1_800_000 }, async () => {
    const real = { url: oracle.url, token: oracle.token };
    const own = { url: server.url, token: /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "" };
    for (const one of [real, own]) {
      await ask(one, post("/api/v1/namespaces", { metadata: { name: namespace } }));
      await ask(one, post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } }));
    }
    const paths = await pathsOf(real);
    const queue = objectsOf(cases ?? "")
      .filter((_, index) => index % every === 0)
      .flatMap((object) => {
        const path = paths.get(`${object.apiVersion}|${object.kind}`);
        return path === undefined ? [] : stepsFor(object, path);
      });
    const asked = queue.length;
    const differing: string[] = [];
    const work = async (): Promise<void> => {
      for (let step = queue.shift(); step !== undefined; step = queue.shift()) {
        const [expected, found] = await Promise.all([ask(real, step), ask(own, step)]);
        const lines = differences(normalised(expected, step), normalised(found, step));
        if (lines.length > 0) differing.push(`${step.method} ${step.path}\n  ${lines.join("\n  ")}`);
      }
    };
    await Promise.all(Array.from({ length: width }, work));
    if (isProof) report(asked, differing);
    expect(asked).toBeGreaterThan(0);
    expect(differing).toEqual([]);
  });
});

function report(asked: number, differing: readonly string[]): void {
  process.stdout.write(`recorded-objects: ${asked} requests, ${differing.length} differ\n`);
  const file = process.env["KEELSON_REPORT"];
  if (file !== undefined) writeFileSync(file, `${differing.join("\n")}\n`);
}
