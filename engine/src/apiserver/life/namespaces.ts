// What a namespace is given when it appears (the ServiceAccount `default`, the ConfigMap `kube-root-ca.crt`), what it is
// emptied of when it goes, and the namespaces that are always there.

import { type Cluster, Informer, type Resource } from "#cluster";
import { WorkQueue } from "#controller";
import { asManifest, type Clock, type Json, type Manifest } from "#kernel";
import { refused } from "./faults.ts";
import { removalBurstMs, retryBackOff } from "./limits.ts";
import { fieldManager, rootCertificateName, systemNamespaces } from "./names.ts";
import { NamespaceDeletion } from "./namespace-deletion.ts";
import type { Population } from "./population.ts";

export type NamespacesOptions = {
  cluster: Cluster;
  clock: Clock;
  population: Population;
  /** PEM of the certificate authority that signs the server's certificate. */
  caCertificate: string;
  resources: { namespaces: Resource; serviceAccounts: Resource; configMaps: Resource };
};

/** Kubernetes' own annotation text on the ConfigMap. */
const certificateDescription =
  "Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. " +
  "No other usage is guaranteed across distributions of Kubernetes clusters.";

export class Namespaces {
  readonly queue: WorkQueue;
  readonly #options: NamespacesOptions;
  readonly #namespaces: Informer<Manifest>;
  readonly #accounts: Informer<true>;
  readonly #certificates: Informer<string>;
  readonly #deletion: NamespaceDeletion;

  constructor(options: NamespacesOptions) {
    const { cluster, clock, population, resources } = options;
    this.#options = options;
    this.queue = new WorkQueue({ clock, backOff: retryBackOff });
    this.#namespaces = new Informer({ cluster, clock, resource: resources.namespaces, keep: (object) => object });
    this.#accounts = new Informer<true>({
      cluster,
      clock,
      resource: resources.serviceAccounts,
      isMetadataOnly: true,
      fieldSelector: "metadata.name=default",
      keep: () => true,
    });
    this.#certificates = new Informer({
      cluster,
      clock,
      resource: resources.configMaps,
      fieldSelector: `metadata.name=${rootCertificateName}`,
      keep: (object) => certificateOf(object),
    });
    this.#deletion = new NamespaceDeletion({ cluster, clock, population, namespaces: resources.namespaces });
  }

  async start(signal: AbortSignal): Promise<void> {
    for (const informer of [this.#namespaces, this.#accounts, this.#certificates]) void informer.run(signal);
    await Promise.all([this.#namespaces.synced, this.#accounts.synced, this.#certificates.synced]);
    for (const name of systemNamespaces) this.queue.add(name, "spec");
    this.#namespaces.subscribe({
      changed: ({ metadata }) => this.queue.add(metadata.name, "spec"),
      deleted: ({ metadata }) => this.queue.add(metadata.name, "spec"),
    });
    // The objects kept are one a namespace: which of them has changed is found by looking at each namespace, which costs nothing.
    const lookAtAll = (): void => {
      for (const { metadata } of this.#namespaces.values()) this.queue.add(metadata.name, "drift");
    };
    this.#accounts.subscribe({ deleted: lookAtAll });
    this.#certificates.subscribe({ changed: (now, before) => before !== undefined && lookAtAll(), deleted: lookAtAll });
    this.#options.population.subscribe({
      changed: () => {},
      deleted: ({ namespace }) => {
        if (this.#namespaces.get("", namespace)?.metadata.deletionTimestamp !== undefined)
          this.queue.addAfter(namespace, "drift", removalBurstMs);
      },
    });
  }

  async reconcile(name: string): Promise<void> {
    const namespace = this.#namespaces.get("", name);
    if (namespace === undefined) {
      if (systemNamespaces.includes(name))
        await this.#create("namespaces", "", { apiVersion: "v1", kind: "Namespace", metadata: { name } });
      return;
    }
    if (namespace.metadata.deletionTimestamp !== undefined) return this.#deletion.empty(namespace);
    if (this.#accounts.get(name, "default") === undefined)
      await this.#create("serviceAccounts", name, serviceAccount(name));
    const certificate = this.#certificates.get(name, rootCertificateName);
    if (certificate === undefined) await this.#create("configMaps", name, this.#certificate(name));
    else if (certificate !== this.#options.caCertificate) await this.#replaceCertificate(name);
  }

  async #create(what: keyof NamespacesOptions["resources"], namespace: string, object: Json): Promise<void> {
    const manifest = asManifest(object);
    const { name } = manifest.metadata;
    const target = { resource: this.#options.resources[what], namespace, name };
    const answer = await this.#options.cluster.create(target, manifest, { fieldManager });
    // Already there: its event is on the way. Forbidden: the namespace has begun to terminate.
    if (answer.ok || answer.status.code === 409 || answer.status.code === 403 || answer.status.code === 404) return;
    throw refused(`creating ${manifest.kind} ${name} in namespace ${namespace}`, answer.status);
  }

  async #replaceCertificate(namespace: string): Promise<void> {
    const target = { resource: this.#options.resources.configMaps, namespace, name: rootCertificateName };
    const body = { type: "merge" as const, patch: { data: { "ca.crt": this.#options.caCertificate } } };
    const answer = await this.#options.cluster.patch(target, body, { fieldManager });
    if (!answer.ok && answer.status.code !== 404) throw refused(`restoring ${rootCertificateName}`, answer.status);
  }

  #certificate(namespace: string): Json {
    return {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: rootCertificateName,
        namespace,
        annotations: { "kubernetes.io/description": certificateDescription },
      },
      data: { "ca.crt": this.#options.caCertificate },
    };
  }
}

function serviceAccount(namespace: string): Json {
  return { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } };
}

function certificateOf(object: Manifest): string {
  return (object["data"] as { [key: string]: string } | undefined)?.["ca.crt"] ?? "";
}
