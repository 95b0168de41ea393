// Where Git states what deliveries state. The files that a rendering has read are parsed once, for all objects of the
// delivery, and kept until they are others.

import type { Link, ObjectLink, Place } from "#api/console";
import type { DeliveryLook, ReadFiles } from "#delivery";
import { Locator, type SourcePlace } from "#render/locate";
import type { InventoryItem } from "./cards.ts";
import { placesMost } from "./limits.ts";
import { idOf } from "./object-entries.ts";
import type { EngineView, SourceHistory } from "./ports.ts";

/** The files behind one delivery, and who looks into them. */
export type Known = { read: ReadFiles; locator: Locator; source: Link };

type Kept = { name: string; known: Promise<Known | undefined>; objects: Map<string, Place | undefined> };

export class Places {
  readonly #kept = new Map<string, Kept>();
  #engine: EngineView | undefined;
  #history: SourceHistory | undefined;

  /** From now on looks into what this engine has read. */
  attach(engine: EngineView, history: SourceHistory | undefined): void {
    this.#engine = engine;
    this.#history = history;
  }

  /** The files of a delivery's last rendering; undefined where they are not at hand. */
  async of(key: string): Promise<Known | undefined> {
    const looking = this.#engine?.looking;
    const look = looking?.look(key);
    if (looking === undefined || look?.rendered === undefined) return undefined;
    const name = `${look.offered ?? ""} ${look.rendered.revision} ${look.delivery.generation}`;
    const kept = this.#kept.get(key);
    if (kept?.name === name) return kept.known;
    const known = looking.files(key).then(
      (read) =>
        read && {
          read,
          locator: new Locator({ folder: folderOf(look), files: read.files }),
          source: look.delivery.source,
        },
      () => undefined,
    );
    this.#keep(key, { name, known, objects: new Map() });
    return known;
  }

  #keep(key: string, kept: Kept): void {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= placesMost) break;
      this.#kept.delete(oldest);
    }
  }

  /** Finds the lines of all objects of a delivery; `line` then tells them. */
  async find(key: string, items: readonly InventoryItem[]): Promise<void> {
    const known = await this.of(key);
    const kept = this.#kept.get(key);
    if (known === undefined || kept === undefined || kept.objects.size >= items.length) return;
    for (const { group, version, kind, namespace, name } of items) {
      const apiVersion = group === "" ? version : `${group}/${version}`;
      const place = known.locator.find({ apiVersion, kind, metadata: { name, namespace } }).place;
      kept.objects.set(idOf({ group, kind, namespace, name }), place);
    }
  }

  /** Notes where the objects of a release are stated; `line` then tells them. */
  note(key: string, name: string, objects: Map<string, Place | undefined>): void {
    this.#keep(key, { name, known: Promise.resolve(undefined), objects });
  }

  /** The line where an object begins, as far as it was found before. */
  line(key: string, { group, kind, namespace, name }: ObjectLink): Place | undefined {
    return this.#kept.get(key)?.objects.get(idOf({ group, kind, namespace, name }));
  }

  /** A place with its page on the Git host. */
  placeOf({ source, read }: Known, found: SourcePlace): Place {
    const url = this.#history?.addressOf(source, read.revision, found);
    return url === undefined ? found : { ...found, url };
  }
}

function folderOf({ delivery }: DeliveryLook): string {
  return delivery.path.replace(/^\.?\/+/, "").replace(/\/+$/, "");
}
