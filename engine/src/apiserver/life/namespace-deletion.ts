// Empties a namespace that is being deleted, pods first, and lets it go once nothing is left. Conditions say what
// remains and which finalizers hold it, in kube-controller-manager's own words (pkg/controller/namespace/deletion, 1.36).

import type { Cluster, Resource } from "#cluster";
import { asJson, type Clock, copyJson, formatTime, type Json, type JsonObject, type Manifest } from "#kernel";
import { refused } from "./faults.ts";
import { pageSize } from "./limits.ts";
import { fieldManager } from "./names.ts";
import type { Population } from "./population.ts";

/** What could not be removed at once. */
export type Remains = {
  /** `plural.group` → objects left. */
  resources: Map<string, number>;
  /** Finalizer → objects that carry it. */
  finalizers: Map<string, number>;
  failures: string[];
};

export type NamespaceDeletionOptions = { cluster: Cluster; clock: Clock; population: Population; namespaces: Resource };

const kubernetesFinalizer = "kubernetes";

export class NamespaceDeletion {
  readonly #options: NamespaceDeletionOptions;

  constructor(options: NamespaceDeletionOptions) {
    this.#options = options;
  }

  /** One pass over a terminating namespace. What remains is reported in its status; whoever removes it causes the next pass. */
  async empty(namespace: Manifest): Promise<void> {
    if (!finalizersOf(namespace).includes(kubernetesFinalizer)) return;
    const remains: Remains = { resources: new Map(), finalizers: new Map(), failures: [] };
    const resources = this.#options.population.resources().filter((resource) => resource.isNamespaced);
    const isPods = (resource: Resource): boolean => resource.group === "" && resource.plural === "pods";
    for (const resource of resources.filter(isPods)) await this.#deleteAll(namespace, resource, remains);
    if (isEmpty(remains))
      for (const resource of resources) if (!isPods(resource)) await this.#deleteAll(namespace, resource, remains);
    await this.#deleteEvents(namespace, remains);
    const written = await this.#report(namespace, remains);
    if (isEmpty(remains) && written !== undefined) await this.#finalize(written);
    if (remains.failures.length > 0)
      throw refused(`emptying namespace ${namespace.metadata.name}`, {
        code: 500,
        reason: "ContentDeletionFailed",
        message: remains.failures.join("; "),
      });
  }

  async #deleteEvents(namespace: Manifest, remains: Remains): Promise<void> {
    const events = this.#options.population.discovery?.byKind("", "Event");
    if (events !== undefined && isEmpty(remains)) await this.#deleteAll(namespace, events, remains);
  }

  async #deleteAll(namespace: Manifest, resource: Resource, remains: Remains): Promise<void> {
    const { cluster } = this.#options;
    const name = namespace.metadata.name;
    let token = "";
    do {
      const page = {
        namespace: name,
        isMetadataOnly: true,
        limit: pageSize,
        ...(token === "" ? {} : { continue: token }),
      };
      const list = await cluster.list(resource, page);
      if (!list.ok) {
        if (list.status.code !== 404 && list.status.code !== 405) remains.failures.push(list.status.message);
        return;
      }
      for (const object of list.value.items) await this.#deleteOne(name, resource, object, remains);
      token = list.value.continue;
    } while (token !== "");
  }

  async #deleteOne(namespace: string, resource: Resource, object: Manifest, remains: Remains): Promise<void> {
    let left: Manifest | undefined = object;
    if (object.metadata.deletionTimestamp === undefined) {
      const preconditions = { uid: object.metadata.uid ?? "" };
      const target = { resource, namespace, name: object.metadata.name };
      const answer = await this.#options.cluster.delete(target, { propagation: "Background", preconditions });
      if (!answer.ok && answer.status.code !== 404 && answer.status.code !== 409)
        remains.failures.push(answer.status.message);
      left = answer.ok ? answer.value : answer.status.code === 404 ? undefined : object;
      if (left?.metadata.deletionTimestamp === undefined && answer.ok) left = undefined;
    }
    if (left === undefined) return;
    count(remains.resources, `${resource.plural}.${resource.group}`);
    for (const finalizer of left.metadata.finalizers ?? []) count(remains.finalizers, finalizer);
  }

  /** Writes the conditions where they differ; the namespace as it then stands, undefined when it is gone. */
  async #report(namespace: Manifest, remains: Remains): Promise<Manifest | undefined> {
    const before = asJson(namespace)["status"] as JsonObject | undefined;
    const conditions = mergeConditions(
      (before?.["conditions"] ?? []) as JsonObject[],
      remains,
      this.#options.clock.now(),
    );
    if (conditions === undefined) return namespace;
    const next = copyJson(asJson(namespace));
    next["status"] = { ...before, phase: "Terminating", conditions };
    return this.#write(next as unknown as Manifest, "status");
  }

  async #finalize(namespace: Manifest): Promise<void> {
    const next = copyJson(asJson(namespace));
    const kept = finalizersOf(namespace).filter((finalizer) => finalizer !== kubernetesFinalizer);
    next["spec"] = kept.length === 0 ? {} : { finalizers: kept };
    await this.#write(next as unknown as Manifest, "finalize");
  }

  async #write(namespace: Manifest, subresource: string): Promise<Manifest | undefined> {
    const { cluster, namespaces } = this.#options;
    const { name } = namespace.metadata;
    const target = { resource: namespaces, namespace: "", name, subresource };
    const answer = await cluster.update(target, namespace, { fieldManager });
    if (answer.ok) return answer.value;
    if (answer.status.code === 404) return undefined;
    throw refused(`writing ${subresource} of namespace ${name}`, answer.status);
  }
}

