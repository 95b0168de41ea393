// Names of repositories and of what lies in them: `oci://host/path`, a tag or a digest. As in Flux, which reads them with
// go-containerregistry: names without a host are Docker Hub's.
// https://github.com/opencontainers/distribution-spec/blob/main/spec.md

import { ociFault } from "./faults.ts";

export type Repository = {
  /** Host and port: `registry.example.com:5000`. */
  registry: string;
  /** Path: `org/app`. */
  name: string;
  /** What was asked for in so many words: plain HTTP and any certificate will do. */
  isInsecure: boolean;
};

export type Pinned = Repository & { digest: string };
export type Reference = (Repository & { tag: string }) | Pinned;

const hub = "index.docker.io";
const partPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;
const digestPattern = /^(sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

/** Reads `oci://host/path`. A tag or digest in it is refused: those stand in `ref`. */
export function parseRepository(url: string, isInsecure = false): Repository {
  if (!url.startsWith("oci://")) throw invalid(url, "URL must be in format 'oci://<domain>/<org>/<repo>'");
  const text = url.slice("oci://".length).replace(/\/+$/, "");
  const slash = text.indexOf("/");
  const first = slash < 0 ? text : text.slice(0, slash);
  const hasHost = slash > 0 && (/[.:]/.test(first) || first === "localhost");
  const registry = hasHost ? first : hub;
  const path = hasHost ? text.slice(slash + 1) : text;
  const at = path.search(/[:@]/);
  if (at >= 0) throw invalid(url, `URL must not contain a tag; remove '${path.slice(at)}'`);
  if (!isHost(registry)) throw invalid(url, `'${registry}' is no host`);
  const parts = path.split("/");
  if (path.length > 255 || parts.some((part) => !partPattern.test(part)))
    throw invalid(url, "the repository's name is made of lower case letters, digits and . _ - between slashes");
  const isHub = registry === hub || registry === "docker.io";
  return { registry: isHub ? hub : registry, name: isHub && parts.length === 1 ? `library/${path}` : path, isInsecure };
}

function isHost(text: string): boolean {
  return URL.canParse(`https://${text}`) && new URL(`https://${text}`).host === text.replace(/:443$/, "").toLowerCase();
}

function invalid(url: string, message: string): Error {
  return ociFault({
    code: "oci-url-invalid",
    disposition: "stall",
    at: url.slice(0, 200),
    message,
    hint: "write oci://host/path, and the tag or digest into `ref`",
  });
}

/** A tag of a repository. */
export function tagged(repository: Repository, tag: string): Reference {
  const { registry, name, isInsecure } = repository;
  if (tagPattern.test(tag)) return { registry, name, isInsecure, tag };
  throw ociFault({
    code: "oci-reference-invalid",
    disposition: "stall",
    at: formatRepository(repository),
    message: `${JSON.stringify(tag.slice(0, 150))} is no tag`,
    hint: "tags have up to 128 letters, digits and . _ -",
  });
}

/** Content of a repository by its digest. */
export function byDigest(repository: Repository, digest: string): Pinned {
  const { registry, name, isInsecure } = repository;
  if (digestPattern.test(digest)) return { registry, name, isInsecure, digest };
  throw ociFault({
    code: "oci-reference-invalid",
    disposition: "stall",
    at: formatRepository(repository),
    message: `${JSON.stringify(digest.slice(0, 150))} is no digest`,
    hint: "digests are sha256: and 64 hexadecimal digits",
  });
}

export function formatRepository({ registry, name }: Repository): string {
  return `${registry}/${name}`;
}

/** As people write it: `host/path:tag` or `host/path@sha256:…`. */
export function formatReference(reference: Reference): string {
  const base = formatRepository(reference);
  return "tag" in reference ? `${base}:${reference.tag}` : `${base}@${reference.digest}`;
}

/** Hosts that may answer in plain HTTP without being called insecure: this machine and private networks, as in Flux. */
export function isPrivateHost(registry: string): boolean {
  const host = registry.replace(/:\d+$/, "");
  return (
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host.endsWith(".local") ||
    host === "[::1]" ||
    /^127\.\d+\.\d+\.\d+$/.test(host) ||
    /^10\.\d+\.\d+\.\d+$/.test(host) ||
    /^192\.168\.\d+\.\d+$/.test(host) ||
    /^172\.(1[6-9]|2\d|3[01])\.\d+\.\d+$/.test(host)
  );
}
