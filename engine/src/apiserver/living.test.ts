import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe } from "vitest";
import { type Cluster, connectCluster, fixedCredentials } from "#cluster";
import { type Clock, ManualClock } from "#kernel";
import { memoryStore } from "#store";
import { startLife } from "#apiserver/life";
import { startWorkloads } from "#apiserver/workloads";
import type { Living } from "./living-client.contract.ts";
import { livingContract } from "./living.contract.ts";
import { administrator, startApiServer } from "./server.ts";

async function animate(cluster: Cluster, clock: Clock, signal: AbortSignal): Promise<void> {
  let seed = 7;
  const random = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
  await startLife({ cluster, clock, signal, caCertificate: "certificate" });
  await startWorkloads({ cluster, clock, signal, random });
}

describe("the embedded cluster, alive", () => {
  const abort = new AbortController();
  const clock = new ManualClock();
  let living: Living;
  let close = async (): Promise<void> => {};

  beforeAll(async () => {
    const store = memoryStore();
    const server = await startApiServer({ store, clock });
    const cluster = server.cluster(administrator);
    await animate(cluster, clock, abort.signal);
    living = {
      cluster,
      wait: async () => {
        clock.advance(20);
        await new Promise((resolve) => setImmediate(resolve));
      },
    };
    close = async () => {
      abort.abort();
      await server.close();
      await store.close();
    };
  });
  afterAll(() => close());
  livingContract(() => living);
});

const folder = process.env["KEELSON_ORACLES"] ?? "";
type Oracle = { url: string; token: string; stop(): void };

describe.skipIf(!existsSync(`${folder}/kube-apiserver`) || !existsSync(`${folder}/etcd`))(
  "a real API server, alive",
  () => {
    const abort = new AbortController();
    let living: Living;
    let oracle: Oracle | undefined;

    beforeAll(async () => {
      const tool = new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href;
      const { startOracle } = (await import(tool)) as { startOracle: () => Promise<Oracle> };
      oracle = await startOracle();
      const clock: Clock = {
        now: () => performance.timeOrigin + performance.now(),
        after: (delayMs, run) => {
          const timer = setTimeout(run, delayMs);
          return () => clearTimeout(timer);
        },
      };
      const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
      const connection = { server: oracle.url, name: "oracle", namespace: "default", isInsecure: true, credentials };
      const cluster = connectCluster(connection, { clock });
      await animate(cluster, clock, abort.signal);
      living = { cluster, wait: () => new Promise((resolve) => setTimeout(resolve, 25)) };
    });
    afterAll(() => {
      abort.abort();
      oracle?.stop();
    });
    livingContract(() => living);
  },
);
