// The inventory: what a delivery applied, in Flux's id format `namespace_name_group_Kind`. Empty parts stay empty; a
// colon in a name (RBAC allows it) is written as two underscores. No other name or group may hold an underscore.

import { refKey, type VersionedRef } from "#kernel";

/** One entry as it stands in status. */
export type InventoryEntry = { id: string; v: string };

export function inventoryId(ref: VersionedRef): string {
  return `${ref.namespace}_${ref.name.replaceAll(":", "__")}_${ref.group}_${ref.kind}`;
}

/** The object an entry names; undefined when the id has another form. */
export function parseInventoryEntry(entry: InventoryEntry): VersionedRef | undefined {
  const first = entry.id.indexOf("_");
  const last = entry.id.lastIndexOf("_");
  const middle = entry.id.lastIndexOf("_", last - 1);
  if (first < 0 || middle <= first) return undefined;
  const name = entry.id.slice(first + 1, middle).replaceAll("__", ":");
  const kind = entry.id.slice(last + 1);
  if (name === "" || kind === "") return undefined;
  return {
    namespace: entry.id.slice(0, first),
    name,
    group: entry.id.slice(middle + 1, last),
    kind,
    version: entry.v,
  };
}

export function inventoryEntry(ref: VersionedRef): InventoryEntry {
  return { id: inventoryId(ref), v: ref.version };
}

/** References without repeats, the first of equals kept. */
export function uniqueRefs(refs: readonly VersionedRef[]): VersionedRef[] {
  const seen = new Map<string, VersionedRef>();
  for (const ref of refs) if (!seen.has(refKey(ref))) seen.set(refKey(ref), ref);
  return [...seen.values()];
}
