// The files that artifacts are served as: archives of trees, written when somebody wants one and written again whenever one
// is missing or not what it was; and files kept as they came (charts, indexes), which nobody hands out unless they are whole.

import { createHash } from "node:crypto";
import { createReadStream, type BigIntStats } from "node:fs";
import { mkdir, readdir, readFile, rm, stat, statfs } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import type { Clock } from "#kernel";
import type { TreeHandle } from "#sources/git";
import { type ArchiveFile, writeArchive, writeWhole } from "./archive.ts";
import { storageFault } from "./faults.ts";
import { archiveKeptMs, archivesKept, roomLeast } from "./limits.ts";
import { answerFile } from "./serve.ts";
import type { SourceName, StoredFile } from "./store.ts";

type Entry = {
  path: string;
  /** What it can be written again from; a file kept as it came has none. */
  handle: TreeHandle | undefined;
  /** What was written; undefined: not yet. */
  file: ArchiveFile | undefined;
  /** The file's state on disk when its digest was last computed. */
  seen: string;
  /** Checks and writes of one file stand in line. */
  line: Promise<unknown>;
  replacedMs: number | undefined;
};

/** `link` is a second name of the newest file: `latest.tar.gz`, `index.yaml`. `known` is what a status says of the file. */
export type OfferOptions = { link?: string; known?: ArchiveFile };

export class Archives {
  readonly #folder: string;
  readonly #clock: Clock;
  /** By path below the folder; several of one source, the newest last. */
  readonly #entries = new Map<string, Entry>();
  /** Paths of links, and what they stand for. */
  readonly #links = new Map<string, string>();

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Whether the disk has so much room that writing an archive is not in doubt. */
  async hasRoom(): Promise<boolean> {
    const found = await statfs(this.#folder).catch(() => undefined);
    return found !== undefined && found.bavail * found.bsize > roomLeast;
  }

  /** Makes the tree available under a path; nothing is written yet. Older ones of the source go in time. */
  offer(source: SourceName, file: string, handle: TreeHandle, options: OfferOptions = {}): string {
    const path = `${folderOf(source)}/${file}`;
    const before = this.#entries.get(path);
    const isSame = before !== undefined && JSON.stringify(before.handle) === JSON.stringify(handle);
    this.#place(source, isSame ? before : newEntry(path, handle, options.known), options.link);
    return path;
  }

  /** Keeps bytes as they are. What stood under the path before is replaced once the new ones are whole. */
  async keepFile(
    source: SourceName,
    file: string,
    content: Uint8Array | AsyncIterable<Uint8Array>,
    options: OfferOptions = {},
  ): Promise<StoredFile> {
    const path = `${folderOf(source)}/${file}`;
    const written = await this.#writeTo(path, (place) =>
      writeWhole(content instanceof Uint8Array ? [content] : content, place),
    );
    this.#place(source, newEntry(path, undefined, written), options.link);
    return { path, ...written };
  }

