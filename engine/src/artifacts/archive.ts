// The artifact as a tar.gz, the same bytes for the same files: names in order, no times, no owners, modes 0644 and 0755,
// only folders and regular files. Written a batch of files at a time.

import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGzip } from "node:zlib";
import { filesOf, openTree, streamLarge, type TreeHandle } from "#sources/git";
import { archiveBatch } from "./limits.ts";

export type ArchiveFile = { digest: string; size: number };

/** Writes the archive to a file; a half-written one never stands under that name. */
export async function writeArchive(handle: TreeHandle, path: string): Promise<ArchiveFile> {
  const draft = `${path}.${process.pid}.new`;
  const hash = createHash("sha256");
  const hashed = async function* (source: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
    for await (const chunk of source) {
      hash.update(chunk);
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from(tarOf(handle)), createGzip({ level: 1 }), hashed, createWriteStream(draft));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
  return { digest: `sha256:${hash.digest("hex")}`, size: (await stat(path)).size };
}

async function* tarOf(handle: TreeHandle): AsyncIterable<Buffer> {
  const files = (await filesOf(handle)).sort((a, b) => (a.path < b.path ? -1 : 1));
  const open = await openTree(handle);
  const folders = new Set<string>();
  for (let from = 0; from < files.length; from += archiveBatch) {
    const batch = files.slice(from, from + archiveBatch);
    await open.fetch(batch.map((file) => ({ what: "object" as const, id: file.id })));
    let parts: Uint8Array[] = [];
    for (const file of batch) {
      parts.push(...foldersAbove(file.path, folders));
      const mode = file.isExecutable ? 0o755 : 0o644;
      const large = streamLarge(handle, file.id);
      if (large === undefined) {
        const content = open.tree.read(file.path);
        parts.push(...header(file.path, { type: "0", mode, size: content.length }));
        parts.push(content, Buffer.alloc(-content.length & 511));
        continue;
      }
      parts.push(...header(file.path, { type: "0", mode, size: large.size }));
      yield Buffer.concat(parts);
      yield* large.pieces;
      parts = [Buffer.alloc((512 - (large.size % 512)) % 512)];
    }
    yield Buffer.concat(parts);
  }
  yield Buffer.alloc(1024);
}

/** Headers of the folders on the way that have none yet. */
function foldersAbove(path: string, known: Set<string>): Buffer[] {
  const headers: Buffer[] = [];
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const folder = path.slice(0, slash + 1);
    if (known.has(folder)) continue;
    known.add(folder);
    headers.push(...header(folder, { type: "5", mode: 0o755, size: 0 }));
  }
  return headers;
}

type Head = { type: string; mode: number; size: number };

/** One ustar header; a name that does not fit goes into a PAX record before it. */
function header(name: string, head: Head): Buffer[] {
  const bytes = Buffer.from(name);
  if (bytes.length <= 100 && bytes.length === name.length) return [ustar(name, head)];
  const record = paxRecord("path", name);
  const pax = ustar("pax", { type: "x", mode: 0o644, size: record.length });
  return [pax, record, Buffer.alloc(-record.length & 511), ustar(bytes.subarray(0, 100).toString("latin1"), head)];
}

function ustar(name: string, { type, mode, size }: Head): Buffer {
  const block = Buffer.alloc(512);
  block.write(name, 0, 100, "latin1");
  block.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
  block.write("0000000\0", 108);
  block.write("0000000\0", 116);
  block.write(`${size.toString(8).padStart(11, "0")}\0`, 124);
  block.write("00000000000\0", 136);
  block.write("        ", 148);
  block.write(type, 156);
  block.write("ustar\u000000", 257);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
  return block;
}

/** `LENGTH key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
