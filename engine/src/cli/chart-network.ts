// Charts fetched for one run of a command: from repositories with an index, from registries, by their own address, or out of
// folders on disk that are laid out as either. What a repository sends is bounded in size and time by `#sources/http`.

import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Fault } from "#kernel";
import {
  archiveUrl,
  type ChartEntry,
  type ChartIndex,
  fetchArchive,
  fetchIndex,
  fetchRegistryChart,
  findRegistryChart,
  pinRegistryChart,
  readIndex,
  type RegistryChart,
  type RepositoryCall,
} from "#sources/charts";
import { type HttpAccess, HttpClient, proxySettings } from "#sources/http";
import { byDigest, formatReference, Keychain, parseDockerConfig, parseRepository, Registry } from "#sources/oci";
import { soleLogin } from "#sources/oci";
import type { ChartAccess } from "./chart-access.ts";
import type { CliCode } from "./faults.ts";
import type { Io } from "./io.ts";
import { downloadMs } from "./limits.ts";
import { helmConfigFolder, isSameUrl, type NamedRepository, namedRepositories } from "./named-repositories.ts";

/** A packed chart as it came, under the name that it has on disk; its provenance where it was asked for. */
export type Download = { name: string; url: string; bytes: Uint8Array; provenance?: Uint8Array };

export class ChartNetwork {
  readonly named: readonly NamedRepository[];
  readonly #io: Io;
  readonly #say: (text: string) => void;
  readonly #access: ChartAccess;
  readonly #client: HttpClient;
  readonly #registry: Registry;
  readonly #indexes = new Map<string, ChartIndex>();
  #keychain: Keychain | undefined;

