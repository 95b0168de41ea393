// Tar headers as Go's archive/tar writes them for what an artifact holds, so that the unpacked archive has the bytes that
// source-controller would have written: no owners, no times, ustar where the name fits, PAX where it does not.

/** Modes of source-controller's artifacts. */
export const fileMode = 0o600;
export const executableMode = 0o700;
export const folderMode = 0o750;

export type TarEntry = { name: string; isFolder: boolean; mode: number; size: number };

/** The header blocks of one entry. */
export function tarHeader(entry: TarEntry): Buffer[] {
  const { name } = entry;
  const isPlain = isAscii(name);
  if (isPlain && name.length <= nameBytes) return [block(entry, { name, prefix: "" })];
  const split = isPlain ? splitName(name) : undefined;
  if (split !== undefined) return [block(entry, split)];
  const record = paxRecord("path", name);
  const slash = name.lastIndexOf("/") + 1;
  const label = `${name.slice(0, slash)}PaxHeaders.0/${name.slice(slash)}`;
  const pax = { name: label, isFolder: false, mode: 0, size: record.length };
  return [
    block(pax, { name: asciiOf(label), prefix: "" }, "x"),
    record,
    padding(record.length),
    block(entry, { name: asciiOf(name), prefix: "" }),
  ];
}

/** What fills the last block of a file of this size. */
export function padding(size: number): Buffer {
  return Buffer.alloc((512 - (size % 512)) % 512);
}

/** Two empty blocks end an archive. */
export function tarEnd(): Buffer {
  return Buffer.alloc(1024);
}

const nameBytes = 100;
const prefixBytes = 155;

function isAscii(text: string): boolean {
  // oxlint-disable-next-line no-control-regex
  return /^[\u0001-\u007f]*$/.test(text);
}

function asciiOf(text: string): string {
  // oxlint-disable-next-line no-control-regex
  return text.replace(/[^\u0001-\u007f]/gu, "").slice(0, nameBytes);
}

/** A long name in two fields, cut at the last slash that the first can hold. */
function splitName(name: string): { name: string; prefix: string } | undefined {
  const cut = name.lastIndexOf("/", Math.min(name.length - 1, prefixBytes));
  const rest = name.slice(cut + 1);
  if (cut <= 0 || rest === "" || rest.length > nameBytes) return undefined;
  return { name: rest, prefix: name.slice(0, cut) };
}

function block(entry: TarEntry, place: { name: string; prefix: string }, type?: string): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write(place.name, 0, nameBytes, "latin1");
  const octal = (value: number, at: number, digits: number): void => {
    bytes.write(`${value.toString(8).padStart(digits, "0")}\0`, at, "latin1");
  };
  octal(entry.mode, 100, 7);
  octal(0, 108, 7);
  octal(0, 116, 7);
  octal(entry.size, 124, 11);
  octal(0, 136, 11);
  bytes.write("        ", 148);
  bytes.write(type ?? (entry.isFolder ? "5" : "0"), 156);
  bytes.write("ustar\u000000", 257, "latin1");
  octal(0, 329, 7);
  octal(0, 337, 7);
  bytes.write(place.prefix, 345, prefixBytes, "latin1");
  let sum = 0;
  for (const byte of bytes) sum += byte;
  octal(sum, 148, 6);
  bytes.write(" ", 155);
  return bytes;
}

/** `LENGTH key=value\n`, where the length counts itself. */
function paxRecord(key: string, value: string): Buffer {
  const rest = Buffer.from(` ${key}=${value}\n`);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length) length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
