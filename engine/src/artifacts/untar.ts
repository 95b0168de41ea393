// Reads a tar.gz of others: regular files only, no name that leaves the root, within limits on count and size.

import { gunzipSync } from "node:zlib";
import { decodeUtf8, joinPath } from "#kernel";
import { artifactFault } from "./faults.ts";
import { unpackedFilesMost, unpackedMost } from "./limits.ts";

export type UnpackedFile = { path: string; content: Uint8Array; isExecutable: boolean };

/** Files in the order of the archive; a later one of the same name stands for an earlier. `at` is for messages. */
export function unpackArchive(archive: Uint8Array, at: string): UnpackedFile[] {
  let tar: Buffer;
  try {
    tar = gunzipSync(archive, { maxOutputLength: unpackedMost });
  } catch (cause) {
    throw invalid(at, "is no gzip, or unpacks to too much", cause);
  }
  const files = new Map<string, UnpackedFile>();
  let longName: string | undefined;
  for (let offset = 0; offset + 512 <= tar.length; ) {
    const head = tar.subarray(offset, offset + 512);
    if (head.every((byte) => byte === 0)) break;
    const size = parseOctal(head.subarray(124, 136));
    const type = String.fromCharCode(head[156] ?? 0);
    const content = tar.subarray(offset + 512, offset + 512 + size);
    if (!Number.isSafeInteger(size) || content.length < size) throw invalid(at, "is cut off");
    offset += 512 + Math.ceil(size / 512) * 512;
    if (type === "x") longName = paxPath(content) ?? longName;
    else if (type === "L") longName = decodeUtf8(content).replace(/\0+$/, "");
    else if (type !== "g") {
      const name = longName ?? nameOf(head);
      longName = undefined;
      if (type !== "0" && type !== "\0") continue;
      const path = name.startsWith("/") ? undefined : joinPath("", name);
      if (path === undefined || path === "") throw invalid(at, `holds the name ${JSON.stringify(name.slice(0, 100))}`);
      files.set(path, { path, content, isExecutable: (parseOctal(head.subarray(100, 108)) & 0o100) !== 0 });
      if (files.size > unpackedFilesMost) throw invalid(at, `holds more than ${unpackedFilesMost} files`);
    }
  }
  return [...files.values()];
}

function parseOctal(field: Buffer): number {
  return Number.parseInt(textOf(field).trim() || "0", 8);
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end));
}

function nameOf(head: Buffer): string {
  const isUstar = head.toString("latin1", 257, 262) === "ustar";
  const prefix = isUstar ? textOf(head.subarray(345, 500)) : "";
  const name = textOf(head.subarray(0, 100));
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** `LENGTH path=VALUE\n` among the records. */
function paxPath(records: Buffer): string | undefined {
  for (let at = 0; at < records.length; ) {
    const space = records.indexOf(32, at);
    const length = Number(records.toString("latin1", at, space));
    if (space < 0 || !(length > 0)) return undefined;
    const record = decodeUtf8(records.subarray(space + 1, at + length - 1));
    if (record.startsWith("path=")) return record.slice("path=".length);
    at += length;
  }
  return undefined;
}

function invalid(at: string, what: string, cause?: unknown): Error {
  return artifactFault({ code: "archive-invalid", disposition: "retry", at, message: `the archive ${what}`, cause });
}
