// Reads indexes without holding up this thread: large ones one after the other in a thread of their own, which ends with its
// memory when the last is read. What comes back is text chart by chart, taken apart when a chart is asked for.

import { Worker } from "node:worker_threads";
import type { Clock } from "#kernel";
import { type ChartEntry, type ChartIndex, readIndex, readStoredIndex } from "./chart-index.ts";
import { chartFault } from "./faults.ts";
import { indexReadMostMs, indexThreadBytes, indexThreadMemoryMiB } from "./limits.ts";

/** `stored` is the text that Flux keeps of an index. */
export type IndexRead = { index: ChartIndex; stored: Uint8Array };

export type IndexRequest = { bytes: Uint8Array; at: string; isStored: boolean };
/** Versions of each chart, as JSON. */
export type IndexReply =
  | { charts: readonly (readonly [string, string])[]; stored: Uint8Array }
  | { message: string; cause: string | undefined };

/** Threads load what the compiler wrote; undefined where this runs from source. */
const ownThread: URL | undefined = import.meta.url.endsWith(".ts")
  ? undefined
  : new URL("./index-thread.js", import.meta.url);

export class IndexReader {
  readonly #clock: Clock;
  readonly #threadUrl: URL | undefined;
  #last: Promise<unknown> = Promise.resolve();

  constructor(clock: Clock, threadUrl: URL | undefined = ownThread) {
    this.#clock = clock;
    this.#threadUrl = threadUrl;
  }

  /** Reads what a server gave. Throws Fault `chart-index-invalid`. */
  async read(bytes: Uint8Array, at: string, signal: AbortSignal): Promise<IndexRead> {
    if (this.#threadUrl !== undefined && bytes.length >= indexThreadBytes)
      return this.#inThread({ bytes, at, isStored: false }, signal);
    const { index, json } = readIndex(bytes, at);
    return { index, stored: Buffer.from(json) };
  }

  /** Reads what was stored before. */
  async readStored(bytes: Uint8Array, signal: AbortSignal): Promise<ChartIndex> {
    if (this.#threadUrl === undefined || bytes.length < indexThreadBytes) return readStoredIndex(bytes);
    return (await this.#inThread({ bytes, at: "", isStored: true }, signal)).index;
  }

  /** One at a time: two large ones at once would take twice the memory. */
  #inThread(request: IndexRequest, signal: AbortSignal): Promise<IndexRead> {
    const run = async (): Promise<IndexRead> => {
      signal.throwIfAborted();
      const reply = await this.#ask(request, signal);
      if ("message" in reply) throw invalid(request.at, reply.message, reply.cause);
      return { index: new TextIndex(reply.charts), stored: reply.stored };
    };
    const turn = this.#last.then(run);
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  #ask(request: IndexRequest, signal: AbortSignal): Promise<IndexReply> {
    return new Promise((resolve, reject) => {
      const resourceLimits = { maxOldGenerationSizeMb: indexThreadMemoryMiB };
      // What this process was started with (conditions, a debugger) is not for the thread.
      const options = { workerData: request, resourceLimits, execArgv: [] };
      const worker = new Worker(this.#threadUrl ?? "", options);
      const end = (settle: () => void): void => {
        cancel();
        signal.removeEventListener("abort", aborted);
        settle();
        void worker.terminate();
      };
      const refuse = (what: string): void => end(() => resolve({ message: `the index ${what}`, cause: undefined }));
      const aborted = (): void => end(() => reject(signal.reason as Error));
      const cancel = this.#clock.after(indexReadMostMs, () => refuse(`takes longer than ${indexReadMostMs / 1000} s`));
      signal.addEventListener("abort", aborted);
      worker.on("message", (reply: IndexReply) => end(() => resolve(reply)));
      worker.on("error", (error) => refuse(`cannot be read: ${error.message}`));
      worker.on("exit", () => refuse("could not be read: its thread ended"));
    });
  }
}

/** Charts whose versions are read when they are asked for. */
class TextIndex implements ChartIndex {
  readonly #charts: ReadonlyMap<string, string>;

  constructor(charts: readonly (readonly [string, string])[]) {
    this.#charts = new Map(charts);
  }

  get(name: string): readonly ChartEntry[] | undefined {
    const text = this.#charts.get(name);
    return text === undefined ? undefined : (JSON.parse(text) as ChartEntry[]);
  }
}

function invalid(at: string, message: string, cause: string | undefined): Error {
  return chartFault({
    code: "chart-index-invalid",
    disposition: "retry",
    at,
    message,
    hint: "check that the URL is a chart repository's",
    ...(cause === undefined ? {} : { cause: new Error(cause) }),
  });
}
