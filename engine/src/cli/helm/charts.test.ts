// Real charts through the real helm and through ours, one after the other on one real kube-apiserver, in the same namespace:
// install, upgrade with other values, uninstall. After each step the whole server holds the same, cluster-wide objects too.
// KEELSON_PROOF=release-charts takes KEELSON_COUNT charts (50) from number KEELSON_FROM on (0), else a few.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "#kernel";
import { realClock } from "../../cluster/cluster.contract.ts";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";
import { differences, everything, removeAll } from "./testdata/differential/compare.ts";
import { hasOracle, helm, type Ran, realWorld, type World } from "./testdata/differential/worlds.ts";

type Case = { expect: string; args: readonly string[]; values: readonly string[]; out: string; maskedLines?: unknown };
type Chart = { name: string; folder: string; args: readonly (readonly string[])[] };

const cases = process.env["KEELSON_CASES"] ?? "";
const isProof = process.env["KEELSON_PROOF"] === "release-charts";
const count = isProof ? Number(process.env["KEELSON_COUNT"] ?? 50) : 2;
const first = isProof ? Number(process.env["KEELSON_FROM"] ?? 0) : 0;

/** Why a chart cannot be compared this way; "" when it can. */
function leftOutFor(rendered: string): string {
  if (/^kind: (Validating|Mutating)WebhookConfiguration/m.test(rendered)) return "webhooks whose Pods do not exist";
  if (/^kind: APIService/m.test(rendered)) return "an API whose Pods do not exist";
  if (/^kind: Namespace/m.test(rendered)) return "a namespace, which nothing empties here";
  return "";
}

/** Charts with at least one recorded rendering that has no random text. */
function* charts(): Generator<Chart> {
  const root = join(cases, "helm");
  for (const repository of readdirSync(root).sort()) {
    if (repository === "probes") continue;
    for (const name of readdirSync(join(root, repository)).sort()) {
      const folder = join(root, repository, name);
      const all = readFileSync(join(folder, "cases.jsonl"), "utf8").trim().split("\n");
      const usable = all
        .map((line) => JSON.parse(line) as Case)
        .filter((one) => one.expect === "ok" && one.maskedLines === undefined)
        .filter(({ out }) => leftOutFor(readFileSync(join(folder, out), "utf8")) === "");
      if (usable.length < all.length || usable.length === 0) continue;
      const args = usable.map((one) => one.values.flatMap((file) => ["-f", join(folder, "chart", file)]));
      yield { name: `${repository}/${name}`, folder: join(folder, "chart"), args };
    }
  }
}

async function ours(world: World, words: readonly string[]): Promise<Ran> {
  const io = memoryIo({ clock: realClock, env: { TZ: "UTC" }, folder: world.folder, home: world.folder });
  const code = await runCommandLine(["helm", ...words, "--kubeconfig", world.kubeconfig], io, { version: "0.0.0" });
  const { stdout, stderr } = io.text();
  return { code, out: stdout, error: stderr };
}

type Side = (world: World, words: readonly string[]) => Promise<Ran>;
type Step = { code: boolean; error: string; holds: JsonObject };

/** What each step leaves; the server is empty again after. */
async function live(world: World, run: Side, { folder, args }: Chart): Promise<Step[]> {
  const [given = [], other = ["--set", "fullnameOverride=other"]] = args;
  const before = await everything(world.cluster);
  const steps: Step[] = [];
  for (const words of [
    ["install", "rel", folder, ...given, "--timeout", "60s"],
    ["upgrade", "rel", folder, ...other, "--timeout", "60s"],
    ["uninstall", "rel", "--timeout", "60s"],
  ]) {
    const { code, error } = await run(world, [...words, "-n", "default"]);
    const holds = await everything(world.cluster);
    for (const key of Object.keys(before)) delete holds[key];
    steps.push({ code: code === 0, error, holds });
  }
  await removeAll(world.cluster, Object.keys(before));
  return steps;
}

describe.skipIf(!hasOracle() || cases === "")("real charts, as helm and we leave them", () => {
  let world: World;
  beforeAll(async () => {
    world = await realWorld();
  });
  afterAll(() => world?.close());

  it(`${count} charts: installed, upgraded, uninstalled`, { timeout: 3_600_000 }, async () => {
    const told: string[] = [];
    let [installed, objects, number] = [0, 0, first];
    for (const chart of [...charts()].slice(first)) {
      if (installed === count) break;
      const { isInstalled, why, lines, held } = await compare(world, chart);
      if (isInstalled) installed++;
      objects += held;
      told.push(...lines);
      const what = isInstalled ? "" : `, which helm does not install (${why})`;
      if (isProof) process.stdout.write(`${number} ${chart.name}${what}: ${lines.length} differences\n${shown(lines)}`);
      number++;
    }
    if (isProof) process.stdout.write(`charts: ${installed}, objects and records compared: ${objects}\n`);
    expect(told).toEqual([]);
    expect(installed).toBe(count);
  });
});

type Compared = { isInstalled: boolean; why: string; lines: string[]; held: number };

/** What differs; a chart that helm cannot install, since it needs definitions of others, must fail here too. */
async function compare(world: World, chart: Chart): Promise<Compared> {
  const theirs = await live(world, helm, chart);
  const own = await live(world, ours, chart);
  const lines: string[] = [];
  let held = 0;
  for (const [at, step] of theirs.entries()) {
    const mine = own[at] as Step;
    held += Object.keys(step.holds).length;
    if (mine.code !== step.code) lines.push(`${chart.name} ${at}: helm ${step.error}, here ${mine.error}`);
    lines.push(...differences(step.holds, mine.holds).map((line) => `${chart.name} ${at}: ${line}`));
  }
  const why = (theirs[0]?.error ?? "").trim().split("\n").at(-1)?.slice(0, 200) ?? "";
  return { isInstalled: theirs[0]?.code === true, why, lines, held };
}

function shown(lines: readonly string[]): string {
  return lines.map((line) => `  ${line.slice(0, 600)}\n`).join("");
}
