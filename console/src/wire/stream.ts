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
/** What cannot be read once may be so each time it is asked for: a stream that held such is trusted again after this long. */
const trustedMs = 60_000;

const isObject = (data: unknown): boolean => typeof data === "object" && data !== null && !Array.isArray(data);
const isListOfObjects = (data: unknown): boolean => Array.isArray(data) && data.every(isObject);

/** Whether what came has the form of its event; deeper forms are the server's to keep. */
const isWellFormed: Readonly<Record<keyof StreamEvents, (data: unknown) => boolean>> = {
  hello: isObject,
  changes: isListOfObjects,
  objects: (data) => isObject(data) && ["put", "removed"].every((name) => Array.isArray((data as never)[name])),
  log: isListOfObjects,
  reset: isObject,
  over: isObject,
};

export class Stream {
  readonly #handlers: StreamHandlers;
  #source: EventSource | undefined;
  #cursor = "";
  #of = "";
  #failures = 0;
  #garbledMs = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** What the timer does. */
  #next: () => void = () => undefined;
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
    if (this.#timer !== undefined) this.#next();
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
        let read: unknown;
        try {
          read = JSON.parse(asWritten(data));
        } catch {
          read = undefined;
        }
        if (!isWellFormed[name](read)) {
          this.#garbled();
          return;
        }
        if (lastEventId !== "") this.#cursor = lastEventId;
        told(read as StreamEvents[Name]);
      });
    };
    on("hello", (hello) => {
      if (performance.now() - this.#garbledMs > trustedMs) this.#failures = 0;
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
    this.#again(() => this.#connect());
  }

  /** Something came that is no event of ours: what was missed is not known, so everything is read again. */
  #garbled(): void {
    this.#garbledMs = performance.now();
    this.#again(() => this.#handlers.reset("what came could not be read"));
  }

  #again(next: () => void): void {
    this.close();
    const wait = Math.min(retryMostMs, retryFirstMs * 2 ** this.#failures++);
    // Many consoles lose one server at once; they come back one by one.
    const delay = wait * (0.75 + Math.random() / 2);
    this.#next = next;
    this.#timer = setTimeout(next, delay);
    this.#handlers.lost(Date.now() + delay);
  }

  #noticeSleep(): void {
    const slept = performance.now() - this.#aliveMs > asleepMs;
    this.#aliveMs = performance.now();
    if (slept && this.#source !== undefined) this.#connect();
  }
}
