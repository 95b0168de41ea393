// Packed charts: gzip and tar, with Helm's own checks on names and sizes.

import { Gunzip } from "fflate";
import { baseName, decodeUtf8, Fault, platformModule } from "#kernel";
import type { ChartFile } from "./chart.ts";
import { helmFault } from "./faults.ts";
import { cleanPath } from "./functions/paths.ts";
import { unpackedSizeMax } from "./limits.ts";

/** True when the bytes begin as gzip does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 0x08;
}

type Zlib = { gunzipSync(bytes: Uint8Array, options: { maxOutputLength: number }): Uint8Array };

/** What a stream held, and what is wrong behind that: a tar may end before, and then Go never reads so far. */
export type Unpacked = { bytes: Uint8Array; fault?: Fault };

/** Unpacks gzip, never beyond the limit, whatever the stream claims. */
export function gunzip(bytes: Uint8Array): Unpacked {
  try {
    const zlib = platformModule("node:zlib") as Zlib | undefined;
    if (zlib !== undefined) return { bytes: zlib.gunzipSync(bytes, { maxOutputLength: unpackedSizeMax * 2 }) };
  } catch {
    // Our own code says what is wrong, in the same words everywhere.
  }
  return gunzipHere(bytes);
}

/** The same in pure code. */
export function gunzipHere(bytes: Uint8Array): Unpacked {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const unpacker = new Gunzip((chunk) => {
    size += chunk.length;
    // Tar adds a header and padding to each file; twice the limit holds for any chart that fits it.
    if (size > unpackedSizeMax * 2) throw tooLarge();
    chunks.push(chunk);
  });
  const step = 64 * 1024;
  let fault: Fault | undefined;
  try {
    for (let at = 0; at < bytes.length; at += step)
      unpacker.push(bytes.subarray(at, at + step), at + step >= bytes.length);
  } catch (error) {
    if (error instanceof Fault) throw error;
    fault = helmFault(
      "chart-archive",
      `the archive is no valid gzip: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  const whole = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return fault === undefined ? { bytes: whole } : { bytes: whole, fault };
}

function tooLarge(): Fault {
  return helmFault("chart-archive", `decompressed chart is larger than the maximum size ${unpackedSizeMax}`);
}

/** The files of a packed chart, without the folder that holds them all. */
export function unpackChart(bytes: Uint8Array, name: string): ChartFile[] {
  if (!isGzip(bytes)) throw helmFault("chart-archive", `file '${name}' does not appear to be a gzipped archive`);
  const files: ChartFile[] = [];
  let remaining = unpackedSizeMax;
  for (const entry of readTar(gunzip(bytes))) {
    if (entry.type === "folder") continue;
    const path = checkName(entry.name);
    remaining -= entry.data.length;
    if (remaining <= 0) throw tooLarge();
    files.push({ name: path, data: withoutMark(entry.data) });
  }
  if (files.length === 0) throw helmFault("chart-archive", "no files in chart archive");
  return files;
}

/** Drops a byte order mark. */
export function withoutMark(data: Uint8Array): Uint8Array {
  return data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data;
}

function checkName(name: string): string {
  const delimiter = name.includes("\\") ? "\\" : "/";
  const parts = name.split(delimiter);
  const inner = parts.slice(1).join("/");
  if (inner.startsWith("/")) throw helmFault("chart-archive", "chart illegally contains absolute paths");
  const clean = cleanPath(inner);
  if (clean === ".")
    throw helmFault(
      "chart-archive",
      `chart illegally contains content outside the base directory: ${JSON.stringify(name)}`,
    );
  if (clean.startsWith("..")) throw helmFault("chart-archive", "chart illegally references parent directory");
  if (/^[a-zA-Z]:\//.test(clean)) throw helmFault("chart-archive", "chart contains illegally named files");
  if (parts[0] === "Chart.yaml") throw helmFault("chart-archive", "chart yaml not in base directory");
  return clean;
}

/** Links, devices and pipes are empty files, as they are to Helm; nothing is followed. */
type TarEntry = { name: string; type: "file" | "folder"; data: Uint8Array };

function textOf(block: Uint8Array, start: number, length: number): string {
  const field = block.subarray(start, start + length);
  const end = field.indexOf(0);
  return decodeUtf8(end < 0 ? field : field.subarray(0, end));
}

function sizeOf(block: Uint8Array): number {
  // Sizes beyond octal are written as big-endian binary with the high bit set.
  if (((block[124] as number) & 0x80) !== 0) return block.subarray(128, 136).reduce((sum, byte) => sum * 256 + byte, 0);
  const text = textOf(block, 124, 12).trim();
  return text === "" ? 0 : Number.parseInt(text, 8);
}

function* readTar({ bytes, fault }: Unpacked): Generator<TarEntry> {
  let longName: string | undefined;
  for (let at = 0; at + 512 <= bytes.length; ) {
    const block = bytes.subarray(at, at + 512);
    if (block.every((byte) => byte === 0)) return;
    if (!hasItsSum(block))
      throw helmFault("chart-archive", "the archive is no valid tar: a header's checksum is not that of its bytes");
    const flag = String.fromCharCode(block[156] as number);
    // A link's size is that of what it leads to, and nothing follows.
    const size = /[1-6]/.test(flag) ? 0 : sizeOf(block);
    if (!Number.isFinite(size) || at + 512 + size > bytes.length)
      throw fault ?? helmFault("chart-archive", "the archive ends in the middle of a file");
    const data = bytes.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (flag === "L") longName = textOf(data, 0, data.length);
    else if (flag === "x") longName = paxPath(decodeUtf8(data)) ?? longName;
    else if (flag !== "g" && flag !== "K") {
      const name = longName ?? headerName(block);
      longName = undefined;
      if (flag === "5" || baseName(name) === "") yield { name, type: "folder", data };
      else yield { name, type: "file", data };
    }
  }
  if (fault !== undefined) throw fault;
}

/** The sum of a header's bytes, its own field counted as blanks; old writers summed signed bytes. */
function hasItsSum(block: Uint8Array): boolean {
  const stated = Number.parseInt(textOf(block, 148, 8).trim(), 8);
  let [unsigned, signed] = [0, 0];
  for (let at = 0; at < 512; at++) {
    const byte = at >= 148 && at < 156 ? 0x20 : (block[at] as number);
    unsigned += byte;
    signed += byte < 0x80 ? byte : byte - 0x100;
  }
  return stated === unsigned || stated === signed;
}

function headerName(block: Uint8Array): string {
  const name = textOf(block, 0, 100);
  const prefix = textOf(block, 257, 5) === "ustar" ? textOf(block, 345, 155) : "";
  return prefix === "" ? name : `${prefix}/${name}`;
}

/** The path record of an extended header: "LENGTH path=VALUE\n". */
function paxPath(text: string): string | undefined {
  return /(?:^|\n)\d+ path=([^\n]*)\n/.exec(text)?.[1];
}
