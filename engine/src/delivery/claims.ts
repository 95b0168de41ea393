// Who states which object. Two deliveries may not both apply one object, and none deletes what another states now.

import { formatRef, type Manifest, refKey, type VersionedRef } from "#kernel";
import { hasMarks } from "#plan";
import type { Delivery } from "./model.ts";

type Stated = { revision: string; keys: ReadonlySet<string> };

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
  state(key: string, revision: string, byKey: ReadonlyMap<string, unknown>): void {
    const before = this.#stated.get(key);
    if (before?.revision === revision && before.keys.size === byKey.size) {
      let isSame = true;
      for (const object of byKey.keys()) isSame &&= before.keys.has(object);
      if (isSame) return;
    }
    this.forget(key);
    this.#stated.set(key, { revision, keys: new Set(byKey.keys()) });
    for (const object of byKey.keys()) {
      const stating = this.#byObject.get(object) ?? new Set();
      this.#byObject.set(object, stating.add(key));
    }
  }

  forget(key: string): void {
    for (const object of this.#stated.get(key)?.keys ?? []) {
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
  async holder(ref: VersionedRef, live: Manifest, self: Delivery): Promise<string | undefined> {
    if (hasMarks(live, self.policy.marks)) return undefined;
    for (const delivery of this.#options.deliveries()) {
      if (delivery.key === self.key || !hasMarks(live, delivery.policy.marks)) continue;
      await this.#bringUpToDate(delivery);
      if (this.#stated.get(delivery.key)?.keys.has(refKey(ref)) === true) return formatRef(delivery.ref);
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
    return [...this.#options.deliveries()].filter((delivery) => delivery.key !== self && stating.has(delivery.key));
  }
}
