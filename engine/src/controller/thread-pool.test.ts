import { afterEach, describe, expect, it } from "vitest";
import { type Clock, ManualClock } from "#kernel";
import { ThreadLost, ThreadPool } from "./thread-pool.ts";

type Wish = { id: number; do: "echo" | "loop" | "fill" | "throw" | "exit" | "nest"; word?: string };
type Said = { id: number; word?: string; thread: number };

const script = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort, threadId } from "node:worker_threads";
    parentPort.on("message", (wish) => {
      if (wish.do === "loop") for (;;);
      if (wish.do === "fill") for (const all = []; ; ) all.push(new Array(10_000).fill({}));
      if (wish.do === "throw") throw new Error("broken");
      const nest = (levels) => (levels === 0 ? "held" : nest(levels - 1));
      if (wish.do === "nest") wish.word = nest(400_000);
      if (wish.do === "exit") process.exit(3);
      parentPort.postMessage({ id: wish.id, word: wish.word, thread: threadId });
    });`)}`,
);

const clock: Clock = {
  now: () => Date.now(),
  after: (delayMs, run) => {
    const timer = setTimeout(run, delayMs);
    return () => clearTimeout(timer);
  },
};

const pools: ThreadPool<Wish, Said>[] = [];
const forever = 3_600_000;

function open(options: Partial<ConstructorParameters<typeof ThreadPool>[0]> = {}): ThreadPool<Wish, Said> {
  const all = { clock, script, threads: 1, threadsMost: 2, patienceMs: forever, taskMostMs: forever, ...options };
  const pool = new ThreadPool<Wish, Said>(all);
  pools.push(pool);
  return pool;
}

const echo = (pool: ThreadPool<Wish, Said>, word: string): Promise<Said> => pool.run({ do: "echo", word });
const endOf = (task: Promise<unknown>): Promise<unknown> =>
  task.then(
    () => "answered",
    (thrown: unknown) => (thrown instanceof ThreadLost ? thrown.end : thrown),
  );

afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

describe("threads", { timeout: 120_000 }, () => {
  it("answer one task after the other, each its own", async () => {
    const pool = open();
    const said = await Promise.all(["a", "b", "c"].map((word) => echo(pool, word)));
    expect(said.map(({ word }) => word)).toEqual(["a", "b", "c"]);
    expect(new Set(said.map(({ thread }) => thread)).size).toBe(1);
  });

  it("that are busy for long make room for others, and leave again", async () => {
    const pool = open({ patienceMs: 10 });
    const endless = endOf(pool.run({ do: "loop" }));
    expect((await echo(pool, "beside it")).word).toBe("beside it");
    await pool.close();
    expect(await endless).toBe("crash");
  });

  it("never hold up the loop of those who ask", async () => {
    const pool = open();
    const endless = endOf(pool.run({ do: "loop" }));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setTimeout(resolve, 1));
    await pool.close();
    expect(await endless).toBe("crash");
  });

  it("one that takes too long is ended, and the next task is done by another", async () => {
    const own = new ManualClock();
    const pool = open({ clock: own, taskMostMs: 60_000 });
    const endless = endOf(pool.run({ do: "loop" }));
    own.advance(60_000);
    expect(await endless).toBe("time");
    expect((await echo(pool, "next")).word).toBe("next");
  });

  it.each([
    ["is ended when it fills its memory", "fill", { heapMostMiB: 32 }, "memory"],
    ["fails with what it throws", "throw", {}, "crash"],
    ["fails when it ends itself", "exit", {}, "crash"],
  ] as const)("one that %s, and the next task is done by another", async (_name, wish, options, end) => {
    const pool = open(options);
    expect(await endOf(pool.run({ do: wish }))).toBe(end);
    expect((await echo(pool, "next")).word).toBe("next");
  });

  it("have the stack that is asked for", async () => {
    expect(await endOf(open().run({ do: "nest" }))).toBe("crash");
    expect((await open({ stackMiB: 64 }).run({ do: "nest" })).word).toBe("held");
  });

  it("that are closed refuse further tasks", async () => {
    const pool = open();
    await pool.close();
    expect(await endOf(echo(pool, "late"))).toBe("crash");
  });
});
