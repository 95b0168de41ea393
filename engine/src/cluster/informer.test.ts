import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ManualClock, type Manifest } from "#kernel";
import type { Cluster, ListOptions, Resource, Status, WatchEvent, WatchOptions } from "./contract.ts";
import { Informer } from "./informer.ts";

const resource: Resource = {
  group: "",
  version: "v1",
  plural: "configmaps",
  singular: "configmap",
  kind: "ConfigMap",
  isNamespaced: true,
  verbs: ["list", "watch"],
  shortNames: [],
  categories: [],
  subresources: [],
};

type Step = { do: "write" | "delete" | "cut" | "forget" | "settle" | "advance"; name?: string; text?: string };

type Change = { type: "ADDED" | "MODIFIED" | "DELETED"; object: Manifest };

/** A server reduced to what an informer sees: a log of changes, of which the oldest can be forgotten. */
class Server {
  readonly log: Change[] = [];
  readonly objects = new Map<string, Manifest>();
  oldest = 0;
  lists = 0;
  canStreamList = true;
  refusal: Status | undefined;
  #wake = new Set<() => void>();
  #cut = 0;
  #uid = 0;

  get revision(): number {
    return this.log.length;
  }

  write(name: string, text: string): void {
    const before = this.objects.get(name);
    const uid = before?.metadata.uid ?? `uid-${(this.#uid += 1)}`;
    const metadata = { namespace: "shop", name, uid, resourceVersion: String(this.revision + 1) };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { text } };
    this.objects.set(name, object);
    this.#append({ type: before === undefined ? "ADDED" : "MODIFIED", object });
  }

  delete(name: string): void {
    const before = this.objects.get(name);
    if (before === undefined) return;
    this.objects.delete(name);
    const metadata = { ...before.metadata, resourceVersion: String(this.revision + 1) };
    this.#append({ type: "DELETED", object: { ...before, metadata } });
  }

  /** Forgets all history: watches that are behind get 410. */
  forget(): void {
    this.oldest = this.revision;
  }

  /** Ends every open watch. */
  cut(): void {
    this.#cut += 1;
    this.#notify();
  }

  cluster(): Cluster {
    const list = async (_resource: Resource, options: ListOptions = {}) => {
      this.lists += 1;
      await Promise.resolve();
      if (this.refusal !== undefined) return { ok: false as const, status: this.refusal };
      const names = [...this.objects.keys()].sort();
      const from = names.findIndex((name) => name > (options.continue ?? ""));
      const page = from < 0 ? [] : names.slice(from, from + 2);
      const isLast = from < 0 || from + 2 >= names.length;
      const items = page.map((name) => this.objects.get(name) as Manifest);
      const value = { items, resourceVersion: String(this.revision), continue: isLast ? "" : (page.at(-1) ?? "") };
      return { ok: true as const, value, warnings: [] };
    };
    return {
      list,
      watch: (_: Resource, options: WatchOptions, signal: AbortSignal) => this.#watch(options, signal),
    } as unknown as Cluster;
  }

  async *#watch(options: WatchOptions, signal: AbortSignal): AsyncIterable<WatchEvent> {
    await Promise.resolve();
    if (this.refusal !== undefined) return yield { type: "ERROR", status: this.refusal };
    const cut = this.#cut;
    let at = Number(options.resourceVersion ?? this.revision);
    if (options.sendInitialEvents === true) {
      if (!this.canStreamList) return yield { type: "ERROR", status: { code: 422, reason: "Invalid", message: "no" } };
      for (const object of this.objects.values()) yield { type: "ADDED", object };
      at = this.revision;
      const metadata = { name: "", resourceVersion: String(at), annotations: { "k8s.io/initial-events-end": "true" } };
      yield { type: "BOOKMARK", object: { apiVersion: "v1", kind: "ConfigMap", metadata } };
    }
    while (!signal.aborted && cut === this.#cut) {
      if (at < this.oldest) return yield { type: "ERROR", status: { code: 410, reason: "Expired", message: "old" } };
      const change = this.log[at];
      if (change === undefined) await this.#changed(signal);
      else {
        at += 1;
        yield change;
      }
    }
  }

  #append(change: Change): void {
    this.log.push(change);
    this.#notify();
  }

  #notify(): void {
    for (const wake of this.#wake) wake();
  }

  #changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        this.#wake.delete(wake);
        resolve();
      };
      this.#wake.add(wake);
      signal.addEventListener("abort", wake);
    });
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 60; i++) await Promise.resolve();
}

function textOf(object: Manifest): string {
  return `${object.metadata.name}=${(object["data"] as { text: string }).text}`;
}

function start(server: Server) {
  const clock = new ManualClock(0);
  const abort = new AbortController();
  const informer = new Informer({ cluster: server.cluster(), resource, clock, keep: textOf, random: () => 1 });
  const events: string[] = [];
  informer.subscribe({
    changed: (current, previous) => events.push(previous === undefined ? `+${current}` : `${previous}->${current}`),
    deleted: (last) => events.push(`-${last}`),
  });
  const ended = informer.run(abort.signal);
  const stop = async (): Promise<void> => {
    abort.abort();
    await settle();
    await ended;
  };
  return { clock, informer, events, stop };
}

