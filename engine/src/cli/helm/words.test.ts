// What `keelson helm` prints beside what the real helm prints: both read the same releases with the same words, and act in
// namespaces of their own. Standard output is equal to the letter; where helm fails, its error is in ours.

import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { asManifest, type Json } from "#kernel";
import { realClock } from "../../cluster/cluster.contract.ts";
import { commands } from "../commands.ts";
import { memoryIo } from "../io.ts";
import { runCommandLine } from "../run.ts";
import { writeChart } from "./testdata/differential/charts.ts";
import { actions, absentFlags, type Reading, readings, state } from "./testdata/differential/words.ts";
import {
  embeddedWorld,
  hasOracle,
  helm,
  helmBinary,
  type Ran,
  realWorld,
  type World,
} from "./testdata/differential/worlds.ts";

async function ours(
  world: World,
  words: readonly string[],
  environment: { [name: string]: string } = {},
): Promise<Ran> {
  const io = memoryIo({
    clock: realClock,
    env: { TZ: "UTC", ...environment },
    folder: world.folder,
    home: world.folder,
  });
  const code = await runCommandLine(["helm", ...words, "--kubeconfig", world.kubeconfig], io, { version: "0.0.0" });
  const { stdout, stderr } = io.text();
  return { code, out: stdout, error: stderr };
}

async function makeNamespace(world: World, name: string): Promise<void> {
  const discovery = await world.cluster.discover();
  if (!discovery.ok) throw new Error(discovery.status.message);
  const make = async (kind: string, target: { namespace: string; name: string }): Promise<void> => {
    const resource = discovery.value.byKind("", kind);
    if (resource === undefined) throw new Error(kind);
    const object = { apiVersion: "v1", kind, metadata: { name: target.name } };
    await world.cluster.create({ resource, ...target }, asManifest(object as Json), { fieldManager: "somebody" });
  };
  await make("Namespace", { namespace: "", name });
  await make("ServiceAccount", { namespace: name, name: "default" });
}

function wordsOf(words: readonly string[], world: World): string[] {
  return words.map((word) => {
    if (word === "CHART1") return writeChart(world.folder, "1.0.0");
    return word === "CHART2" ? writeChart(world.folder, "2.0.0") : word;
  });
}

/** Helm's error without the log lines that go before it. */
function errorOf(text: string): string {
  return (/(?:^|\n)Error: ([\s\S]*)$/.exec(text)?.[1] ?? "").trim().split("\nUsage:")[0] ?? "";
}

function expectSame(theirs: Ran, own: Ran, mask: (text: string) => string = (text) => text): void {
  expect.soft(own.code === 0, `helm: ${theirs.error}\nhere: ${own.error}`).toBe(theirs.code === 0);
  expect.soft(mask(own.out)).toBe(mask(theirs.out));
  if (theirs.code !== 0) expect.soft(mask(own.error)).toContain(mask(errorOf(theirs.error)));
}

/** Beside the embedded control plane the real one; KEELSON_PROOF=helm-beside alone takes the time for it. */
const servers: [name: string, open: () => Promise<World>][] = [["the embedded control plane", embeddedWorld]];
if (process.env["KEELSON_PROOF"] === "helm-beside") servers.push(["a real kube-apiserver", realWorld]);

