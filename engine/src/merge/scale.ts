// Ownership over the scale subresource: what managers of the object own of its replicas, seen as fields of a Scale, and back
// (apimachinery managedfields, scalehandler.go). Whoever sets the replicas by way of `scale` takes them from the others.

import type { ManagedFieldsEntry } from "#kernel";
import { fieldSetOf, type FieldSet } from "./field-set.ts";
import { decodeManagers, encodeManagers, type Managers } from "./managers.ts";

export type ScaleRequest = {
  /** managedFields of the object. */
  entries: readonly ManagedFieldsEntry[];
  /** The object's own version. */
  apiVersion: string;
  /** Where it keeps its replicas: `["spec", "replicas"]`. */
  replicasPath: readonly string[];
};

const scaleVersion = "autoscaling/v1";
const replicasInScale: FieldSet = fieldSetOf(["spec", "replicas"]);
const scalePath: readonly string[] = ["f:spec", "f:replicas"];

function pathOf({ replicasPath }: ScaleRequest): string[] {
  return replicasPath.map((name) => `f:${name}`);
}

function managersOf(entries: readonly ManagedFieldsEntry[]): Managers {
  const managers = decodeManagers(entries);
  return typeof managers === "string" ? new Map() : managers;
}

/** managedFields of the Scale: its `spec.replicas` for each manager who owns the object's. */
export function scaleManagers(request: ScaleRequest): ManagedFieldsEntry[] {
  const path = pathOf(request);
  const scale: Managers = new Map();
  for (const [key, owned] of managersOf(request.entries))
    if (owned.set.has(path)) scale.set(key, { ...owned, apiVersion: scaleVersion, set: replicasInScale });
  return encodeManagers(scale);
}

/** managedFields of the object after a write of its Scale left the Scale with `scaleEntries`. */
export function parentManagers(
  request: ScaleRequest,
  scaleEntries: readonly ManagedFieldsEntry[],
): ManagedFieldsEntry[] {
  const path = pathOf(request);
  const replicas = fieldSetOf(request.replicasPath);
  const left = managersOf(scaleEntries);
  const before = managersOf(request.entries);
  const result: Managers = new Map();
  for (const [key, owned] of before) {
    // An update's identity holds its version, which for the Scale is another: nobody who updated is found again, and what was
    // updated stands in an entry of its own from then on. So it is on the real server, whose next reader keeps one of the two.
    const isKept = !owned.set.has(path) || left.has(key);
    const set = isKept ? owned.set : owned.set.difference(replicas);
    if (!set.isEmpty) result.set(key, set === owned.set ? owned : { ...owned, set });
    if (owned.set.has(path)) left.delete(key);
  }
  for (const [key, owned] of left) {
    if (!owned.set.has(scalePath)) continue;
    // The real server keeps only the time that the same entry had before; a new one has none.
    result.set(key, { ...owned, apiVersion: request.apiVersion, set: replicas, time: before.get(key)?.time });
  }
  return encodeManagers(result);
}
