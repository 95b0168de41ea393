// A real Git repository for a scenario: made from a folder or from texts, committed to, served by git's own HTTP backend.

import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false"];

export class Repository {
  readonly path: string;

  constructor() {
    this.path = mkdtempSync(join(tmpdir(), "keelson-repository-"));
    this.git("init", "-q", "-b", "main");
  }

  git(...args: string[]): string {
    return execFileSync("git", ["-C", this.path, ...author, ...args], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();
  }

  copy(folder: string, to = "."): this {
    cpSync(folder, join(this.path, to), { recursive: true });
    return this;
  }

  write(files: Record<string, string>): this {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.path, path)), { recursive: true });
      writeFileSync(join(this.path, path), text);
    }
    return this;
  }

  read(path: string): string {
    return readFileSync(join(this.path, path), "utf8");
  }

  remove(path: string): this {
    rmSync(join(this.path, path), { recursive: true, force: true });
    return this;
  }

  /** Commits everything as it stands; returns the commit. */
  commit(message: string): string {
    this.git("add", "-A");
    this.git("commit", "-q", "--allow-empty", "-m", message);
    return this.git("rev-parse", "HEAD");
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** A bare repository that several push to, with one clone of it. */
export class SharedRepository {
  readonly path: string = mkdtempSync(join(tmpdir(), "keelson-bare-"));
  readonly #clone = new Repository();

  constructor(files: Record<string, string>, message: string) {
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", this.path]);
    this.#clone.write(files).commit(message);
    this.#clone.git("push", "-q", this.path, "HEAD:main");
  }

  /** Puts a commit on top of all that was pushed by anybody; returns it. */
  push(files: Record<string, string>, message: string): string {
    this.#clone.git("pull", "-q", "--rebase", this.path, "main");
    const commit = this.#clone.write(files).commit(message);
    this.#clone.git("push", "-q", this.path, "HEAD:main");
    return commit;
  }

  /** A file as it was pushed last. */
  read(path: string): string {
    return this.git("show", `main:${path}`);
  }

  /** What git says in it, to the letter. */
  git(...args: string[]): string {
    return execFileSync("git", ["-C", this.path, ...args], { encoding: "utf8" });
  }

  [Symbol.dispose](): void {
    this.#clone[Symbol.dispose]();
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** Serves one repository over smart HTTP on loopback, by `git http-backend`. */
export async function serveOverHttp(repository: Repository): Promise<{ url: string; close: () => void }> {
  const server = createServer((request, response) => backend(repository.path, request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/.git`, close: () => server.close() };
}

function backend(root: string, request: IncomingMessage, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://localhost");
  const child = spawn("git", ["http-backend"], {
    env: {
      ...process.env,
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: "1",
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      REQUEST_METHOD: request.method,
      CONTENT_TYPE: request.headers["content-type"] ?? "",
      HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
      GIT_PROTOCOL: request.headers["git-protocol"]?.toString() ?? "",
      REMOTE_ADDR: "127.0.0.1",
    },
    stdio: ["pipe", "pipe", "ignore"],
  });
  request.pipe(child.stdin);
  const chunks: Buffer[] = [];
  child.stdout.on("data", (bytes: Buffer) => chunks.push(bytes));
  child.on("close", () => answer(Buffer.concat(chunks), response));
}

/** CGI output: headers, a blank line, the body. */
function answer(output: Buffer, response: ServerResponse): void {
  const end = output.indexOf("\r\n\r\n");
  for (const line of output.subarray(0, end).toString().split("\r\n")) {
    const [name = "", value = ""] = line.split(": ");
    if (name === "Status") response.statusCode = Number.parseInt(value, 10);
    else if (name !== "") response.setHeader(name, value);
  }
  response.end(output.subarray(end + 4));
}
