// Releases by the real helm in one namespace and by ours in another, step by step with the same words: the same objects, owners
// of fields, records and exit codes, on a real kube-apiserver and on the embedded one. Before each scenario's last step the
// other of the two takes over, so that each goes on with what the other left.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Cluster } from "#cluster";
import { asManifest, type Json, type Manifest } from "#kernel";
import { realClock } from "../../cluster/cluster.contract.ts";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";
import { writeChart } from "./testdata/differential/charts.ts";
import { contentsOf, differences } from "./testdata/differential/compare.ts";
import { type Scenario, scenarios, type Step } from "./testdata/differential/scenarios.ts";
import { embeddedWorld, hasOracle, helm, type Ran, realWorld, type World } from "./testdata/differential/worlds.ts";

async function ours(world: World, words: readonly string[]): Promise<Ran> {
  const io = memoryIo({ clock: realClock, env: { TZ: "UTC" }, folder: world.folder, home: world.folder });
  const code = await runCommandLine(["helm", ...words, "--kubeconfig", world.kubeconfig], io, { version: "0.0.0" });
  const { stdout, stderr } = io.text();
  return { code, out: stdout, error: stderr };
}

async function targetOf(
  cluster: Cluster,
  { group = "", kind, namespace, name }: { group?: string; kind: string; namespace: string; name: string },
): Promise<Parameters<Cluster["get"]>[0]> {
  const discovery = await cluster.discover();
  const resource = discovery.ok ? discovery.value.byKind(group, kind) : undefined;
  if (resource === undefined) throw new Error(`${kind} is not served`);
  return { resource, namespace: resource.isNamespaced ? namespace : "", name };
}

async function create(cluster: Cluster, object: Manifest, namespace: string): Promise<void> {
  const target = await targetOf(cluster, { kind: object.kind, namespace, name: object.metadata.name });
  const made = await cluster.create(target, object, { fieldManager: "somebody" });
  if (!made.ok) throw new Error(made.status.message);
}

type Place = { world: World; namespace: string; run: (world: World, words: readonly string[]) => Promise<Ran> };

async function take(step: Step, { world, namespace, run }: Place): Promise<Ran> {
  if ("make" in step) {
    await create(world.cluster, asManifest(structuredClone(step.make) as Json), namespace);
    return { code: 0, out: "", error: "" };
  }
  if ("edit" in step) {
    const target = await targetOf(world.cluster, { ...step, namespace });
    const body = { type: "merge", patch: step.patch } as Parameters<Cluster["patch"]>[1];
    const done = await world.cluster.patch(target, body, { fieldManager: "by-hand" });
    if (!done.ok) throw new Error(done.status.message);
    return { code: 0, out: "", error: "" };
  }
  const words = step.map((word) => {
    if (word === "CHART1") return writeChart(world.folder, "1.0.0");
    if (word === "CHART2") return writeChart(world.folder, "2.0.0");
    return word === "CRDS" ? writeChart(world.folder, "1.0.0", namespace) : word;
  });
  return run(world, [...words, "-n", namespace]);
}

/** Differences of all steps; empty when both did the same. */
async function play(world: World, scenario: Scenario, index: number): Promise<string[]> {
  const places: Place[] = [
    { world, namespace: `helm-${index}`, run: helm },
    { world, namespace: `keel-${index}`, run: ours },
  ];
  for (const { namespace } of places) {
    await create(world.cluster, { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, "");
    // Nothing else makes it here, and Pods need one.
    await create(world.cluster, { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default" } }, namespace);
  }
  const found: string[] = [];
  for (const [at, step] of scenario.steps.entries()) {
    const isLast = at === scenario.steps.length - 1 && at > 0;
    const [theirs, own] = places as [Place, Place];
    const [expected, got] = await Promise.all([
      take(step, { ...theirs, run: isLast ? ours : helm }),
      take(step, { ...own, run: isLast ? helm : ours }),
    ]);
    const what = Array.isArray(step) ? step.join(" ") : JSON.stringify(step);
    if ((expected.code === 0) !== (got.code === 0))
      found.push(`${what}: exit codes ${expected.code} ${expected.error} and ${got.code} ${got.error}`);
    const [wanted, have] = await Promise.all([
      contentsOf(world.cluster, theirs.namespace),
      contentsOf(world.cluster, own.namespace),
    ]);
    found.push(...differences(wanted, have).map((line) => `${what}: ${line}`));
    if (process.env["KEELSON_TELL"] !== undefined)
      process.stdout.write(
        `${world.name} ${scenario.name}: ${what}\n  helm: ${expected.error}\n  ours: ${got.error}\n`,
      );
  }
  return withoutDivergences(found, scenario);
}

function withoutDivergences(found: readonly string[], { divergences = [] }: Scenario): string[] {
  const stale = divergences.filter(({ pattern }) => !found.some((line) => pattern.test(line)));
  return [
    ...found.filter((line) => !divergences.some(({ pattern }) => pattern.test(line))),
    ...stale.map(({ reason }) => `no longer seen: ${reason}`),
  ];
}

const only = new RegExp(process.env["KEELSON_ONLY"] ?? "");

for (const [name, open] of [
  ["a real kube-apiserver", realWorld],
  ["the embedded control plane", embeddedWorld],
] as const)
  describe.skipIf(!hasOracle())(`releases beside the real helm, on ${name}`, () => {
    let world: World;
    beforeAll(async () => {
      world = await open();
    });
    afterAll(() => world?.close());

    for (const [index, scenario] of scenarios.entries())
      it.skipIf(!only.test(scenario.name))(scenario.name, async () => {
        expect(await play(world, scenario, index)).toEqual([]);
      });
  });
