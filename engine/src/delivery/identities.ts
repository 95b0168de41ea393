// Who applies: the engine itself, or a ServiceAccount that it acts as.

import type { Cluster, Identity } from "#cluster";
import type { Delivery } from "./model.ts";
import type { Kinds } from "./kinds.ts";

export class Identities {
  readonly #cluster: Cluster;
  readonly #kinds: Kinds;
  readonly #known = new Map<string, Cluster>();

  constructor(cluster: Cluster, kinds: Kinds) {
    this.#cluster = cluster;
    this.#kinds = kinds;
  }

  /** A cluster as the identity sees it. */
  clusterFor(identity: Identity | undefined, cluster: Cluster): Cluster {
    if (identity === undefined) return cluster;
    if (cluster !== this.#cluster) return cluster.as(identity);
    const known = this.#known.get(identity.user);
    if (known !== undefined) return known;
    const own = cluster.as(identity);
    this.#known.set(identity.user, own);
    return own;
  }

  /** False when the ServiceAccount to act as does not exist any more; those of other clusters are theirs to know. */
  async exists({ identity, target: elsewhere }: Pick<Delivery, "identity" | "target">): Promise<boolean> {
    if (elsewhere !== undefined) return true;
    const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(identity?.user ?? "");
    if (account === null) return true;
    const [, namespace = "", name = ""] = account;
    const ref = { group: "", version: "v1", kind: "ServiceAccount", namespace, name };
    const answer = await this.#cluster.get(await this.#kinds.target(ref));
    return answer.ok || answer.status.code !== 404;
  }
}
