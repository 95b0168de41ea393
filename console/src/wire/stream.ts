// The stream of changes: one EventSource, reopened calmly when it breaks. The browser would try again by itself, but it
// cannot wait longer each time, and it gives up where a proxy answers for a server that is restarting.

import { asWritten } from "./as-written.ts";
import { apiPaths, type StreamEvents } from "./types.ts";

export type StreamHandlers = {
  /** The stream is open and has said hello. */
  opened(hello: StreamEvents["hello"]): void;
  changes(changes: StreamEvents["changes"]): void;
  objects(changes: StreamEvents["objects"]): void;
  log(lines: StreamEvents["log"]): void;
  /** Everything must be read again; the stream is closed until `open` is called. */
  reset(why: string): void;
  over(why: string): void;
  /** It broke; it will be tried again at this moment. */
  lost(retryAtMs: number): void;
};

/** The first retry comes soon, for a server that only restarts; later ones spare a server that is down. */
const retryFirstMs = 500;
const retryMostMs = 15_000;
/** The server sends a heartbeat every 15 s as a comment, which no script sees; a sleeping laptop is noticed by its clock. */
const asleepMs = 60_000;

export class Stream {
  readonly #handlers: StreamHandlers;
  #source: EventSource | undefined;
  #cursor = "";
  #of = "";
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #aliveMs = performance.now();

  constructor(handlers: StreamHandlers) {
    this.#handlers = handlers;
    addEventListener("online", () => this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden && this.#source === undefined) this.retryNow();
    });
    setInterval(() => this.#noticeSleep(), 5_000);
  }

  /** Follows what happens after `cursor`. */
  open(cursor: string): void {
    this.#cursor = cursor;
    this.#connect();
  }

  /** Names the delivery whose objects are followed too; "" for none. */
  follow(of: string): void {
    if (of === this.#of) return;
    this.#of = of;
    if (this.#source !== undefined) this.#connect();
  }

  /** Does not wait for the next retry. */
  retryNow(): void {
    if (this.#timer !== undefined) this.#connect();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#source?.close();
    this.#source = undefined;
  }

  #connect(): void {
    this.close();
    const source = new EventSource(apiPaths.stream({ after: this.#cursor, of: this.#of }));
    this.#source = source;
    const on = <Name extends keyof StreamEvents>(name: Name, told: (data: StreamEvents[Name]) => void): void => {
      source.addEventListener(name as string, (event) => {
        if (this.#source !== source) return;
        const { data, lastEventId } = event as MessageEvent<string>;
        if (lastEventId !== "") this.#cursor = lastEventId;
        told(JSON.parse(asWritten(data)) as StreamEvents[Name]);
      });
    };
    on("hello", (hello) => {
      this.#failures = 0;
      this.#handlers.opened(hello);
    });
    on("changes", (changes) => this.#handlers.changes(changes));
    on("objects", (changes) => this.#handlers.objects(changes));
    on("log", (lines) => this.#handlers.log(lines));
    on("reset", ({ why }) => this.#end(() => this.#handlers.reset(why)));
    on("over", ({ why }) => this.#end(() => this.#handlers.over(why)));
    source.onerror = () => {
      if (this.#source === source) this.#broken();
    };
  }

  #end(tell: () => void): void {
    this.close();
    tell();
  }

  #broken(): void {
    this.close();
    const wait = Math.min(retryMostMs, retryFirstMs * 2 ** this.#failures++);
    // Many consoles lose one server at once; they come back one by one.
    const delay = wait * (0.75 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), delay);
    this.#handlers.lost(Date.now() + delay);
  }

  #noticeSleep(): void {
    const slept = performance.now() - this.#aliveMs > asleepMs;
    this.#aliveMs = performance.now();
    if (slept && this.#source !== undefined) this.#connect();
  }
}
