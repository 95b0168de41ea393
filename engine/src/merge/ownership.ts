// How a change moves ownership between managers: the one core under apply and update (structured-merge-diff merge/update.go, v6.3).
// Managers may have recorded their fields in other API versions; `convert` shows the object as each of them knows it.

import type { JsonObject } from "#kernel";
import { empty, type FieldSet } from "./field-set.ts";
import { type Manager, managerKey, type Managers, type Owned, owned, ownedAs } from "./managers.ts";
import type { PathElement } from "./path-element.ts";
import type { Shape } from "./shape.ts";
import { type Comparison, compareTyped } from "./typed-compare.ts";
import { fieldsOf, reconcileFields, withNamedFields } from "./typed-fields.ts";
import { mergeTyped } from "./typed-merge.ts";
import { removeFields } from "./typed-remove.ts";

export type Conflict = { manager: Manager; path: PathElement[] };

/** An object in the version of a request, and how to see it in others. */
export type Versions = {
  /** The version of the request. */
  apiVersion: string;
  shape: Shape;
  /** The object in another version, undefined when that version is not served any more. Absent: all versions have one shape. */
  convert?: ((object: JsonObject, apiVersion: string) => { object: JsonObject; shape: Shape } | undefined) | undefined;
};

export type Change = {
  versions: Versions;
  /** Fields that this request cannot set (the status, in a request for the object itself). */
  ignored: FieldSet;
  ignoresInOwnVersion: boolean;
  managers: Managers;
  /** Whose request it is, and the identity that stands for it. */
  self: Manager;
  selfKey: string;
};

type View = { object: JsonObject; shape: Shape };

function viewIn(versions: Versions, object: JsonObject, apiVersion: string): View | undefined {
  if (apiVersion === versions.apiVersion || versions.convert === undefined) return { object, shape: versions.shape };
  return versions.convert(object, apiVersion);
}

/** The managers with their sets as the schema now has it; those of versions no longer served are gone. */
function reconciled({ versions, managers }: Change, live: JsonObject): Managers {
  const result: Managers = new Map();
  for (const [key, before] of managers) {
    const view = viewIn(versions, live, before.apiVersion);
    if (view === undefined) continue;
    const set = reconcileFields(before.set, view.shape);
    result.set(key, set === before.set ? before : ownedAs(before, set));
  }
  return result;
}

/** Compares two objects once in each version that a manager asks for. */
class Comparisons {
  readonly #known = new Map<string, Comparison | undefined>();
  readonly #change: Change;
  readonly #before: JsonObject;
  readonly #after: JsonObject;

  constructor(change: Change, before: JsonObject, after: JsonObject) {
    this.#change = change;
    this.#before = before;
    this.#after = after;
  }

