// Folders that people name: made where they are not there, with those above.

import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "#kernel";
import type { CliCode } from "./faults.ts";

/** `what` says in the fault what the folder is for. */
export function makeFolder(folder: string, what: string, mode?: number): void {
  try {
    ensureFolder(folder, mode);
  } catch (cause) {
    throw new Fault<CliCode>({
      code: "failed",
      disposition: "stall",
      at: folder,
      message: `the ${what} cannot be made`,
      hint: "choose a folder on a disk that can be written to",
      cause,
    });
  }
}

/**
 * The same with Node's own errors. The folders are made one by one: Node's `recursive` never ends where a system says of a name
 * in a folder that is there that the folder is not, as /proc does.
 */
export function ensureFolder(folder: string, mode?: number): void {
  for (const path of absentOf(folder)) makeOne(path, mode);
}

/** The folder and those above it that are not there, the highest first. */
function absentOf(folder: string): string[] {
  const absent: string[] = [];
  for (let path = folder; !isFolder(path); path = dirname(path)) absent.unshift(path);
  return absent;
}

function isFolder(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory() === false) throw Object.assign(new Error(`${path} is a file`), { code: "ENOTDIR" });
  return found !== undefined;
}

function makeOne(path: string, mode: number | undefined): void {
  try {
    mkdirSync(path, mode);
  } catch (error) {
    // Another process may have been faster.
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}
