// What deliveries state, kept for a moment: the pages of several objects of one delivery ask the same.

import type { Looking, SourceTree } from "#delivery";
import { type Clock, type Manifest, refKey, refOf } from "#kernel";
import { renderingsMost, renderingTtlMs } from "./limits.ts";

type Kept = { name: string; untilMs: number; manifests: Promise<ReadonlyMap<string, Manifest>> };

export class Renderings {
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The manifests of a delivery by refKey; `revision` names the content. */
  get(
    looking: Looking,
    label: string,
    content: { revision: string; source?: SourceTree },
  ): Promise<ReadonlyMap<string, Manifest>> {
    const generation = looking.look(label)?.delivery.generation ?? 0;
    const name = `${label} ${generation} ${content.revision}`;
    const known = this.#kept.get(name);
    if (known !== undefined && known.untilMs > this.#clock.now()) return known.manifests;
    const manifests = looking
      .manifests(label, content.source)
      .then((list) => new Map(list.map((manifest) => [refKey(refOf(manifest)), manifest])));
    this.#kept.delete(name);
    this.#kept.set(name, { name, untilMs: this.#clock.now() + renderingTtlMs, manifests });
    // What failed is tried again by the next who asks.
    manifests.catch(() => this.#kept.delete(name));
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= renderingsMost) break;
      this.#kept.delete(oldest);
    }
    return manifests;
  }
}
