// Files of a tar.gz while it comes in, within limits on count, size and names. Links are left out; a name that could lead
// out of the root, and what is neither file, folder nor link, makes the whole archive unfit (as fluxcd/pkg/tar).

import { Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { decodeUtf8, Fault } from "#kernel";
import { artifactFault } from "./faults.ts";
import { packingFreeBytes, packingMost, pathBytesMost, unpackedFilesMost, unpackedMost } from "./limits.ts";

/** Its pieces are to be read before the next file is asked for. */
export type PackedFile = { path: string; isExecutable: boolean; size: number; pieces: AsyncIterable<Uint8Array> };

/** The archive's files, each to be read before the next. What comes after them is read too, so that its source can check all. */
export async function* tarEntries(packed: AsyncIterable<Uint8Array>, at: string): AsyncIterable<PackedFile> {
  const counted = { bytes: 0 };
  const source = Readable.from(count(packed, counted));
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  const reader = new Reader(gunzip, { at, packed: counted });
  try {
    yield* entriesOf(reader, at);
    await reader.drain();
    // A stream may end for gunzip before it has ended for its source, which then has not checked it.
    source.unpipe(gunzip);
    source.resume();
    if (!source.readableEnded)
      await new Promise<void>((resolve, reject) => source.on("end", resolve).on("error", reject));
  } catch (cause) {
    throw cause instanceof Fault ? cause : invalid(at, "is no gzip-compressed tar", cause);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

export type UnpackedFile = { path: string; content: Uint8Array; isExecutable: boolean };

/** All files of an archive at hand; a later one of the same name stands for an earlier. */
export async function unpackArchive(archive: Uint8Array, at: string): Promise<UnpackedFile[]> {
  const files = new Map<string, UnpackedFile>();
  for await (const { path, isExecutable, pieces } of tarEntries(one(archive), at)) {
    const parts: Uint8Array[] = [];
    for await (const piece of pieces) parts.push(piece);
    files.set(path, { path, content: Buffer.concat(parts), isExecutable });
  }
  return [...files.values()];
}

async function* one(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes;
}

async function* count(packed: AsyncIterable<Uint8Array>, counted: { bytes: number }): AsyncIterable<Uint8Array> {
  for await (const piece of packed) {
    counted.bytes += piece.length;
    yield piece;
  }
}

async function* entriesOf(reader: Reader, at: string): AsyncIterable<PackedFile> {
  let longName: string | undefined;
  let count = 0;
  for (;;) {
    const head = await reader.take(512);
    if (head === undefined || head.every((byte) => byte === 0)) return;
    const size = sizeOf(head);
    if (!isChecked(head) || size === undefined) throw invalid(at, "is damaged");
    const padded = Math.ceil(size / 512) * 512;
    const type = String.fromCharCode(head[156] ?? 0);
    if (type === "x" || type === "L") {
      if (size > pathBytesMost) throw invalid(at, "holds a name that is too long");
      const text = await reader.takeAll(padded);
      const name =
        type === "x" ? paxPath(text.subarray(0, size)) : decodeUtf8(text.subarray(0, size)).replace(/\0+$/, "");
      longName = name ?? longName;
      continue;
    }
    const name = longName ?? nameOf(head);
    if (type === "g" || type === "K") {
      await reader.skip(padded);
      continue;
    }
    longName = undefined;
    const path = checkName(name, at);
    if ((count += 1) > unpackedFilesMost) throw invalid(at, `holds more than ${unpackedFilesMost} entries`);
    const isFile = type === "0" || type === "\0" || type === "7";
    if (!isFile && !["1", "2", "5"].includes(type))
      throw invalid(at, `holds ${show(name)}, which is no file, folder or link`);
    if (isFile && path !== "" && !name.endsWith("/")) {
      const isExecutable = (octal(head.subarray(100, 108)) & 0o111) !== 0;
      yield { path, isExecutable, size, pieces: reader.pieces(size) };
      await reader.skip(padded - size);
    } else await reader.skip(padded);
  }
}

/** As Flux: no backslash, nothing absolute, no climbing, not even within the root. */
function checkName(name: string, at: string): string {
  const isBad = name === "" || /[\\\0]/.test(name) || name.startsWith("/") || /(^|\/)\.\.(\/|$)/.test(name);
  if (isBad || Buffer.byteLength(name) > pathBytesMost) throw invalid(at, `holds the name ${show(name)}`);
  return name
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/");
}

function show(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}

/** Bytes of the unpacked stream, counted. */
class Reader {
  readonly #pieces: AsyncIterator<Buffer>;
  readonly #at: string;
  readonly #packed: { readonly bytes: number };
  #held: Buffer = Buffer.alloc(0);
  #total = 0;

  constructor(stream: AsyncIterable<Buffer>, from: { at: string; packed: { readonly bytes: number } }) {
    this.#pieces = stream[Symbol.asyncIterator]();
    this.#at = from.at;
    this.#packed = from.packed;
  }

  /** Exactly so many; undefined at a clean end. */
  async take(length: number): Promise<Buffer | undefined> {
    const parts: Buffer[] = [];
    for await (const piece of this.#some(length, true)) parts.push(piece);
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }

  async takeAll(length: number): Promise<Buffer> {
    return (await this.take(length)) ?? Buffer.alloc(0);
  }

  pieces(length: number): AsyncIterable<Buffer> {
    return this.#some(length, false);
  }

  async skip(length: number): Promise<void> {
    for await (const _ of this.#some(length, false));
  }

  async drain(): Promise<void> {
    this.#held = Buffer.alloc(0);
    while (await this.#more());
  }

  async *#some(length: number, mayEnd: boolean): AsyncIterable<Buffer> {
    for (let left = length; left > 0; ) {
      if (this.#held.length === 0 && !(await this.#more())) {
        if (mayEnd && left === length) return;
        throw invalid(this.#at, "is cut off");
      }
      const piece = this.#held.subarray(0, left);
      this.#held = this.#held.subarray(piece.length);
      left -= piece.length;
      yield piece;
    }
  }

  async #more(): Promise<boolean> {
    const next = await this.#pieces.next();
    if (next.done === true) return false;
    this.#held = next.value;
    this.#total += next.value.length;
    const isBomb = this.#total > packingFreeBytes && this.#total > this.#packed.bytes * packingMost;
    if (this.#total > unpackedMost || isBomb)
      throw invalid(
        this.#at,
        `unpacks to more than ${isBomb ? `${packingMost} times its size` : `${unpackedMost / 1024 / 1024} MiB`}`,
      );
    return true;
  }
}

function isChecked(head: Buffer): boolean {
  let sum = 0;
  head.forEach((byte, i) => {
    sum += i >= 148 && i < 156 ? 32 : byte;
  });
  return octal(head.subarray(148, 156)) === sum;
}

/** Octal, or base 256 for what is larger than 8 GiB, which is never read. */
function sizeOf(head: Buffer): number | undefined {
  if (((head[124] ?? 0) & 0x80) !== 0) return undefined;
  const size = octal(head.subarray(124, 136));
  return Number.isSafeInteger(size) && size >= 0 ? size : undefined;
}

function octal(field: Buffer): number {
  const text = textOf(field).trim();
  return text === "" ? 0 : /^[0-7]+$/.test(text) ? Number.parseInt(text, 8) : Number.NaN;
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end));
}

function nameOf(head: Buffer): string {
  const isUstar = head.toString("latin1", 257, 263) === "ustar\0";
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
