// Archives on disk, written only when somebody wants one: to fetch it, or to know its digest. Each can be written again
// from its tree, so the folder is a cache.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Clock } from "#kernel";
import type { TreeHandle } from "#sources/git";
import { type ArchiveFile, writeArchive } from "./archive.ts";
import { archiveKeptMs, archivesKept } from "./limits.ts";
import type { SourceName } from "./store.ts";

type Entry = {
  handle: TreeHandle;
  path: string;
  writing: Promise<ArchiveFile> | undefined;
  replacedMs: number | undefined;
};

export class Archives {
  readonly #folder: string;
  readonly #clock: Clock;
  /** By path below the folder; several of one source, the newest last. */
  readonly #entries = new Map<string, Entry>();

  constructor(folder: string, clock: Clock) {
    this.#folder = folder;
    this.#clock = clock;
  }

  /** Makes the tree available under a path; nothing is written yet. Older ones of the source go in time. */
  offer(source: SourceName, file: string, handle: TreeHandle): string {
    const folder = folderOf(source);
    const path = `${folder}/${file}`;
    const known = this.#entries.get(path);
    const isSame = known !== undefined && JSON.stringify(known.handle) === JSON.stringify(handle);
    if (!isSame) {
      this.#entries.delete(path);
      this.#entries.set(path, { handle, path, writing: undefined, replacedMs: undefined });
    } else known.replacedMs = undefined;
    this.#collect(folder, path);
    return path;
  }

  /** Writes the archive unless it is there and whole. */
  async write(path: string): Promise<ArchiveFile | undefined> {
    const entry = this.#entries.get(path);
    if (entry === undefined) return undefined;
    const written = await entry.writing?.catch(() => undefined);
    if (written !== undefined && (await this.#isWhole(path, written))) return written;
    entry.writing = this.#write(entry);
    return entry.writing;
  }

  /** Removes all archives of a source. */
  async remove(source: SourceName): Promise<void> {
    const folder = folderOf(source);
    for (const path of this.#entries.keys()) if (dirname(path) === folder) this.#entries.delete(path);
    await rm(join(this.#folder, folder), { recursive: true, force: true });
  }

  /** Answers GET and HEAD below `/artifacts/`; false when the request is for something else. */
  serve(request: IncomingMessage, response: ServerResponse): boolean {
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    if (!pathname.startsWith("/artifacts/")) return false;
    this.#answer(decodeURIComponent(pathname.slice("/artifacts/".length)), request, response).catch(() => {
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
    return true;
  }

  async #answer(path: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD" }).end();
      return;
    }
    const file = await this.write(path);
    if (file === undefined) {
      response.writeHead(404, { "content-type": "text/plain" }).end("no such artifact\n");
      return;
    }
    response.writeHead(200, {
      "content-type": "application/gzip",
      "content-length": file.size,
      etag: `"${file.digest}"`,
    });
    if (request.method === "HEAD") response.end();
    else await pipeline(createReadStream(join(this.#folder, path)), response);
  }

  async #write(entry: Entry): Promise<ArchiveFile> {
    const path = join(this.#folder, entry.path);
    await mkdir(dirname(path), { recursive: true });
    return writeArchive(entry.handle, path);
  }

  /** A file that someone has changed or cut is not handed out. */
  async #isWhole(path: string, written: ArchiveFile): Promise<boolean> {
    const found = await stat(join(this.#folder, path)).catch(() => undefined);
    if (found?.size !== written.size) return false;
    const hash = createHash("sha256");
    for await (const chunk of createReadStream(join(this.#folder, path))) hash.update(chunk as Buffer);
    return `sha256:${hash.digest("hex")}` === written.digest;
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
      void rm(join(this.#folder, entry.path), { force: true });
    }
  }

  /** Removes files that no source offers: of objects deleted while nothing ran. */
  async sweep(): Promise<void> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    for (const name of names)
      if (name.endsWith(".tar.gz") && !this.#entries.has(name)) await rm(join(this.#folder, name), { force: true });
  }
}

function folderOf(source: SourceName): string {
  return `${source.kind.toLowerCase()}/${source.namespace}/${source.name}`;
}
