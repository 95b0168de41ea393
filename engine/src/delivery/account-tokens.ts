// Short-lived tokens of a ServiceAccount, asked of the API server where the deliveries live.
// https://kubernetes.io/docs/reference/kubernetes-api/authentication-resources/token-request-v1/

import type { Cluster } from "#cluster";
import { isObject } from "#kernel";
import type { AccountTokens } from "#secrets/keys";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import type { Kinds } from "./kinds.ts";
import { accountTokenSeconds } from "./limits.ts";

/** A ServiceAccount by name, with its annotations. Throws DeliveryFault when there is none. */
export async function accountOf(
  named: { namespace: string; name: string },
  home: { cluster: Cluster; kinds: Kinds },
): Promise<AccountTokens> {
  const at = `ServiceAccount/${named.namespace}/${named.name}`;
  const target = await home.kinds.target({ group: "", version: "v1", kind: "ServiceAccount", ...named });
  const found = await home.cluster.get(target);
  if (!found.ok && found.status.code !== 404) throw clusterFault(found.status, "could not be read", at);
  if (!found.ok) {
    throw new DeliveryFault({
      code: "account-missing",
      disposition: "retry",
      at,
      message: "does not exist",
      hint: "create it, or name another",
    });
  }
  const token = async (...audiences: readonly string[]): Promise<string> => {
    const body = {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      metadata: { name: named.name, namespace: named.namespace },
      spec: { audiences: [...audiences], expirationSeconds: accountTokenSeconds },
    };
    const answer = await home.cluster.create({ ...target, subresource: "token" }, body, { fieldManager: "keelson" });
    if (!answer.ok) throw clusterFault(answer.status, "no token could be had", at);
    const status = answer.value["status"];
    return isObject(status) && typeof status["token"] === "string" ? status["token"] : "";
  };
  return { ...named, annotations: found.value.metadata.annotations ?? {}, token };
}
