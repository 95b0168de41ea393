// A client of OCI registries: tags, manifests, blobs, referrers. What is asked for by digest is checked against it; no
// credential goes anywhere but to the registry and the realm it names.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md

import { createHash } from "node:crypto";
import { type Clock, Fault, isObject, type Json } from "#kernel";
import { bytesOf, type HttpAccess, type HttpAnswer, type HttpClient, refusal } from "#sources/http";
import { type Challenge, parseChallenges } from "./challenge.ts";
import { ociFault } from "./faults.ts";
import type { Keychain } from "./keychain.ts";
import { hostsMost, manifestMost, tagPageMost, tagsAPage, tagsMost } from "./limits.ts";
import { type Descriptor, type Index, type Manifest, manifestTypes, parseManifest } from "./manifest.ts";
import {
  byDigest,
  formatReference,
  formatRepository,
  isPrivateHost,
  type Reference,
  type Repository,
} from "./reference.ts";
import { basic, Tokens } from "./tokens.ts";

/** How one object reaches its registry. */
export type RegistryCall = { access: HttpAccess; keychain: Keychain; signal: AbortSignal; timeoutMs: number };

export type FetchedManifest = { digest: string; bytes: Buffer } & ({ manifest: Manifest } | { index: Index });

export class Registry {
  readonly #client: HttpClient;
  readonly #tokens: Tokens;
  /** What a registry wanted last, by its origin and access: spares the refused first request. */
  readonly #challenges = new Map<string, Challenge>();
  /** `https:` or `http:` of hosts that may speak either. */
  readonly #protocols = new Map<string, string>();

  constructor(options: { client: HttpClient; clock: Clock }) {
    this.#client = options.client;
    this.#tokens = new Tokens(options.client, options.clock);
  }

  /** The digest that a tag names now; a digest is its own. One small request where the registry answers HEAD. */
  async resolve(reference: Reference, call: RegistryCall): Promise<string> {
    if ("digest" in reference) return reference.digest;
    const path = `manifests/${reference.tag}`;
    const answer = await this.#send(reference, { path, method: "HEAD", accept: manifestTypes }, call);
    answer.discard();
    const digest = answer.headers["docker-content-digest"];
    if (answer.status === 200 && typeof digest === "string" && /^sha256:[0-9a-f]{64}$/.test(digest)) return digest;
    if (answer.status === 401 || answer.status === 403 || answer.status === 429) throw await refused(answer, reference);
    // Some registries do not answer HEAD, or leave the digest out.
    return (await this.manifest(reference, call)).digest;
  }

  /** A manifest or index; by digest its content is checked. */
  async manifest(reference: Reference, call: RegistryCall): Promise<FetchedManifest> {
    const name = "tag" in reference ? reference.tag : reference.digest;
    const answer = await this.#send(reference, { path: `manifests/${name}`, accept: manifestTypes }, call);
    if (answer.status !== 200) throw await refused(answer, reference);
    const bytes = await bytesOf(answer, manifestMost);
    const at = formatReference(reference);
    const wanted = "digest" in reference ? reference.digest : undefined;
    const digest = digestOf(bytes, wanted ?? "sha256:");
    if (wanted !== undefined && wanted !== digest) throw mismatch(at, wanted, digest);
    return { digest, bytes, ...parseManifest(bytes, at) };
  }

  /** The bytes of a layer or config. Ends with a fault after the last piece when they are not what the digest says. */
  async *blob(repository: Repository, { digest, size }: Descriptor, call: RegistryCall): AsyncIterable<Buffer> {
    const answer = await this.#send(repository, { path: `blobs/${digest}` }, call);
    if (answer.status !== 200) throw await refused(answer, byDigest(repository, digest));
    const hash = createHash(digest.slice(0, digest.indexOf(":")));
    let length = 0;
    for await (const piece of answer.body(size)) {
      hash.update(piece);
      length += piece.length;
      yield piece;
    }
    const found = `${digest.slice(0, digest.indexOf(":"))}:${hash.digest("hex")}`;
    if (found !== digest || length !== size)
      throw mismatch(formatReference(byDigest(repository, digest)), digest, found);
  }

  /** A blob in one piece, for small ones: what is announced as larger than `sizeMost` is not fetched. */
  async blobBytes(
    repository: Repository,
    what: { descriptor: Descriptor; sizeMost: number },
    call: RegistryCall,
  ): Promise<Buffer> {
    const { descriptor, sizeMost } = what;
    if (descriptor.size > sizeMost)
      throw ociFault({
        code: "oci-manifest-invalid",
        disposition: "retry",
        at: formatReference(byDigest(repository, descriptor.digest)),
        message: `it has ${descriptor.size} bytes; no more than ${sizeMost} are read`,
      });
    const pieces: Buffer[] = [];
    for await (const piece of this.blob(repository, descriptor, call)) pieces.push(piece);
    return Buffer.concat(pieces);
  }

