// Files that a command line names: read whole, or refused in the words of Go's own errors, the path as it was written.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Fault } from "#kernel";
import { usage } from "./arguments.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";

/** The bytes of a file. */
export function readNamedFile(path: string, io: Io): Buffer {
  try {
    if (path === "") throw Object.assign(new Error(), { code: "ENOENT" });
    return readFileSync(resolve(io.folder, path));
  } catch (thrown) {
    throw fileFault(path, thrown);
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  ENOTDIR: "not a directory",
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EISDIR: "is a directory",
  ELOOP: "too many levels of symbolic links",
  ENAMETOOLONG: "file name too long",
  EROFS: "read-only file system",
  ENOSPC: "no space left on device",
  ERR_FS_FILE_TOO_LARGE: "larger than 2 GiB",
};

/** What Node says of a file as a mistake on the command line; what is no error of the file system is thrown on as it is. */
export function fileFault(path: string, thrown: unknown): Fault<CliCode> {
  const code = thrown instanceof Error && "code" in thrown ? String(thrown.code) : "";
  const reason = reasons[code];
  if (reason === undefined) throw thrown;
  return usage(`${code === "EISDIR" ? "read" : "open"} ${path}: ${reason}`);
}
