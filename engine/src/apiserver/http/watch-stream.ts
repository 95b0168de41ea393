// A watch as a streamed answer: one JSON line an event, until the client leaves, the time is up, or it falls too far behind. What the
// watch begins with is made as the client takes it, so that a reader who does not read costs nothing.

import { type Notice, Refusal, TextBuffer, type Watch } from "#apiserver/registry";
import type { Clock } from "#kernel";
import { bookmarkEveryMs, watchPieceBytes, watchUnsentBytesMax } from "../limits.ts";
import { refusalFrom } from "../status.ts";
import type { Outgoing } from "./exchange.ts";
import { statusBody } from "./respond.ts";
import type { Waiting } from "./unsent.ts";

export type WatchStream = {
  response: Outgoing;
  clock: Clock;
  timeoutMs: number;
  allowBookmarks: boolean;
  /** Begins the watch; throws what refuses it. */
  begin: (deliver: (notices: readonly Notice[]) => void) => Watch;
  encode: (notice: Notice, isFirst: boolean) => Buffer;
  /** The same for what the watch begins with. */
  write: (notice: Notice, isFirst: boolean, to: TextBuffer) => void;
  /** Told how to end the stream, and that it has ended. */
  opened: (end: () => void) => void;
  closed: (end: () => void) => void;
  /** Counts what waits here for the client to take what comes before it. */
  waiting: Waiting;
  /** Told of what should not happen. */
  failed: (error: unknown) => void;
};

/** Resolves when the stream has ended. */
export async function streamWatch(stream: WatchStream): Promise<void> {
  const { response } = stream;
  const lines = new Lines(stream);
  let watch: Watch;
  try {
    watch = stream.begin((notices) => lines.tell(notices));
  } catch (error) {
    // A version that is gone is told inside the stream, where watchers look for it.
    if (!(error instanceof Refusal) || error.status.code !== 410) throw error;
    response.begin(200, { "content-type": "application/json" });
    response.end(Buffer.from(errorLine(error)));
    return;
  }
  // The client learns that its watch stands although nothing has happened yet.
  response.begin(200, { "content-type": "application/json", "cache-control": "no-cache, private" });
  lines.begin(watch);
  const end = (): void => lines.end();
  stream.opened(end);
  await new Promise<void>((resolve) => {
    response.onceClosed(() => {
      end();
      stream.closed(end);
      resolve();
    });
  });
}

/** The lines of one watch, in order: those of its start as they are taken, then the others as they come. */
class Lines {
  readonly #stream: WatchStream;
  #watch: Watch | undefined;
  /** undefined once all of it is sent. */
  #start: Iterator<Notice | undefined> | undefined;
  /** What came before the start was sent. */
  #later: Buffer[] = [];
  #isFirst = true;
  #cancelBookmark = (): void => undefined;
  #cancelTimeout = (): void => undefined;

  constructor(stream: WatchStream) {
    this.#stream = stream;
  }

  begin(watch: Watch): void {
    const { clock, timeoutMs, allowBookmarks } = this.#stream;
    this.#watch = watch;
    this.#start = watch.start[Symbol.iterator]();
    this.#cancelTimeout = clock.after(timeoutMs, () => this.end());
    if (allowBookmarks) this.#cancelBookmark = clock.after(bookmarkEveryMs, this.#bookmark);
    this.#sendStart();
  }

  tell(notices: readonly Notice[]): void {
    const { response, waiting, encode } = this.#stream;
    if (response.isOver) return;
    const isAfterStart = this.#start === undefined;
    const lines = notices.map((notice) => {
      const line = encode(notice, this.#isFirst);
      if (isAfterStart) this.#told(notice);
      return line;
    });
    const bytes = lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines);
    if (isAfterStart) this.#write(bytes);
    else {
      this.#later.push(bytes);
      waiting.bytes += bytes.length;
      waiting.held(bytes.length);
    }
    if (response.unsentBytes + waiting.bytes > watchUnsentBytesMax) this.end();
  }

  end(): void {
    this.#watch?.stop();
    this.#cancelBookmark();
    this.#cancelTimeout();
    this.#forget();
    if (!this.#stream.response.isOver) this.#stream.response.end();
  }

  readonly #bookmark = (): void => {
    // Before the start is sent whole, the client has not seen all that came before now.
    if (this.#watch !== undefined && this.#start === undefined) this.tell([this.#watch.bookmark()]);
    this.#cancelBookmark = this.#stream.clock.after(bookmarkEveryMs, this.#bookmark);
  };

  #told(notice: Notice): void {
    if (notice.type !== "BOOKMARK") this.#isFirst = false;
  }

  /** Sends piece after piece, each when the one before is on its way, and lets others have their turn between two. */
  readonly #sendStart = (): void => {
    const { response, failed } = this.#stream;
    if (response.isOver || this.#start === undefined) return;
    try {
      const { bytes, isWhole } = this.#piece(this.#start);
      if (isWhole) return this.#endStart(bytes);
      if (bytes.length === 0 || this.#write(bytes)) setImmediate(this.#sendStart);
      else response.onceDrained(this.#sendStart);
    } catch (error) {
      if (!(error instanceof Refusal)) failed(error);
      this.#write(Buffer.from(errorLine(error)));
      this.end();
    }
  };

  #piece(start: Iterator<Notice | undefined>): { bytes: Buffer; isWhole: boolean } {
    const lines = new TextBuffer();
    while (lines.length < watchPieceBytes) {
      const { done, value } = start.next();
      if (done === true) return { bytes: lines.take(), isWhole: true };
      if (value === undefined) break;
      this.#stream.write(value, this.#isFirst, lines);
      this.#told(value);
    }
    return { bytes: lines.take(), isWhole: false };
  }

  #endStart(last: Buffer): void {
    const rest = Buffer.concat([last, ...this.#later]);
    this.#forget();
    if (rest.length > 0) this.#write(rest);
  }

  /** False: the client takes its time. */
  #write(bytes: Buffer): boolean {
    const isTaken = this.#stream.response.write(bytes);
    if (!isTaken) this.#stream.waiting.held(bytes.length);
    return isTaken;
  }

  #forget(): void {
    this.#start = undefined;
    this.#later = [];
    this.#stream.waiting.bytes = 0;
  }
}

function errorLine(error: unknown): string {
  return `${JSON.stringify({ type: "ERROR", object: statusBody(refusalFrom(error).status) })}\n`;
}
