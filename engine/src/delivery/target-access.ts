// How another cluster is reached: by a kubeconfig in a Secret, or by a ConfigMap that names it and an identity (Flux's
// spec.kubeConfig). Read with the engine's own rights, in the namespace of the delivery alone.

import { type Cluster, type Connection, connectionOf, type Credentials, parseKubeConfig, refuseUnsafe } from "#cluster";
import { type Clock, faultFrom, isObject, type Manifest } from "#kernel";
import { accountOf } from "./account-tokens.ts";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";
import type { Kinds } from "./kinds.ts";
import { targetTokenLifeMs } from "./limits.ts";
import type { TargetRef } from "./model.ts";
import { providedConnection, type ProviderServices } from "./target-providers.ts";

export type TargetAccessOptions = {
  clock: Clock;
  /** For clouds' identities; without it only kubeconfigs are read. */
  services?: ProviderServices;
};

/** A connection, and everything it was made from, as one text to be hashed. */
export type ReachedBy = { connection: Connection; identity: string };

export class TargetAccess {
  readonly #options: TargetAccessOptions;
  readonly #home: { cluster: Cluster; kinds: Kinds };

  constructor(options: TargetAccessOptions, home: { cluster: Cluster; kinds: Kinds }) {
    this.#options = options;
    this.#home = home;
  }

  async read(ref: TargetRef): Promise<ReachedBy> {
    const object = await this.#get(ref);
    if (object === undefined) throw unusable(ref, "does not exist", "create it; it is looked at again");
    return ref.kind === "Secret" ? this.#fromSecret(ref, object) : this.#fromConfigMap(ref, object);
  }

  async exists(ref: TargetRef): Promise<boolean> {
    return (await this.#get(ref)) !== undefined;
  }

  async #get({ kind, namespace, name }: TargetRef): Promise<Manifest | undefined> {
    const { cluster, kinds } = this.#home;
    const answer = await cluster.get(await kinds.target({ group: "", version: "v1", kind, namespace, name }));
    if (answer.ok) return answer.value;
    if (answer.status.code === 404) return undefined;
    throw clusterFault(answer.status, "could not be read", `${kind}/${namespace}/${name}`);
  }

  async #fromSecret(ref: TargetRef, secret: Manifest): Promise<ReachedBy> {
    const data = isObject(secret["data"]) ? secret["data"] : {};
    const names = ref.key === undefined ? ["value", "value.yaml"] : [ref.key];
    const name = names.find((one) => typeof data[one] === "string");
    if (name === undefined) {
      throw unusable(ref, `does not contain a '${names[0] ?? ""}' key with a kubeconfig`, "put the kubeconfig there");
    }
    const text = Buffer.from(String(data[name] as string), "base64").toString("utf8");
    try {
      const config = parseKubeConfig(text, "");
      refuseUnsafe(config);
      const connection = await connectionOf(config, { clock: this.#options.clock, environment: {} });
      return { connection, identity: text };
    } catch (thrown) {
      const cause = faultFrom(thrown);
      throw unusable(
        ref,
        "holds no kubeconfig that can be used",
        cause.hint ?? "compare it with `kubectl config view`",
        cause,
      );
    }
  }

  async #fromConfigMap(ref: TargetRef, map: Manifest): Promise<ReachedBy> {
    const { services } = this.#options;
    const data = Object.fromEntries(
      Object.entries(isObject(map["data"]) ? map["data"] : {}).map(([key, value]) => [key, String(value as string)]),
    );
    if (services === undefined)
      throw unusable(ref, "names a cloud's identity, and none can be asked here", "use a Secret");
    const named = data["serviceAccountName"] ?? ref.defaultServiceAccount ?? "";
    const account = named === "" ? undefined : await accountOf({ namespace: ref.namespace, name: named }, this.#home);
    try {
      const provided = await providedConnection(data, { services, account });
      const credentials = renewing(provided.token, this.#options.clock);
      const connection: Connection = {
        server: provided.address,
        name: provided.address,
        namespace: "default",
        credentials,
        ...(provided.authority === "" ? {} : { authority: provided.authority }),
      };
      return { connection, identity: JSON.stringify([data, named, account?.annotations ?? {}]) };
    } catch (thrown) {
      throw unusable(ref, "names a cluster that cannot be reached so", faultFrom(thrown).hint ?? "", faultFrom(thrown));
    }
  }
}

/** A token is asked for again well before it ends, or when the cluster refuses it. */
function renewing(token: () => Promise<string>, clock: Clock): Credentials {
  let known: Promise<string> | undefined;
  let untilMs = 0;
  return {
    current: async () => {
      if (clock.now() >= untilMs) known = undefined;
      if (known === undefined) untilMs = clock.now() + targetTokenLifeMs;
      known ??= token();
      try {
        return { authorization: `Bearer ${await known}` };
      } catch (thrown) {
        known = undefined;
        throw thrown;
      }
    },
    refused: () => {
      known = undefined;
    },
  };
}

function unusable(ref: TargetRef, message: string, hint: string, cause?: unknown): DeliveryFault {
  return new DeliveryFault({
    code: "target-unusable",
    disposition: "retry",
    at: `${ref.kind}/${ref.namespace}/${ref.name}`,
    message: `the kubeconfig ${ref.kind} ${message}`,
    ...(hint === "" ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });
}
