// The file of mirrors that `up` and `run` read once at their start: `--mirrors FILE`, else `mirrors.yaml` in the data folder.

import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Fault } from "#kernel";
import { type MirrorMap, parseMirrors } from "#sources/mirrors";
import type { CliCode } from "./faults.ts";

/** The flag, for the commands that have it. */
export const mirrorsFlag = {
  mirrors: { takes: "FILE", about: "URL prefixes to fetch from elsewhere (default: mirrors.yaml in the data folder)" },
} as const;

/** A file that was asked for must be there; the default one may be absent. Faults are told before anything starts. */
export async function readMirrors(
  given: string | undefined,
  folders: { current: string; data: string },
): Promise<MirrorMap> {
  const path = given === undefined ? join(folders.data, "mirrors.yaml") : resolve(folders.current, given);
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    // ENOTDIR: the data folder is a file, which its lock tells of.
    if (given === undefined && ["ENOENT", "ENOTDIR"].includes((cause as NodeJS.ErrnoException).code ?? "")) return [];
    throw new Fault<CliCode>({
      code: "not-found",
      disposition: "stall",
      at: path,
      message: "the file of mirrors cannot be read",
      hint: "--mirrors names a YAML file with a list `mirrors` of `from` and `to`",
      cause,
    });
  }
  return parseMirrors(text, path);
}