  /** `say` is told what was pulled out of registries. */
  constructor(io: Io, access: ChartAccess, say: (text: string) => void = (text) => io.stderr.write(text)) {
    this.#io = io;
    this.#say = say;
    this.#access = access;
    this.named = namedRepositories(io, access.repositoryConfig);
    this.#client = new HttpClient({
      clock: io.clock,
      random: () => randomBytes(4).readUInt32BE() / 2 ** 32,
      proxies: proxySettings(io.env),
    });
    this.#registry = new Registry({ client: this.#client, clock: io.clock });
  }

  close(): void {
    this.#client.close();
  }

  /** A repository's index, fetched once. */
  async index(repository: string): Promise<ChartIndex> {
    const known = this.#indexes.get(repository);
    if (known !== undefined) return known;
    const bytes = await this.#indexBytes(repository);
    try {
      const { index } = readIndex(bytes, repository);
      this.#indexes.set(repository, index);
      return index;
    } catch (thrown) {
      throw new Fault<CliCode>({
        code: "refused",
        disposition: "stall",
        message: `looks like ${JSON.stringify(repository)} is not a valid chart repository`,
        cause: thrown instanceof Fault ? retold(thrown, repository) : thrown,
      });
    }
  }

  #indexBytes(repository: string): Promise<Uint8Array> {
    if (repository.startsWith("file://"))
      return Promise.resolve(readLocal(archiveUrlOf(repository, "index.yaml"), repository));
    return reached(archiveUrlOf(repository, "index.yaml"), async () => {
      const fetched = await fetchIndex(this.#client, repository, this.#callFor(repository));
      return fetched?.bytes ?? new Uint8Array();
    });
  }

  archiveUrl(repository: string, { urls }: { urls: readonly string[] }): string {
    return archiveUrlOf(repository, urls[0] as string);
  }

  /** The archive of a version, whole and as the index describes it. */
  async archive(repository: string, entry: ChartEntry): Promise<Download> {
    const url = this.archiveUrl(repository, entry);
    const name = archiveName(url);
    // An index from the network must not lead to files of this machine.
    if (!url.startsWith("file://")) return this.#fetch(repository, { ...entry, urls: [url] }, name);
    const bytes = readLocal(url, repository);
    return this.#access.verifies
      ? { name, url, bytes, provenance: readLocal(`${url}.prov`, repository) }
      : { name, url, bytes };
  }

  /** A packed chart by its own address. */
  byUrl(url: string): Promise<Download> {
    const entry = { name: url, version: "", urls: [url], digest: "", createdMs: 0 };
    const owner = this.named.find((each) => each.url !== "" && url.startsWith(`${each.url.replace(/\/+$/, "")}/`));
    return this.#fetch(owner?.url ?? url, entry, archiveName(url));
  }

  /** A file of values by its address. */
  text(url: string): Promise<string> {
    return reached(url, async () => {
      const entry = { name: url, version: "", urls: [url], digest: "", createdMs: 0 };
      const bytes = await fetchArchive(this.#client, { repository: url, entry }, this.#callFor(url));
      return bytes.toString("utf8");
    });
  }

  async #fetch(repository: string, entry: ChartEntry, name: string): Promise<Download> {
    const url = entry.urls[0] as string;
    if (!/^https?:/.test(url)) throw unreachable(url, "only http, https and file addresses are read");
    const call = this.#callFor(repository);
    const get = (wanted: ChartEntry): Promise<Uint8Array> =>
      reached(wanted.urls[0] as string, () => fetchArchive(this.#client, { repository, entry: wanted }, call));
    const bytes = await get(entry);
    if (!this.#access.verifies) return { name, url, bytes };
    const provenance = await get({ ...entry, urls: [`${url}.prov`], digest: "" });
    return { name, url, bytes, provenance };
  }

  /** The version of a chart in a registry: the one named, or the newest in the range. */
  findInRegistry(repository: string, name: string, version: string): Promise<RegistryChart> {
    const { isPlainHttp: isInsecure } = this.#access;
    return reached(`${repository}/${name}`, () =>
      findRegistryChart(this.#registry, { repository, name, version, isInsecure }, this.#registryCall()),
    );
  }

  /** A chart by `oci://host/path[:tag][@digest]` and perhaps a range. */
  async fromRegistry(reference: string, version: string): Promise<Download> {
    const [, address = "", tag = "", digest] = /^(oci:\/\/.*?[^/]*?)(?::([^/:@]+))?(?:@(sha256:[0-9a-f]+))?$/.exec(
      reference,
    ) ?? [undefined, reference];
    if (version !== "" && tag !== "" && version !== tag)
      throw unreachable(reference, `chart reference and version mismatch: ${version} is not ${tag}`);
    const slash = address.lastIndexOf("/");
    if (digest === undefined)
      return this.pull(
        await this.findInRegistry(address.slice(0, slash), address.slice(slash + 1), version === "" ? tag : version),
      );
    const repository = parseRepository(address, this.#access.isPlainHttp);
    const name = address.slice(slash + 1);
    return this.pull({
      name,
      version: tag === "" ? digest.slice(7, 19) : tag,
      reference: byDigest(repository, digest),
    });
  }

  /** Fetches a version out of a registry and says so as Helm does. */
  async pull({ name, version, reference }: RegistryChart): Promise<Download> {
    const call = this.#registryCall();
    const at = formatReference(reference);
    return reached(`oci://${at}`, async () => {
      const pinned = await pinRegistryChart(this.#registry, reference, call);
      const { bytes, digest, provenance } = await fetchRegistryChart(this.#registry, pinned, call);
      this.#say(`Pulled: ${at}\nDigest: ${digest}\n`);
      const archive = { name: `${name}-${version}.tgz`, url: `oci://${at}`, bytes };
      if (!this.#access.verifies) return archive;
      if (provenance === undefined) throw unreachable(`oci://${at}`, "failed to fetch provenance: the chart has none");
      return { ...archive, provenance };
    });
  }

  #callFor(repository: string): RepositoryCall {
    const named = this.named.find((entry) => isSameUrl(entry.url, repository));
    const { login, passesCredentials } = this.#access;
    const ofName = named !== undefined && named.username !== "" ? named : undefined;
    const chosen = login ?? (ofName && { username: ofName.username, password: ofName.password });
    return {
      access: { ...accessOf(named), ...this.#httpAccess(named?.acceptsAnyCertificate) },
      ...(chosen === undefined ? {} : { login: chosen }),
      passesCredentials: passesCredentials || (named?.passesCredentials ?? false),
      signal: this.#io.signal,
      timeoutMs: downloadMs,
    };
  }

  #httpAccess(acceptsAny = false): HttpAccess {
    const { authority, certificate, certificateKey, acceptsAnyCertificate } = this.#access;
    return {
      ...(authority === undefined ? {} : { authority }),
      ...(certificate === undefined ? {} : { certificate }),
      ...(certificateKey === undefined ? {} : { certificateKey }),
      ...(acceptsAny || acceptsAnyCertificate ? { acceptsAnyCertificate: true } : {}),
    };
  }

  #registryCall(): Parameters<typeof findRegistryChart>[2] {
    this.#keychain ??= this.#readKeychain();
    return {
      access: this.#httpAccess(),
      keychain: this.#keychain,
      signal: this.#io.signal,
      timeoutMs: downloadMs,
    };
  }

  /** The flags' login, or what `helm registry login` and `docker login` have written. */
  #readKeychain(): Keychain {
    const { login, registryConfig } = this.#access;
    if (login !== undefined) return soleLogin({ is: "basic", ...login });
    const { env, home } = this.#io;
    const files = [
      registryConfig ?? env["HELM_REGISTRY_CONFIG"] ?? join(helmConfigFolder(this.#io), "registry", "config.json"),
      join(env["DOCKER_CONFIG"] ?? join(home, ".docker"), "config.json"),
    ].filter((path) => existsSync(path));
    return files
      .map((path) => parseDockerConfig(readFileSync(path, "utf8"), path))
      .reduce((all, next) => all.and(next), new Keychain());
  }
}

function accessOf(named: NamedRepository | undefined): HttpAccess {
  if (named === undefined) return {};
  const text = (path: string): string => readFileSync(path, "utf8");
  return {
    ...(named.caFile === "" ? {} : { authority: text(named.caFile) }),
    ...(named.certFile === "" ? {} : { certificate: text(named.certFile) }),
    ...(named.keyFile === "" ? {} : { certificateKey: text(named.keyFile) }),
  };
}

function archiveUrlOf(repository: string, reference: string): string {
  if (!repository.startsWith("file://") || /^[a-z][a-z0-9+.-]*:/i.test(reference))
    return archiveUrl(repository, reference);
  return pathToFileURL(join(fileURLToPath(repository), reference)).href;
}

function readLocal(url: string, repository: string): Uint8Array {
  if (!repository.startsWith("file://")) throw unreachable(url, "a repository on the network names a local file");
  try {
    return new Uint8Array(readFileSync(fileURLToPath(url)));
  } catch (thrown) {
    throw unreachable(url, thrown);
  }
}

/** The file's name in charts/: the last part of the address, whatever it tries. */
function archiveName(url: string): string {
  const path = URL.canParse(url) ? decodeURIComponent(new URL(url).pathname) : url;
  const name = path.split(/[/\\]/).at(-1) ?? "";
  if (/^[\w+-][\w.+-]*\.tgz$/.test(name)) return name;
  throw unreachable(url, "it does not end in the name of a packed chart (.tgz)");
}

/** Names the address in what the network says; faults of the content keep their own code. */
async function reached<T>(url: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (thrown) {
    if (thrown instanceof Fault && thrown.code.startsWith("http-")) throw unreachable(url, retold(thrown, url));
    throw thrown;
  }
}

/** What people can do who sit at a command line; elsewhere a Secret says who asks and whom to trust. */
const hints: Readonly<Record<string, string>> = {
  "http-authentication-failed":
    "give --username and --password, or log in with `helm repo add` or `helm registry login`",
  "http-certificate-rejected": "name the authority's certificate with --ca-file",
};

/** The same fault without the place that is told already, and with what to do on a command line. */
function retold({ code, disposition, at, message, hint: given, cause }: Fault, told: string): Fault {
  const hint = hints[code] ?? given;
  return new Fault({
    code,
    disposition,
    message,
    cause,
    ...(at === undefined || at === told || `oci://${at}` === told ? {} : { at }),
    ...(hint === undefined ? {} : { hint }),
  });
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
