// A cluster whose caller is killed at a chosen write: from then on nothing it asks is answered, as if its process were gone.

import type { Answer, Cluster } from "#cluster";

const gone = { ok: false as const, status: { code: 0, reason: "Unreachable", message: "the caller was killed" } };

export type Death = {
  /** The write at which it happens, from 1. */
  atWrite: number;
  /** True when that write still takes effect, and only its answer is lost. */
  isAfter: boolean;
};

/** `died` is called once. */
export function mortalCluster(cluster: Cluster, death: Death, died: () => void): Cluster {
  let writes = 0;
  let isDead = false;
  const write = async <T>(run: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    if (isDead) return gone;
    writes += 1;
    if (writes !== death.atWrite) return run();
    isDead = true;
    if (death.isAfter) await run();
    died();
    return gone;
  };
  const read = <T>(run: () => Promise<Answer<T>>): Promise<Answer<T>> => (isDead ? Promise.resolve(gone) : run());
  return {
    name: cluster.name,
    discover: (isFresh) => read(() => cluster.discover(isFresh)),
    get: (target, signal) => read(() => cluster.get(target, signal)),
    list: (resource, options, signal) => read(() => cluster.list(resource, options, signal)),
    watch: (resource, options, signal) => cluster.watch(resource, options, signal),
    apply: (target, manifest, options) => {
      const run = () => cluster.apply(target, manifest, options);
      return options.isDryRun === true ? read(run) : write(run);
    },
    patch: (target, body, options) => write(() => cluster.patch(target, body, options)),
    update: (target, manifest, options) => write(() => cluster.update(target, manifest, options)),
    create: (target, manifest, options) => write(() => cluster.create(target, manifest, options)),
    delete: (target, options) => write(() => cluster.delete(target, options)),
    review: (question) => read(() => cluster.review(question)),
    as: (identity) => mortalCluster(cluster.as(identity), death, died),
  };
}
