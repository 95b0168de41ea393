// A store as one file, and back: every present key with its value and revisions, as they were at one moment. History is not kept:
// whoever watched from before is told to list again. Gzipped JSON lines; the last one holds a digest of all before it.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { Fault } from "#kernel";
import type { LogRecord } from "./backend.ts";
import type { StoreFaultCode } from "./faults.ts";
import { backupBytesMax, restoreBatch } from "./limits.ts";
import { openLmdbBackend } from "./lmdb-backend.ts";

const formatName = "keelson-backup";
const formatVersion = 1;

/** What the first line says. `files` are small texts kept beside the store, by name. */
type Head = {
  format: string;
  version: number;
  revision: number;
  keys: number;
  files?: Readonly<Record<string, string>>;
};
type Line = { k: string; r: number; c: number; v: string };

export type BackupReport = { revision: number; keys: number };

export type BackupOptions = {
  /** The store's folder; it may be in use. */
  folder: string;
  file: string;
  /** Texts that go with it. */
  files?: Readonly<Record<string, string>>;
};

/** Writes the store to a file that appears only when it is whole. */
export async function backUpStore({ folder, file, files }: BackupOptions): Promise<BackupReport> {
  const backend = openLmdbBackend(folder);
  try {
    // One turn of the event loop is one view of the database: nothing is awaited in between.
    const lines: string[] = [];
    const revision = backend.lastRevision;
    for (const { key, revision: at } of backend.keys("", "")) {
      const record = backend.record(at);
      if (record?.value === undefined) continue;
      const v = Buffer.from(record.value).toString("base64");
      lines.push(JSON.stringify({ k: key, r: at, c: record.createRevision, v } satisfies Line));
    }
    const newest = lines.reduce((most, line) => Math.max(most, (JSON.parse(line) as Line).r), revision);
    const head: Head = { format: formatName, version: formatVersion, revision: newest, keys: lines.length };
    if (files !== undefined) head.files = files;
    const text = `${[JSON.stringify(head), ...lines].join("\n")}\n`;
    const whole = `${text}${JSON.stringify({ sha256: digestOf(text) })}\n`;
    writeFileSync(`${file}.partial`, gzipSync(whole), { mode: 0o600 });
    renameSync(`${file}.partial`, file);
    return { revision: newest, keys: lines.length };
  } finally {
    await backend.close();
  }
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** A backup that was read and found whole. */
export type Backup = { head: Head; records: LogRecord[] };

export function readBackup(file: string): Backup {
  const text = unpacked(file);
  const last = text.lastIndexOf("\n", text.length - 2) + 1;
  const body = text.slice(0, last);
  const end = parsed(text.slice(last), file) as { sha256?: string };
  if (end.sha256 !== digestOf(body)) throw damaged(file, "its digest does not fit its content");
  const [first = "", ...rest] = body.trimEnd().split("\n");
  const head = parsed(first, file) as Head;
  if (head.format !== formatName || head.version !== formatVersion)
    throw damaged(file, `it is not a ${formatName} of version ${formatVersion}`);
  const records = rest.map((line) => recordOf(parsed(line, file) as Line));
  return { head, records: records.sort((a, b) => a.revision - b.revision) };
}

function unpacked(file: string): string {
  try {
    return gunzipSync(readFileSync(file), { maxOutputLength: backupBytesMax }).toString("utf8");
  } catch (cause) {
    throw damaged(file, "it cannot be read", cause);
  }
}

function parsed(line: string, file: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch (cause) {
    throw damaged(file, "it is cut off", cause);
  }
}

function damaged(file: string, why: string, cause?: unknown): Fault<StoreFaultCode> {
  return new Fault<StoreFaultCode>({
    code: "backup-unreadable",
    disposition: "stall",
    at: file,
    message: `the backup cannot be used: ${why}`,
    hint: "take the file as `keelson backup` wrote it; one that was interrupted ends in .partial and is of no use",
    cause,
  });
}

function recordOf({ k, r, c, v }: Line): LogRecord {
  return { key: k, revision: r, createRevision: c, previousRevision: 0, value: Buffer.from(v, "base64") };
}

/** Puts a backup where no store is yet; the store appears only when it is whole. */
export async function restoreStore(folder: string, { head, records }: Backup): Promise<BackupReport> {
  if (existsSync(folder) && readdirSync(folder).length > 0)
    throw new Fault<StoreFaultCode>({
      code: "store-not-empty",
      disposition: "stall",
      at: folder,
      message: "there is a control plane's data here already",
      hint: "restore into an empty data folder (--data DIR), or move this one away first",
    });
  const growing = `${folder}.restoring`;
  rmSync(growing, { recursive: true, force: true });
  mkdirSync(growing, { recursive: true, mode: 0o700 });
  const backend = openLmdbBackend(growing);
  for (let from = 0; from < records.length; from += restoreBatch)
    await backend.commit(records.slice(from, from + restoreBatch));
  const { revision } = head;
  // The counter goes on where it was, also when the last write was a deletion; what came before is history that is gone.
  if ((records.at(-1)?.revision ?? 0) < revision)
    await backend.commit([
      { key: "restored", revision, previousRevision: 0, createRevision: revision, value: undefined },
    ]);
  await backend.forget([], revision);
  await backend.close();
  rmSync(folder, { recursive: true, force: true });
  renameSync(growing, folder);
  return { revision, keys: records.length };
}

/** The names of the small files in a folder with their texts; none when there is no such folder. */
export function readTexts(folder: string): Record<string, string> {
  if (!existsSync(folder)) return {};
  return Object.fromEntries(
    readdirSync(folder).map((name) => [name, readFileSync(join(folder, name)).toString("base64")]),
  );
}

/** Writes such files back, for their owner alone. */
export function writeTexts(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files))
    if (/^[\w.-]+$/.test(name)) writeFileSync(join(folder, name), Buffer.from(text, "base64"), { mode: 0o600 });
}
