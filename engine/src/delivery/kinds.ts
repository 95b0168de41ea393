// Which resource serves a kind. Asked of the server's discovery, and asked again when a kind is not known: its
// definition may have come a moment ago.

import type { Cluster, Discovery, Resource, Target } from "#cluster";
import { formatRef, joinApiVersion, type VersionedRef } from "#kernel";
import { clusterFault } from "./cluster-faults.ts";
import { DeliveryFault } from "./faults.ts";

export class Kinds {
  readonly #cluster: Cluster;
  #discovery: Promise<Discovery> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The resource of a kind; undefined when the server does not know it, even after asking again. */
  async find(ref: { group: string; kind: string; version?: string }): Promise<Resource | undefined> {
    const asked = this.#discover();
    const known = (await asked).byKind(ref.group, ref.kind, ref.version);
    if (known !== undefined) return known;
    // Those who miss something at the same time ask once together.
    if (this.#discovery === asked) this.forget();
    return (await this.#discover()).byKind(ref.group, ref.kind, ref.version);
  }

  /** The next question asks the server afresh. */
  forget(): void {
    this.#discovery = undefined;
  }

  /** Where an object is to be asked for. Throws DeliveryFault for an unknown kind or a missing namespace. */
  async target(ref: VersionedRef): Promise<Target> {
    const resource = await this.find(ref);
    if (resource === undefined) throw unknownKind(ref);
    if (resource.isNamespaced && ref.namespace === "") {
      throw new DeliveryFault({
        code: "namespace-missing",
        disposition: "retry",
        at: formatRef(ref),
        message: "namespace not specified",
        hint: "set metadata.namespace in Git, or spec.targetNamespace on the delivery",
      });
    }
    return { resource, namespace: resource.isNamespaced ? ref.namespace : "", name: ref.name };
  }

  #discover(): Promise<Discovery> {
    this.#discovery ??= this.#ask();
    return this.#discovery;
  }

  async #ask(): Promise<Discovery> {
    const answer = await this.#cluster.discover(true);
    if (answer.ok) return answer.value;
    this.#discovery = undefined;
    throw clusterFault(answer.status, "the kinds that the API server knows could not be read");
  }
}

function unknownKind(ref: VersionedRef): DeliveryFault {
  return new DeliveryFault({
    code: "kind-unknown",
    disposition: "retry",
    at: formatRef(ref),
    message: `no matches for kind "${ref.kind}" in version "${joinApiVersion(ref.group, ref.version)}"`,
    hint: "the definition of this kind must be applied first: add it to this source, or depend on what brings it",
  });
}
