// Who applies: the engine itself, or a ServiceAccount that it acts as.

import type { Cluster, Identity } from "#cluster";
import type { Kinds } from "./kinds.ts";

export class Identities {
  readonly #cluster: Cluster;
  readonly #kinds: Kinds;
  readonly #known = new Map<string, Cluster>();

  constructor(cluster: Cluster, kinds: Kinds) {
    this.#cluster = cluster;
    this.#kinds = kinds;
  }

  /** The cluster as the identity sees it. */
  clusterFor(identity: Identity | undefined): Cluster {
    if (identity === undefined) return this.#cluster;
    const known = this.#known.get(identity.user);
    if (known !== undefined) return known;
    const cluster = this.#cluster.as(identity);
    this.#known.set(identity.user, cluster);
    return cluster;
  }

  /** False when the ServiceAccount to act as does not exist any more. */
  async exists(identity: Identity | undefined): Promise<boolean> {
    const account = /^system:serviceaccount:([^:]+):(.+)$/.exec(identity?.user ?? "");
    if (account === null) return true;
    const [, namespace = "", name = ""] = account;
    const ref = { group: "", version: "v1", kind: "ServiceAccount", namespace, name };
    const answer = await this.#cluster.get(await this.#kinds.target(ref));
    return answer.ok || answer.status.code !== 404;
  }
}