function finalizersOf(namespace: Manifest): string[] {
  return ((namespace["spec"] as { finalizers?: string[] } | undefined)?.finalizers ?? []).slice();
}

function isEmpty(remains: Remains): boolean {
  return remains.resources.size === 0 && remains.failures.length === 0;
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

type Wording = {
  type: string;
  okReason: string;
  okMessage: string;
  trouble: (remains: Remains) => [string, string] | undefined;
};

const wordings: readonly Wording[] = [
  {
    type: "NamespaceDeletionDiscoveryFailure",
    okReason: "ResourcesDiscovered",
    okMessage: "All resources successfully discovered",
    trouble: () => undefined,
  },
  {
    type: "NamespaceDeletionGroupVersionParsingFailure",
    okReason: "ParsedGroupVersions",
    okMessage: "All legacy kube types successfully parsed",
    trouble: () => undefined,
  },
  {
    type: "NamespaceDeletionContentFailure",
    okReason: "ContentDeleted",
    okMessage: "All content successfully deleted, may be waiting on finalization",
    trouble: ({ failures }) =>
      failures.length === 0
        ? undefined
        : [
            "ContentDeletionFailed",
            `Failed to delete all resource types, ${failures.length} remaining: ${failures.toSorted().join(", ")}`,
          ],
  },
  {
    type: "NamespaceContentRemaining",
    okReason: "ContentRemoved",
    okMessage: "All content successfully removed",
    trouble: ({ resources }) =>
      resources.size === 0
        ? undefined
        : [
            "SomeResourcesRemain",
            `Some resources are remaining: ${list(resources, (key, n) => `${key} has ${n} resource instances`)}`,
          ],
  },
  {
    type: "NamespaceFinalizersRemaining",
    okReason: "ContentHasNoFinalizers",
    okMessage: "All content-preserving finalizers finished",
    trouble: ({ finalizers }) =>
      finalizers.size === 0
        ? undefined
        : [
            "SomeFinalizersRemain",
            `Some content in the namespace has finalizers remaining: ${list(finalizers, (key, n) => `${key} in ${n} resource instances`)}`,
          ],
  },
];

function list(counts: ReadonlyMap<string, number>, format: (key: string, n: number) => string): string {
  return [...counts]
    .map(([key, n]) => format(key, n))
    .sort()
    .join(", ");
}

/** The five conditions after a pass; undefined when none differs from before. */
function mergeConditions(before: readonly JsonObject[], remains: Remains, now: number): Json[] | undefined {
  let hasChanged = false;
  const conditions = before.filter(({ type }) => !wordings.some((wording) => wording.type === type));
  for (const wording of wordings) {
    const trouble = wording.trouble(remains);
    const [reason, message] = trouble ?? [wording.okReason, wording.okMessage];
    const status = trouble === undefined ? "False" : "True";
    const old = before.find(({ type }) => type === wording.type);
    const isSame =
      old !== undefined && old["status"] === status && old["reason"] === reason && old["message"] === message;
    hasChanged ||= !isSame;
    const lastTransitionTime =
      old !== undefined && old["status"] === status ? (old["lastTransitionTime"] ?? null) : formatTime(now);
    conditions.push({ type: wording.type, status, lastTransitionTime, reason, message });
  }
  return hasChanged ? conditions : undefined;
}
