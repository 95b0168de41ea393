// Writes tar as Go's archive/tar does (USTAR; PAX records for a name that does not fit), and gzip with Helm's header. Nothing
// in it depends on the machine: owner, group and mode are fixed, the time is given.

import { gzipSync } from "fflate";
import { encodeUtf8 } from "#kernel";

export type TarFile = { name: string; data: Uint8Array };

const blockSize = 512;

/** A tar of plain files, in the order given. */
export function writeTar(files: readonly TarFile[], seconds: number): Uint8Array {
  const parts = files.flatMap((file) => [...entry(file, seconds), padding(file.data.length)]);
  return concat([...parts, new Uint8Array(2 * blockSize)]);
}

function entry({ name, data }: TarFile, seconds: number): Uint8Array[] {
  const bytes = encodeUtf8(name);
  const isAscii = bytes.length === name.length;
  const split = isAscii ? splitName(name) : undefined;
  if (split !== undefined)
    return [header({ ...split, size: data.length, seconds, flag: "0", format: "ustar\u000000" }), data];
  const record = encodeUtf8(paxRecord("path", name));
  const folder = name.slice(0, name.lastIndexOf("/"));
  const base = name.slice(name.lastIndexOf("/") + 1);
  const extended = { prefix: "", name: cut(`${folder}/PaxHeaders.0/${base}`), size: record.length, seconds: 0 };
  return [
    header({ ...extended, flag: "x", format: "ustar\u000000", isExtension: true }),
    record,
    padding(record.length),
    header({ prefix: "", name: cut(name), size: data.length, seconds, flag: "0", format: "ustar\u000000" }),
    data,
  ];
}

/** What a reader without PAX sees: ASCII, as much as fits. */
function cut(name: string): string {
  return name.replace(/[^ -~]/g, "").slice(0, 100);
}

/** A name of up to 255 characters, parted at a slash. */
function splitName(name: string): { prefix: string; name: string } | undefined {
  if (name.length <= 100) return { prefix: "", name };
  const at = name.lastIndexOf("/", Math.min(155, name.length - 2));
  const rest = name.slice(at + 1);
  if (at <= 0 || rest === "" || rest.length > 100) return undefined;
  return { prefix: name.slice(0, at), name: rest };
}

/** "LENGTH key=value\n", where the length counts itself. */
function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const size = encodeUtf8(rest).length;
  let total = size + String(size).length;
  if (size + String(total).length !== total) total = size + String(total).length;
  return `${total}${rest}`;
}

type Header = {
  name: string;
  prefix: string;
  size: number;
  seconds: number;
  flag: string;
  format: string;
  isExtension?: boolean;
};

function header(fields: Header): Uint8Array {
  const block = new Uint8Array(blockSize);
  const put = (at: number, text: string): void => block.set(encodeUtf8(text), at);
  const octal = (value: number, width: number): string => `${value.toString(8).padStart(width, "0")}\u0000`;
  put(0, fields.name);
  put(100, octal(fields.isExtension === true ? 0 : 0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(fields.size, 11));
  put(136, octal(fields.seconds, 11));
  put(148, "        ");
  put(156, fields.flag);
  put(257, fields.format);
  if (fields.isExtension !== true) {
    put(329, octal(0, 7));
    put(337, octal(0, 7));
  }
  put(345, fields.prefix);
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, `${sum.toString(8).padStart(6, "0")}\u0000 `);
  return block;
}

function padding(size: number): Uint8Array {
  return new Uint8Array((blockSize - (size % blockSize)) % blockSize);
}

/** The mark that Helm puts into the gzip header of its archives: an extra field and a comment. */
const helmExtra = "rr\u0028\u0000aHR0cHM6Ly95b3V0dS5iZS96OVV6MWljandyTQo=";

/** Gzip with Helm's header: no time, no name, no operating system. */
export function gzipAsHelm(bytes: Uint8Array): Uint8Array {
  // The compressor's own header is 10 bytes; checksum and size follow the data.
  const body = gzipSync(bytes, { level: 6, mtime: 0 }).subarray(10);
  const extra = encodeUtf8(helmExtra);
  const hasExtraAndComment = 0x14;
  const unknownSystem = 0xff;
  const start = [0x1f, 0x8b, 8, hasExtraAndComment, 0, 0, 0, 0, 0, unknownSystem, extra.length, 0];
  return concat([new Uint8Array(start), extra, encodeUtf8("Helm\u0000"), body]);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
