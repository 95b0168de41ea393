import { rmSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { administrator, startApiServer } from "#apiserver";
import { memoryStore } from "#store";
import { realClock } from "../cluster/cluster.contract.ts";
import { temporaryFolder, testEnvironment } from "../sources/git/repository.contract.ts";
import { startArtifacts } from "./start.ts";

describe("source loops", () => {
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
    expect(await artifacts.view.whyNot({ ...source, kind: "Bucket" })).toContain("not served yet");
    abort.abort();
    await artifacts.ended;
    await server.close();
    await store.close();
    rmSync(folder, { recursive: true });
  });
});
