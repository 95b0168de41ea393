// Registries for tests: one of our own that can be told to misbehave, the real docker-registry, and a small client that
// pushes to either.

import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { makeCertificate, temporaryFolder, type TlsOptions } from "../git/repository.contract.ts";

export type Packed = { mediaType: string; bytes: Buffer; annotations?: Record<string, string> };

export type PushedDescriptor = { mediaType: string; digest: string; size: number; [name: string]: unknown };

export function sha256(bytes: Uint8Array): string {
  return `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
}

export function describe(part: Packed): PushedDescriptor {
  const { mediaType, bytes, annotations } = part;
  return { mediaType, digest: sha256(bytes), size: bytes.length, ...(annotations && { annotations }) };
}

/** One entry of a tar, as hostile as wished. */
export type TarEntry = { name: string; content?: string | Buffer; type?: string; link?: string; mode?: number };

export function tar(entries: readonly TarEntry[]): Buffer {
  const parts = entries.flatMap(({ name, content = "", type = "0", link = "", mode = 0o644 }) => {
    const bytes = Buffer.from(content);
    const head = Buffer.alloc(512);
    head.write(name, 0, 100);
    head.write(`${mode.toString(8).padStart(7, "0")}\0`, 100);
    head.write(`${bytes.length.toString(8).padStart(11, "0")}\0`, 124);
    head.write("        ", 148);
    head.write(type, 156);
    head.write(link, 157, 100);
    head.write("ustar\u000000", 257);
    const sum = head.reduce((total, byte) => total + byte, 0);
    head.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148);
    return [head, bytes, Buffer.alloc(-bytes.length & 511)];
  });
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** Files as the layer that `flux push artifact` makes of them. */
export function layerOf(files: Record<string, string>): Packed {
  const entries = Object.entries(files).map(([name, content]) => ({ name, content }));
  return { mediaType: "application/vnd.cncf.flux.content.v1.tar+gzip", bytes: gzipSync(tar(entries)) };
}

export type Push = {
  layers: readonly Packed[];
  annotations?: Record<string, string>;
  config?: Packed;
  subject?: PushedDescriptor;
  artifactType?: string;
};

const emptyConfig: Packed = { mediaType: "application/vnd.cncf.flux.config.v1+json", bytes: Buffer.from("{}") };

export function manifestOf(push: Push): Packed {
  const { layers, annotations, config = emptyConfig, subject, artifactType } = push;
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = {
    schemaVersion: 2,
    mediaType,
    ...(artifactType && { artifactType }),
    config: describe(config),
    layers: layers.map(describe),
    ...(annotations && { annotations }),
    ...(subject && { subject }),
  };
  return { mediaType, bytes: Buffer.from(JSON.stringify(manifest)) };
}

export function indexOf(manifests: readonly PushedDescriptor[], annotations?: Record<string, string>): Packed {
  const mediaType = "application/vnd.oci.image.index.v1+json";
  const index = { schemaVersion: 2, mediaType, manifests, ...(annotations && { annotations }) };
  return { mediaType, bytes: Buffer.from(JSON.stringify(index)) };
}

/** Pushes to `http(s)://host:port`. Returns the manifest's descriptor. */
export class Pusher {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #authority: string | undefined;

  constructor(base: string, login?: string, authority?: string) {
    this.#base = base;
    this.#headers = login === undefined ? {} : { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
    this.#authority = authority;
  }

  async push(repository: string, tag: string, push: Push): Promise<PushedDescriptor> {
    for (const part of [...push.layers, push.config ?? emptyConfig]) await this.blob(repository, part.bytes);
    return this.manifest(repository, tag, manifestOf(push));
  }

  async blob(repository: string, bytes: Buffer): Promise<void> {
    const begun = await this.#request("POST", `/v2/${repository}/blobs/uploads/`);
    if (begun.status !== 202) throw new Error(`upload: ${begun.status} ${begun.text}`);
    const to = new URL(begun.location, this.#base);
    to.searchParams.set("digest", sha256(bytes));
    const type = { "content-type": "application/octet-stream" };
    const done = await this.#request("PUT", `${to.pathname}${to.search}`, bytes, type);
    if (done.status !== 201) throw new Error(`blob: ${done.status} ${done.text}`);
  }

  async manifest(repository: string, tag: string, packed: Packed): Promise<PushedDescriptor> {
    const path = `/v2/${repository}/manifests/${tag}`;
    const done = await this.#request("PUT", path, packed.bytes, { "content-type": packed.mediaType });
    if (done.status !== 201) throw new Error(`manifest: ${done.status} ${done.text}`);
    return describe(packed);
  }

  async #request(method: string, path: string, body?: Buffer, headers: Record<string, string> = {}): Promise<Said> {
    const { request } = this.#base.startsWith("https:") ? await import("node:https") : await import("node:http");
    return new Promise((resolve, reject) => {
      const options = {
        method,
        headers: { ...this.#headers, ...headers },
        agent: false as const,
        ...(this.#authority && { ca: this.#authority }),
      };
      const asked = request(new URL(path, this.#base), options, (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (part: Buffer) => parts.push(part));
        answer.on("end", () =>
          resolve({
            status: answer.statusCode ?? 0,
            location: answer.headers.location ?? "",
            text: Buffer.concat(parts).toString("utf8"),
          }),
        );
      });
      asked.on("error", reject);
      asked.end(body);
    });
  }
}

type Said = { status: number; location: string; text: string };

export type Behaviour = {
  auth?: "none" | "basic" | "bearer";
  login?: string;
  /** Accepted in exchange for tokens. */
  identityToken?: string;
  hasReferrers?: boolean;
  answersHead?: boolean;
  pageOfTags?: number;
  /** Answers a request itself: true when it has. */
  intercept?: (request: IncomingMessage, response: ServerResponse) => boolean;
};

/** A registry in this process. */
export class TestRegistry {
  readonly behaviour: Behaviour = {};
  readonly requests: string[] = [];
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  readonly #tokens = new Set<string>();
  readonly #server: ReturnType<typeof createServer>;
  #isSecure = false;

  private constructor(tls?: TlsOptions) {
    const answer = (request: IncomingMessage, response: ServerResponse): void => {
      this.#answer(request, response).catch(() => response.destroy());
    };
    this.#isSecure = tls !== undefined;
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  }

  static async start(behaviour: Behaviour = {}, tls?: TlsOptions): Promise<TestRegistry> {
    const registry = new TestRegistry(tls);
    Object.assign(registry.behaviour, behaviour);
    await new Promise<void>((resolve) => registry.#server.listen(0, "127.0.0.1", resolve));
    return registry;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `${this.#isSecure ? "https" : "http"}://${this.host}`;
  }

  get pusher(): Pusher {
    return new Pusher(this.url, this.behaviour.login);
  }

  /** Puts content in without any request. */
  put(repository: string, tag: string, push: Push): PushedDescriptor {
    for (const part of [...push.layers, push.config ?? emptyConfig]) this.blobs.set(sha256(part.bytes), part.bytes);
    const packed = manifestOf(push);
    return this.putManifest(repository, tag, packed);
  }

  putManifest(repository: string, tag: string, packed: Packed): PushedDescriptor {
    const stored = { type: packed.mediaType, bytes: packed.bytes };
    this.manifests.set(`${repository}:${tag}`, stored);
    this.manifests.set(`${repository}:${sha256(packed.bytes)}`, stored);
    return describe(packed);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? "/", this.url);
    this.requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    if (this.behaviour.intercept?.(request, response) === true) return;
    const body = await bodyOf(request);
    if (pathname === "/token") return this.#giveToken(request, body, response);
    if (!this.#isAllowed(request)) return this.#challenge(response, pathname);
    if (pathname === "/v2/") return send(response, 200, "{}");
    const match = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\/(.*)$/.exec(pathname);
    if (match === null) return send(response, 404, "{}");
    const [, repository = "", what = "", name = ""] = match;
    if (what === "manifests") return this.#manifest({ request, response, body }, repository, name);
    if (what === "tags") return this.#tags(response, repository, searchParams);
    if (what === "referrers") return this.#referrers(response, repository, name);
    return this.#blob({ request, response, body }, repository, name);
  }

  #manifest({ request, response, body }: Asked, repository: string, name: string): void {
    if (request.method === "PUT") {
      const packed = { mediaType: request.headers["content-type"] ?? "", bytes: body };
      this.putManifest(repository, name, packed);
      return send(response, 201, "");
    }
    const found = this.manifests.get(`${repository}:${name}`);
    if (found === undefined || (request.method === "HEAD" && this.behaviour.answersHead === false))
      return send(response, 404, '{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    response.setHeader("docker-content-digest", sha256(found.bytes));
    return send(response, 200, found.bytes, found.type);
  }

  #blob({ request, response, body }: Asked, repository: string, name: string): void {
    if (request.method === "POST") {
      response.setHeader("location", `/v2/${repository}/blobs/uploads/${randomUUID()}`);
      return send(response, 202, "");
    }
    if (request.method === "PUT") {
      this.blobs.set(sha256(body), body);
      return send(response, 201, "");
    }
    const found = this.blobs.get(name);
    return found === undefined ? send(response, 404, "{}") : send(response, 200, found, "application/octet-stream");
  }

  #tags(response: ServerResponse, repository: string, query: URLSearchParams): void {
    const all = [...this.manifests.keys()]
      .filter((key) => key.startsWith(`${repository}:`) && !key.includes(":sha256:"))
      .map((key) => key.slice(repository.length + 1))
      .sort();
    const from = all.findIndex((tag) => tag > (query.get("last") ?? ""));
    const size = this.behaviour.pageOfTags ?? all.length;
    const page = from < 0 ? [] : all.slice(from, from + size);
    const last = page.at(-1);
    if (last !== undefined && from + size < all.length)
      response.setHeader("link", `</v2/${repository}/tags/list?last=${last}&n=${size}>; rel="next"`);
    send(response, 200, JSON.stringify({ name: repository, tags: page }));
  }

  #referrers(response: ServerResponse, repository: string, digest: string): void {
    if (this.behaviour.hasReferrers !== true) return send(response, 404, "404 page not found\n", "text/plain");
    const found = [...this.manifests].flatMap(([key, { type, bytes }]) => {
      if (!key.startsWith(`${repository}:sha256:`)) return [];
      const data = JSON.parse(bytes.toString("utf8")) as { subject?: { digest: string }; artifactType?: string };
      if (data.subject?.digest !== digest) return [];
      return [{ ...describe({ mediaType: type, bytes }), artifactType: data.artifactType }];
    });
    const { bytes, mediaType } = indexOf(found);
    send(response, 200, bytes, mediaType);
  }

  #isAllowed(request: IncomingMessage): boolean {
    const { auth = "none", login = "" } = this.behaviour;
    const given = request.headers.authorization ?? "";
    // Our own pusher signs in plainly whatever the registry asks of others.
    if (auth === "none" || (request.method !== "GET" && request.method !== "HEAD")) return true;
    if (auth === "basic") return given === `Basic ${Buffer.from(login).toString("base64")}`;
    return given.startsWith("Bearer ") && this.#tokens.has(given.slice("Bearer ".length));
  }

  #challenge(response: ServerResponse, pathname: string): void {
    const name = /^\/v2\/(.+)\/(manifests|blobs|tags|referrers)\//.exec(pathname)?.[1] ?? "";
    const scope = name === "" ? "" : `,scope="repository:${name}:pull"`;
    const bearer = `Bearer realm="${this.url}/token",service="test"${scope}`;
    response.setHeader("www-authenticate", this.behaviour.auth === "basic" ? 'Basic realm="test"' : bearer);
    send(response, 401, '{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}');
  }

  #giveToken(request: IncomingMessage, body: Buffer, response: ServerResponse): void {
    const { login, identityToken } = this.behaviour;
    const isForm = request.method === "POST";
    const isRight = isForm
      ? new URLSearchParams(body.toString("utf8")).get("refresh_token") === identityToken
      : login === undefined || request.headers.authorization === `Basic ${Buffer.from(login).toString("base64")}`;
    if (!isRight) return send(response, 401, '{"errors":[{"code":"UNAUTHORIZED","message":"wrong login"}]}');
    const token = randomUUID();
    this.#tokens.add(token);
    send(response, 200, JSON.stringify(isForm ? { access_token: token } : { token, expires_in: 300 }));
  }
}

