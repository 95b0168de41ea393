// Scripts whose answers by a real kube-apiserver are kept, so that they are compared where there is none. UPDATE_GOLDEN=1 with
// KEELSON_ORACLES asks it anew.

import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { memoryStore, type Store } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { type ApiServer, startApiServer } from "./server.ts";
import { differences, runScript, type Server } from "./testdata/differential/compare.ts";
import { accessScripts } from "./testdata/differential/access-scripts.ts";
import { cornerScripts } from "./testdata/differential/corner-scripts.ts";
import { deviceScripts } from "./testdata/differential/device-scripts.ts";
import { escalationScripts } from "./testdata/differential/escalation-scripts.ts";
import { ownershipScripts } from "./testdata/differential/ownership-scripts.ts";
import { statusScripts } from "./testdata/differential/status-scripts.ts";
import { webhookUrlScripts } from "./testdata/differential/webhook-url-scripts.ts";

type Recorded = { version: string; answers: Record<string, unknown[]> };
type OracleModule = {
  startOracle(options: { withServiceAccounts: boolean }): Promise<Server & { stop(): void }>;
};

const file = new URL("./testdata/recorded-answers/answers.json", import.meta.url);
const ownPlace = accessScripts.filter(({ name }) => name === "access: a namespace of one's own");
const scripts = [
  ...ownPlace,
  ...deviceScripts,
  ...cornerScripts,
  ...ownershipScripts,
  ...escalationScripts,
  ...webhookUrlScripts,
  ...statusScripts,
];

async function record(): Promise<void> {
  const module = new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href;
  const oracle = await ((await import(module)) as unknown as OracleModule).startOracle({ withServiceAccounts: true });
  const answers: Recorded["answers"] = {};
  for (const script of scripts) answers[script.name] = await runScript(oracle, script);
  oracle.stop();
  const recorded: Recorded = { version: "kube-apiserver v1.36.3", answers };
  writeFileSync(file, `${JSON.stringify(recorded, undefined, 1)}\n`);
}

describe("answers that a real kube-apiserver gave", () => {
  let server: ApiServer;
  let store: Store;
  let own: Server;
  let recorded: Recorded;

  beforeAll(async () => {
    if (process.env["UPDATE_GOLDEN"] === "1") await record();
    recorded = JSON.parse(readFileSync(file, "utf8")) as Recorded;
    store = memoryStore();
    server = await startApiServer({ store, clock: realClock, listen: { port: 0 } });
    own = { url: server.url, token: /token: (\S+)/.exec(server.kubeconfig())?.[1] ?? "" };
  }, 120_000);
  afterAll(async () => {
    await server.close();
    await store.close();
  });

  it.each(scripts)("$name", async (script) => {
    const [expected = [], found] = [recorded.answers[script.name], await runScript(own, script)];
    expect(found).toHaveLength(expected.length);
    // What is found has passed no file yet.
    const kept = JSON.parse(JSON.stringify(found)) as unknown[];
    expect(expected.flatMap((answer, index) => differences(answer, kept[index]))).toEqual([]);
  });
});