  /** All tags, page by page, in the registry's order. */
  async tags(repository: Repository, call: RegistryCall): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = `tags/list?n=${tagsAPage}`;
    const seen = new Set<string>();
    while (path !== undefined && !seen.has(path)) {
      seen.add(path);
      const answer: HttpAnswer = await this.#send(repository, { path, accept: ["application/json"] }, call);
      if (answer.status !== 200) throw await refused(answer, repository);
      const page = await bytesOf(answer, tagPageMost);
      tags.push(...tagsOf(page, formatRepository(repository)));
      if (tags.length > tagsMost) throw endless(repository);
      path = nextPage(answer.headers["link"], repository);
    }
    return tags;
  }

  /** What refers to a manifest: by the referrers API, or by the tag that stands for it where a registry lacks that. */
  async referrers(reference: Repository & { digest: string }, call: RegistryCall): Promise<readonly Descriptor[]> {
    const accept = ["application/vnd.oci.image.index.v1+json"];
    const answer = await this.#send(reference, { path: `referrers/${reference.digest}`, accept }, call);
    if (answer.status === 200) {
      const parsed = parseManifest(await bytesOf(answer, manifestMost), formatReference(reference));
      return "index" in parsed ? parsed.index.manifests : [];
    }
    if (answer.status === 401 || answer.status === 403 || answer.status >= 429) throw await refused(answer, reference);
    answer.discard();
    const tag = { ...withoutDigest(reference), tag: reference.digest.replace(":", "-") };
    const listed = await this.manifestIfAny(tag, call);
    return listed !== undefined && "index" in listed ? listed.index.manifests : [];
  }

  /** undefined where there is none. */
  async manifestIfAny(reference: Reference, call: RegistryCall): Promise<FetchedManifest | undefined> {
    return this.manifest(reference, call).catch((thrown: unknown) => {
      if (thrown instanceof Fault && thrown.code === "http-absent") return undefined;
      throw thrown;
    });
  }

  async #send(repository: Repository, what: Ask, call: RegistryCall): Promise<HttpAnswer> {
    const access =
      repository.isInsecure && call.access.authority === undefined
        ? { ...call.access, acceptsAnyCertificate: true }
        : call.access;
    const origin = await this.#originOf(repository, { ...call, access });
    const place = JSON.stringify([origin, call.access, repository.name]);
    const first = await this.#try(
      origin,
      repository,
      { ...what, challenge: this.#challenges.get(place) },
      { ...call, access },
    );
    if (first.status !== 401) return first;
    const challenge = choose(first.headers["www-authenticate"]);
    first.discard();
    if (challenge === undefined) return first;
    this.#remember(place, challenge);
    // A token that was kept may have been taken back.
    this.#tokens.clear();
    return this.#try(origin, repository, { ...what, challenge }, { ...call, access });
  }

  async #try(
    origin: string,
    repository: Repository,
    what: Ask & { challenge: Challenge | undefined },
    call: RegistryCall,
  ): Promise<HttpAnswer> {
    const authorization = await this.#authorize(origin, repository, { challenge: what.challenge }, call);
    return this.#client.send({
      url: `${origin}/v2/${repository.name}/${what.path}`,
      method: what.method ?? "GET",
      headers: {
        ...(what.accept === undefined ? {} : { accept: what.accept.join(", ") }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      access: call.access,
      signal: call.signal,
      timeoutMs: call.timeoutMs,
    });
  }

  async #authorize(
    origin: string,
    repository: Repository,
    { challenge }: { challenge: Challenge | undefined },
    call: RegistryCall,
  ): Promise<string | undefined> {
    if (challenge === undefined) return undefined;
    const credentials = call.keychain.find(repository);
    if (credentials?.is === "bearer") return `Bearer ${credentials.token}`;
    if (challenge.scheme === "basic") return credentials?.is === "basic" ? basic(credentials) : undefined;
    const { access, signal, timeoutMs } = call;
    const scope = `repository:${repository.name}:pull`;
    const isSecure = origin.startsWith("https:");
    const token = await this.#tokens.get({ challenge, scope, credentials, access, isSecure, signal, timeoutMs });
    return `Bearer ${token}`;
  }

  /** TLS, but for hosts that may do without and do not speak it. */
  async #originOf(repository: Repository, call: RegistryCall): Promise<string> {
    const { registry } = repository;
    if (!repository.isInsecure && !isPrivateHost(registry)) return `https://${registry}`;
    const key = JSON.stringify([registry, call.access]);
    const known = this.#protocols.get(key);
    if (known !== undefined) return `${known}//${registry}`;
    const { access, signal, timeoutMs } = call;
    const ping = async (protocol: string): Promise<void> => {
      const answer = await this.#client.send({ url: `${protocol}//${registry}/v2/`, access, signal, timeoutMs });
      answer.discard();
    };
    const secure = await ping("https:").then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    if (secure !== undefined) {
      if (isCertificate(secure)) throw secure;
      // What both refuse is told as the first one had it only when the second is no better.
      await ping("http:");
    }
    const protocol = secure === undefined ? "https:" : "http:";
    this.#protocols.set(key, protocol);
    for (const oldest of this.#protocols.keys()) {
      if (this.#protocols.size <= hostsMost) break;
      this.#protocols.delete(oldest);
    }
    return `${protocol}//${registry}`;
  }

  #remember(place: string, challenge: Challenge): void {
    this.#challenges.delete(place);
    this.#challenges.set(place, challenge);
    for (const oldest of this.#challenges.keys()) {
      if (this.#challenges.size <= hostsMost) break;
      this.#challenges.delete(oldest);
    }
  }
}

