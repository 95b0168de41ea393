// Plays a scenario by the real helm in one namespace and by ours in another, and tells where they part.

import type { Cluster } from "#cluster";
import { asManifest, type Json, type Manifest } from "#kernel";
import { type ReleaseStatus, releaseStorage } from "#releases";
import { realClock } from "../../../../cluster/cluster.contract.ts";
import { memoryIo } from "../../../io.ts";
import { runCommandLine } from "../../../run.ts";
import { writeChart } from "./charts.ts";
import { contentsOf, differences } from "./compare.ts";
import type { Scenario, Step } from "./scenarios.ts";
import { helm, type Ran, type World } from "./worlds.ts";

/** `keelson helm` in this process. */
export async function ours(world: World, words: readonly string[]): Promise<Ran> {
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
  // Some of it the server may make too.
  if (!made.ok && made.status.reason !== "AlreadyExists") throw new Error(made.status.message);
}

/** Gives revisions of the release other statuses: so a process leaves them that is killed. */
async function mark(
  statuses: { readonly [revision: string]: ReleaseStatus },
  cluster: Cluster,
  namespace: string,
): Promise<void> {
  const storage = releaseStorage({ cluster, namespace, clock: realClock });
  for (const [revision, status] of Object.entries(statuses)) {
    const release = await storage.get("web", Number(revision));
    if (release === undefined) throw new Error(`there is no revision ${revision}`);
    await storage.update({ ...release, info: { ...release.info, status } });
  }
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
  if ("mark" in step) {
    await mark(step.mark, world.cluster, namespace);
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
export async function play(world: World, scenario: Scenario, index: number): Promise<string[]> {
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


/** All that differed, by scenario: what stands at the end of a failed run. */
export function told(differing: ReadonlyMap<string, readonly string[]>): string {
  return [...differing].map(([name, lines]) => `${name}:\n${lines.map((line) => `  ${line}\n`).join("")}`).join("");
}
