// Credentials of one repository, handed to git so that they stand neither on a command line nor in the mirror: HTTP
// credentials as configuration in the environment, scoped to the URL; keys as files that live as long as one operation.

import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectorText } from "./ssh-proxy.ts";
import { gitFault } from "./faults.ts";

/** Every member may be absent. Texts are PEM or OpenSSH's own forms. */
export type GitAccess = {
  username?: string;
  password?: string;
  bearerToken?: string;
  /** PEM of authorities to trust instead of the system's. */
  authority?: string;
  certificate?: string;
  certificateKey?: string;
  /** Private SSH key; `password` is its passphrase. */
  identity?: string;
  knownHosts?: string;
  /** A proxy's URL with its user name and password: http, https, socks5 or socks5h. */
  proxy?: string;
};

/** Whether anything in it must not reach another server. */
export function hasCredentials(access: GitAccess): boolean {
  const { username, password, bearerToken, certificateKey } = access;
  return [username, password, bearerToken, certificateKey].some((each) => each !== undefined);
}

export type PreparedAccess = {
  config: (readonly [string, string])[];
  environment: Record<string, string>;
  /** Removes the files. */
  dispose(): Promise<void>;
};

/** A URL without credentials, and those it held. */
export type GitLocation = { url: string; scheme: "http" | "https" | "ssh" | "file"; access: GitAccess };

/** Takes http, https, ssh and file URLs and absolute paths; refuses all else, above all `ext::` and options. */
export function parseGitUrl(text: string): GitLocation {
  if (text.startsWith("/")) return { url: `file://${text}`, scheme: "file", access: {} };
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalidUrl(text, "is no URL");
  }
  const scheme = url.protocol.slice(0, -1);
  if (scheme === "file") return { url: `file://${decodeURIComponent(url.pathname)}`, scheme, access: {} };
  if (scheme !== "http" && scheme !== "https" && scheme !== "ssh") throw invalidUrl(text, `has the scheme ${scheme}`);
  if (url.hostname === "" || url.hostname.startsWith("-")) throw invalidUrl(text, "names no host");
  const access: GitAccess = {};
  if (scheme !== "ssh" && url.username !== "") access.username = decodeURIComponent(url.username);
  if (url.password !== "") access.password = decodeURIComponent(url.password);
  url.password = "";
  if (scheme !== "ssh") url.username = "";
  url.hash = "";
  return { url: url.toString(), scheme, access };
}

function invalidUrl(text: string, what: string): Error {
  return gitFault({
    code: "git-url-invalid",
    disposition: "stall",
    at: text.replace(/\/\/[^/@]*@/, "//").slice(0, 200),
    message: `the repository's URL ${what}`,
    hint: "use https://…, http://…, ssh://user@host/path, file:///path or an absolute path; user@host:path is not accepted",
  });
}

/** Writes what must be files below `folder`, for one operation. */
export async function prepareAccess(location: GitLocation, given: GitAccess, folder: string): Promise<PreparedAccess> {
  const access = { ...location.access, ...given };
  const place = await mkdtemp(join(folder, "access-"));
  const write = async (name: string, content: string): Promise<string> => {
    const path = join(place, name);
    await writeFile(path, content.endsWith("\n") ? content : `${content}\n`, { mode: 0o600 });
    return path;
  };
  const prepared: PreparedAccess = {
    config: [],
    // A redirect may lead from http to https, never back.
    environment: { GIT_ALLOW_PROTOCOL: location.scheme === "http" ? "http:https" : location.scheme },
    dispose: () => rm(place, { recursive: true, force: true }),
  };
  try {
    if (location.scheme === "ssh") await prepareSsh(location, access, prepared, write);
    else if (location.scheme !== "file") await prepareHttp(location.url, access, prepared, write);
  } catch (error) {
    await prepared.dispose();
    throw error;
  }
  return prepared;
}

type Write = (name: string, content: string) => Promise<string>;

