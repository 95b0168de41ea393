// Repositories and servers for tests: commits made by git itself, served by the real `git http-backend` and the real sshd.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import type { Environment } from "./command.ts";

/** What git needs of this machine. */
export const testEnvironment: Environment = { PATH: env["PATH"] };

const identity = {
  GIT_AUTHOR_NAME: "A",
  GIT_AUTHOR_EMAIL: "a@example.org",
  GIT_COMMITTER_NAME: "A",
  GIT_COMMITTER_EMAIL: "a@example.org",
  GIT_CONFIG_NOSYSTEM: "1",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_ALLOW_PROTOCOL: "file",
};

/** A fresh folder below the system's temporary one. */
export function temporaryFolder(name: string): string {
  return mkdtempSync(join(tmpdir(), `keelson-${name}-`));
}

/** null removes; a link's text begins with `->`. */
export type Changes = Record<string, string | Buffer | null>;

/** A bare repository that a test commits to without a work tree. */
export class TestRepository {
  readonly path: string;
  #marks = 0;
  readonly #branches = new Set<string>();

  constructor(path: string, options: { isBare?: boolean; format?: string } = {}) {
    this.path = path;
    const bare = options.isBare === false ? [] : ["--bare"];
    const format = options.format ?? "sha1";
    execFileSync("git", ["init", "-q", "-b", "main", ...bare, `--object-format=${format}`, path], { env: this.#env() });
  }

  git(...args: string[]): string {
    return execFileSync("git", ["-C", this.path, ...args], { env: this.#env(), encoding: "utf8" }).trim();
  }

  /** Commits on a branch; returns the commit's id. */
  commit(changes: Changes, branch = "main"): string {
    this.#marks += 1;
    const time = `${1_700_000_000 + this.#marks} +0000`;
    const parts: (string | Buffer)[] = [
      `commit refs/heads/${branch}\nmark :1\ncommitter A <a@example.org> ${time}\n`,
      data(`change ${this.#marks}\n`),
    ];
    if (this.#branches.has(branch)) parts.push(`from refs/heads/${branch}^0\n`);
    this.#branches.add(branch);
    for (const [path, content] of Object.entries(changes)) {
      if (content === null) parts.push(`D ${path}\n`);
      else if (typeof content === "string" && content.startsWith("module:"))
        parts.push(`M 160000 ${content.slice(7)} ${path}\n`);
      else if (typeof content === "string" && content.startsWith("->"))
        parts.push(`M 120000 inline ${path}\n`, data(content.slice(2)));
      else parts.push(`M 100644 inline ${path}\n`, data(content));
    }
    const input = Buffer.concat([...parts.map((part) => Buffer.from(part)), Buffer.from("get-mark :1\n")]);
    const args = ["-C", this.path, "-c", "core.compression=0", "fast-import", "--quiet"];
    return execFileSync("git", args, { env: this.#env(), input, encoding: "utf8" }).trim();
  }

  #env(): Record<string, string> {
    return { ...identity, PATH: env["PATH"] ?? "", HOME: tmpdir() };
  }
}

function data(content: string | Buffer): Buffer {
  const bytes = Buffer.from(content);
  return Buffer.concat([Buffer.from(`data ${bytes.length}\n`), bytes, Buffer.from("\n")]);
}

export type TlsOptions = { cert: string; key: string; ca?: string; requestCert?: boolean };

/** An authority of one certificate, for 127.0.0.1 and the name `api.test`, made by openssl. */
export function makeCertificate(folder: string): { authority: string; options: TlsOptions } {
  const [cert, key] = [join(folder, "tls.crt"), join(folder, "tls.key")];
  const names = "subjectAltName=IP:127.0.0.1,DNS:api.test";
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const args = ["req", "-x509", ...curve, "-nodes", "-days", "2", "-subj", "/CN=test", "-addext", names];
  execFileSync("openssl", [...args, "-keyout", key, "-out", cert], { stdio: "ignore" });
  const authority = readFileSync(cert, "utf8");
  return { authority, options: { cert: authority, key: readFileSync(key, "utf8") } };
}

export type GitHttpServer = {
  url: string;
  /** Requests so far. */
  requests: () => number;
  close(): void;
};

/** `git http-backend` behind a Node server; `authorization` is the one header that is let in, `cut` ends answers after so many bytes. */
export async function serveHttp(
  root: string,
  options: { authorization?: string; cut?: { bytes: number }; tls?: TlsOptions } = {},
): Promise<GitHttpServer> {
  let requests = 0;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    requests += 1;
    if (options.authorization !== undefined && request.headers.authorization !== options.authorization) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end("no");
      return;
    }
    const url = new URL(request.url ?? "/", "http://localhost");
    const backend = spawn("git", ["http-backend"], {
      env: {
        PATH: env["PATH"] ?? "",
        GIT_PROJECT_ROOT: root,
        GIT_HTTP_EXPORT_ALL: "1",
        PATH_INFO: decodeURIComponent(url.pathname),
        QUERY_STRING: url.search.slice(1),
        REQUEST_METHOD: request.method ?? "GET",
        CONTENT_TYPE: request.headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: request.headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(request.headers["git-protocol"] ?? ""),
        REMOTE_USER: "u",
        GIT_CONFIG_NOSYSTEM: "1",
      },
    });
    request.pipe(backend.stdin);
    backend.stdin.on("error", () => {});
    let head = Buffer.alloc(0);
    let isHead = true;
    let sent = 0;
    backend.stdout.on("data", (chunk: Buffer) => {
      if (isHead) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0) return;
        isHead = false;
        const headers = head
          .toString("latin1", 0, end)
          .split("\r\n")
          .map((line) => line.split(/: (.*)/s));
        const status = headers.find(([name]) => name === "Status")?.[1] ?? "200";
        const others = headers.filter(([name]) => name !== "Status") as [string, string][];
        response.writeHead(Number.parseInt(status, 10), Object.fromEntries(others));
        chunk = head.subarray(end + 4);
      }
      sent += chunk.length;
      if (options.cut !== undefined && request.method === "POST" && sent > options.cut.bytes) response.destroy();
      else response.write(chunk);
    });
    backend.on("close", () => response.end());
  };
  const server = options.tls === undefined ? createServer(answer) : createTlsServer(options.tls, answer);
  const port = await listen(server);
  return {
    url: `${options.tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    requests: () => requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

const sshdPath = "/usr/sbin/sshd";

export function hasSshd(): boolean {
  return existsSync(sshdPath);
}

export type SshServer = { url: string; identity: string; lockedIdentity: string; knownHosts: string; close(): void };

/** A real sshd for the current user alone. `lockedIdentity` has the passphrase `open`. */
export async function serveSsh(): Promise<SshServer> {
  const folder = temporaryFolder("sshd");
  const key = (name: string, passphrase: string): string => {
    const path = join(folder, name);
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", passphrase, "-C", name, "-f", path]);
    return path;
  };
  const [host, client, locked] = [key("host", ""), key("client", ""), key("locked", "open")];
  const authorized = join(folder, "authorized");
  writeFileSync(authorized, readFileSync(`${client}.pub`, "utf8") + readFileSync(`${locked}.pub`, "utf8"), {
    mode: 0o600,
  });
  const port = await freePort();
  const config = join(folder, "config");
  const lines = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${host}`,
    `AuthorizedKeysFile ${authorized}`,
    "StrictModes no",
    "UsePAM no",
    `PidFile ${join(folder, "pid")}`,
  ];
  writeFileSync(config, `${lines.join("\n")}\n`);
  mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  const server = spawn(sshdPath, ["-D", "-e", "-f", config], { stdio: "ignore" });
  await untilListening(port, server);
  const user = execFileSync("id", ["-un"], { encoding: "utf8" }).trim();
  return {
    url: `ssh://${user}@127.0.0.1:${port}`,
    identity: readFileSync(client, "utf8"),
    lockedIdentity: readFileSync(locked, "utf8"),
    knownHosts: `[127.0.0.1]:${port} ${readFileSync(`${host}.pub`, "utf8")}`,
    close: () => {
      server.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port: number, server: ChildProcess): Promise<void> {
  const { connect } = await import("node:net");
  for (let tries = 0; tries < 200; tries++) {
    if (server.exitCode !== null) throw new Error(`sshd ended with ${server.exitCode}`);
    const isUp = await new Promise<boolean>((resolve) => {
      const socket: Socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (isUp) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("sshd does not listen");
}
