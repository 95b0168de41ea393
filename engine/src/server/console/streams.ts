// Server-sent events: each open page is a place in the log of changes and nothing more. A page that reads slowly is not
// written to until it has read; then it gets what changed since, each thing once, in its newest state.

import type { ServerResponse } from "node:http";
import type { Change, ObjectChanges, StreamEvents } from "#api/console";
import type { Clock } from "#kernel";
import type { Fleet } from "./fleet.ts";
import { batchLengthMost, batchMost, heartbeatMs, nodeLength, stalledMs, streamsMost } from "./limits.ts";
import { Refused } from "./refusals.ts";
import type { Rights, Wish } from "./rights.ts";
import { wishFor } from "./shown-kinds.ts";
import { lookupNode, readableNodes, type TreeWorld } from "./tree.ts";
import type { Viewer } from "./viewer.ts";

export type StreamsOptions = {
  fleet: Fleet;
  rights: Rights;
  clock: Clock;
  world: TreeWorld;
  build: string;
};

export type OpenStream = {
  viewer: Viewer;
  response: ServerResponse;
  /** Where the page is; "": it has read nothing. */
  after: string;
  /** The delivery whose page is open; "": none. */
  of: string;
  /** False once the viewer's session has ended. */
  isSignedIn: () => boolean;
};

type Reader = OpenStream & {
  place: number;
  isBusy: boolean;
  isFull: boolean;
  /** When it last read, or had nothing to read. */
  readMs: number;
  /** What the rights were that this page was last judged by. */
  judged: Map<string, { wish: Wish; isAllowed: boolean }>;
  close: () => void;
};

export class Streams {
  readonly #options: StreamsOptions;
  readonly #readers = new Set<Reader>();
  readonly #unsubscribe: () => void;

