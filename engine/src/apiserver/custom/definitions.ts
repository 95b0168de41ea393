// Serves CustomResourceDefinitions: accepts their names, says so in their conditions, adds what they define to the table the
// moment they are established, and clears their objects away when they are deleted.

import { encodeJson, type Manifest } from "#kernel";
import {
  type Change,
  type Conversion,
  deleteCollection,
  editObject,
  type Registry,
  type Served,
  serverCall,
} from "#apiserver/registry";
import { type ConversionSources, conversionOf } from "./conversion.ts";
import { asDefinition, type Definition, isEstablished, servedOf, storageOf } from "./definition.ts";
import { acceptNames } from "./names.ts";

/** Holds a definition until its objects are gone. */
export const cleanupFinalizer = "customresourcecleanup.apiextensions.k8s.io";

export type DefinitionsOptions = { failed: (error: unknown) => void; conversions: ConversionSources };

export class Definitions {
  readonly #conversions: ConversionSources;
  /** Kept while a definition's conversion stays as it is, with all that was converted. */
  readonly #converting = new Map<string, { by: string; conversion: Conversion | undefined }>();
  readonly #registry: Registry;
  readonly #definitions: Served;
  /** What each definition, by name, has in the table now. */
  readonly #serving = new Map<string, Served[]>();
  /** The versions that each is served by, and the revision that they came with. */
  readonly #since = new Map<string, { versions: string; revision: number }>();
  readonly #stop: () => void;
  readonly #failed: (error: unknown) => void;
  #isClosed = false;

  constructor(registry: Registry, definitions: Served, options: DefinitionsOptions) {
    const { failed, conversions } = options;
    this.#conversions = conversions;
    this.#registry = registry;
    this.#definitions = definitions;
    this.#failed = failed;
    const collection = registry.collection(definitions.storage);
    for (const stored of collection.range("")) this.#observe(stored.object);
    this.#stop = collection.watch(registry.store.revision, (changes) => {
      for (const change of changes) this.#change(change);
    }).stop;
  }

  close(): void {
    this.#isClosed = true;
    this.#stop();
  }

  #change(change: Change): void {
    if (change.type === "DELETED") this.#withdraw(change.object.metadata.name);
    else this.#observe(change.object);
  }

  #observe(object: Manifest): void {
    const definition = asDefinition(object);
    if (isEstablished(definition)) this.#serve(definition);
    this.#advance(definition.metadata.name);
  }

  #serve(definition: Definition): void {
    const name = definition.metadata.name;
    const next = servedOf(definition, this.#conversion(definition), this.#sinceWhen(definition));
    for (const old of this.#serving.get(name) ?? [])
      if (!next.some((one) => one.resource.version === old.resource.version))
        this.#registry.table.remove(old.resource.group, old.resource.version, old.resource.plural);
    for (const served of next) this.#registry.table.add(served);
    this.#serving.set(name, next);
  }

  /** A definition of which only the status or the labels change has its schemas since before. */
  #sinceWhen({ metadata, spec }: Definition): number {
    const versions = encodeJson(spec.versions);
    const known = this.#since.get(metadata.name);
    if (known?.versions === versions) return known.revision;
    const revision = Number(metadata.resourceVersion ?? 0);
    this.#since.set(metadata.name, { versions, revision });
    return revision;
  }

  #conversion(definition: Definition): Conversion | undefined {
    const { name } = definition.metadata;
    // Schemas have no say in it; what a webhook answers may change with them all the same.
    const by = encodeJson([definition.spec.conversion ?? null, definition.metadata.generation ?? 0]);
    const known = this.#converting.get(name);
    if (known?.by === by) return known.conversion;
    const conversion = conversionOf(definition, this.#conversions);
    this.#converting.set(name, { by, conversion });
    return conversion;
  }

  #withdraw(name: string): void {
    this.#converting.delete(name);
    this.#since.delete(name);
    for (const { resource, storage } of this.#serving.get(name) ?? []) {
      this.#registry.table.remove(resource.group, resource.version, resource.plural);
      this.#registry.drop(storage);
    }
    this.#serving.delete(name);
  }

  /** Does what is next for a definition; the write's own event brings it back here until nothing is left to do. */
  #advance(name: string): void {
    this.#step(name).catch((error: unknown) => {
      if (!this.#isClosed) this.#failed(error);
    });
  }

  async #step(name: string): Promise<void> {
    const stored = this.#registry
      .collection(this.#definitions.storage)
      .get(`apiextensions.k8s.io/customresourcedefinitions/${name}`);
    if (stored === undefined || this.#isClosed) return;
    const definition = asDefinition(stored.object);
    if (definition.metadata.deletionTimestamp !== undefined) await this.#clear(definition);
    else await this.#settle(definition);
  }

  /** Writes names, conditions and stored versions where they are not yet what they should be. */
  async #settle(definition: Definition): Promise<void> {
    const now = this.#registry.now();
    const others = this.#all().filter((other) => other.metadata.name !== definition.metadata.name);
    const next = acceptNames(definition, others, now);
    if (next === undefined) return;
    await this.#write(definition.metadata.name, "status", (live) => {
      live.status = next as unknown;
    });
  }

  #all(): Definition[] {
    return [
      ...this.#registry.collection(this.#definitions.storage).range("apiextensions.k8s.io/customresourcedefinitions/"),
    ].map((stored) => asDefinition(stored.object));
  }

  /** Deletes the objects of a definition that is going, then lets it go. */
  async #clear(definition: Definition): Promise<void> {
    if (!(definition.metadata.finalizers ?? []).includes(cleanupFinalizer)) return;
    const { apiVersion } = storageOf(definition);
    const all = this.#serving.get(definition.metadata.name) ?? servedOf(definition);
    // In the version that objects are stored in, so that nothing has to be converted for it.
    const served = all.find(({ resource }) => `${resource.group}/${resource.version}` === apiVersion) ?? all[0];
    if (served !== undefined && this.#registry.collection(storageOf(definition)).size > 0) {
      await deleteCollection(this.#registry, serverCall({ served, name: "" }), {});
      if (this.#registry.collection(storageOf(definition)).size > 0) {
        this.#waitForEmpty(definition);
        return;
      }
    }
    await this.#write(definition.metadata.name, "", (live) => {
      live.metadata.finalizers = (live.metadata.finalizers ?? []).filter((one) => one !== cleanupFinalizer);
    });
  }

  /** Objects with finalizers of their own are awaited, however long it takes. */
  #waitForEmpty(definition: Definition): void {
    const collection = this.#registry.collection(storageOf(definition));
    const { stop } = collection.watch(this.#registry.store.revision, () => {
      if (collection.size > 0) return;
      stop();
      this.#advance(definition.metadata.name);
    });
  }

  async #write(name: string, subresource: string, edit: (draft: Manifest) => void): Promise<void> {
    await editObject(this.#registry, serverCall({ served: this.#definitions, name, subresource }), edit);
  }
}
