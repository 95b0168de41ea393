// A tree as Flux's artifact: a tar.gz whose bytes follow from the files alone, only folders and regular files. Written a
// batch of files at a time, under another name until it is whole.

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { PassThrough, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { IgnoreRules, itemsOf, openTree, streamLarge, type TreeHandle, type TreeItem } from "#sources/git";
import { storageFault } from "./faults.ts";
import { archiveBatch } from "./limits.ts";
import { executableMode, fileMode, folderMode, padding, tarEnd, tarHeader } from "./tar.ts";

export type ArchiveFile = { digest: string; size: number };

/** Writes the archive of a tree to a file. */
export function writeArchive(handle: TreeHandle, path: string): Promise<ArchiveFile> {
  return writeWhole(tarOf(handle), path, createGzip({ level: 1 }));
}

let drafts = 0;

/** Writes bytes to a file; a half-written one never stands under that name. Faults of the disk have the code `storage-failed`. */
export async function writeWhole(
  content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  path: string,
  packing: Transform = new PassThrough(),
): Promise<ArchiveFile> {
  const draft = `${path}.${process.pid}.${(drafts += 1)}.new`;
  const hash = createHash("sha256");
  let size = 0;
  const counted = async function* (source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    for await (const chunk of source) {
      hash.update(chunk);
      size += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(content, packing, counted, createWriteStream(draft, { mode: 0o600 }));
    await rename(draft, path);
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw storageFault(path, cause);
  }
  return { digest: `sha256:${hash.digest("hex")}`, size };
}

async function* tarOf(handle: TreeHandle): AsyncIterable<Buffer> {
  const items = await itemsOf(handle);
  const open = await openTree(handle);
  const rules = handle.ignore === "none" ? undefined : new IgnoreRules(handle.ignore);
  yield Buffer.concat(tarHeader({ name: ".", isFolder: true, mode: folderMode, size: 0 }));
  for (let from = 0; from < items.length; from += archiveBatch) {
    const batch = items.slice(from, from + archiveBatch);
    const files = batch.filter((item) => !item.isFolder);
    await open.fetch(files.map((file) => ({ what: "object" as const, id: file.id })));
    let parts: Uint8Array[] = [];
    for (const item of batch) {
      // A folder that is excluded and has something brought back below it has no entry of its own.
      if (item.isFolder && rules?.isExcluded(item.path, true) === true) continue;
      const large = item.isFolder ? undefined : streamLarge(handle, item.id);
      const content = item.isFolder || large !== undefined ? new Uint8Array() : open.tree.read(item.path);
      const size = large?.size ?? content.length;
      parts.push(...tarHeader({ name: item.path, isFolder: item.isFolder, mode: modeOf(item), size }), content);
      if (large !== undefined) {
        yield Buffer.concat(parts);
        yield* large.pieces;
        parts = [];
      }
      parts.push(padding(size));
    }
    yield Buffer.concat(parts);
  }
  yield tarEnd();
}

function modeOf(item: TreeItem): number {
  return item.isFolder ? folderMode : item.isExecutable ? executableMode : fileMode;
}
