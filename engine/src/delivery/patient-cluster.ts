// A cluster that asks again when an answer says nothing about what was asked: a server that is busy or restarting, a write
// that met another. A few times, with growing pauses; what lasts longer is the pass's to deal with. Every request of a pass
// can be repeated: applies and patches are the same the second time, deletions name the object they mean.

import { type Answer, type Cluster, pause } from "#cluster";
import type { Clock } from "#kernel";
import { isTransient } from "./cluster-faults.ts";
import { patience } from "./limits.ts";

export type Patience = { clock: Clock; signal: AbortSignal; random: () => number };

/** The same cluster, asked with patience. Watches and lists are not: those who open them have their own. */
export function patientCluster(cluster: Cluster, using: Patience): Cluster {
  const { clock, signal, random } = using;
  const ask = async <T>(request: () => Promise<Answer<T>>): Promise<Answer<T>> => {
    for (let attempt = 1; ; attempt++) {
      const answer = await request();
      if (answer.ok || attempt >= patience.attempts || signal.aborted || !isTransient(answer.status)) return answer;
      await pause(clock, patience.leastMs * 2 ** (attempt - 1) * (0.5 + random()), signal);
    }
  };
  return {
    name: cluster.name,
    discover: (isFresh) => ask(() => cluster.discover(isFresh)),
    get: (target, end) => ask(() => cluster.get(target, end)),
    list: (resource, options, end) => cluster.list(resource, options, end),
    watch: (resource, options, end) => cluster.watch(resource, options, end),
    apply: (target, manifest, options) => ask(() => cluster.apply(target, manifest, options)),
    patch: (target, body, options) => ask(() => cluster.patch(target, body, options)),
    update: (target, manifest, options) => cluster.update(target, manifest, options),
    create: (target, manifest, options) => cluster.create(target, manifest, options),
    delete: (target, options) => ask(() => cluster.delete(target, options)),
    review: (question) => ask(() => cluster.review(question)),
    as: (identity) => patientCluster(cluster.as(identity), using),
  };
}
