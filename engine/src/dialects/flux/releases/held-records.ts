// A release's records, listed once for all that one step of a pass asks of them: each question would be a list over its namespace
// again. What is written through here is held as it was written; what others write is seen once the step is over.

import type { Answer, Cluster, List } from "#cluster";
import type { Manifest } from "#kernel";

type Listed = Extract<Answer<List>, { ok: true }>;

export type HeldRecords = {
  cluster: Cluster;
  /** From now on the cluster is asked again. */
  drop(): void;
};

/** The same cluster; lists of one release's records are held. */
export function holdRecords(cluster: Cluster): HeldRecords {
  const lists = new Map<string, Listed>();
  const isOfRecords = (selector = ""): boolean => /^name=[^,]+,owner=helm$/.test(selector);
  const written = (name: string, record: Manifest | undefined): void => {
    for (const [key, list] of lists) {
      const others = list.value.items.filter(({ metadata }) => metadata.name !== name);
      const isListed = record !== undefined && key.endsWith(`name=${record.metadata.labels?.["name"]},owner=helm`);
      lists.set(key, { ...list, value: { ...list.value, items: isListed ? [...others, record] : others } });
    }
  };
  const noted = async (name: string, write: Promise<Answer<Manifest>>): Promise<Answer<Manifest>> => {
    const answer = await write;
    // What became of a write that was refused or got lost is for the cluster to say.
    if (answer.ok) written(name, answer.value);
    else lists.clear();
    return answer;
  };
  return {
    cluster: {
      name: cluster.name,
      discover: (isFresh) => cluster.discover(isFresh),
      get: (target, signal) => cluster.get(target, signal),
      async list(resource, options = {}, signal) {
        const { labelSelector = "", namespace = "", continue: token = "" } = options;
        const key = `${resource.plural} ${namespace} ${labelSelector}`;
        const held = token === "" ? lists.get(key) : undefined;
        if (held !== undefined) return held;
        const answer = await cluster.list(resource, options, signal);
        if (answer.ok && answer.value.continue === "" && token === "" && isOfRecords(labelSelector))
          lists.set(key, answer);
        return answer;
      },
      watch: (resource, options, signal) => cluster.watch(resource, options, signal),
      apply: (target, manifest, options) => cluster.apply(target, manifest, options),
      patch: (target, body, options) => noted(target.name, cluster.patch(target, body, options)),
      update: (target, manifest, options) => noted(target.name, cluster.update(target, manifest, options)),
      create: (target, manifest, options) => noted(target.name, cluster.create(target, manifest, options)),
      async delete(target, options) {
        const answer = await cluster.delete(target, options);
        if (answer.ok) written(target.name, undefined);
        else lists.clear();
        return answer;
      },
      review: (question) => cluster.review(question),
      as: (identity) => cluster.as(identity),
    },
    drop: () => lists.clear(),
  };
}
