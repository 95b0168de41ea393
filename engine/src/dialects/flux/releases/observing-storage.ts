// A storage that tells of each record as it was written: what a HelmRelease's history is made of. Helm's actions may return
// what they never stored, so that only the writes count (helm-controller 1.6, internal/storage/observer.go).

import type { Release, ReleaseStorage } from "#releases";
import { ReleaseKindFault } from "./faults.ts";

/**
 * The same storage; `observed` hears of each record that was created or updated. Once the engine stops nothing is written: what
 * was under way stays pending, and goes on after the next start.
 */
export function observingStorage(
  storage: ReleaseStorage,
  observed: (release: Release) => void,
  isStopping: () => boolean,
): ReleaseStorage {
  const requireGoing = (): void => {
    if (!isStopping()) return;
    throw new ReleaseKindFault({ code: "release-refused", disposition: "retry", message: "the engine stops" });
  };
  return {
    driver: storage.driver,
    namespace: storage.namespace,
    list: () => storage.list(),
    history: (name) => storage.history(name),
    get: (name, revision) => storage.get(name, revision),
    last: (name) => storage.last(name),
    deployed: (name) => storage.deployed(name),
    async create(release, maxHistory) {
      requireGoing();
      await storage.create(release, maxHistory);
      observed(copyOf(release));
    },
    async update(release) {
      requireGoing();
      await storage.update(release);
      observed(copyOf(release));
    },
    delete: (name, revision) => storage.delete(name, revision),
  };
}

/** The action goes on changing its own. */
function copyOf(release: Release): Release {
  const hooks = release.hooks?.map((hook) => ({ ...hook, last_run: { ...hook.last_run } }));
  return { ...release, info: { ...release.info }, ...(hooks === undefined ? {} : { hooks }) };
}
