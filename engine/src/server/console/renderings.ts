// What deliveries state, kept for a moment.

import type { Looking, SourceTree } from "#delivery";
import { type Clock, type Manifest, refKey, refOf } from "#kernel";
import { Recent } from "./recent.ts";

export class Renderings {
  readonly #recent: Recent<ReadonlyMap<string, Manifest>>;

  constructor(clock: Clock) {
    this.#recent = new Recent(clock);
  }

  /** The manifests of a delivery by refKey; `revision` names the content. */
  get(
    looking: Looking,
    label: string,
    content: { revision: string; source?: SourceTree },
  ): Promise<ReadonlyMap<string, Manifest>> {
    const generation = looking.look(label)?.delivery.generation ?? 0;
    return this.#recent.get(`${label} ${generation} ${content.revision}`, async () => {
      const list = await looking.manifests(label, content.source);
      return new Map(list.map((manifest) => [refKey(refOf(manifest)), manifest]));
    });
  }
}
