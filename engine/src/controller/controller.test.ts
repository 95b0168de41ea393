import { describe, expect, it } from "vitest";
import { type Disposition, Fault, ManualClock } from "#kernel";
import { type ControllerOptions, runController } from "./controller.ts";
import { WorkQueue } from "./work-queue.ts";

const backOff = { leastMs: 100, mostMs: 1600 };

/** Lets promises that are ready run to their next wait. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve();
}

function start(options: Pick<ControllerOptions, "reconcile"> & Partial<ControllerOptions>) {
  const clock = new ManualClock(0);
  const queue = new WorkQueue({ clock, backOff, random: () => 1 });
  const abort = new AbortController();
  const ended = runController({ name: "test", queue, clock, concurrency: 2, signal: abort.signal, ...options });
  return { clock, queue, abort, ended };
}

describe("controller", () => {
  it("comes back with a growing delay after a fault to retry, and starts over once it works", async () => {
    const runsAt: number[] = [];
    const { clock, queue, abort, ended } = start({
      reconcile: async () => {
        runsAt.push(clock.now());
        if (runsAt.length !== 4) throw new Fault({ code: "x", disposition: "retry", message: "no" });
        return { requeueAfterMs: 1000 };
      },
    });
    queue.add("a", "spec");
    for (let i = 0; i < 200; i++) {
      await settle();
      clock.advance(10);
    }
    expect(runsAt).toEqual([0, 100, 300, 700, 1700, 1800]);
    abort.abort();
    await ended;
  });

  it.each(["wait", "stall"] as const)("leaves a key alone after a fault that says %s", async (disposition) => {
    let runs = 0;
    const seen: [string, Disposition, number | undefined][] = [];
    const { clock, queue, abort, ended } = start({
      reconcile: () => {
        runs += 1;
        return Promise.reject(new Fault({ code: "x", disposition, message: "no" }));
      },
      failed: (key, fault, retryInMs) => seen.push([key, fault.disposition, retryInMs]),
    });
    queue.add("a", "spec");
    await settle();
    clock.advance(1e9);
    await settle();
    expect(runs).toBe(1);
    expect(seen).toEqual([["a", disposition, undefined]]);
    queue.add("a", "spec");
    await settle();
    expect(runs).toBe(2);
    abort.abort();
    await ended;
  });

  it("works on no more keys at once than it was told, and on one key never twice", async () => {
    const open = new Map<string, () => void>();
    let most = 0;
    const { queue, abort, ended } = start({
      reconcile: (key) =>
        new Promise((resolve) => {
          expect(open.has(key)).toBe(false);
          open.set(key, () => {
            open.delete(key);
            resolve();
          });
          most = Math.max(most, open.size);
        }),
    });
    for (const key of ["a", "b", "c", "a", "b"]) queue.add(key, "spec");
    for (let i = 0; i < 8; i++) {
      await settle();
      for (const key of ["a", "b"]) queue.add(key, "drift");
      [...open.values()][0]?.();
    }
    expect(most).toBe(2);
    abort.abort();
    for (let i = 0; i < 4; i++) {
      for (const end of open.values()) end();
      await settle();
    }
    await ended;
  });

  it("tells a running pass that something newer is wanted, but not for a mere status bump", async () => {
    const told: string[] = [];
    const { queue, abort, ended } = start({
      reconcile: (key, signal, pass) =>
        new Promise((resolve) => {
          told.push(`${key} ${pass.priority}`);
          pass.superseded.addEventListener("abort", () => resolve());
          signal.addEventListener("abort", () => resolve());
        }),
    });
    queue.add("a", "spec");
    await settle();
    queue.add("a", "status");
    await settle();
    expect(told).toEqual(["a spec"]);
    queue.add("a", "revision");
    await settle();
    expect(told).toEqual(["a spec", "a revision"]);
    abort.abort();
    await ended;
  });
});
