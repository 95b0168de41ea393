// A Secret's values as Git credentials, by the keys Flux reads.

import type { Cluster } from "#cluster";
import { decodeUtf8, isObject } from "#kernel";
import type { GitAccess } from "#sources/git";
import { artifactFault } from "./faults.ts";
import { refusalFault } from "./objects.ts";

const secretResource = {
  group: "",
  version: "v1",
  plural: "secrets",
  singular: "secret",
  kind: "Secret",
  isNamespaced: true,
  verbs: ["get"],
  shortNames: [],
  categories: [],
  subresources: [],
};

/** The decoded values; throws Fault `secret-absent`. */
export async function readSecret(cluster: Cluster, namespace: string, name: string): Promise<Map<string, string>> {
  const answer = await cluster.get({ resource: secretResource, namespace, name });
  if (!answer.ok && answer.status.code === 404)
    throw artifactFault({
      code: "secret-absent",
      disposition: "retry",
      at: `Secret/${namespace}/${name}`,
      message: "the Secret does not exist",
      hint: "create it, or take `secretRef` out",
    });
  if (!answer.ok) throw refusalFault(answer.status, `Secret/${namespace}/${name}`);
  const data = isObject(answer.value["data"]) ? answer.value["data"] : {};
  const values = new Map<string, string>();
  for (const [key, value] of Object.entries(data))
    if (typeof value === "string") values.set(key, decodeUtf8(Buffer.from(value, "base64")));
  return values;
}

const accessKeys: readonly (readonly [keyof GitAccess, readonly string[]])[] = [
  ["username", ["username"]],
  ["password", ["password"]],
  ["bearerToken", ["bearerToken"]],
  ["authority", ["ca.crt", "caFile"]],
  ["certificate", ["tls.crt", "certFile"]],
  ["certificateKey", ["tls.key", "keyFile"]],
  ["identity", ["identity"]],
  ["knownHosts", ["known_hosts"]],
];

/** What a Secret says about who we are, by the keys that Flux reads. */
export function accessOf(values: ReadonlyMap<string, string>): GitAccess {
  const access: GitAccess = {};
  for (const [member, keys] of accessKeys) {
    const value = keys.map((key) => values.get(key)).find((found) => found !== undefined && found !== "");
    if (value !== undefined) access[member] = value;
  }
  return access;
}

/** `address`, `username` and `password` of a proxy's Secret as one URL. */
export function proxyOf(values: ReadonlyMap<string, string>, at: string): string {
  const address = values.get("address") ?? "";
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw artifactFault({
      code: "spec-invalid",
      disposition: "retry",
      at,
      message: "the Secret's `address` is no URL",
    });
  }
  url.username = encodeURIComponent(values.get("username") ?? "");
  url.password = encodeURIComponent(values.get("password") ?? "");
  return url.toString();
}
