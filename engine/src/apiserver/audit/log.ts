// The audit log: lines in files that are bounded and rotated, and the author of each recent write in memory.

import { appendFile } from "node:fs/promises";
import { appendFileSync, existsSync, renameSync, rmSync, statSync } from "node:fs";
import type { Clock } from "#kernel";
import { TextBuffer } from "#apiserver/registry";
import { auditLine, type Finished } from "./event.ts";
import { authorsKept, fileBytesMax, filesKept, flushAfterMs } from "./limits.ts";

/** Who made a write. */
export type Author = {
  user: string;
  /** The user they acted as, where that is another. */
  actingAs: string | undefined;
  userAgent: string;
  fieldManager: string;
  verb: string;
  atMs: number;
};

/** What is not worth a line: heartbeats and what events tell of themselves. */
const quiet: ReadonlySet<string> = new Set(["/events", "events.k8s.io/events", "coordination.k8s.io/leases"]);

export class AuditLog {
  readonly #path: string | undefined;
  readonly #clock: Clock;
  readonly #failed: (error: unknown) => void;
  /** Two generations of half of what is kept: a map loses its oldest member only at the price of passing over all lost before. */
  #authors = new Map<string, Author>();
  #olderAuthors = new Map<string, Author>();
  #bytes: number;
  /** As bytes: texts that wait would be kept as long as objects are. */
  #lines = new TextBuffer();
  #cancelFlush: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  /** `path` undefined: nothing is written, authors are remembered all the same. */
  constructor(path: string | undefined, clock: Clock, failed: (error: unknown) => void) {
    this.#path = path;
    this.#clock = clock;
    this.#failed = failed;
    this.#bytes = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }

  record(done: Finished): void {
    const { group, resource } = done.object;
    if (quiet.has(`${group}/${resource}`)) return;
    this.#remember(done);
    if (this.#path === undefined) return;
    this.#lines.text(auditLine(done));
    this.#cancelFlush ??= this.#clock.after(flushAfterMs, () => this.#flush());
  }

  /** Who wrote this version of an object, or, by the version of its removal, who deleted it; undefined: too long ago. */
  author(uid: string, resourceVersion: string): Author | undefined {
    const key = `${uid}/${resourceVersion}`;
    return this.#authors.get(key) ?? this.#olderAuthors.get(key);
  }

  async close(): Promise<void> {
    this.#cancelFlush?.();
    await this.#writing;
    const rest = this.#take();
    if (rest.length > 0 && this.#path !== undefined) appendFileSync(this.#path, rest, { mode: 0o600 });
  }

  #remember({ sender, identity, userAgent, fieldManager, verb, endedMs, made }: Finished): void {
    const actingAs = identity === sender ? undefined : identity.user;
    const author = { user: sender.user, actingAs, userAgent, fieldManager, verb, atMs: endedMs };
    for (const { uid, resourceVersion } of made) this.#authors.set(`${uid}/${resourceVersion}`, author);
    if (this.#authors.size < authorsKept / 2) return;
    this.#olderAuthors = this.#authors;
    this.#authors = new Map();
  }

  #take(): Buffer {
    const text = this.#lines.take();
    this.#lines = new TextBuffer();
    return text;
  }

  #flush(): void {
    this.#cancelFlush = undefined;
    const text = this.#take();
    const path = this.#path;
    if (path === undefined || text.length === 0) return;
    this.#writing = this.#writing
      .then(() => {
        this.#rotate(path, text.length);
        return appendFile(path, text, { mode: 0o600 });
      })
      .catch(this.#failed);
  }

  /** `audit.log` becomes `audit.log.1` and so on; the oldest goes. */
  #rotate(path: string, coming: number): void {
    this.#bytes += coming;
    if (this.#bytes <= fileBytesMax) return;
    rmSync(`${path}.${filesKept}`, { force: true });
    for (let number = filesKept - 1; number >= 1; number--)
      if (existsSync(`${path}.${number}`)) renameSync(`${path}.${number}`, `${path}.${number + 1}`);
    if (existsSync(path)) renameSync(path, `${path}.1`);
    this.#bytes = coming;
  }
}