type Ask = { path: string; method?: "GET" | "HEAD"; accept?: readonly string[] };

function withoutDigest({ registry, name, isInsecure }: Repository): Repository {
  return { registry, name, isInsecure };
}

/** A server that speaks TLS with a certificate we do not trust is not asked again without. */
function isCertificate(thrown: unknown): boolean {
  return thrown instanceof Fault && thrown.code === "http-certificate-rejected";
}

/** Bearer before Basic, as registries mean it. */
function choose(header: string | string[] | undefined): Challenge | undefined {
  const challenges = parseChallenges(Array.isArray(header) ? header.join(", ") : (header ?? ""));
  return challenges.find((each) => each.scheme === "bearer") ?? challenges.find((each) => each.scheme === "basic");
}

/** The registry's own words for a refusal. */
async function refused(answer: HttpAnswer, reference: Repository): Promise<Fault> {
  const fault = await refusal(answer);
  const said = /\((\{.*)\)$/s.exec(fault.message)?.[1];
  const isReference = "tag" in reference || "digest" in reference;
  const at = isReference ? formatReference(reference as Reference) : formatRepository(reference);
  const { code, disposition, hint } = fault;
  const words = said === undefined ? "" : wordsOf(said);
  const message =
    words === "" ? fault.message.replace(/ \(\{.*$/s, "") : `the registry answered ${answer.status}: ${words}`;
  return new Fault({ code, disposition, at, message, ...(hint === undefined ? {} : { hint: hintOf(code, hint) }) });
}

function hintOf(code: string, hint: string): string {
  return code === "http-absent" ? "check url and ref; some registries also answer so to who may not read" : hint;
}

function wordsOf(text: string): string {
  const pairs = [...text.matchAll(/"(code|message)"\s*:\s*"((?:[^"\\]|\\.)*)"/g)];
  return pairs
    .slice(0, 4)
    .map((pair) => pair[2] ?? "")
    .join(": ");
}

export function digestOf(bytes: Uint8Array, like: string): string {
  const algorithm = like.slice(0, like.indexOf(":"));
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`;
}

function mismatch(at: string, wanted: string, found: string): Error {
  return ociFault({
    code: "oci-digest-mismatch",
    disposition: "retry",
    at,
    message: `the registry sent other content: its digest is ${found}, not ${wanted}`,
    hint: "nothing of it is used; ask who keeps the registry",
  });
}

function endless(repository: Repository): Error {
  return ociFault({
    code: "oci-manifest-invalid",
    disposition: "retry",
    at: formatRepository(repository),
    message: `the registry lists more than ${tagsMost} tags`,
    hint: "name a tag instead of a range",
  });
}

function tagsOf(bytes: Buffer, at: string): string[] {
  let data: Json = null;
  try {
    data = JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    // Told below.
  }
  const tags = isObject(data) ? data["tags"] : undefined;
  if (Array.isArray(tags)) return tags.filter((tag): tag is string => typeof tag === "string");
  if (isObject(data) && (tags === null || tags === undefined)) return [];
  throw ociFault({
    code: "oci-manifest-invalid",
    disposition: "retry",
    at,
    message: "the registry's list of tags cannot be read",
  });
}

/** `Link: </v2/…/tags/list?last=x&n=9>; rel="next"`: only a page of the same list is followed. */
function nextPage(link: string | string[] | undefined, { name }: Repository): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(Array.isArray(link) ? link.join(",") : (link ?? ""))?.[1];
  if (target === undefined || !URL.canParse(target, "https://registry.invalid")) return undefined;
  const { pathname, search } = new URL(target, "https://registry.invalid");
  return pathname.endsWith(`/${name}/tags/list`) ? `tags/list${search}` : undefined;
}
