// ClusterRoles with an aggregation rule hold the rules of every role whose labels it selects.

import { type Cluster, Informer, type Resource } from "#cluster";
import { WorkQueue } from "#controller";
import { asManifest, type Clock, equalJson, type Json, type Manifest } from "#kernel";
import { refused } from "./faults.ts";
import { retryBackOff } from "./limits.ts";
import { matchesSelector, type Selector } from "./selector.ts";

type ClusterRole = Manifest & { rules?: Json[] | null; aggregationRule?: { clusterRoleSelectors?: Selector[] } };

/** The manager that kube-controller-manager's own aggregation applies as. */
const fieldManager = "clusterrole-aggregation-controller";

export class ClusterRoles {
  readonly queue: WorkQueue;
  readonly #cluster: Cluster;
  readonly #resource: Resource;
  readonly #roles: Informer<ClusterRole>;

  constructor(cluster: Cluster, clock: Clock, resource: Resource) {
    this.#cluster = cluster;
    this.#resource = resource;
    this.queue = new WorkQueue({ clock, backOff: retryBackOff });
    this.#roles = new Informer({ cluster, clock, resource, keep: (object) => object as ClusterRole });
  }

  async start(signal: AbortSignal): Promise<void> {
    void this.#roles.run(signal);
    await this.#roles.synced;
    const lookAtAggregates = (): void => {
      for (const role of this.#roles.values())
        if (role.aggregationRule !== undefined) this.queue.add(role.metadata.name, "drift");
    };
    this.#roles.subscribe({ changed: lookAtAggregates, deleted: lookAtAggregates });
  }

  async reconcile(name: string): Promise<void> {
    const role = this.#roles.get("", name);
    if (role?.aggregationRule === undefined || role.metadata.deletionTimestamp !== undefined) return;
    const rules = aggregate(role, [...this.#roles.values()]);
    if (equalJson(rules, role.rules ?? [])) return;
    const manifest = asManifest({ apiVersion: role.apiVersion, kind: role.kind, metadata: { name }, rules });
    const target = { resource: this.#resource, namespace: "", name };
    const answer = await this.#cluster.apply(target, manifest, { fieldManager, isForced: true });
    if (!answer.ok && answer.status.code !== 404) throw refused(`aggregating ClusterRole ${name}`, answer.status);
  }
}

/** Rules of the selected roles, selector by selector, each in order of names, without repetition. */
export function aggregate(role: ClusterRole, roles: readonly ClusterRole[]): Json[] {
  const rules: Json[] = [];
  const others = roles
    .filter(({ metadata }) => metadata.name !== role.metadata.name)
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  for (const selector of role.aggregationRule?.clusterRoleSelectors ?? [])
    for (const other of others.filter(({ metadata }) => matchesSelector(selector, metadata.labels)))
      for (const rule of other.rules ?? []) if (!rules.some((known) => equalJson(known, rule))) rules.push(rule);
  return rules;
}
