// One long-lived `git cat-file --batch-command` a repository and thread. Requests are sent in one go and answered in
// order; content above a limit is skipped while it streams by, so memory is bounded by the limits, not by the repository.

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { Environment } from "./command.ts";
import { gitFault } from "./faults.ts";
import { readerIdleMs } from "./limits.ts";

/** undefined: the repository has no such object. `bytes` is absent when the object is longer than was asked for. */
export type GitObject = { id: string; type: string; size: number; bytes?: Buffer } | undefined;

type Request = { bytesMost: number; resolve: (object: GitObject) => void; reject: (error: Error) => void };

export class ObjectReader {
  readonly #folder: string;
  readonly #environment: Environment;
  #child: ChildProcessWithoutNullStreams | undefined;
  #requests: Request[] = [];
  /** Unread output: chunks not yet joined, since a large object arrives in hundreds of them. */
  #chunks: Buffer[] = [];
  #length = 0;
  /** The object whose header has been read. */
  #current: { id: string; type: string; size: number } | undefined;
  /** Bytes of a skipped object still to come. */
  #skip = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(folder: string, environment: Environment) {
    this.#folder = folder;
    this.#environment = environment;
  }

  /** Objects by id or by any expression git knows (`ID^{tree}`), in the order asked. */
  read(names: readonly string[], bytesMost: number): Promise<GitObject[]> {
    if (names.length === 0) return Promise.resolve([]);
    const child = this.#start();
    const answers = names.map(
      () => new Promise<GitObject>((resolve, reject) => this.#requests.push({ bytesMost, resolve, reject })),
    );
    child.stdin.write(`${names.map((name) => `contents ${name}\n`).join("")}flush\n`);
    this.#busy();
    return Promise.all(answers);
  }

  /** Ends the process; what is still asked for fails. A later read starts another. */
  close(): void {
    clearTimeout(this.#idle);
    const child = this.#child;
    this.#child = undefined;
    child?.kill("SIGKILL");
    this.#fail(new Error("the object reader was closed"));
  }

  #start(): ChildProcessWithoutNullStreams {
    if (this.#child !== undefined) return this.#child;
    const args = ["--git-dir", this.#folder, "cat-file", "--batch-command", "--buffer"];
    const child = spawn("git", args, { env: this.#environment, windowsHide: true });
    this.#child = child;
    this.#chunks = [];
    this.#length = 0;
    this.#current = undefined;
    this.#skip = 0;
    let complaints = "";
    child.stderr.on("data", (chunk: Buffer) => {
      complaints = (complaints + chunk.toString("utf8")).slice(-2000);
    });
    child.stdout.on("data", (chunk: Buffer) => this.#took(chunk));
    child.stdin.on("error", () => {});
    child.on("error", (cause) => this.#ended(child, cause));
    child.on("close", () => this.#ended(child, new Error(complaints.trim() || "git cat-file ended")));
    return child;
  }

  #ended(child: ChildProcessWithoutNullStreams, cause: Error): void {
    if (this.#child !== child) return;
    this.#child = undefined;
    const message = "the mirror's objects cannot be read";
    const hint = "if it stays, delete the mirror: it is fetched again";
    this.#fail(gitFault({ code: "git-damaged", disposition: "retry", at: this.#folder, message, hint, cause }));
  }

  #fail(error: Error): void {
    const requests = this.#requests;
    this.#requests = [];
    for (const request of requests) request.reject(error);
  }

  #took(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#step());
    if (this.#requests.length === 0) this.#rest();
  }

  /** Takes one header or one object out of the unread output; false when more is needed. */
  #step(): boolean {
    if (this.#skip > 0) {
      const taken = Math.min(this.#skip, this.#length);
      this.#take(taken);
      this.#skip -= taken;
      return this.#skip === 0 && this.#length > 0;
    }
    return this.#current === undefined ? this.#header() : this.#content(this.#current);
  }

  #header(): boolean {
    const all = this.#joined();
    const end = all.indexOf(10);
    if (end < 0) return false;
    const line = this.#take(end + 1).toString("utf8", 0, end);
    const match = /^([0-9a-f]+) (\w+) (\d+)$/.exec(line);
    const request = this.#requests[0];
    if (match === null) {
      // "NAME missing" or "NAME ambiguous"; nothing follows.
      this.#requests.shift();
      request?.resolve(undefined);
      return true;
    }
    const object = { id: match[1] ?? "", type: match[2] ?? "", size: Number(match[3]) };
    if (object.size <= (request?.bytesMost ?? 0)) this.#current = object;
    else {
      this.#requests.shift();
      this.#skip = object.size + 1;
      request?.resolve(object);
    }
    return true;
  }

  #content(object: { id: string; type: string; size: number }): boolean {
    if (this.#length < object.size + 1) return false;
    const bytes = this.#take(object.size + 1).subarray(0, object.size);
    this.#current = undefined;
    this.#requests.shift()?.resolve({ ...object, bytes });
    return true;
  }

  #joined(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** The first `count` bytes, which are there. */
  #take(count: number): Buffer {
    const all = this.#joined();
    this.#length -= count;
    this.#chunks = this.#length === 0 ? [] : [all.subarray(count)];
    // A copy, so that a small object does not hold a whole pipe chunk in memory.
    return Buffer.from(all.subarray(0, count));
  }

  #busy(): void {
    clearTimeout(this.#idle);
    for (const end of this.#ends()) end.ref();
  }

  /** Without requests the process keeps nothing alive, and ends after a while. */
  #rest(): void {
    for (const end of this.#ends()) end.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.close(), readerIdleMs).unref();
  }

  #ends(): { ref(): void; unref(): void }[] {
    const child = this.#child;
    if (child === undefined) return [];
    return [child, ...([child.stdin, child.stdout, child.stderr] as unknown as { ref(): void; unref(): void }[])];
  }
}
