// Chart repositories over HTTP(S), or in a folder (file:// with an index.yaml): indexes are fetched once a run; archives are
// checked against the digest in the index. What a repository sends is bounded in size and time.

import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseYaml } from "#formats/yaml";
import { Fault, isObject } from "#kernel";
import { type ChartVersion, readRepositoryIndex, type RepositoryIndex } from "#render/helm";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { archiveSizeMax, downloadMs, indexSizeMax } from "./limits.ts";

/** A repository that the user named: an entry of Helm's repositories.yaml. */
export type NamedRepository = { name: string; url: string; username: string; password: string };

/** The repositories in Helm's own configuration; none when there is no such file. */
export function namedRepositories(io: Io): NamedRepository[] {
  const base = io.env["HELM_CONFIG_HOME"] ?? join(io.env["XDG_CONFIG_HOME"] ?? join(io.home, ".config"), "helm");
  const path = io.env["HELM_REPOSITORY_CONFIG"] ?? join(base, "repositories.yaml");
  if (!existsSync(path)) return [];
  const data = parseYaml(readFileSync(path, "utf8"));
  const list = isObject(data) && Array.isArray(data["repositories"]) ? data["repositories"] : [];
  return list.filter(isObject).map((entry) => ({
    name: textOf(entry["name"]),
    url: textOf(entry["url"]),
    username: textOf(entry["username"]),
    password: textOf(entry["password"]),
  }));
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

/** The same address, whatever its trailing slashes. */
export function isSameUrl(a: string, b: string): boolean {
  return a.replace(/\/+$/, "") === b.replace(/\/+$/, "");
}

export type Download = { name: string; url: string; bytes: Uint8Array };

/** Indexes and archives of repositories, for one run. */
export class ChartRepositories {
  readonly #fetch: typeof fetch;
  readonly #named: readonly NamedRepository[];
  readonly #indexes = new Map<string, RepositoryIndex>();

  constructor(options: { fetch: typeof fetch; named: readonly NamedRepository[] }) {
    this.#fetch = options.fetch;
    this.#named = options.named;
  }

  async index(repository: string): Promise<RepositoryIndex> {
    const known = this.#indexes.get(repository);
    if (known !== undefined) return known;
    const url = resolveArchiveUrl(repository, "index.yaml");
    const bytes = await this.#read(url, repository, indexSizeMax);
    try {
      const index = readRepositoryIndex(bytes);
      this.#indexes.set(repository, index);
      return index;
    } catch (thrown) {
      throw new Fault<CliCode>({
        code: "refused",
        disposition: "stall",
        at: url,
        message: `looks like ${JSON.stringify(repository)} is not a valid chart repository`,
        cause: thrown,
      });
    }
  }

  /** The archive of a version, whole and as the index describes it. */
  async download(repository: string, version: ChartVersion): Promise<Download> {
    const url = this.archiveUrl(repository, version);
    const bytes = await this.#read(url, repository, archiveSizeMax);
    const digest = createHash("sha256").update(bytes).digest("hex");
    if (version.digest !== "" && version.digest.toLowerCase() !== digest)
      throw new Fault<CliCode>({
        code: "refused",
        disposition: "stall",
        at: url,
        message: `the archive has the sha256 ${digest}, the repository's index says ${version.digest}`,
        hint: "the archive was changed after the index was written: ask who keeps the repository",
      });
    return { name: archiveName(url), url, bytes };
  }

  archiveUrl(repository: string, version: ChartVersion): string {
    return resolveArchiveUrl(repository, version.urls[0] as string);
  }

  async #read(url: string, repository: string, sizeMax: number): Promise<Uint8Array> {
    if (url.startsWith("file://")) return this.#readFile(url, repository);
    if (!/^https?:\/\//.test(url)) throw unreachable(url, "only http, https and file addresses are read");
    try {
      const answer = await this.#fetch(url, {
        headers: this.#credentials(url, repository),
        signal: AbortSignal.timeout(downloadMs),
      });
      if (!answer.ok) throw unreachable(url, `failed to fetch ${url} : ${answer.status} ${answer.statusText}`);
      return await readBounded(answer, url, sizeMax);
    } catch (thrown) {
      if (thrown instanceof Fault) throw thrown;
      throw unreachable(url, thrown);
    }
  }

  // An index from the network must not lead to files of this machine.
  #readFile(url: string, repository: string): Uint8Array {
    if (!repository.startsWith("file://")) throw unreachable(url, "a repository on the network names a local file");
    try {
      return new Uint8Array(readFileSync(fileURLToPath(url)));
    } catch (thrown) {
      throw unreachable(url, thrown);
    }
  }

  /** The user's name and password go to the host of the repository that they were given for, to no other. */
  #credentials(url: string, repository: string): Record<string, string> {
    const named = this.#named.find((entry) => isSameUrl(entry.url, repository));
    if (named === undefined || named.username === "" || new URL(url).origin !== new URL(named.url).origin) return {};
    return { authorization: `Basic ${Buffer.from(`${named.username}:${named.password}`).toString("base64")}` };
  }
}

/** The file's name in charts/: the last part of the address, whatever it tries. */
function archiveName(url: string): string {
  const name = decodeURIComponent(new URL(url).pathname).split(/[/\\]/).at(-1) ?? "";
  if (/^[\w+-][\w.+-]*\.tgz$/.test(name)) return name;
  throw unreachable(url, "it does not end in the name of a packed chart (.tgz)");
}

async function readBounded(answer: Response, url: string, sizeMax: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  const body: AsyncIterable<Uint8Array> | null = answer.body;
  for await (const part of body ?? []) {
    size += part.length;
    if (size > sizeMax) throw unreachable(url, `it is larger than ${sizeMax / 2 ** 20} MiB`);
    parts.push(part);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function unreachable(url: string, cause: unknown): Fault<CliCode> {
  return new Fault({
    code: "not-reachable",
    disposition: "retry",
    at: url,
    message: "cannot be fetched",
    cause: typeof cause === "string" ? new Error(cause) : cause,
  });
}

/** The address of a folder that holds a repository. */
export function folderUrl(path: string): string {
  return pathToFileURL(path).href;
}

/** The address of an archive: its own when it is absolute, otherwise below the repository, with the repository's query. */
function resolveArchiveUrl(repository: string, reference: string): string {
  if (/^[a-z][a-z0-9+.-]*:/i.test(reference)) return reference;
  const base = new URL(repository);
  const query = base.search;
  base.search = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  const resolved = new URL(reference, base);
  resolved.search = query;
  return resolved.href;
}
