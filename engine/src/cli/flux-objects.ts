// Reading any Flux object: conditions, revisions, suspension, as flux prints them.

import { conditionOf, fieldOf, isObject, type JsonObject, type Manifest, shortRevision, textOf } from "#kernel";

export { conditionOf, fieldOf, textOf };

export function isSuspended(object: Manifest): boolean {
  return fieldOf(object, "spec", "suspend") === true;
}

/** True, False or Unknown of Ready, and its message; an object nobody has looked at is False and says so. */
export function readiness(object: Manifest): { ready: string; message: string } {
  const ready = conditionOf(object, "Ready");
  // One for a registry is static: it has no status, and is always ready.
  if (object.kind === "HelmRepository" && textOf(object, "spec", "type") === "oci")
    return { ready: "True", message: "Helm repository is Ready" };
  if (ready === undefined) return { ready: "False", message: "waiting to be reconciled" };
  const held = heldOf(object);
  const message = held === undefined ? ready.message : `${ready.message}; held: ${held}`;
  return { ready: ready.status, message: shortRevision(message) };
}

/** Why something newer is not applied, in words; undefined when nothing is held. */
export function heldOf(object: Manifest): string | undefined {
  const held = conditionOf(object, "Held");
  return held?.status === "True" ? held.message : undefined;
}

/** The revision that the kind speaks of, digests cut. */
export function revisionOf(object: Manifest): string {
  switch (object.kind) {
    case "Kustomization":
      return shortRevision(textOf(object, "status", "lastAppliedRevision"));
    case "HelmRelease": {
      const history = fieldOf(object, "status", "history");
      const newest = Array.isArray(history) ? textOf(history[0], "chartVersion") : "";
      return newest === "" ? textOf(object, "status", "lastAttemptedRevision") : newest;
    }
    default:
      return shortRevision(textOf(object, "status", "artifact", "revision"));
  }
}

export type InventoryItem = { group: string; version: string; kind: string; namespace: string; name: string };

/** The objects of a delivery, from its status: `namespace_name_group_kind` and a version each. */
export function inventoryOf(object: Manifest): InventoryItem[] {
  const entries = fieldOf(object, "status", "inventory", "entries");
  return (Array.isArray(entries) ? entries : []).filter(isObject).flatMap(readInventoryEntry);
}

function readInventoryEntry(entry: JsonObject): InventoryItem[] {
  const match = /^([^_]*)_(.+)_([^_]*)_([^_]+)$/.exec(textOf(entry, "id"));
  if (match === null) return [];
  const [, namespace = "", name = "", group = "", kind = ""] = match;
  return [{ namespace, name: name.replaceAll("__", ":"), group, kind, version: textOf(entry, "v") }];
}
