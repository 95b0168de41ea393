// A kubeconfig that somebody else wrote, into a Secret: it may say where a cluster is and who asks, and nothing that would
// run programs, read files of this machine or switch verification off (fluxcd/pkg runtime/client, KubeConfig).

import { Fault, isObject, type JsonObject } from "#kernel";
import type { ClusterFaultCode } from "./faults.ts";
import type { KubeConfig } from "./kubeconfig.ts";

const clusterFiles = ["certificate-authority"];
const userFiles = ["client-certificate", "client-key", "tokenFile"];

/** Throws a Fault for what the current context of a foreign kubeconfig may not ask for. */
export function refuseUnsafe(config: KubeConfig): void {
  const context = config.contexts.get(config.currentContext) ?? {};
  const cluster = memberOf(config.clusters, context["cluster"]);
  const user = memberOf(config.users, context["user"]);
  if (cluster["insecure-skip-tls-verify"] === true) {
    throw refused("insecure-skip-tls-verify", "put the authority into certificate-authority-data");
  }
  if (isObject(user["exec"])) throw refused("an exec plugin", "use a token or a client certificate");
  if (user["auth-provider"] !== undefined) throw refused("an auth-provider", "use a token or a client certificate");
  if (user["as"] !== undefined) throw refused("impersonation", "name a ServiceAccount in spec.serviceAccountName");
  for (const member of clusterFiles) if (isSet(cluster[member])) throw refused(`the file ${member}`, inline(member));
  for (const member of userFiles) if (isSet(user[member])) throw refused(`the file ${member}`, inline(member));
}

function isSet(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}

function memberOf(members: ReadonlyMap<string, JsonObject>, name: unknown): JsonObject {
  return members.get(typeof name === "string" ? name : "") ?? {};
}

function inline(member: string): string {
  return member === "tokenFile" ? "write the token itself" : `write its content as ${member}-data`;
}

function refused(what: string, hint: string): Fault<ClusterFaultCode> {
  return new Fault<ClusterFaultCode>({
    code: "kubeconfig-refused",
    disposition: "retry",
    message: `the kubeconfig asks for ${what}, which is not allowed for another cluster`,
    hint,
  });
}