describe.skipIf(!hasOracle()).each(servers)("what is printed, beside the real helm, on %s", (_, open) => {
  let world: World;
  beforeAll(async () => {
    world = await open();
    for (const namespace of ["shop", "other"]) await makeNamespace(world, namespace);
    for (const words of state) await helm(world, wordsOf(words, world));
  });
  afterAll(() => world?.close());

  for (const { words, args = "", mask } of readings.flatMap(spread))
    it(`${words}${args}`, async () => {
      const line = [...words.split(" "), ...(args === "" ? [] : args.trim().split(" "))];
      expectSame(await helm(world, line), await ours(world, line), mask);
    });

  it("of releases in ConfigMaps, which both go on with", async () => {
    await makeNamespace(world, "maps");
    const driver = { HELM_DRIVER: "configmap" };
    const act = async (run: typeof helm, ...words: string[]): Promise<void> => {
      const { code, error } = await run(world, [...wordsOf(words, world), "-n", "maps"], driver);
      expect([words[0], code, code === 0 ? "" : error]).toEqual([words[0], 0, ""]);
    };
    await act(helm, "install", "web", "CHART1");
    await act(ours, "upgrade", "web", "CHART2", "--set", "extra=word");
    await act(helm, "rollback", "web");
    await act(ours, "upgrade", "web", "CHART1", "--history-max", "2");
    for (const line of ["list", "history web", "get manifest web", "get metadata web", "get values web --revision 3"]) {
      const words = [...line.split(" "), "-n", "maps"];
      expectSame(await helm(world, words, driver), await ours(world, words, driver));
    }
    // Nothing of it is in Secrets.
    expectSame(await helm(world, ["list", "-n", "maps"]), await ours(world, ["list", "-n", "maps"]));
    await act(ours, "uninstall", "web", "--keep-history");
    await act(helm, "uninstall", "web");
    const left = ["history", "web", "-n", "maps"];
    expectSame(await helm(world, left, driver), await ours(world, left, driver));
  });

  for (const [index, { name, steps }] of actions.entries())
    it(name, async () => {
      const [left, right] = [`helm-${index}`, `keel-${index}`];
      await makeNamespace(world, left);
      await makeNamespace(world, right);
      for (const step of steps) {
        const words = wordsOf(step, world);
        const [theirs, own] = [await helm(world, [...words, "-n", left]), await ours(world, [...words, "-n", right])];
        expectSame(theirs, own, (text) =>
          withoutMoments(text).replaceAll(left, "NAMESPACE").replaceAll(right, "NAMESPACE"),
        );
      }
    });
});

/** Each of a reading's flags on its own. */
function spread(reading: Reading): { words: string; args?: string; mask?: (text: string) => string }[] {
  return reading.flags.map((flags) => ({
    words: reading.words,
    args: flags === "" ? "" : ` ${flags}`,
    ...(reading.mask === undefined ? {} : { mask: reading.mask }),
  }));
}

/** Times, and those of the chart's files, which ours leaves out of the record. */
function withoutMoments(text: string): string {
  return text
    .replaceAll(/,"modtime":"[^"]*"/g, "")
    .replaceAll(/^\s+modtime: .*\n/gm, "")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "TIME")
    .replaceAll(/(Mon|Tue|Wed|Thu|Fri|Sat|Sun) [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}/g, "TIME");
}

describe.skipIf(!hasOracle())("helm's flags", () => {
  for (const name of ["install", "upgrade", "rollback", "uninstall", "test", "status", "history", "list", "get"])
    it(`of ${name} are taken`, async () => {
      const parts = name === "get" ? ["all", "values", "manifest", "hooks", "notes", "metadata"] : [""];
      const entry = commands.find((one) => one.name === `helm ${name}`);
      const { command } = (await entry?.load()) ?? { command: undefined };
      const own = command?.flags ?? {};
      const missing = parts
        .flatMap((part) => flagsOf([name, ...(part === "" ? [] : [part])]))
        .filter(([flag, short]) => !Object.hasOwn(own, flag) || (short !== "" && own[flag]?.short !== short))
        .map(([flag]) => flag);
      expect([...new Set(missing)].filter((flag) => !Object.hasOwn(absentFlags, flag))).toEqual([]);
    });
});

/** Long and short names, by helm's own help. */
function flagsOf(words: readonly string[]): [flag: string, short: string][] {
  const { stdout } = spawnSync(helmBinary, [...words, "--help"], { encoding: "utf8" });
  return [...stdout.matchAll(/^\s+(?:-(\w), )?\s*--([a-z-]+)/gm)].map(([, short = "", flag = ""]) => [flag, short]);
}
