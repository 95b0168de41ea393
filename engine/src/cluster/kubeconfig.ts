// Kubeconfig files: read, merged as KUBECONFIG says (the first file to define a name wins), and resolved to a connection.
// https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/

import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join } from "node:path";
import { parseYaml } from "#formats/yaml";
import { type Clock, Fault, isObject, type Json, type JsonObject } from "#kernel";
import type { Connection } from "./connection.ts";
import type { Identity } from "./contract.ts";
import {
  type Credential,
  type Credentials,
  fixedCredentials,
  tokenFileCredentials,
  unreadable,
} from "./credentials.ts";
import { execCredentials } from "./exec-credentials.ts";
import type { ClusterFaultCode } from "./faults.ts";

/** Clusters, users and contexts by name; relative file names are already joined to their kubeconfig's folder. */
export type KubeConfig = {
  currentContext: string;
  clusters: ReadonlyMap<string, JsonObject>;
  users: ReadonlyMap<string, JsonObject>;
  contexts: ReadonlyMap<string, JsonObject>;
};

export type ConnectionOptions = {
  clock: Clock;
  /** For credential plugins, and for HTTPS_PROXY and NO_PROXY. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The kubeconfig's current context when absent. */
  context?: string;
};

/** Reads and merges files. One that is missing is left out, unless all are. */
export async function loadKubeConfig(paths: readonly string[]): Promise<KubeConfig> {
  const found: KubeConfig[] = [];
  for (const path of paths) {
    try {
      found.push(parseKubeConfig(await readFile(path, "utf8"), path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }
  if (found.length > 0) return mergeKubeConfigs(found);
  throw new Fault<ClusterFaultCode>({
    code: "kubeconfig-missing",
    disposition: "stall",
    at: paths.join(":"),
    message: "there is no kubeconfig",
    hint: "set KUBECONFIG, or name one with --kubeconfig",
  });
}

/** `path` is where the text came from: for messages and relative names. */
export function parseKubeConfig(text: string, path: string): KubeConfig {
  let config: Json;
  try {
    config = parseYaml(text);
  } catch (cause) {
    throw invalid(path, "is no YAML", cause);
  }
  if (!isObject(config)) throw invalid(path, "is no mapping");
  const current = config["current-context"];
  return {
    currentContext: typeof current === "string" ? current : "",
    clusters: named(config["clusters"], "cluster", path),
    users: named(config["users"], "user", path),
    contexts: named(config["contexts"], "context", path),
  };
}

/** The first to define a name, or the current context, wins. */
export function mergeKubeConfigs(configs: readonly KubeConfig[]): KubeConfig {
  const merge = (pick: (config: KubeConfig) => ReadonlyMap<string, JsonObject>): Map<string, JsonObject> =>
    new Map(configs.toReversed().flatMap((config) => [...pick(config)]));
  return {
    currentContext: configs.find((config) => config.currentContext !== "")?.currentContext ?? "",
    clusters: merge((config) => config.clusters),
    users: merge((config) => config.users),
    contexts: merge((config) => config.contexts),
  };
}

const pathMembers = ["certificate-authority", "client-certificate", "client-key", "tokenFile"];

function named(list: Json | undefined, member: string, path: string): Map<string, JsonObject> {
  const entries = new Map<string, JsonObject>();
  if (list === undefined || list === null) return entries;
  if (!Array.isArray(list)) throw invalid(path, `has ${member}s that are no list`);
  for (const item of list) {
    if (!isObject(item) || typeof item["name"] !== "string") throw invalid(path, `has a ${member} without a name`);
    const body = item[member];
    if (!entries.has(item["name"])) entries.set(item["name"], resolvePaths(isObject(body) ? body : {}, dirname(path)));
  }
  return entries;
}

function resolvePaths(body: JsonObject, folder: string): JsonObject {
  const resolved = { ...body };
  for (const member of pathMembers) {
    const name = body[member];
    if (typeof name === "string" && name !== "" && !isAbsolute(name)) resolved[member] = join(folder, name);
  }
  const exec = body["exec"];
  // As kubectl does: a command with a slash is relative to the file, a bare one is looked up on PATH.
  if (isObject(exec) && typeof exec["command"] === "string" && /^\.{0,2}[^/]*\//.test(exec["command"]))
    resolved["exec"] = {
      ...exec,
      command: isAbsolute(exec["command"]) ? exec["command"] : join(folder, exec["command"]),
    };
  return resolved;
}

/** The connection that a context names, its files read. */
export async function connectionOf(config: KubeConfig, options: ConnectionOptions): Promise<Connection> {
  const name = options.context ?? config.currentContext;
  const context = config.contexts.get(name);
  if (context === undefined) throw unknownContext(config, name);
  const clusterName = textOf(context, "cluster");
  const cluster = config.clusters.get(clusterName);
  if (cluster === undefined) throw invalid(`context ${name}`, `names the cluster ${clusterName}, which is not defined`);
  const server = textOf(cluster, "server").replace(/\/+$/, "");
  if (!/^https?:\/\//.test(server)) throw invalid(`cluster ${clusterName}`, "has no http or https URL as its server");
  const user = config.users.get(textOf(context, "user")) ?? {};
  const authority = await dataOrFile(cluster, "certificate-authority");
  const serverName = textOf(cluster, "tls-server-name");
  const proxy = textOf(cluster, "proxy-url") || environmentProxy(server, options.environment);
  const impersonate = impersonated(user);
  return {
    server,
    name,
    namespace: textOf(context, "namespace") || "default",
    credentials: await credentialsOf(user, cluster, options),
    ...(authority === undefined ? {} : { authority }),
    ...(cluster["insecure-skip-tls-verify"] === true ? { isInsecure: true } : {}),
    ...(serverName === "" ? {} : { serverName }),
    ...(proxy === "" ? {} : { proxy }),
    ...(impersonate === undefined ? {} : { impersonate }),
  };
}

async function credentialsOf(user: JsonObject, cluster: JsonObject, options: ConnectionOptions): Promise<Credentials> {
  const base: Credential = {};
  const certificate = await dataOrFile(user, "client-certificate");
  const key = await dataOrFile(user, "client-key");
  if (certificate !== undefined) base.certificate = certificate;
  if (key !== undefined) base.key = key;
  const token = textOf(user, "token");
  const tokenFile = textOf(user, "tokenFile");
  if (tokenFile !== "") return tokenFileCredentials(tokenFile, options.clock, base);
  if (token !== "") return fixedCredentials({ ...base, authorization: `Bearer ${token}` });
  if (textOf(user, "username") !== "") {
    const login = `${textOf(user, "username")}:${textOf(user, "password")}`;
    return fixedCredentials({ ...base, authorization: `Basic ${Buffer.from(login).toString("base64")}` });
  }
  const exec = user["exec"];
  if (isObject(exec)) return execCredentials(pluginOf(exec, cluster), options);
  if (user["auth-provider"] !== undefined)
    throw invalid("users", "has an auth-provider, which Kubernetes 1.26 removed; use an exec plugin");
  return fixedCredentials(base);
}

function pluginOf(exec: JsonObject, cluster: JsonObject): Parameters<typeof execCredentials>[0] {
  if (exec["interactiveMode"] === "Always")
    throw invalid("users", "has an exec plugin that must talk to a person; use one that need not");
  const environment: Record<string, string> = {};
  for (const entry of Array.isArray(exec["env"]) ? exec["env"].filter(isObject) : [])
    environment[textOf(entry, "name")] = textOf(entry, "value");
  return {
    apiVersion: textOf(exec, "apiVersion") || "client.authentication.k8s.io/v1",
    command: textOf(exec, "command"),
    args: Array.isArray(exec["args"]) ? exec["args"].map(String) : [],
    environment,
    installHint: textOf(exec, "installHint"),
    ...(exec["provideClusterInfo"] === true ? { cluster } : {}),
  };
}

function impersonated(user: JsonObject): Identity | undefined {
  const name = textOf(user, "as");
  if (name === "") return undefined;
  const groups = Array.isArray(user["as-groups"]) ? user["as-groups"].map(String) : [];
  const uid = textOf(user, "as-uid");
  const extra = isObject(user["as-user-extra"]) ? (user["as-user-extra"] as Record<string, string[]>) : undefined;
  return { user: name, groups, ...(uid === "" ? {} : { uid }), ...(extra === undefined ? {} : { extra }) };
}

async function dataOrFile(body: JsonObject, member: string): Promise<string | undefined> {
  const data = textOf(body, `${member}-data`);
  if (data !== "") return Buffer.from(data, "base64").toString("utf8");
  const path = textOf(body, member);
  if (path === "") return undefined;
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw unreadable(path, cause);
  });
}

/** HTTPS_PROXY unless NO_PROXY names the host or a domain above it. */
function environmentProxy(server: string, environment: ConnectionOptions["environment"]): string {
  const value = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? "";
  const url = new URL(server);
  const isLocal = /^(localhost|127\..*|\[::1\])$/.test(url.hostname);
  const excluded = value("NO_PROXY")
    .split(",")
    .map((part) => part.trim().replace(/^\*?\./, ""))
    .some((part) => part === "*" || (part !== "" && (url.hostname === part || url.hostname.endsWith(`.${part}`))));
  if (isLocal || excluded) return "";
  return value(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY");
}

function textOf(body: JsonObject, member: string): string {
  const value = body[member];
  return typeof value === "string" ? value : "";
}

function unknownContext(config: KubeConfig, name: string): Fault<ClusterFaultCode> {
  const known = [...config.contexts.keys()].sort().join(", ");
  return new Fault<ClusterFaultCode>({
    code: "kubeconfig-context-unknown",
    disposition: "stall",
    message: name === "" ? "the kubeconfig has no current context" : `there is no context ${name} in the kubeconfig`,
    hint: known === "" ? "the kubeconfig defines no context" : `choose one with --context: ${known}`,
  });
}

function invalid(at: string, what: string, cause?: unknown): Fault<ClusterFaultCode> {
  return new Fault<ClusterFaultCode>({
    code: "kubeconfig-invalid",
    disposition: "stall",
    at,
    message: `the kubeconfig ${what}`,
    hint: "compare it with `kubectl config view`",
    cause,
  });
}