  /** After a restart: offers a file kept before, if it still is what its status says. */
  async resumeFile(source: SourceName, kept: StoredFile, options: OfferOptions = {}): Promise<boolean> {
    if (dirname(kept.path) !== folderOf(source)) return false;
    const entry = newEntry(kept.path, undefined, { digest: kept.digest, size: kept.size });
    if ((await this.#stateOf(entry)) !== "whole") return false;
    this.#place(source, entry, options.link);
    return true;
  }

  /** Whether the file with this digest stands under the path; `altered` also where another digest was written. */
  async check(path: string, digest: string): Promise<"whole" | "missing" | "altered"> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return "missing";
    const state = await inLine(entry, () => this.#stateOf(entry));
    return state === "whole" && entry.file?.digest !== digest ? "altered" : state;
  }

  /** The file, written first where it is not there or not whole; undefined where nothing can be handed out. */
  async write(path: string): Promise<ArchiveFile | undefined> {
    const entry = this.#entries.get(path);
    return entry === undefined ? undefined : inLine(entry, () => this.#ensure(entry));
  }

  /** The bytes, checked. */
  async bytes(path: string): Promise<Uint8Array | undefined> {
    const file = await this.write(path);
    if (file === undefined) return undefined;
    const bytes = await readFile(join(this.#folder, path));
    return `sha256:${createHash("sha256").update(bytes).digest("hex")}` === file.digest ? bytes : undefined;
  }

  /** Where a file of a source is kept, below the folder of all. */
  pathOf(source: SourceName, file: string): string {
    return `${folderOf(source)}/${file}`;
  }

  /** Removes all files of a source. */
  async remove(source: SourceName): Promise<void> {
    const folder = folderOf(source);
    for (const path of this.#entries.keys()) if (dirname(path) === folder) this.#entries.delete(path);
    for (const link of this.#links.keys()) if (dirname(link) === folder) this.#links.delete(link);
    await rm(join(this.#folder, folder), { recursive: true, force: true });
  }

  /** Answers GET and HEAD below `/artifacts/`; false when the request is for something else. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const path = pathOf(request.url ?? "/");
    if (path === undefined) return false;
    this.#answer(path, request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
    return true;
  }

  /** Removes files that no source offers: of objects deleted while nothing ran. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder, { recursive: true, withFileTypes: true }).catch(() => []);
    for (const name of names) {
      const path = join(name.parentPath, name.name);
      const isOffered = this.#entries.has(path.slice(this.#folder.length + 1));
      if (name.isFile() && !isOffered) await rm(path, { force: true });
    }
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const target = this.#links.get(path) ?? path;
    const file = await this.write(target);
    if (file === undefined) response.writeHead(404, { "content-type": "text/plain" }).end("no such artifact\n");
    else await answerFile(request, response, { place: join(this.#folder, target), ...file });
  }

  #place(source: SourceName, entry: Entry, link: string | undefined): void {
    entry.replacedMs = undefined;
    this.#entries.delete(entry.path);
    this.#entries.set(entry.path, entry);
    const folder = folderOf(source);
    if (link !== undefined) this.#links.set(`${folder}/${link}`, entry.path);
    this.#collect(folder, entry.path);
  }

  async #ensure(entry: Entry): Promise<ArchiveFile | undefined> {
    if (entry.file !== undefined && (await this.#stateOf(entry)) === "whole") return entry.file;
    const { handle } = entry;
    if (handle === undefined) return undefined;
    entry.file = await this.#writeTo(entry.path, (place) => writeArchive(handle, place));
    entry.seen = "";
    return entry.file;
  }

  async #writeTo(path: string, write: (place: string) => Promise<ArchiveFile>): Promise<ArchiveFile> {
    const place = join(this.#folder, path);
    try {
      await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw storageFault(place, cause);
    }
    return write(place);
  }

  /** Reads the file only where it is not as it was when it was last read: nobody can write to a file and keep its ctime. */
  async #stateOf(entry: Entry): Promise<"whole" | "missing" | "altered"> {
    const { file } = entry;
    const place = join(this.#folder, entry.path);
    const found = await stat(place, { bigint: true }).catch(() => undefined);
    if (found === undefined || !found.isFile() || file === undefined) return "missing";
    if (Number(found.size) !== file.size) return "altered";
    if (entry.seen === markOf(found)) return "whole";
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(place)) hash.update(chunk as Buffer);
    if (`sha256:${hash.digest("hex")}` !== file.digest) return "altered";
    entry.seen = markOf(found);
    return "whole";
  }

  #collect(folder: string, newest: string): void {
    const now = this.#clock.now();
    const older = [...this.#entries.values()].filter(
      (entry) => dirname(entry.path) === folder && entry.path !== newest,
    );
    for (const entry of older) entry.replacedMs ??= now;
    const spare = older.slice(0, Math.max(0, older.length - (archivesKept - 1)));
    for (const entry of spare) {
      if (now - (entry.replacedMs ?? now) < archiveKeptMs) continue;
      this.#entries.delete(entry.path);
      void rm(join(this.#folder, entry.path), { force: true }).catch(() => {});
    }
  }
}

function newEntry(path: string, handle: TreeHandle | undefined, file: ArchiveFile | undefined): Entry {
  return { path, handle, file, seen: "", line: Promise.resolve(), replacedMs: undefined };
}

function inLine<T>(entry: Entry, step: () => Promise<T>): Promise<T> {
  const turn = entry.line.then(step);
  entry.line = turn.catch(() => {});
  return turn;
}

function markOf(found: BigIntStats): string {
  return `${found.ino} ${found.size} ${found.ctimeNs} ${found.mtimeNs}`;
}

/** The path below `/artifacts/`; a malformed one names nothing. */
function pathOf(url: string): string | undefined {
  const path = url.replace(/[?#].*$/, "");
  if (!path.startsWith("/artifacts/")) return undefined;
  try {
    return decodeURIComponent(path.slice("/artifacts/".length));
  } catch {
    return "";
  }
}

function folderOf(source: SourceName): string {
  return `${source.kind.toLowerCase()}/${source.namespace}/${source.name}`;
}
