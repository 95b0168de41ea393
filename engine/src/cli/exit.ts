// Exit codes by class of fault, and how an error is told: what failed, then its causes, then what to do.

import { Bug, Fault, formatFault } from "#kernel";
import type { Io } from "./io.ts";

/** 0 done, 1 failed or differs, 2 wrong use, 3 not reachable or not permitted, 4 timed out waiting. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

const codes: Readonly<Record<string, ExitCode>> = {
  usage: 2,
  "not-reachable": 3,
  "not-permitted": 3,
  "no-target": 3,
  "timed-out": 4,
};

/** The exit code of something thrown. A fault deeper in the chain decides when the outer one is a plain failure. */
export function exitCodeOf(thrown: unknown): ExitCode {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const code = error instanceof Fault ? codes[error.code] : undefined;
    if (code !== undefined) return code;
  }
  return 1;
}

/** Writes `keelson: <chain>` and the innermost hints to standard error; a bug comes with its stack. */
export function reportFailure(io: Io, thrown: unknown): ExitCode {
  const text = thrown instanceof Bug ? (thrown.stack ?? thrown.message) : formatFault(thrown);
  io.stderr.write(`${io.stderr.style("red", "keelson:")} ${text}\n`);
  for (const hint of hintsOf(thrown)) io.stderr.write(`${io.stderr.style("cyan", "hint:")} ${hint}\n`);
  return exitCodeOf(thrown);
}

function hintsOf(thrown: unknown): string[] {
  const hints: string[] = [];
  for (let error: unknown = thrown; error instanceof Error && hints.length < 3; error = error.cause)
    if (error instanceof Fault && error.hint !== undefined && !hints.includes(error.hint)) hints.push(error.hint);
  return hints;
}