  /** undefined when the version is not served. */
  in(apiVersion: string): Comparison | undefined {
    const key = this.#change.versions.convert === undefined ? this.#change.versions.apiVersion : apiVersion;
    if (!this.#known.has(key)) this.#known.set(key, this.#compare(key));
    return this.#known.get(key);
  }

  #compare(apiVersion: string): Comparison | undefined {
    const { versions, ignoresInOwnVersion } = this.#change;
    const ignored = ignoresInOwnVersion && apiVersion !== versions.apiVersion ? empty : this.#change.ignored;
    const before = viewIn(versions, this.#before, apiVersion);
    const after = viewIn(versions, this.#after, apiVersion);
    if (before === undefined || after === undefined) return undefined;
    const { added, removed, modified, isMisfit } = compareTyped(before.object, after.object, after.shape);
    return {
      isMisfit,
      added: added.recursiveDifference(ignored),
      removed: removed.recursiveDifference(ignored),
      modified: modified.recursiveDifference(ignored),
    };
  }
}

/** Takes from every other manager what the change sets or removes. Conflicts, unless forced, leave all as it was. */
function takeFromOthers(
  managers: Managers,
  selfKey: string,
  options: { comparisons: Comparisons; isForced: boolean },
): Conflict[] {
  const { comparisons, isForced } = options;
  const next: [string, Owned | undefined][] = [];
  const conflicts: Conflict[] = [];
  for (const [key, before] of managers) {
    if (key === selfKey) continue;
    const comparison = comparisons.in(before.apiVersion);
    if (comparison === undefined) {
      next.push([key, undefined]);
      continue;
    }
    const taken = before.set.intersection(comparison.modified.union(comparison.added));
    if (!taken.isEmpty && !isForced)
      conflicts.push(...taken.paths().map((path) => ({ manager: managerOf(before), path })));
    const set = before.set.difference(taken).difference(comparison.removed);
    if (set !== before.set) next.push([key, set.isEmpty ? undefined : ownedAs(before, set)]);
  }
  if (conflicts.length > 0) return conflicts;
  for (const [key, before] of next) {
    if (before === undefined) managers.delete(key);
    else managers.set(key, before);
  }
  for (const [key, before] of managers) if (before.set.isEmpty && key !== selfKey) managers.delete(key);
  return [];
}

function managerOf({ manager, operation, apiVersion, subresource }: Owned): Manager {
  return { manager, operation, apiVersion, subresource };
}

/**
 * What `self` sets by changing `live` to `next`, and the managers without what was taken from them. An object that is not of its type
 * has no managers at all.
 */
export function updateOwnership(
  change: Change,
  live: JsonObject,
  next: JsonObject,
): { managers: Managers; set: FieldSet } {
  const managers = reconciled(change, live);
  const comparisons = new Comparisons(change, live, next);
  const own = comparisons.in(change.versions.apiVersion);
  if (own?.isMisfit === true) return { managers: new Map(), set: empty };
  takeFromOthers(managers, "", { comparisons, isForced: true });
  const set = own === undefined ? empty : own.modified.union(own.added).recursiveDifference(change.ignored);
  return { managers, set };
}

export type Applied = { ok: true; object: JsonObject; managers: Managers } | { ok: false; conflicts: Conflict[] };

/** Merges `config` into `live`, drops what `self` applied before and nobody wants any more, and moves ownership. */
export function applyOwnership(
  change: Change,
  live: JsonObject,
  options: { config: JsonObject; isForced: boolean },
): Applied {
  const { versions, self, selfKey: key } = change;
  const managers = reconciled(change, live);
  const merged = mergeTyped(live, options.config, versions.shape) as JsonObject;
  const last = managers.get(key);
  const set = fieldsOf(options.config, versions.shape).recursiveDifference(change.ignored);
  managers.set(key, owned(self, set, last?.time));
  const object = last === undefined ? merged : prune({ versions, merged, managers, last, set });
  const comparisons = new Comparisons(change, live, object);
  const conflicts = takeFromOthers(managers, key, { comparisons, isForced: options.isForced });
  if (conflicts.length > 0) return { ok: false, conflicts: conflicts.sort(compareConflicts) };
  if (set.isEmpty) managers.delete(key);
  return { ok: true, object, managers };
}

function compareConflicts(a: Conflict, b: Conflict): number {
  const [left, right] = [managerKey(a.manager), managerKey(b.manager)];
  return left < right ? -1 : left > right ? 1 : 0;
}

type Pruning = { versions: Versions; merged: JsonObject; managers: Managers; last: Owned; set: FieldSet };

/** The merged object without what its applier stated last time, states no more, and no other manager owns. */
function prune(pruning: Pruning): JsonObject {
  const { versions, merged, last, set } = pruning;
  // Everything stated before is still stated: nothing to look for.
  const isSameVersion = versions.convert === undefined || last.apiVersion === versions.apiVersion;
  if (last.set.isEmpty || (isSameVersion && last.set.isSubsetOf(set))) return merged;
  const view = viewIn(versions, merged, last.apiVersion);
  if (view === undefined) return merged;
  const without = removeFields(view.object, withNamedFields(last.set, view.shape), view.shape);
  const pruned = addBackOwned(pruning, view, without);
  const kept = addBackDangling(view, pruned, last.set);
  if (kept === view.object) return merged;
  return viewBack(versions, kept as JsonObject, last.apiVersion);
}

function viewBack(versions: Versions, object: JsonObject, from: string): JsonObject {
  if (from === versions.apiVersion || versions.convert === undefined) return object;
  return versions.convert(object, versions.apiVersion)?.object ?? object;
}

/** Puts back what any manager owns, in the version that manager knows. */
function addBackOwned({ versions, managers, last }: Pruning, merged: View, pruned: unknown): JsonObject {
  const sets = new Map<string, FieldSet>();
  for (const manager of managers.values()) {
    const version = versions.convert === undefined ? last.apiVersion : manager.apiVersion;
    sets.set(version, (sets.get(version) ?? empty).union(manager.set));
  }
  // The pruned version first: fields missing there may be what a conversion needs.
  const order = [...sets].sort(([a], [b]) => Number(b === last.apiVersion) - Number(a === last.apiVersion));
  let current = (pruned ?? {}) as JsonObject;
  for (const [version, set] of order) {
    const whole = version === last.apiVersion ? merged : otherView(versions, merged.object, last.apiVersion, version);
    const part = version === last.apiVersion ? current : otherView(versions, current, last.apiVersion, version)?.object;
    if (whole === undefined || part === undefined) continue;
    const rest = restoreOwned(whole, part, set);
    current =
      version === last.apiVersion ? rest : (otherView(versions, rest, version, last.apiVersion)?.object ?? current);
  }
  return current;
}

/** The object of one version as another has it. */
function otherView(versions: Versions, object: JsonObject, from: string, to: string): View | undefined {
  if (from === to || versions.convert === undefined) return { object, shape: versions.shape };
  return versions.convert(object, to);
}

function restoreOwned(merged: View, pruned: JsonObject, owned: FieldSet): JsonObject {
  const { object, shape } = merged;
  const wanted = withNamedFields(fieldsOf(pruned, shape), shape).union(withNamedFields(owned, shape));
  return (removeFields(object, withNamedFields(fieldsOf(object, shape), shape).difference(wanted), shape) ??
    {}) as JsonObject;
}

/** Puts back what was removed only because something around it was, and which the applier never stated. */
function addBackDangling(merged: View, pruned: JsonObject, last: FieldSet): JsonObject {
  const { object, shape } = merged;
  const before = withNamedFields(fieldsOf(object, shape), shape);
  const after = withNamedFields(fieldsOf(pruned, shape), shape);
  const gone = before.difference(after).intersection(withNamedFields(last, shape));
  return (removeFields(object, gone, shape) ?? {}) as JsonObject;
}
