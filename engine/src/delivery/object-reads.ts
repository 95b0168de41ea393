// Objects that a rendering was finished with (variables, keys), by the version at which each was read: as long as it is the
// same, so is what was made of it.

import type { Cluster, Target } from "#cluster";

/** Where an object stands, and its resourceVersion; "" where there was none. */
export type ObjectRead = { target: Target; version: string };

/** Asks for objects and notes what was found. */
export function noting(cluster: Pick<Cluster, "get">, noted: Map<string, ObjectRead>): Pick<Cluster, "get"> {
  return {
    get: async (target, end) => {
      const answer = await cluster.get(target, end);
      if (answer.ok || answer.status.code === 404) {
        noted.set(keyOf(target), { target, version: answer.ok ? (answer.value.metadata.resourceVersion ?? "") : "" });
      }
      return answer;
    },
  };
}

/** Tells whether objects are as they were read; each is asked for once, however many deliveries read it. */
export class ObjectLook {
  readonly #cluster: Pick<Cluster, "get">;
  readonly #versions = new Map<string, Promise<string | undefined>>();

  constructor(cluster: Pick<Cluster, "get">) {
    this.#cluster = cluster;
  }

  async areAsRead(reads: Iterable<ObjectRead>): Promise<boolean> {
    for (const { target, version } of reads) if ((await this.#version(target)) !== version) return false;
    return true;
  }

  /** undefined where it cannot be known. */
  #version(target: Target): Promise<string | undefined> {
    const key = keyOf(target);
    const asked = this.#versions.get(key) ?? this.#ask(target);
    this.#versions.set(key, asked);
    return asked;
  }

  async #ask(target: Target): Promise<string | undefined> {
    const answer = await this.#cluster.get(target);
    if (answer.ok) return answer.value.metadata.resourceVersion ?? "";
    return answer.status.code === 404 ? "" : undefined;
  }
}

function keyOf({ resource, namespace, name }: Target): string {
  return `${resource.group}/${resource.plural}/${namespace}/${name}`;
}
