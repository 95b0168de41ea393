// What the commands that run until interrupted have in common.

import { usage } from "./arguments.ts";
import type { Io } from "./io.ts";
import { stopMs } from "./limits.ts";

export function readPort(flag: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536 && text !== "") return port;
  throw usage(`${flag} cannot be ${JSON.stringify(text)}`, "a number from 0 to 65535; 0 takes any free port");
}

/** Hours, minutes and seconds where the reader is. */
export function localTime(ms: number): string {
  return new Date(ms).toTimeString().slice(0, 8);
}

/** Resolves when the signal aborts; holds the process until then, whatever else does. */
export function untilAborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  const hold = setInterval(() => undefined, 60_000);
  return new Promise((done) => {
    signal.addEventListener(
      "abort",
      () => {
        clearInterval(hold);
        done();
      },
      { once: true },
    );
  });
}

/** Everything acknowledged is on disk already, so a slow end may be cut short. */
export async function endWithin(running: { close(): Promise<void> }, io: Io): Promise<void> {
  io.stderr.write("stopping\n");
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((done) => {
    timer = setTimeout(done, stopMs);
  });
  await Promise.race([running.close(), late]);
  clearTimeout(timer);
}
