// Exit codes by class of fault, and how an error is told: what failed, then its causes, then what to do.

import type { ClusterFaultCode } from "#cluster";
import { Bug, Fault, formatFault } from "#kernel";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";

/** 0 done, 1 failed or differs, 2 wrong use, 3 not reachable or not permitted, 4 timed out waiting. */
export type ExitCode = 0 | 1 | 2 | 3 | 4;

/** Every code of the rooms that decide before or about reaching a server; all others are plain failures. */
const codes: Readonly<Record<CliCode | ClusterFaultCode, ExitCode>> = {
  usage: 2,
  "not-reachable": 3,
  "not-permitted": 3,
  "no-target": 3,
  "timed-out": 4,
  "not-found": 1,
  refused: 1,
  failed: 1,
  busy: 1,
  "kubeconfig-missing": 3,
  "kubeconfig-invalid": 2,
  "kubeconfig-context-unknown": 2,
  "kubeconfig-refused": 2,
  "credential-plugin-failed": 3,
  "credential-file-unreadable": 3,
};

/** The exit code of something thrown. A fault deeper in the chain decides when the outer one is a plain failure. */
export function exitCodeOf(thrown: unknown): ExitCode {
  for (let error: unknown = thrown; error instanceof Error; error = error.cause) {
    const code = error instanceof Fault && isKnown(error.code) ? codes[error.code] : 1;
    if (code !== 1) return code;
  }
  return 1;
}

function isKnown(code: string): code is keyof typeof codes {
  return Object.hasOwn(codes, code);
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
