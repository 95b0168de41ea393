// A watch as a streamed answer: one JSON line an event, until the client leaves, the time is up, or it falls too far behind.

import { ServerResponse } from "node:http";
import { type Notice, Refusal, type Watch } from "#apiserver/registry";
import type { Clock } from "#kernel";
import { bookmarkEveryMs, watchUnsentBytesMax } from "../limits.ts";
import { type Outgoing, statusBody } from "./respond.ts";

export type WatchStream = {
  response: Outgoing;
  clock: Clock;
  timeoutMs: number;
  allowBookmarks: boolean;
  /** Begins the watch; throws what refuses it. */
  begin: (deliver: (notices: readonly Notice[]) => void) => Watch;
  encode: (notice: Notice, isFirst: boolean) => Buffer;
  /** Told how to end the stream, and that it has ended. */
  opened: (end: () => void) => void;
  closed: (end: () => void) => void;
};

/** Resolves when the stream has ended. */
export async function streamWatch(stream: WatchStream): Promise<void> {
  const { response, clock } = stream;
  let isFirst = true;
  let watch: Watch | undefined;
  let cancelBookmark = (): void => undefined;
  let cancelTimeout = (): void => undefined;
  function end(): void {
    watch?.stop();
    cancelBookmark();
    cancelTimeout();
    if (!response.writableEnded) response.end();
  }
  const write = (notices: readonly Notice[]): void => {
    if (response.destroyed || response.writableEnded) return;
    const lines = notices.map((notice) => {
      const line = stream.encode(notice, isFirst);
      if (notice.type !== "BOOKMARK") isFirst = false;
      return line;
    });
    writeBytes(response, lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines));
    if (unsentBytes(response) > watchUnsentBytesMax) end();
  };
  const early: Notice[][] = [];
  try {
    watch = stream.begin((notices) => {
      if (watch === undefined) early.push([...notices]);
      else write(notices);
    });
  } catch (error) {
    // A version that is gone is told inside the stream, where watchers look for it.
    if (!(error instanceof Refusal) || error.status.code !== 410) throw error;
    response.setHeader("content-type", "application/json");
    response.end(`${JSON.stringify({ type: "ERROR", object: statusBody(error.status) })}\n`);
    return;
  }
  response.statusCode = 200;
  response.setHeader("content-type", "application/json");
  response.setHeader("cache-control", "no-cache, private");
  // The client learns that its watch stands although nothing has happened yet.
  flushHead(response);
  for (const notices of early) write(notices);
  const bookmark = (): void => {
    if (watch !== undefined) write([watch.bookmark()]);
    cancelBookmark = clock.after(bookmarkEveryMs, bookmark);
  };
  // What was there at the start may have been more already than this client takes.
  if (!response.writableEnded) {
    if (stream.allowBookmarks) cancelBookmark = clock.after(bookmarkEveryMs, bookmark);
    cancelTimeout = clock.after(stream.timeoutMs, end);
  }
  stream.opened(end);
  await new Promise<void>((resolve) => {
    response.once("close", () => {
      end();
      stream.closed(end);
      resolve();
    });
  });
}

/** The two kinds of response have the same method under types that do not meet. */
function writeBytes(response: Outgoing, bytes: Buffer): void {
  if (response instanceof ServerResponse) response.write(bytes);
  else response.write(bytes);
}

function flushHead(response: Outgoing): void {
  if (response instanceof ServerResponse) response.flushHeaders();
  else response.writeHead(200);
}

function unsentBytes(response: Outgoing): number {
  return response.writableLength;
}
