// Charts on disk for the commands that take one: a folder, or a packed chart.

import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { type Clock, Fault, type FileTree } from "#kernel";
import { type FunctionEnvironment, machineEnvironment as environmentOf } from "#render/helm";
import { usage } from "./arguments.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { randomPoolSize } from "./limits.ts";
import { chartTree } from "./local-tree.ts";

/** A chart's folder as a tree, or a packed chart as a tree of one file; `path` is what to load of it. */
export function openChart(folder: string, reference: string): FileTree | Uint8Array {
  const path = resolve(folder, reference);
  if (!existsSync(path)) {
    throw new Fault<CliCode>({
      code: "usage",
      disposition: "stall",
      at: reference,
      message: /^(https?|oci):\/\//.test(reference)
        ? "charts are taken from disk here, not from the network"
        : "no such chart",
      hint: "give the folder of a chart or a packed chart (.tgz)",
    });
  }
  return statSync(path).isDirectory() ? chartTree(path) : new Uint8Array(readFileSync(path));
}

/** The folder a packed chart lies in and its name; for messages and for what lies beside it. */
export function splitPath(path: string): { folder: string; name: string } {
  return { folder: dirname(path), name: basename(path) };
}

/** Time and randomness of this machine, for functions that ask for them; most charts ask for neither, and loading it takes long. */
export function machineEnvironment(clock: Clock): FunctionEnvironment {
  const source = process.platform === "linux" ? kernelBytes() : undefined;
  return environmentOf(clock, (count) => source?.(count) ?? process.getBuiltinModule("node:crypto").randomBytes(count));
}

/** The kernel's own source of randomness, which is there before OpenSSL is loaded; gives undefined where it cannot be read. */
function kernelBytes(): (count: number) => Uint8Array | undefined {
  let pool = new Uint8Array(0);
  return (count) => {
    if (pool.length < count) pool = readKernel(Math.max(count, randomPoolSize)) ?? pool;
    if (pool.length < count) return undefined;
    const bytes = pool.slice(0, count);
    pool = pool.subarray(count);
    return bytes;
  };
}

function readKernel(count: number): Uint8Array<ArrayBuffer> | undefined {
  try {
    const file = openSync("/dev/urandom", "r");
    try {
      const bytes = new Uint8Array(count);
      return readSync(file, bytes, 0, count, null) === count ? bytes : undefined;
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}

/** The time that files in archives carry: SOURCE_DATE_EPOCH; undefined when it is not set. */
export function archiveSeconds(io: Io): number | undefined {
  const text = io.env["SOURCE_DATE_EPOCH"] ?? "";
  if (text === "") return undefined;
  if (!/^\d{1,10}$/.test(text)) throw usage(`SOURCE_DATE_EPOCH ${JSON.stringify(text)} is no number of seconds`);
  return Number(text);
}
