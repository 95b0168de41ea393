import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { administrator, startApiServer } from "#apiserver";
import { connectCluster, fixedCredentials } from "#cluster";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { temporaryFolder, testEnvironment, TestRepository } from "../sources/git/repository.contract.ts";
import { startArtifacts } from "./start.ts";
import { World } from "./world.contract.ts";

type Oracle = { stop(): void; url: string; token: string };
type OracleModule = { hasOracle(): boolean; startOracle(): Promise<Oracle> };
const oracles = (await import(
  new URL("../../../tools/oracle-apiserver.mjs", import.meta.url).href
)) as unknown as OracleModule;

describe("source loops", () => {
  it.skipIf(!oracles.hasOracle())(
    "work against a real kube-apiserver",
    async () => {
      const oracle = await oracles.startOracle();
      const credentials = fixedCredentials({ authorization: `Bearer ${oracle.token}` });
      const connection = { server: oracle.url, name: "oracle", namespace: "default", isInsecure: true, credentials };
      const cluster = connectCluster(connection, { clock: realClock });
      const world = await World.start(cluster);
      const made = new TestRepository(`${world.folder}/shop`);
      made.commit({ "apps/a.yaml": "a" });
      await world.repository("shop", { url: made.path });
      const sources = [{ alias: "shop", kind: "GitRepository", name: "shop" }];
      const artifacts = [
        { name: "apps", originRevision: "@shop", copy: [{ from: "@shop/apps/**", to: "@artifact/" }] },
      ];
      await world.create({
        apiVersion: "source.extensions.fluxcd.io/v1beta1",
        kind: "ArtifactGenerator",
        metadata: { name: "apps", namespace: "default" },
        spec: { sources, artifacts },
      });
      await world.untilReady("GitRepository", "shop");
      await world.untilReady("ArtifactGenerator", "apps");
      const commit = made.commit({ "apps/a.yaml": "b" });
      await world.until("ExternalArtifact", "apps", (object) => JSON.stringify(object["status"]).includes(commit));
      const missing = { url: made.path, ref: { branch: "nope" } };
      await world.repository("missing", missing);
      await world.untilReady("GitRepository", "missing", "False");
      await world.close();
      cluster.close();
      oracle.stop();
    },
    120_000,
  );

  it("are ready on a cluster that serves none of their kinds, and end when told to", async () => {
    const store = memoryStore();
    const server = await startApiServer({ store, clock: realClock });
    const folder = temporaryFolder("none");
    const abort = new AbortController();
    const artifacts = startArtifacts({
      cluster: server.cluster(administrator),
      clock: realClock,
      folder,
      environment: testEnvironment,
      address: "http://127.0.0.1:1",
      signal: abort.signal,
    });
    await artifacts.ready;
    const source = { kind: "GitRepository", namespace: "default", name: "none" };
    expect(artifacts.view.get(source)).toBeUndefined();
    expect(await artifacts.view.whyNot(source)).toBe("GitRepository/default/none does not exist");
    expect(await artifacts.view.whyNot({ ...source, kind: "ImagePolicy" })).toContain("not served yet");
    abort.abort();
    await artifacts.ended;
    await server.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