async function prepareHttp(url: string, access: GitAccess, prepared: PreparedAccess, write: Write): Promise<void> {
  const { origin } = new URL(url);
  const set = (key: string, value: string): void => void prepared.config.push([`http.${origin}/.${key}`, value]);
  if (access.bearerToken !== undefined) set("extraHeader", `Authorization: Bearer ${oneLine(access.bearerToken)}`);
  else if (access.username !== undefined || access.password !== undefined) {
    if (access.username === undefined) throw invalidCredentials("`password` needs a `username` beside it");
    const login = `${access.username}:${access.password ?? ""}`;
    set("extraHeader", `Authorization: Basic ${Buffer.from(login).toString("base64")}`);
  }
  if (access.authority !== undefined) set("sslCAInfo", await write("ca.crt", access.authority));
  if ((access.certificate === undefined) !== (access.certificateKey === undefined))
    throw invalidCredentials("`tls.crt` and `tls.key` must both be there");
  if (access.certificate !== undefined && access.certificateKey !== undefined) {
    set("sslCert", await write("tls.crt", access.certificate));
    set("sslKey", await write("tls.key", access.certificateKey));
  }
  // git goes on sending its headers after a redirect to another server, so with credentials it must not follow any.
  if (hasCredentials(access)) prepared.config.push(["http.followRedirects", "false"]);
  if (access.proxy === undefined) return;
  prepared.config.push(["http.proxy", checkedProxy(access.proxy)]);
  // An object's own proxy is for its server, wherever that is: exemptions are for the environment's.
  Object.assign(prepared.environment, { NO_PROXY: "", no_proxy: "" });
  // Without this git asks once without the password, and some proxies hang up on it.
  if (new URL(access.proxy).username !== "") prepared.config.push(["http.proxyAuthMethod", "basic"]);
}

function checkedProxy(proxy: string): string {
  if (/^(https?|socks5h?):\/\/[^/]/.test(proxy)) return proxy;
  throw invalidCredentials("the proxy's address is no http, https, socks5 or socks5h URL");
}

/** A header must not be split by a line break in a Secret's value. */
function oneLine(text: string): string {
  const trimmed = text.trim();
  if (!/[\r\n]/.test(trimmed)) return trimmed;
  throw invalidCredentials("bearerToken has more than one line");
}

async function prepareSsh(
  location: GitLocation,
  access: GitAccess,
  prepared: PreparedAccess,
  write: Write,
): Promise<void> {
  if (access.identity === undefined || access.knownHosts === undefined)
    throw invalidCredentials("an ssh URL needs a Secret with `identity` and `known_hosts`");
  const isLocked = access.password !== undefined && access.password !== "";
  if (!isLocked && isEncryptedKey(access.identity))
    throw invalidCredentials("the SSH key in `identity` is encrypted, and the Secret has no `password` for it");
  const identity = await write("identity", access.identity);
  const knownHosts = await write("known_hosts", access.knownHosts);
  const options = [
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    `UserKnownHostsFile=${knownHosts}`,
    "GlobalKnownHostsFile=/dev/null",
    "StrictHostKeyChecking=yes",
    "PreferredAuthentications=publickey",
    "ConnectTimeout=15",
    "ServerAliveInterval=15",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
  ];
  // The user that Git hosts expect where the URL names none.
  if (new URL(location.url).username === "") options.push("User=git");
  if (!isLocked) options.push("BatchMode=yes");
  if (access.proxy !== undefined) {
    const connector = await write("connect.mjs", connectorText);
    prepared.environment["KEELSON_PROXY"] = checkedProxy(access.proxy);
    // ssh hands this line to a shell, after it has put in host and port.
    options.push(`ProxyCommand=${quote(process.execPath)} ${quote(connector)} %h %p`);
  }
  const words = ["ssh", "-F", "/dev/null", "-i", identity, ...options.flatMap((option) => ["-o", option])];
  prepared.environment["GIT_SSH_COMMAND"] = words.map(quote).join(" ");
  if (!isLocked) return;
  // The passphrase reaches ssh through a program that prints an environment variable; there is no other way but a terminal.
  const askPass = await write("askpass", '#!/bin/sh\nprintf "%s\\n" "$KEELSON_PASSPHRASE"\n');
  await chmod(askPass, 0o700);
  Object.assign(prepared.environment, {
    SSH_ASKPASS: askPass,
    SSH_ASKPASS_REQUIRE: "force",
    KEELSON_PASSPHRASE: access.password ?? "",
  });
}

/** PEM says so in its headers, OpenSSH's own form by the name of its cipher. */
function isEncryptedKey(identity: string): boolean {
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(identity)) return true;
  const body = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(identity)?.[1];
  if (body === undefined) return false;
  const bytes = Buffer.from(body, "base64");
  const start = "openssh-key-v1\0".length;
  if (bytes.length < start + 4) return false;
  return bytes.toString("latin1", start + 4, start + 4 + bytes.readUInt32BE(start)) !== "none";
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function invalidCredentials(what: string): Error {
  return gitFault({
    code: "git-credentials-invalid",
    disposition: "retry",
    message: what,
    hint: "its keys are username and password, bearerToken, or identity and known_hosts",
  });
}
