// The engine's log: JSON lines with the members that `flux logs` and log collectors look for. One file, and the one before.

import { closeSync, openSync, renameSync, statSync, writeSync } from "node:fs";
import { type Clock, Fault, formatFault } from "#kernel";

export type Log = {
  info(logger: string, message: string, members?: Readonly<Record<string, string>>): void;
  error(logger: string, thrown: unknown, members?: Readonly<Record<string, string>>): void;
  close(): void;
};

/** A start with a longer file begins a new one: a log must not fill the disk, and yesterday's is kept. */
const fileMost: number = 8 * 1024 * 1024;

export function openLog(path: string, clock: Clock): Log {
  if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > fileMost) renameSync(path, `${path}.1`);
  let file: number | undefined = openSync(path, "a", 0o600);
  const close = (): void => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  const write = (line: string): void => {
    if (file !== undefined) writeSync(file, line);
  };
  return { ...logTo(write, clock), close };
}

/** A log whose lines go to `write`. */
export function logTo(write: (line: string) => void, clock: Clock): Log {
  const say = (line: Readonly<Record<string, unknown>>): void =>
    write(`${JSON.stringify({ ts: new Date(clock.now()).toISOString(), ...line })}\n`);
  return {
    info: (logger, msg, members = {}) => say({ level: "info", logger, msg, ...members }),
    error(logger, thrown, members = {}) {
      const isBug = thrown instanceof Error && !(thrown instanceof Fault);
      const stack = isBug && thrown.stack !== undefined ? { stack: thrown.stack } : {};
      say({ level: "error", logger, msg: "failed", error: formatFault(thrown), ...stack, ...members });
    },
    close: () => {},
  };
}
