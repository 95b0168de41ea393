// The credentials of a bootstrapped repository: what the push uses, and the Secret that the engine reads.

import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Cluster, Discovery } from "#cluster";
import type { Manifest } from "#kernel";
import { type GitAccess, type GitLocation, parseGitUrl } from "#sources/git";
import { resourceOf, valueIfFound } from "../answers.ts";
import { usage } from "../arguments.ts";
import { fieldOf } from "../flux-objects.ts";
import { targetOf } from "../waiting.ts";
import { type KeyAlgorithm, makeDeployKey, publicHalf, scanHostKeys } from "./deploy-key.ts";

export type CredentialOptions = {
  url: string;
  username: string | undefined;
  password: string | undefined;
  bearerToken: string | undefined;
  privateKeyFile: string | undefined;
  knownHostsFile: string | undefined;
  caFile: string | undefined;
  keyAlgorithm: KeyAlgorithm;
  /** Relative paths start here. */
  folder: string;
};

export type Credentials = {
  access: GitAccess;
  /** Data of the Secret, not yet encoded; undefined where the server asks for nothing. */
  secret: Readonly<Record<string, string>> | undefined;
  /** Set when the key is new: somebody has to allow it on the server. */
  newKey: string | undefined;
};

/** Puts together what is given, what the cluster has from an earlier bootstrap, and what must be made. */
export async function findCredentials(
  options: CredentialOptions,
  earlier: Readonly<Record<string, string>> | undefined,
): Promise<Credentials> {
  const location = parseGitUrl(options.url);
  if (location.scheme === "ssh") return await sshCredentials(location, options, earlier);
  if (location.scheme === "file") return { access: {}, secret: undefined, newKey: undefined };
  return await httpCredentials(location, options, earlier);
}

/** The Secret of an earlier bootstrap, decoded. */
export async function readSecret(
  cluster: Cluster,
  discovery: Discovery,
  place: { namespace: string; name: string },
): Promise<Record<string, string> | undefined> {
  const resource = resourceOf(discovery, { group: "", kind: "Secret", version: "v1" });
  const found = valueIfFound(await cluster.get(targetOf(resource, place.namespace, place.name)), "reading the Secret");
  if (found === undefined) return undefined;
  const data = Object.entries((fieldOf(found, "data") ?? {}) as Record<string, string>);
  return Object.fromEntries(data.map(([key, value]) => [key, Buffer.from(value, "base64").toString("utf8")]));
}

/** The Secret as Flux's bootstrap writes it. */
export function secretManifest(
  place: { namespace: string; name: string },
  data: Readonly<Record<string, string>>,
): Manifest {
  const encoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString("base64")]);
  return { apiVersion: "v1", kind: "Secret", metadata: place, data: Object.fromEntries(encoded) };
}

async function sshCredentials(
  location: GitLocation,
  options: CredentialOptions,
  earlier: Readonly<Record<string, string>> | undefined,
): Promise<Credentials> {
  const url = new URL(location.url);
  const knownHosts =
    (await readOptional(options.knownHostsFile, options.folder)) ??
    earlier?.["known_hosts"] ??
    (await scanHostKeys(url.hostname, url.port === "" ? 22 : Number(url.port)));
  const given = await readOptional(options.privateKeyFile, options.folder);
  const password = options.password ?? (given === undefined ? earlier?.["password"] : undefined);
  const identity = given ?? earlier?.["identity"];
  const made = identity === undefined ? makeDeployKey(options.keyAlgorithm) : undefined;
  const key = made?.identity ?? identity ?? "";
  const publicKey = made?.publicKey ?? publicHalf(key, password) ?? earlier?.["identity.pub"];
  const access: GitAccess = { identity: key, knownHosts, ...(password === undefined ? {} : { password }) };
  return {
    access,
    secret: {
      identity: key,
      ...(publicKey === undefined ? {} : { "identity.pub": `${publicKey.trim()}\n` }),
      known_hosts: knownHosts,
      ...(password === undefined ? {} : { password }),
    },
    newKey: made?.publicKey,
  };
}

async function httpCredentials(
  location: GitLocation,
  options: CredentialOptions,
  earlier: Readonly<Record<string, string>> | undefined,
): Promise<Credentials> {
  const authority = (await readOptional(options.caFile, options.folder)) ?? earlier?.["ca.crt"];
  const bearerToken = options.bearerToken ?? earlier?.["bearerToken"];
  const username = options.username ?? location.access.username ?? earlier?.["username"];
  const password = options.password ?? location.access.password ?? earlier?.["password"];
  if (password === undefined && username !== undefined)
    throw usage("which password?", "--password, or the environment variable GIT_PASSWORD");
  const login: Record<string, string> = {};
  if (bearerToken !== undefined) login["bearerToken"] = bearerToken;
  else if (password !== undefined) Object.assign(login, { username: username ?? "git", password });
  const secret = { ...login, ...(authority === undefined ? {} : { "ca.crt": authority }) };
  return {
    access: { ...login, ...(authority === undefined ? {} : { authority }) },
    secret: Object.keys(secret).length === 0 ? undefined : secret,
    newKey: undefined,
  };
}

async function readOptional(file: string | undefined, folder: string): Promise<string | undefined> {
  if (file === undefined) return undefined;
  return await readFile(resolve(folder, file), "utf8").catch(() => {
    throw usage(`${file} cannot be read`, "does the file exist?");
  });
}
