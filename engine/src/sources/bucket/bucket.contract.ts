// Object stores for tests: one of our own that speaks S3, Azure's and Google's protocols well enough to be read from and can
// be told to misbehave, and real servers of S3 where they are at hand.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createRequire } from "node:module";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { join } from "node:path";
import { env } from "node:process";
import { temporaryFolder } from "../git/repository.contract.ts";
import { untilOpen } from "../oci/registry.contract.ts";
import { encodeUri, signV4 } from "#clouds";

export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A store with one bucket, `shop`. */
export class TestStore {
  readonly objects = new Map<string, string | Buffer>();
  readonly requests: string[] = [];
  intercept: Intercept | undefined;
  /** What `authorization` must match; undefined: anything. */
  authorization: RegExp | undefined;
  pageSize = 1000;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      if (this.intercept?.(request, response) === true) return;
      if (this.authorization !== undefined && !this.authorization.test(request.headers.authorization ?? ""))
        return send(response, 403, "<Error><Code>AccessDenied</Code></Error>");
      this.#answer(request, response);
    });
  }

  static async start(objects: Record<string, string> = {}): Promise<TestStore> {
    const store = new TestStore();
    for (const [key, content] of Object.entries(objects)) store.objects.set(key, content);
    await new Promise<void>((resolve) => store.#server.listen(0, "127.0.0.1", resolve));
    return store;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  etagOf(key: string): string {
    return createHash("md5")
      .update(this.objects.get(key) ?? "")
      .digest("hex");
  }

  #answer(request: IncomingMessage, response: ServerResponse): undefined {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://x");
    const google = /^\/storage\/v1\/b\/shop(?:\/o(?:\/(.*))?)?$/.exec(pathname);
    if (google !== null) return this.#google(pathname, google[1], searchParams, response);
    const key = /^\/shop\/?(.*)$/.exec(pathname)?.[1];
    if (key === undefined) return send(response, 404, "<Error><Code>NoSuchBucket</Code></Error>");
    if (key !== "") return this.#object(decodeURIComponent(key), response);
    if (request.method === "HEAD") return send(response, 200, "");
    return searchParams.get("comp") === "list" ? this.#azure(searchParams, response) : this.#s3(searchParams, response);
  }

  #object(key: string, response: ServerResponse): undefined {
    const content = this.objects.get(key);
    if (content === undefined) {
      response.setHeader("x-ms-error-code", "BlobNotFound");
      return send(response, 404, "<Error><Code>NoSuchKey</Code></Error>");
    }
    response.setHeader("etag", `"${this.etagOf(key)}"`);
    return send(response, 200, content);
  }

  #page(prefix: string, after: string): { keys: string[]; next: string } {
    const all = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort();
    const keys = all.slice(0, this.pageSize);
    return { keys, next: all.length > keys.length ? (keys.at(-1) ?? "") : "" };
  }

  #s3(query: URLSearchParams, response: ServerResponse): undefined {
    const { keys, next } = this.#page(query.get("prefix") ?? "", query.get("continuation-token") ?? "");
    const contents = keys.map(
      (key) =>
        `<Contents><Key>${encodeUri(key)}</Key><ETag>&quot;${this.etagOf(key)}&quot;</ETag><Size>${this.#size(key)}</Size></Contents>`,
    );
    const rest = next === "" ? "" : `<NextContinuationToken>${next}</NextContinuationToken>`;
    const head = `<EncodingType>url</EncodingType><IsTruncated>${next !== ""}</IsTruncated>`;
    return send(
      response,
      200,
      `<?xml version="1.0"?><ListBucketResult xmlns="x">${head}${rest}${contents.join("")}</ListBucketResult>`,
    );
  }

  #azure(query: URLSearchParams, response: ServerResponse): undefined {
    const { keys, next } = this.#page(query.get("prefix") ?? "", query.get("marker") ?? "");
    const blobs = keys.map(
      (key) =>
        `<Blob><Name>${key.replaceAll("&", "&amp;")}</Name><Properties><Etag>${this.etagOf(key)}</Etag><Content-Length>${this.#size(key)}</Content-Length></Properties></Blob>`,
    );
    return send(
      response,
      200,
      `<EnumerationResults><Blobs>${blobs.join("")}</Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`,
    );
  }

  #google(pathname: string, key: string | undefined, query: URLSearchParams, response: ServerResponse): undefined {
    if (key !== undefined && query.get("alt") !== "media" && this.objects.has(decodeURIComponent(key)))
      return send(response, 200, JSON.stringify(this.#described(decodeURIComponent(key))));
    if (key !== undefined) return this.#object(decodeURIComponent(key), response);
    if (!pathname.endsWith("/o")) return send(response, 200, "{}");
    const { keys, next } = this.#page(query.get("prefix") ?? "", query.get("pageToken") ?? "");
    const items = keys.map((name) => this.#described(name));
    return send(response, 200, JSON.stringify({ items, ...(next && { nextPageToken: next }) }));
  }

  #described(name: string): object {
    return { name, bucket: "shop", generation: "1", etag: this.etagOf(name), size: String(this.#size(name)) };
  }

  #size(key: string): number {
    return Buffer.byteLength(this.objects.get(key) ?? "");
  }
}

function send(response: ServerResponse, status: number, body: string | Buffer): undefined {
  response.writeHead(status, { "content-length": Buffer.byteLength(body) }).end(body);
}

export type RealStore = { host: string; region: string; accessKeyId: string; secretAccessKey: string; close(): void };

const oracles = env["KEELSON_ORACLES"] ?? "";

/** Real servers that speak S3, those at hand. */
export const realStores: readonly { name: string; start: () => Promise<RealStore> }[] = [
  { name: "versitygw", start: startVersity, path: join(oracles, "versitygw") },
  { name: "s3rver", start: startS3rver, path: join(oracles, "s3rver/node_modules/s3rver") },
].filter(({ path }) => oracles !== "" && existsSync(path));

async function startVersity(): Promise<RealStore> {
  const folder = temporaryFolder("versity");
  mkdirSync(join(folder, "data"));
  const keys = { accessKeyId: "KEELSONTEST", secretAccessKey: "keelson-secret" };
  const port = await freePort();
  const args = [
    "--access",
    keys.accessKeyId,
    "--secret",
    keys.secretAccessKey,
    "--port",
    `127.0.0.1:${port}`,
    "--quiet",
    "--region",
    "eu-test-1",
  ];
  const child = spawn(join(oracles, "versitygw"), [...args, "posix", join(folder, "data")], { stdio: "ignore" });
  await untilOpen(port, child);
  return { host: `127.0.0.1:${port}`, region: "eu-test-1", ...keys, close: () => end(child, folder) };
}

type S3rver = new (options: object) => { run(): Promise<AddressInfo>; close(): Promise<void> };

async function startS3rver(): Promise<RealStore> {
  const folder = temporaryFolder("s3rver");
  const load = createRequire(join(oracles, "s3rver/package.json"));
  const Server = load("s3rver") as S3rver;
  const server = new Server({ port: 0, address: "127.0.0.1", silent: true, directory: folder, resetOnClose: true });
  const { port } = await server.run();
  const close = (): void => {
    void server.close().then(() => rmSync(folder, { recursive: true, force: true }));
  };
  return { host: `127.0.0.1:${port}`, region: "us-east-1", accessKeyId: "S3RVER", secretAccessKey: "S3RVER", close };
}

function end(child: ChildProcess, folder: string): void {
  child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
}

async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Writes to a real store. */
export async function putObject(store: RealStore, path: string, content: string): Promise<void> {
  const url = new URL(`http://${store.host}/${path.split("/").map(encodeUri).join("/")}`);
  const signed = signV4(
    { method: "PUT", url, service: "s3", region: store.region, nowMs: Date.now(), body: content },
    store,
  );
  const { host: _, ...headers } = signed;
  const answer = await fetch(url, { method: "PUT", headers, body: content });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
}
