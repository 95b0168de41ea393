// The objects of a build, in the order they were loaded, none with the same id as another.

import { fault, invalid } from "./faults.ts";
import { effectiveNamespace, equalIds, formatId, idKey, type ResourceId } from "./ids.ts";
import { objectsMax } from "./limits.ts";
import type { Selector } from "./kustomization.ts";
import { matchesSelector } from "./label-selector.ts";
import { compileSelector } from "./patterns.ts";
import type { Resource } from "./resource.ts";
import { mergeGenerated } from "./generated.ts";

export class ResourceList {
  items: Resource[];
  /** Ids in use; dropped whenever an object may have been renamed, and rebuilt when next needed. */
  #keys: Set<string> | undefined;

  constructor(items: Resource[] = []) {
    this.items = items;
  }

  /** To be called after anything that may change an object's id. */
  forgetIds(): void {
    this.#keys = undefined;
  }

  add(resource: Resource): void {
    const { id } = resource;
    this.#keys ??= new Set(this.items.map((one) => idKey(one.id)));
    const key = idKey(id);
    if (this.#keys.has(key))
      throw fault("kustomize-conflict", `may not add resource with an already registered id: ${formatId(id)}`, {
        hint: "two files define the same object; remove one, or patch it",
      });
    if (this.items.length >= objectsMax)
      throw fault("kustomize-limit", `a build may hold ${objectsMax} objects and no more`);
    this.#keys.add(key);
    this.items.push(resource);
  }

  addAll(resources: readonly Resource[]): void {
    for (const resource of resources) this.add(resource);
  }

  /** Sets all objects anew; throws when two have the same id. */
  reset(resources: readonly Resource[]): void {
    this.items = [];
    this.#keys = undefined;
    this.addAll(resources);
  }

  dropEmpty(): void {
    if (!this.items.some((one) => one.isEmpty)) return;
    this.items = this.items.filter((one) => !one.isEmpty);
    this.#keys = undefined;
  }

  /** Objects that have, or ever had, such an id. */
  findByAnyId(matches: (id: ResourceId) => boolean): Resource[] {
    return this.items.filter((one) => !one.isEmpty && one.allIds.some(matches));
  }

  /** The one object that has, or ever had, this id. */
  getById(id: ResourceId): Resource {
    const found = this.findByAnyId((other) => equalIds(other, id));
    if (found.length === 1) return found[0] as Resource;
    const what = found.length === 0 ? "no matches for Id" : "multiple matches for Id";
    throw fault("kustomize-no-match", `${what} ${formatId(id)}; failed to find unique target for patch`, {
      hint: "kind, name and namespace of the patch must be those of one object",
    });
  }

  select(selector: Selector): Resource[] {
    const matches = compileSelector(selector);
    return this.items.filter((one) => {
      const ids = [one.originalId, one.id];
      return (
        ids.some((id) => matches.namespace(effectiveNamespace(id))) &&
        ids.some((id) => matches.name(id.name)) &&
        matches.gvk(one.gvk) &&
        matchesSelector(selector.labelSelector ?? "", one.labels) &&
        matchesSelector(selector.annotationSelector ?? "", one.annotations)
      );
    });
  }

  /** Adds what a generator made, or replaces or merges the object it names, as its behavior says. */
  absorb(resource: Resource): void {
    const { id } = resource;
    const matches = this.findByAnyId((other) => equalIds(other, id));
    const { behavior } = resource;
    if (matches.length > 1) throw fault("kustomize-conflict", `several objects could be merged with ${formatId(id)}`);
    const old = matches[0];
    if (old === undefined) {
      if (behavior === "merge" || behavior === "replace")
        throw fault("kustomize-no-match", `${formatId(id)} does not exist; cannot merge or replace`);
      this.add(resource);
      return;
    }
    if (behavior !== "merge" && behavior !== "replace")
      throw fault("kustomize-conflict", `${formatId(id)} exists; behavior must be merge or replace`, {
        hint: "set behavior: merge or behavior: replace",
      });
    mergeGenerated(resource, old, behavior);
    const at = this.items.findIndex((one) => equalIds(one.id, resource.id));
    if (at !== this.items.indexOf(old)) throw invalid(`unexpected target for ${formatId(id)}`);
    this.items[at] = resource;
    this.#keys = undefined;
  }
}
