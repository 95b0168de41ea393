// Credentials of registries out of docker configurations, each entry for the hosts and paths that it names. As the kubelet
// matches them: host by parts with `*`, the longest path first. https://kubernetes.io/docs/concepts/containers/images

import { isObject, type Json } from "#kernel";
import { ociFault } from "./faults.ts";
import type { Repository } from "./reference.ts";

export type Credentials =
  | { is: "basic"; username: string; password: string }
  /** Exchanged for tokens at the registry's own realm. */
  | { is: "refresh"; identityToken: string; username: string }
  /** Sent as it is. */
  | { is: "bearer"; token: string };

type Entry = { host: string; path: string; credentials: Credentials };

export class Keychain {
  readonly #entries: readonly Entry[];

  constructor(entries: readonly Entry[] = []) {
    this.#entries = [...entries].sort((a, b) => b.path.length - a.path.length || (a.host < b.host ? 1 : -1));
  }

  get isEmpty(): boolean {
    return this.#entries.length === 0;
  }

  /** All entries that fit, the most exact first; only the first is ever sent. */
  find(repository: Repository): Credentials | undefined {
    return this.#entries.find((entry) => fits(entry, repository))?.credentials;
  }

  /** Both; the entries of this one come first where paths are equally long. */
  and(other: Keychain): Keychain {
    return new Keychain([...this.#entries, ...other.#entries]);
  }
}

/** One login for every host: what a cloud's identity gives, and Secrets with plain user names. */
export function soleLogin(credentials: Credentials): Keychain {
  return new Keychain([{ host: "*", path: "", credentials }]);
}

/** Reads `.dockerconfigjson`, or the older `.dockercfg`, which lacks the `auths` around. `at` is for messages. */
export function parseDockerConfig(text: string, at: string): Keychain {
  let data: Json;
  try {
    data = JSON.parse(text) as Json;
  } catch {
    throw invalid(at, "is no JSON");
  }
  const auths = isObject(data) && isObject(data["auths"]) ? data["auths"] : data;
  if (!isObject(auths)) throw invalid(at, "holds no `auths`");
  const entries = Object.entries(auths).flatMap(([key, value]) => {
    const credentials = isObject(value) ? credentialsOf(value, `${at} auths ${hostOf(key)}`) : undefined;
    return credentials === undefined ? [] : [entryOf(key, credentials)];
  });
  return new Keychain(entries);
}

function credentialsOf(entry: { [key: string]: Json | undefined }, at: string): Credentials | undefined {
  const text = (name: string): string => (typeof entry[name] === "string" ? entry[name] : "");
  const login = text("auth") === "" ? undefined : decodeLogin(text("auth"), at);
  const username = text("username") || (login?.username ?? "");
  const password = text("password") || (login?.password ?? "");
  if (text("identitytoken") !== "") return { is: "refresh", identityToken: text("identitytoken"), username };
  if (text("registrytoken") !== "") return { is: "bearer", token: text("registrytoken") };
  if (username === "" && password === "") return undefined;
  // Docker's own mark for "the password is an identity token".
  if (username === "<token>") return { is: "refresh", identityToken: password, username };
  return { is: "basic", username, password };
}

/** `auth`: base64, padded or not, of `user:password`; the password may hold colons. */
function decodeLogin(auth: string, at: string): { username: string; password: string } {
  const text = /^[A-Za-z0-9+/_=-]*$/.test(auth) ? Buffer.from(auth, "base64").toString("utf8") : "";
  const colon = text.indexOf(":");
  if (colon < 0) throw invalid(at, "`auth` is no base64 of user:password");
  return { username: text.slice(0, colon), password: text.slice(colon + 1).replace(/\0+$/, "") };
}

function invalid(at: string, what: string): Error {
  return ociFault({
    code: "oci-credentials-invalid",
    disposition: "retry",
    at,
    message: `the docker configuration ${what}`,
    hint: "make the Secret with `kubectl create secret docker-registry`",
  });
}

function hostOf(key: string): string {
  return key.replace(/^https?:\/\//, "").replace(/\/.*$/s, "");
}

function entryOf(key: string, credentials: Credentials): Entry {
  const plain = key.replace(/^https?:\/\//, "");
  const host = hostOf(key).toLowerCase();
  // `https://index.docker.io/v1/` is the old name of a registry's address, not a path in it.
  const path = plain
    .slice(host.length)
    .replace(/^\/+|\/+$/g, "")
    .replace(/^v[12]$/, "");
  return {
    host: host === "docker.io" || host === "registry-1.docker.io" ? "index.docker.io" : host,
    path,
    credentials,
  };
}

function fits({ host, path }: Entry, repository: Repository): boolean {
  if (path !== "" && repository.name !== path && !repository.name.startsWith(`${path}/`)) return false;
  return host === "*" || isSameHost(host, repository.registry.toLowerCase());
}

/** Part by part; `*` stands for any text within a part. Ports must be equal where either names one. */
function isSameHost(pattern: string, host: string): boolean {
  const [patternName = "", patternPort = ""] = splitPort(pattern);
  const [name = "", port = ""] = splitPort(host);
  if (patternPort !== port && !(patternPort === "443" && port === "")) return false;
  const [left, right] = [patternName.split("."), name.split(".")];
  return left.length === right.length && left.every((part, i) => isSamePart(part, right[i] ?? ""));
}

function isSamePart(pattern: string, text: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === text;
  if (!text.startsWith(first)) return false;
  let at = first.length;
  for (const [i, piece] of rest.entries()) {
    const found = i === rest.length - 1 ? text.length - piece.length : text.indexOf(piece, at);
    if (found < at || !text.startsWith(piece, found)) return false;
    at = found + piece.length;
  }
  return true;
}

function splitPort(host: string): string[] {
  const match = /^(.*?)(?::(\d+))?$/.exec(host);
  return [match?.[1] ?? host, match?.[2] ?? ""];
}