describe("informer", () => {
  it.each([true, false])("shows the present, then every change (streamed list: %s)", async (canStreamList) => {
    const server = new Server();
    server.canStreamList = canStreamList;
    for (const name of ["a", "b", "c", "d", "e"]) server.write(name, "1");
    const { informer, events, stop } = start(server);
    await informer.synced;
    expect([...informer.values()].sort()).toEqual(["a=1", "b=1", "c=1", "d=1", "e=1"]);
    server.write("a", "2");
    server.delete("b");
    server.write("b", "new");
    await settle();
    expect(events.slice(5)).toEqual(["a=1->a=2", "-b=1", "+b=new"]);
    expect(informer.get("shop", "a")).toBe("a=2");
    expect(server.lists).toBe(canStreamList ? 0 : 3);
    await stop();
  });

  it("goes on where it was when a watch ends, without a list", async () => {
    const server = new Server();
    server.canStreamList = false;
    server.write("a", "1");
    const { informer, events, stop } = start(server);
    await informer.synced;
    await settle();
    server.cut();
    server.write("a", "2");
    server.delete("a");
    await settle();
    expect(events).toEqual(["+a=1", "a=1->a=2", "-a=2"]);
    expect(server.lists).toBe(1);
    await stop();
  });

  it.each([true, false])("finds what vanished or was replaced while its place was lost (streamed: %s)", async (can) => {
    const server = new Server();
    server.canStreamList = can;
    for (const name of ["gone", "kept", "replaced"]) server.write(name, "1");
    const { informer, events, clock, stop } = start(server);
    await informer.synced;
    await settle();
    events.length = 0;
    server.cut();
    server.delete("gone");
    server.delete("replaced");
    server.write("replaced", "1");
    server.forget();
    await settle();
    clock.advance(60_000);
    await settle();
    expect(events.toSorted()).toEqual(["+replaced=1", "-gone=1", "-replaced=1"]);
    await stop();
  });

  it("waits longer after each failure, says why, and recovers", async () => {
    const server = new Server();
    server.refusal = { code: 403, reason: "Forbidden", message: "not yours" };
    server.canStreamList = false;
    const { informer, clock, stop } = start(server);
    await settle();
    expect(informer.failure?.reason).toBe("Forbidden");
    const lists: number[] = [];
    for (let i = 0; i < 5; i++) {
      clock.advance(1_600);
      await settle();
      lists.push(server.lists);
    }
    server.refusal = undefined;
    server.write("a", "1");
    clock.advance(30_000);
    await settle();
    await informer.synced;
    expect(informer.failure).toBeUndefined();
    expect(informer.get("shop", "a")).toBe("a=1");
    await stop();
  });

  it("lists again after a listener has thrown", async () => {
    const server = new Server();
    const { informer, clock, stop } = start(server);
    await informer.synced;
    let hasThrown = false;
    informer.subscribe({
      changed: () => {
        if (hasThrown) return;
        hasThrown = true;
        throw new Error("a bug");
      },
    });
    server.write("a", "1");
    await settle();
    expect(informer.failure?.message).toBe("a bug");
    clock.advance(30_000);
    server.write("b", "1");
    await settle();
    expect([...informer.values()]).toEqual(["a=1", "b=1"]);
    await stop();
  });

  it("ends up with what the server has, whatever happens on the way, and its events add up to it", async () => {
    const name = fc.constantFrom("a", "b", "c");
    const step = fc.oneof(
      fc.record({ do: fc.constant("write" as const), name, text: fc.constantFrom("1", "2") }),
      fc.record({ do: fc.constant("delete" as const), name }),
      fc.record({ do: fc.constantFrom("cut" as const, "forget" as const, "settle" as const, "advance" as const) }),
    );
    const check = async (steps: readonly Step[], can: boolean) => {
      const server = new Server();
      server.canStreamList = can;
      const { informer, events, clock, stop } = start(server);
      for (const item of steps) {
        if (item.do === "write") server.write(item.name ?? "", item.text ?? "");
        if (item.do === "delete") server.delete(item.name ?? "");
        if (item.do === "cut") server.cut();
        if (item.do === "forget") server.forget();
        if (item.do === "advance") clock.advance(2_000);
        if (item.do === "settle") await settle();
      }
      for (let i = 0; i < 3; i++) {
        await settle();
        clock.advance(40_000);
      }
      await settle();
      const expected = [...server.objects.values()].map(textOf).sort();
      expect([...informer.values()].sort()).toEqual(expected);
      expect(replay(events)).toEqual(expected);
      await stop();
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), check), { numRuns: 200 });
  });
});

/** The state that a listener's events lead to. */
function replay(events: readonly string[]): string[] {
  const state = new Map<string, string>();
  for (const event of events) {
    const text = event.startsWith("+") || event.startsWith("-") ? event.slice(1) : (event.split("->")[1] ?? "");
    const name = text.split("=")[0] ?? "";
    if (event.startsWith("-")) state.delete(name);
    else state.set(name, text);
  }
  return [...state.values()].sort();
}
