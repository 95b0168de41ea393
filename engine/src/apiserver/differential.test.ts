// The same requests to this server and to a real kube-apiserver: equal answers, but for uids, times and versions. Scripts are written
// by hand or generated from a seed; KEELSON_PROOF=differential runs all of them, else a fixed sample.

import { writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { realClock } from "../cluster/cluster.contract.ts";
import { memoryStore, type Store } from "#store";
import { ask, differences, runScript, type Server } from "./testdata/differential/compare.ts";
import { changedFieldScripts } from "./testdata/differential/changed-fields.ts";
import { moreDefinitions } from "./testdata/differential/definitions.ts";
import { divergences } from "./testdata/differential/divergences.ts";
import { generatedScripts } from "./testdata/differential/generate.ts";
import { handScripts } from "./testdata/differential/hand.ts";
import { reachScripts } from "./testdata/differential/reach.ts";
import { definitionStep, scripts } from "./testdata/differential/scripts.ts";
import { post, type Script } from "./testdata/differential/steps.ts";
import { wrongFieldScripts } from "./testdata/differential/wrong-fields.ts";
import { wrongStatusScripts } from "./testdata/differential/wrong-statuses.ts";
import { type ApiServer, startApiServer } from "./server.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(options: { withServiceAccounts: boolean }): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

const isProof = process.env["KEELSON_PROOF"] === "differential";
/** The list of known divergences is that of seed 1; others are for those who look for more. */
const seed = Number(process.env["KEELSON_SEED"] ?? 1);
const generatedCount = isProof ? Number(process.env["KEELSON_COUNT"] ?? 720) : 200;
const only = new RegExp(process.env["KEELSON_ONLY"] ?? "");
/** One in so many of the scripts that take every kind in turn; no divisor of their number per kind, so that each of them comes up. */
const reachStep = isProof ? 1 : 13;
const reached = reachScripts.filter((_, index) => index % reachStep === 0);
const allScripts: readonly Script[] = [
  ...scripts,
  ...handScripts,
  ...reached,
  ...[...wrongFieldScripts(), ...changedFieldScripts(), ...wrongStatusScripts()].filter(
    (_, index) => index % reachStep === 0,
  ),
  ...generatedScripts(seed, generatedCount),
].filter(({ name }) => only.test(name));
/** Scripts at work at one time: each keeps to a namespace of its own. Those without one see each other, and take turns. */
const width = 6;
/** So little that objects are dropped and decoded again all the time: nobody may notice. */
const hotWeight = 20_000;
const isAlone = ({ steps }: Script): boolean => !steps.some(({ path }) => path.includes("/namespaces/"));

type Played = { script: Script; differences: string[] };

async function play(script: Script, real: Server, own: Server): Promise<Played> {
  const [expected, found] = [await runScript(real, script), await runScript(own, script)];
  const lines = expected.flatMap((answer, index) =>
    differences(answer, found[index]).map((line) => `${(answer as { asked: string }).asked} ${line}`),
  );
  return { script, differences: lines };
}

async function playAll(real: Server, own: Server): Promise<Map<string, Played>> {
  const played = new Map<string, Played>();
  for (const script of allScripts.filter(isAlone)) played.set(script.name, await play(script, real, own));
  const queue = allScripts.filter((script) => !isAlone(script));
  const work = async (): Promise<void> => {
    for (let script = queue.shift(); script !== undefined; script = queue.shift())
      played.set(script.name, await play(script, real, own));
  };
  await Promise.all(Array.from({ length: width }, work));
  return played;
}

async function define(server: Server): Promise<void> {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
  for (const step of [definitionStep, ...moreDefinitions.map((definition) => post(path, definition))])
    expect((await ask(server, step)).code).toBe(201);
  for (const list of ["v1/widgets", "v1/gadgets", "v2/gadgets"])
    await vi.waitFor(
      async () => expect((await ask(server, { method: "GET", path: `/apis/example.com/${list}` })).code).toBe(200),
      { timeout: 60_000, interval: 100 },
    );
}

describe.skipIf(!oracles.hasOracle())("beside a real kube-apiserver", () => {
  let oracle: Oracle;
  let server: ApiServer;
  let store: Store;
  let played = new Map<string, Played>();

  beforeAll(async () => {
    oracle = await oracles.startOracle({ withServiceAccounts: true });
    store = memoryStore();
    server = await startApiServer({
      store,
      clock: realClock,
      listen: { port: 0 },
      withoutQuotaStatus: true,
      hotWeight,
    });
    const real = { url: oracle.url, token: oracle.token };
    const own = { url: server.url, token: /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "" };
    for (const one of [real, own]) await define(one);
    played = await playAll(real, own);
    if (isProof) report(played);
  }, 600_000);

  afterAll(async () => {
    oracle.stop();
    await server.close();
    await store.close();
  });

  it.each(allScripts.map(({ name }) => name))("%s", (name) => {
    const { differences: found = ["was not played"] } = played.get(name) ?? {};
    // What is listed as different and begins to agree must leave the list.
    if (divergences[name] === undefined) expect(found).toEqual([]);
    else expect(found).not.toEqual([]);
  });
});

/** Tells how many scripts ran and which differ; the differences go to the file that KEELSON_REPORT names. */
function report(played: ReadonlyMap<string, Played>): void {
  const differing = [...played.values()].filter(({ differences: lines }) => lines.length > 0);
  process.stdout.write(`differential: ${played.size} scripts, ${differing.length} differ\n`);
  const file = process.env["KEELSON_REPORT"];
  const texts = differing.map(({ script, differences: lines }) => `${script.name}\n  ${lines.join("\n  ")}`);
  if (file !== undefined) writeFileSync(file, `${texts.join("\n")}\n`);
}
