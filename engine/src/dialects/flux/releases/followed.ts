// What a release hears of beside the objects that describe it: those it consists of, where it is compared with them, and those
// that its chart looked up. Both by watches of the cluster that they are in.

import type { HelmRelease } from "#api/flux";
import type { Resource } from "#cluster";
import type { Reach } from "#delivery";
import { type Clock, type Manifest, refOf, splitApiVersion } from "#kernel";
import type { LookupAnswer } from "#releases";
import { detectsDrift } from "./drift.ts";
import { DriftWatch } from "./drift-watch.ts";
import { driftPauseMs } from "./limits.ts";
import { type Followed, LookupWatch } from "./lookups.ts";
import type { ReleaseLookups } from "./pass-context.ts";

export type FollowedOptions = {
  clock: Clock;
  signal: AbortSignal;
  /** Told which release should be looked at, and how soon. */
  moved: (key: string, afterMs: number) => void;
};

export class FollowedObjects {
  readonly #drift: DriftWatch;
  readonly #lookups: LookupWatch;

  constructor({ clock, signal, moved }: FollowedOptions) {
    const drifted = ({ namespace, name }: { namespace: string; name: string }): void =>
      moved(`${namespace}/${name}`, driftPauseMs);
    this.#drift = new DriftWatch({ clock, signal, moved: drifted });
    this.#lookups = new LookupWatch({ clock, signal, moved });
  }

  /** A release is gone. */
  leave(key: string): void {
    this.#drift.leave(key);
    this.#lookups.leave(key);
  }

  /** What is known of a release's lookups. */
  lookupsOf(key: string): ReleaseLookups {
    return {
      markOf: (version) => this.#lookups.markOf(key, version),
      mayUpgrade: () => this.#lookups.mayUpgrade(key),
      tried: (wish) => this.#lookups.triedBy(key, wish),
      noteTried: (tried) => this.#lookups.noteTried(key, tried),
      follow: (seen, reach) => this.#followLookups(key, seen, reach),
    };
  }

  /** What a release consists of is watched from now on, where it is compared with the cluster. */
  async followObjects(
    key: string,
    { object, objects, reach }: { object: HelmRelease; objects: readonly Manifest[] | undefined; reach: Reach },
  ): Promise<void> {
    if (!detectsDrift(object) || objects === undefined) return this.#drift.leave(key);
    const resources = new Map<string, Resource>();
    for (const { group, version, kind } of objects.map(refOf)) {
      const resource = await reach.kinds.find({ group, version, kind });
      if (resource !== undefined) resources.set(`${group}/${kind}`, resource);
    }
    this.#drift.follow(key, reach.cluster, [...resources.values()]);
  }

  /** Watched by our own rights; what a chart may read it was asked as whoever acts. */
  async #followLookups(
    key: string,
    seen: { version: number; mark: string; lookups: readonly LookupAnswer[] } | undefined,
    { cluster, kinds }: Reach,
  ): Promise<void> {
    if (seen === undefined) return this.#lookups.leave(key);
    const followed: Followed[] = [];
    for (const { apiVersion, kind, namespace, name } of seen.lookups) {
      const resource = await kinds.find({ ...splitApiVersion(apiVersion), kind });
      if (resource !== undefined) followed.push({ resource, namespace, name });
    }
    this.#lookups.follow(key, seen, { cluster, followed });
  }
}
