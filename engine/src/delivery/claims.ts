// Who states which object. Two deliveries may not both apply one object, and none deletes what another states now.

import { asJson, canonicalJson, formatRef, type Manifest, refKey, refOf, type VersionedRef } from "#kernel";
import { type Claimant, hasMarks } from "#plan";
import { type Delivery, targetKey } from "./model.ts";

type ByKey = ReadonlyMap<string, { manifest: Manifest }>;
type Stated = { revision: string; byKey: ByKey };

export type ClaimsOptions = {
  /** Every delivery there is. */
  deliveries: () => Iterable<Delivery>;
  /** The revision that a delivery's source offers now; undefined when it offers none. */
  revisionOf: (delivery: Delivery) => string | undefined;
  /** Renders a delivery at its source's present revision, so that its claims are up to date. */
  render: (key: string) => Promise<void>;
};

export class Claims {
  readonly #options: ClaimsOptions;
  readonly #stated = new Map<string, Stated>();
  readonly #byObject = new Map<string, Set<string>>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
  }

  /** A delivery states these objects at a revision, and no others. */
  state(key: string, revision: string, byKey: ByKey): void {
    const before = this.#stated.get(key);
    if (before?.byKey === byKey) {
      before.revision = revision;
      return;
    }
    this.forget(key);
    this.#stated.set(key, { revision, byKey });
    for (const object of byKey.keys()) {
      const stating = this.#byObject.get(object) ?? new Set();
      this.#byObject.set(object, stating.add(key));
    }
  }

  forget(key: string): void {
    for (const object of this.#stated.get(key)?.byKey.keys() ?? []) {
      const stating = this.#byObject.get(object);
      stating?.delete(key);
      if (stating?.size === 0) this.#byObject.delete(object);
    }
    this.#stated.delete(key);
  }

  /** Another delivery that states the object, as people read it. */
  other(ref: VersionedRef, self: string): string | undefined {
    const delivery = this.#others(ref, self)[0];
    return delivery === undefined ? undefined : formatRef(delivery.ref);
  }

  /** Another delivery that states the object at its present revision, and whose marks the live object carries. */
  async holder(desired: Manifest, live: Manifest, self: Delivery): Promise<Claimant | undefined> {
    if (hasMarks(live, self.policy.marks)) return undefined;
    const key = refKey(refOf(desired));
    for (const delivery of this.#options.deliveries()) {
      if (delivery.key === self.key || !hasMarks(live, delivery.policy.marks)) continue;
      if (!inSameCluster(delivery, self)) continue;
      await this.#bringUpToDate(delivery);
      const theirs = this.#stated.get(delivery.key)?.byKey.get(key)?.manifest;
      if (theirs === undefined) continue;
      const isSame = unmarked(theirs, delivery) === unmarked(desired, self);
      return { label: formatRef(delivery.ref), isSame };
    }
    return undefined;
  }

  /** Brings everybody's claims up to date but one's own. What cannot be rendered keeps its last claims. */
  async refresh(self: string): Promise<void> {
    for (const delivery of this.#options.deliveries()) {
      if (delivery.key !== self) await this.#bringUpToDate(delivery);
    }
  }

  async #bringUpToDate(delivery: Delivery): Promise<void> {
    const revision = this.#options.revisionOf(delivery);
    if (revision === undefined || this.#stated.get(delivery.key)?.revision === revision) return;
    await this.#options.render(delivery.key).catch(() => {});
  }

  #others(ref: VersionedRef, self: string): Delivery[] {
    const stating = this.#byObject.get(refKey(ref));
    if (stating === undefined) return [];
    const own = [...this.#options.deliveries()].find((delivery) => delivery.key === self);
    return [...this.#options.deliveries()].filter(
      (delivery) =>
        delivery.key !== self && stating.has(delivery.key) && (own === undefined || inSameCluster(delivery, own)),
    );
  }
}

/** Objects of one name in two clusters are two objects. */
function inSameCluster(a: Delivery, b: Delivery): boolean {
  return targetKey(a.target) === targetKey(b.target);
}

/** A manifest as text, without the marks of the delivery that states it. */
function unmarked(manifest: Manifest, { policy }: Delivery): string {
  const labels = Object.entries(manifest.metadata.labels ?? {}).filter(([label]) => policy.marks[label] === undefined);
  return canonicalJson(asJson({ ...manifest, metadata: { ...manifest.metadata, labels: Object.fromEntries(labels) } }));
}