  constructor(options: StreamsOptions) {
    this.#options = options;
    this.#unsubscribe = options.fleet.subscribe(() => {
      for (const reader of this.#readers) this.#pump(reader);
    });
  }

  get count(): number {
    return this.#readers.size;
  }

  /** Keeps a response open and tells it what changes. */
  add(stream: OpenStream): void {
    const { fleet, clock } = this.#options;
    if (this.#readers.size >= streamsMost)
      throw new Refused("busy", "too many consoles are open", "close one; this page tries again by itself");
    const { response, of, after } = stream;
    response.writeHead(200, {
      "content-type": "text/event-stream",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
    });
    const topic = of === "" ? undefined : fleet.open(of);
    const place = after === "" ? fleet.log.last : fleet.log.parse(after);
    const isLost = place === undefined || (topic !== undefined && after !== "" && place < topic.since);
    const heartbeat = setInterval(() => this.#beat(reader), heartbeatMs);
    heartbeat.unref();
    const reader: Reader = {
      ...stream,
      place: place ?? fleet.log.last,
      isBusy: false,
      isFull: false,
      readMs: clock.now(),
      judged: new Map(),
      close: () => {
        clearInterval(heartbeat);
        topic?.close();
        this.#readers.delete(reader);
      },
    };
    this.#readers.add(reader);
    response.on("close", reader.close);
    response.on("drain", () => {
      reader.isFull = false;
      reader.readMs = clock.now();
      this.#pump(reader);
    });
    this.#send(reader, "hello", { build: this.#options.build, nowMs: clock.now() });
    if (isLost) this.#send(reader, "reset", { why: "this page was away for too long" });
    this.#pump(reader);
    void this.#judgeShown(reader);
  }

  close(): void {
    this.#unsubscribe();
    for (const reader of this.#readers) {
      reader.close();
      reader.response.destroy();
    }
  }

  #pump(reader: Reader): void {
    if (reader.isBusy || reader.isFull || reader.response.destroyed) return;
    reader.isBusy = true;
    this.#write(reader)
      .catch(() => reader.response.destroy())
      .finally(() => {
        reader.isBusy = false;
        if (!reader.isFull && reader.place < this.#options.fleet.log.last) this.#pump(reader);
      });
  }

  /** One batch, as large as one may be. */
  async #write(reader: Reader): Promise<void> {
    const { log } = this.#options.fleet;
    if (!reader.isSignedIn()) return this.#end(reader);
    const found = log.since(reader.place, batchMost);
    if (found === undefined) {
      reader.place = log.last;
      this.#send(reader, "reset", { why: "this page has fallen too far behind" });
      return;
    }
    const batch = await this.#batch(reader, found);
    reader.place = batch.upTo;
    if (batch.changes.length > 0) this.#sendText(reader, "changes", `[${batch.changes.join(",")}]`);
    if (batch.nodes.length > 0) {
      const objects = await this.#objectChanges(reader, this.#options.world, batch.nodes);
      if (objects.put.length + objects.removed.length > 0) this.#send(reader, "objects", objects);
    }
    if (batch.lines.length > 0) this.#sendText(reader, "log", `[${batch.lines.join(",")}]`);
  }

  /** As many of the changes as may be written at once. */
  async #batch(reader: Reader, { keys, upTo }: { keys: ReadonlyMap<string, number>; upTo: number }): Promise<Batch> {
    const batch: Batch = { changes: [], nodes: [], lines: [], upTo };
    let length = 0;
    for (const [key, number] of keys) {
      if (length >= batchLengthMost) return { ...batch, upTo: number - 1 };
      const [what, name = "", rest = ""] = key.split("\0");
      if (what === "o" && name === reader.of) {
        batch.nodes.push(rest);
        length += nodeLength;
      }
      const text = what === "o" ? "" : await this.#textOf(reader, { what, name, rest });
      if (text === "") continue;
      (what === "l" ? batch.lines : batch.changes).push(text);
      length += text.length;
    }
    return batch;
  }

  /** A change as JSON; "" where there is nothing that this reader may be told. */
  async #textOf(
    reader: Reader,
    { what, name, rest }: { what: string | undefined; name: string; rest: string },
  ): Promise<string> {
    const { fleet } = this.#options;
    if (what === "c") {
      const change = await this.#cardChange(reader, name);
      return change === undefined ? "" : JSON.stringify(change);
    }
    if (what === "h") {
      const happened = fleet.happening(name);
      const isTold = happened !== undefined && (await this.#may(reader, wishFor(happened.about)));
      return isTold ? JSON.stringify({ happened } satisfies Change) : "";
    }
    const line = what === "l" && name === reader.of ? fleet.lines.line(rest) : undefined;
    return line !== undefined && (await this.#mayReadPage(reader)) ? JSON.stringify(line) : "";
  }

  async #cardChange(reader: Reader, key: string): Promise<Change | undefined> {
    const card = this.#options.fleet.card(key);
    // Names of what is gone are told to those who could have read it.
    const [kind = "", namespace = ""] = key.split("/");
    if (!(await this.#may(reader, wishFor({ kind, namespace })))) return undefined;
    return card === undefined ? { removed: key } : { put: card };
  }

  async #objectChanges(reader: Reader, world: TreeWorld, ids: readonly string[]): Promise<ObjectChanges> {
    if (!(await this.#mayReadPage(reader))) return { put: [], removed: [] };
    const found = ids.map((id) => ({ id, node: lookupNode(world, reader.of, id) }));
    const put = await readableNodes(
      world,
      reader.viewer,
      found.flatMap(({ node }) => node ?? []),
    );
    return { put, removed: found.flatMap(({ id, node }) => (node === undefined ? [id] : [])) };
  }

  #mayReadPage(reader: Reader): Promise<boolean> {
    const [kind = "", namespace = ""] = reader.of.split("/");
    return this.#may(reader, wishFor({ kind, namespace }));
  }

  async #may(reader: Reader, wish: Wish): Promise<boolean> {
    const { rights } = this.#options;
    const isAllowed = rights.known(reader.viewer, wish) ?? (await rights.may(reader.viewer, wish)).ok;
    // The server's own rights do not end.
    const key = `${wish.plural} ${wish.namespace}`;
    if (reader.viewer.identity !== undefined && !reader.judged.has(key)) reader.judged.set(key, { wish, isAllowed });
    return isAllowed;
  }

  /** Keeps the connection, and sees to it that a page does not outlive its session or its rights. */
  #beat(reader: Reader): void {
    if (!reader.isSignedIn()) return this.#end(reader);
    // What it has not read is let go; a page that wakes up opens another stream.
    if (reader.isFull && this.#options.clock.now() - reader.readMs > stalledMs) return void reader.response.destroy();
    if (!reader.isFull) reader.isFull = !reader.response.write(": still here\n\n");
    void this.#judgeAgain(reader);
  }

  /** What the page shows already was judged when it was read: that is remembered, so that its end is noticed. */
  async #judgeShown(reader: Reader): Promise<void> {
    const { fleet } = this.#options;
    if (reader.viewer.identity === undefined) return;
    const shown = new Map(fleet.cards().map(({ kind, namespace }) => [`${kind}/${namespace}`, { kind, namespace }]));
    for (const place of shown.values()) await this.#may(reader, wishFor(place));
  }

  async #judgeAgain(reader: Reader): Promise<void> {
    const { rights } = this.#options;
    for (const judged of reader.judged.values()) {
      const { ok } = await rights.may(reader.viewer, judged.wish);
      if (ok === judged.isAllowed) continue;
      reader.judged.clear();
      this.#send(reader, "reset", { why: "your rights have changed" });
      return this.#judgeShown(reader);
    }
  }

  #end(reader: Reader): void {
    this.#send(reader, "over", { why: "the session is over" });
    reader.response.end();
    reader.close();
  }

  #send<Name extends keyof StreamEvents>(reader: Reader, name: Name, data: StreamEvents[Name]): void {
    this.#sendText(reader, name, JSON.stringify(data));
  }

  #sendText(reader: Reader, name: keyof StreamEvents, data: string): void {
    const { log } = this.#options.fleet;
    if (reader.response.destroyed || reader.response.writableEnded) return;
    if (!reader.isFull) reader.readMs = this.#options.clock.now();
    const id = log.cursor(reader.place);
    if (!reader.response.write(`id: ${id}\nevent: ${name}\ndata: ${data}\n\n`)) reader.isFull = true;
  }
}

/** Changes and lines are JSON; of the graph, ids. `upTo`: the number of the last change that is among them. */
type Batch = { changes: string[]; nodes: string[]; lines: string[]; upTo: number };