type Asked = { request: IncomingMessage; response: ServerResponse; body: Buffer };

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function send(response: ServerResponse, status: number, body: string | Buffer, type = "application/json"): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length });
  // Node leaves a body out where HEAD was asked.
  response.end(bytes);
}

const binary = ["/usr/bin/docker-registry", "/usr/local/bin/registry"].find((path) => existsSync(path));

/** Whether Debian's docker-registry is at hand. */
export const hasRealRegistry: boolean = binary !== undefined;

export type RealRegistry = { host: string; url: string; authority: string; close(): void };

/** The real docker-registry over TLS, with a login where wished, on a free port. */
export async function startRealRegistry(options: { login?: string; isPlain?: boolean } = {}): Promise<RealRegistry> {
  const folder = temporaryFolder("registry");
  const { authority, options: tls } = makeCertificate(folder);
  if (options.login !== undefined) {
    const [user = "", password = ""] = options.login.split(":");
    writeFileSync(join(folder, "htpasswd"), execFileSync("htpasswd", ["-nbB", user, password]));
  }
  writeFileSync(join(folder, "tls.crt"), tls.cert);
  writeFileSync(join(folder, "tls.key"), tls.key);
  const lines = [
    "version: 0.1",
    "log: {level: info}",
    "storage:",
    `  filesystem: {rootdirectory: ${folder}/data}`,
    "  delete: {enabled: true}",
    "http:",
    "  addr: 127.0.0.1:0",
    ...(options.isPlain === true ? [] : [`  tls: {certificate: ${folder}/tls.crt, key: ${folder}/tls.key}`]),
    ...(options.login === undefined ? [] : ["auth:", `  htpasswd: {realm: test, path: ${folder}/htpasswd}`]),
  ];
  writeFileSync(join(folder, "config.yml"), `${lines.join("\n")}\n`);
  const child = spawn(binary ?? "", ["serve", join(folder, "config.yml")], { stdio: ["ignore", "ignore", "pipe"] });
  const port = await untilSaid(child, /listening on 127\.0\.0\.1:(\d+)/);
  const host = `127.0.0.1:${port}`;
  return {
    host,
    url: `${options.isPlain === true ? "http" : "https"}://${host}`,
    authority,
    close() {
      child.kill("SIGKILL");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits until a program says on standard error what is looked for; gives the first group of it. */
export function untilSaid(child: ChildProcess, wanted: RegExp): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    child.stderr?.on("data", (piece: Buffer) => {
      text = (text + piece.toString("utf8")).slice(-100_000);
      const found = wanted.exec(text)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once("exit", (code) => reject(new Error(`it ended with ${code}: ${text.slice(-2000)}`)));
    child.once("error", reject);
  });
}

/** Waits until something listens on a port of this machine. */
export async function untilOpen(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (child.exitCode !== null) throw new Error(`it ended at once with ${child.exitCode}`);
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: "127.0.0.1" }, () => {
        socket.destroy();
        resolve(true);
      });
      socket.on("error", () => resolve(false));
    });
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`nothing listens on ${port}`);
}
