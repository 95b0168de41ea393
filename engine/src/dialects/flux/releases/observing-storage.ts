// A storage that tells of each record as it was written: what a HelmRelease's history is made of. Helm's actions may return
// what they never stored, so that only the writes count (helm-controller 1.6, internal/storage/observer.go).

import type { Release, ReleaseAction, ReleaseStorage } from "#releases";
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
      sign(release);
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

const actions: Readonly<Record<string, ReleaseAction>> = {
  "pending-install": "install",
  "pending-upgrade": "upgrade",
  "pending-rollback": "rollback",
};

/** What is begun is known as ours from the first write, before any hook has run; the action takes the mark away when it ends. */
function sign(release: Release): void {
  const action = actions[release.info.status];
  if (action !== undefined && release.keelson === undefined) release.keelson = { action, hooks: {} };
}

/** The action goes on changing its own. */
function copyOf(release: Release): Release {
  const hooks = release.hooks?.map((hook) => ({ ...hook, last_run: { ...hook.last_run } }));
  return { ...release, info: { ...release.info }, ...(hooks === undefined ? {} : { hooks }) };
}
