// Before an apply may remove what people set with kubectl, those fields must be ours: a patch of managedFields alone,
// as Flux makes it (fluxcd/pkg/ssa, PatchReplaceFieldsManagers).

import type { Json, JsonObject, Manifest } from "#kernel";
import { rivalEntries, takenOver } from "./managed-fields.ts";
import { leftoversPatch } from "./leftovers.ts";
import type { OwnershipRules } from "./reference.ts";

/** JSON patch operations that make the rivals' fields ours; guarded by the resourceVersion seen. Empty: nothing to do. */
export function takeOverPatch(live: Manifest, rules: OwnershipRules): JsonObject[] {
  const entries = live.metadata.managedFields ?? [];
  const rivals = rivalEntries(entries, rules.manager, rules.takeOver);
  const operations = rules.takeOver.prefixes.length > 0 ? leftoversPatch(live) : [];
  if (rivals.length > 0) {
    const next = takenOver(entries, rivals, rules.manager) as unknown as Json;
    operations.push({ op: "replace", path: "/metadata/managedFields", value: next });
  }
  if (operations.length === 0) return [];
  const version = live.metadata.resourceVersion ?? "";
  return [{ op: "test", path: "/metadata/resourceVersion", value: version }, ...operations];
}
