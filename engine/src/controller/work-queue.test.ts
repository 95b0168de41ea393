import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock } from "#kernel";
import { priorities, type Priority, type Work, WorkQueue } from "./work-queue.ts";

const backOff = { leastMs: 100, mostMs: 1600 };
const random = (): number => 1;

/** The queue as one would write it without a thought for speed: lists, searched from the start. */
class Model {
  now = 0;
  ready: Work[] = [];
  running: { key: string; again: Priority | undefined }[] = [];
  delayed: { key: string; priority: Priority; at: number; order: number }[] = [];
  failures = new Map<string, number>();
  order = 0;

  add(key: string, priority: Priority): void {
    const running = this.running.find((item) => item.key === key);
    if (running !== undefined) {
      if (running.again === undefined || rank(priority) < rank(running.again)) running.again = priority;
      return;
    }
    const before = this.ready.find((work) => work.key === key);
    if (before !== undefined && rank(before.priority) <= rank(priority)) return;
    this.ready = this.ready.filter((work) => work.key !== key);
    this.ready.push({ key, priority });
  }

  addAfter(key: string, priority: Priority, delayMs: number): void {
    if (delayMs <= 0) return this.add(key, priority);
    const at = this.now + delayMs;
    const before = this.delayed.find((item) => item.key === key);
    if (before !== undefined && before.at <= at) return;
    this.delayed = this.delayed.filter((item) => item.key !== key);
    this.delayed.push({ key, priority, at, order: this.order++ });
  }

  retry(key: string, priority: Priority): void {
    const failures = (this.failures.get(key) ?? 0) + 1;
    this.failures.set(key, failures);
    this.addAfter(key, priority, Math.min(backOff.mostMs, backOff.leastMs * 2 ** (failures - 1)));
  }

  take(): Work | undefined {
    const best = this.ready.toSorted((a, b) => rank(a.priority) - rank(b.priority))[0];
    if (best === undefined) return undefined;
    this.ready = this.ready.filter((work) => work !== best);
    this.delayed = this.delayed.filter((item) => item.key !== best.key);
    this.running.push({ key: best.key, again: undefined });
    return best;
  }

  done(key: string): void {
    const again = this.running.find((item) => item.key === key)?.again;
    this.running = this.running.filter((item) => item.key !== key);
    if (again !== undefined) this.add(key, again);
  }

  forget(key: string): void {
    this.failures.delete(key);
  }

  remove(key: string): void {
    this.ready = this.ready.filter((work) => work.key !== key);
    this.delayed = this.delayed.filter((item) => item.key !== key);
    this.failures.delete(key);
    for (const item of this.running) if (item.key === key) item.again = undefined;
  }

  advance(ms: number): void {
    const end = this.now + ms;
    for (;;) {
      const due = this.delayed.filter((item) => item.at <= end).toSorted((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.delayed = this.delayed.filter((item) => item !== due);
      this.now = Math.max(this.now, due.at);
      this.add(due.key, due.priority);
    }
    this.now = end;
  }
}

function rank(priority: Priority): number {
  return priorities.indexOf(priority);
}

type Step =
  | { do: "add"; key: string; priority: Priority }
  | { do: "addAfter"; key: string; priority: Priority; ms: number }
  | { do: "retry" | "forget" | "remove"; key: string }
  | { do: "take" }
  | { do: "done"; which: number }
  | { do: "advance"; ms: number };

const key = fc.constantFrom("a", "b", "c", "d");
const priority = fc.constantFrom(...priorities);
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant("add" as const), key, priority }),
  fc.record({ do: fc.constant("addAfter" as const), key, priority, ms: fc.integer({ min: -5, max: 500 }) }),
  fc.record({ do: fc.constantFrom("retry" as const, "forget" as const, "remove" as const), key }),
  fc.record({ do: fc.constant("take" as const) }),
  fc.record({ do: fc.constant("done" as const), which: fc.nat(3) }),
  fc.record({ do: fc.constant("advance" as const), ms: fc.integer({ min: 0, max: 700 }) }),
);

const never = new AbortController().signal;

/** The same step on both. */
async function take(item: Step, queue: WorkQueue, model: Model, clock: ManualClock): Promise<void> {
  for (const side of [queue, model]) {
    if (item.do === "add") side.add(item.key, item.priority);
    if (item.do === "addAfter") side.addAfter(item.key, item.priority, item.ms);
    if (item.do === "retry") side.retry(item.key, "periodic");
    if (item.do === "forget") side.forget(item.key);
    if (item.do === "remove") side.remove(item.key);
  }
  if (item.do === "advance") {
    clock.advance(item.ms);
    model.advance(item.ms);
  }
  if (item.do === "take" && model.ready.length > 0) expect(await queue.next(never)).toEqual(model.take());
  const running = item.do === "done" ? model.running[item.which]?.key : undefined;
  if (running === undefined) return;
  queue.done(running);
  model.done(running);
}

async function checkScript(steps: readonly Step[]): Promise<void> {
  const clock = new ManualClock(0);
  const queue = new WorkQueue({ clock, backOff, random });
  const model = new Model();
  for (const item of steps) {
    await take(item, queue, model, clock);
    expect(queue.size).toBe(model.ready.length + model.running.length);
    for (const name of ["a", "b", "c", "d"])
      expect(queue.dueAt(name)).toBe(model.delayed.find((other) => other.key === name)?.at);
  }
}

describe("work queue", () => {
  it("behaves as its model under any script", async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60 }), checkScript), { numRuns: 500 });
  });

  it("never asks a timer for more than it can hold", () => {
    const queue = new WorkQueue({ clock: new ManualClock(0) });
    queue.addAfter("a", "periodic", 1e12);
    expect(queue.dueAt("a")).toBe(2 ** 31 - 1);
  });

  it("hands out what is most urgent first, and equals in order of arrival", async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    for (const [name, urgency] of [
      ["bump", "status"],
      ["look", "periodic"],
      ["first", "revision"],
      ["second", "revision"],
      ["asked", "person"],
    ] as const)
      queue.add(name, urgency);
    queue.add("bump", "spec");
    const order: string[] = [];
    for (let i = 0; i < 5; i++) order.push((await queue.next(never))?.key ?? "");
    expect(order).toEqual(["asked", "bump", "first", "second", "look"]);
  });

  it("gives a waiting worker the key as soon as it is added, and gives up waiting on abort", async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    const abort = new AbortController();
    const first = queue.next(abort.signal);
    const second = queue.next(abort.signal);
    queue.add("a", "spec");
    expect(await first).toEqual({ key: "a", priority: "spec" });
    abort.abort();
    expect(await second).toBeUndefined();
    queue.add("b", "spec");
    expect(queue.size).toBe(2);
  });

  it("keeps an add that came while the key was running, and never runs it twice at once", async () => {
    const queue = new WorkQueue({ clock: new ManualClock() });
    queue.add("a", "periodic");
    await queue.next(never);
    queue.add("a", "drift");
    queue.add("a", "status");
    const abort = new AbortController();
    const waiting = queue.next(abort.signal);
    expect(queue.addedSince("a")).toBe("drift");
    queue.done("a");
    expect(await waiting).toEqual({ key: "a", priority: "drift" });
  });
});
