// How charts are reached and trusted: the flags of the commands that fetch them, with the names and meanings of Helm's.

import { join, resolve } from "node:path";
import { usage } from "./arguments.ts";
import type { FlagValues } from "./command.ts";
import type { Io } from "./io.ts";
import { readNamedFile } from "./named-files.ts";

/** Flags of every command that may fetch a chart. */
export const chartAccessFlags = {
  username: { takes: "NAME", about: "user name at the chart repository or registry" },
  password: { takes: "TEXT", about: "password at the chart repository or registry" },
  "ca-file": { takes: "FILE", about: "trust this CA bundle when fetching charts" },
  "cert-file": { takes: "FILE", about: "client certificate for fetching charts" },
  "key-file": { takes: "FILE", about: "key of the client certificate" },
  "insecure-skip-tls-verify": { about: "accept any certificate when fetching charts" },
  "plain-http": { about: "fetch charts over HTTP without TLS" },
  verify: { about: "check the chart's provenance (.prov) before it is used" },
  keyring: { takes: "FILE", about: "public keys for --verify (default ~/.gnupg/pubring.gpg)" },
  "repository-config": { takes: "FILE", about: "names of repositories (default $HELM_REPOSITORY_CONFIG)" },
  "registry-config": { takes: "FILE", about: "logins to registries (default $HELM_REGISTRY_CONFIG)" },
} as const;

export type ChartAccessFlags = FlagValues<typeof chartAccessFlags>;

/** The flags as values: files are read, defaults filled in. */
export type ChartAccess = {
  login?: { username: string; password: string };
  authority?: string;
  certificate?: string;
  certificateKey?: string;
  acceptsAnyCertificate: boolean;
  isPlainHttp: boolean;
  passesCredentials: boolean;
  verifies: boolean;
  keyring: string;
  /** Files named in place of those that the environment names. */
  repositoryConfig?: string;
  registryConfig?: string;
};

/** Reads what the flags name. */
export function chartAccess(flags: ChartAccessFlags & { "pass-credentials"?: boolean }, io: Io): ChartAccess {
  const [authority, certificate, certificateKey] = (["ca-file", "cert-file", "key-file"] as const).map((flag) => {
    const path = flags[flag];
    return path === undefined || path === "" ? undefined : readPem(flag, path, io);
  });
  const {
    username = "",
    password = "",
    "repository-config": repositoryConfig,
    "registry-config": registryConfig,
  } = flags;
  return {
    ...(username === "" && password === "" ? {} : { login: { username, password } }),
    ...(authority === undefined ? {} : { authority }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(certificateKey === undefined ? {} : { certificateKey }),
    acceptsAnyCertificate: flags["insecure-skip-tls-verify"],
    isPlainHttp: flags["plain-http"],
    passesCredentials: flags["pass-credentials"] ?? false,
    verifies: flags.verify,
    keyring: resolve(io.folder, flags.keyring ?? defaultKeyring(io)),
    ...(repositoryConfig === undefined ? {} : { repositoryConfig: resolve(io.folder, repositoryConfig) }),
    ...(registryConfig === undefined ? {} : { registryConfig: resolve(io.folder, registryConfig) }),
  };
}

/** Where Helm looks for keys when it is not told. */
export function defaultKeyring(io: Io): string {
  return join(io.env["GNUPGHOME"] ?? join(io.home, ".gnupg"), "pubring.gpg");
}

/** A PEM file; one that holds no block of its kind is refused at once, also where nothing is fetched. */
function readPem(flag: string, path: string, io: Io): string {
  const text = readNamedFile(path, io).toString("utf8");
  const kind = flag === "key-file" ? "PRIVATE KEY" : "CERTIFICATE";
  if (new RegExp(`^-----BEGIN [A-Z0-9 ]*${kind}-----\\s*$`, "m").test(text)) return text;
  throw usage(`--${flag} ${path}: no ${kind.toLowerCase()} in PEM is in it`);
}
