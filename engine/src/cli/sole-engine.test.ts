import { describe, expect, it } from "vitest";
import { administrator, startApiServer } from "#apiserver";
import { ManualClock } from "#kernel";
import { memoryStore } from "#store";
import { becomeSoleEngine, claimOwnCluster } from "./sole-engine.ts";

async function start() {
  const clock = new ManualClock();
  const server = await startApiServer({ store: memoryStore(), clock });
  const cluster = server.cluster(administrator);
  const lost: string[] = [];
  const become = (holder: string, selector?: string) =>
    becomeSoleEngine({ cluster, clock, holder, selector, lost: () => lost.push(holder) });
  const claim = (holder: string) => claimOwnCluster({ cluster, clock, holder });
  return { clock, become, claim, lost, close: () => server.close() };
}

/** Lets what a timer started come to its end. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((done) => setImmediate(done));
}

describe("the one engine of a cluster", () => {
  it("keeps a second one out while it renews its Lease", async () => {
    const { clock, become, lost, close } = await start();
    await become("a-1");
    for (let seconds = 0; seconds < 120; seconds += 10) {
      clock.advance(10_000);
      await settle();
    }
    await expect(become("b-2")).rejects.toThrow("another engine works on this cluster: a-1");
    expect(lost).toEqual([]);
    await close();
  });

  it("is that of the control plane's own process, which takes it from any other and need not renew it", async () => {
    const { clock, become, claim, lost, close } = await start();
    await become("a-1");
    await claim("up, process 7");
    clock.advance(10_000);
    await settle();
    expect(lost).toEqual(["a-1"]);
    clock.advance(120_000);
    await expect(become("b-2")).rejects.toThrow("another engine works on this cluster: up, process 7");
    await claim("up, process 8");
    await expect(become("b-2")).rejects.toThrow("another engine works on this cluster: up, process 8");
    await close();
  });

  it("lets one work beside it for each other shard", async () => {
    const { become, lost, close } = await start();
    await become("a-1", "sharding.fluxcd.io/key=one");
    await become("b-2", "!sharding.fluxcd.io/key");
    await expect(become("c-3", "sharding.fluxcd.io/key=one")).rejects.toThrow("another engine works on this cluster");
    expect(lost).toEqual([]);
    await close();
  });

  it("gives the Lease back when it ends", async () => {
    const { become, close } = await start();
    const release = await become("a-1");
    await release();
    await become("b-2");
    await close();
  });

  it("is told when another took over after it was away for too long", async () => {
    const { clock, become, lost, close } = await start();
    await become("a-1");
    // A machine that slept: no timer ran, and the Lease ran out.
    const asleep = clock.now() + 40_000;
    const now = clock.now.bind(clock);
    clock.now = () => Math.max(now(), asleep);
    await become("b-2");
    clock.advance(10_000);
    await settle();
    expect(lost).toEqual(["a-1"]);
    await close();
  });

  it("takes its own Lease again after a crash and a restart as the same", async () => {
    const { become, close } = await start();
    await become("a-1");
    await become("a-1");
    await close();
  });
});
