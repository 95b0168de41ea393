// managedFields as merging works on it: one set of fields for each manager, where a manager is a name with operation, subresource
// and, for updates, API version. Rules of apimachinery util/managedfields, v0.36.

import { isObject, type JsonObject, type ManagedFieldsEntry } from "#kernel";
import { decodeFieldsV1, empty, encodeFieldsV1, type FieldSet, fieldSetOf } from "./field-set.ts";
import { updateManagersMax } from "./limits.ts";
import { compareText } from "./path-element.ts";

/** Who: the identity under which one entry stands. */
export type Manager = { manager: string; operation: "Apply" | "Update"; apiVersion: string; subresource: string };

/** What a manager owns, as of when. `time` undefined: never recorded. */
export type Owned = Manager & {
  set: FieldSet;
  time: string | undefined;
  /** The text form that a set was read from: written again as it is while the entry still holds that very set. */
  read?: { set: FieldSet; fieldsV1: JsonObject } | undefined;
};

/** What a manager owns, with all members written out: every write makes several, and spreading costs most of them. */
export function owned({ manager, operation, apiVersion, subresource }: Manager, set: FieldSet, time?: string): Owned {
  return { manager, operation, apiVersion, subresource, set, time, read: undefined };
}

/** The same manager with another set. */
export function ownedAs(before: Owned, set: FieldSet): Owned {
  const after = owned(before, set, before.time);
  after.read = before.read;
  return after;
}

/** Entries by their identity. */
export type Managers = Map<string, Owned>;

/** The identity as text: Apply entries are one over all API versions. Sorting by it sorts conflicts as the API server does. */
export function managerKey({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = manager === "" ? "" : `"manager":${JSON.stringify(manager)},`;
  const version = operation === "Apply" ? "" : `,"apiVersion":"${apiVersion}"`;
  return `{${name}"operation":"${operation}"${version}${subresource === "" ? "" : `,"subresource":"${subresource}"`}}`;
}

/** Reads entries; a string says why they cannot be read. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Managers | string {
  const managers: Managers = new Map();
  let index = -1;
  for (const entry of entries) {
    index++;
    const { operation, apiVersion = "", fieldsType = "", fieldsV1 } = entry;
    if (operation !== "Apply" && operation !== "Update") return "operation must be `Apply` or `Update`";
    if (apiVersion === "") return "apiVersion must not be empty";
    if (fieldsType === "") return `missing fieldsType in managed fields entry ${index}`;
    if (fieldsType !== "FieldsV1")
      return `invalid fieldsType ${JSON.stringify(fieldsType)} in managed fields entry ${index}`;
    const set = fieldsV1 === undefined ? empty : isObject(fieldsV1) ? decodeFieldsV1(fieldsV1) : undefined;
    if (set === undefined) return `error decoding versioned set of managed fields entry ${index}`;
    const manager: Manager = {
      manager: entry.manager ?? "",
      operation,
      apiVersion,
      subresource: entry.subresource ?? "",
    };
    const own = owned(manager, set, entry.time);
    if (fieldsV1 !== undefined) own.read = { set, fieldsV1 };
    managers.set(managerKey(manager), own);
  }
  return managers;
}

/** Writes entries: applies before updates, then by time, name, version and subresource. */
export function encodeManagers(managers: Managers): ManagedFieldsEntry[] {
  const all = [...managers.values()];
  if (all.length > 1) all.sort(compareOwned);
  return all.map(entryOf);
}

function entryOf({ manager, operation, apiVersion, subresource, set, time, read }: Owned): ManagedFieldsEntry {
  const entry: ManagedFieldsEntry = manager === "" ? { operation } : { manager, operation };
  entry.apiVersion = apiVersion;
  if (time !== undefined) entry.time = time;
  entry.fieldsType = "FieldsV1";
  entry.fieldsV1 = read?.set === set ? read.fieldsV1 : encodeFieldsV1(set);
  if (subresource !== "") entry.subresource = subresource;
  return entry;
}

function secondsOf(time: string | undefined): number {
  return time === undefined ? 0 : Math.floor(Date.parse(time) / 1000);
}

function compareOwned(a: Owned, b: Owned): number {
  if (a.operation !== b.operation) return a.operation < b.operation ? -1 : 1;
  return (
    secondsOf(a.time) - secondsOf(b.time) ||
    compareText(a.manager, b.manager) ||
    compareText(a.apiVersion, b.apiVersion) ||
    compareText(a.subresource, b.subresource)
  );
}

/** The manager as conflict messages name it. */
export function describeManager({ manager, operation, apiVersion, subresource }: Manager): string {
  const name = JSON.stringify(manager) + (subresource === "" ? "" : ` with subresource ${JSON.stringify(subresource)}`);
  return operation === "Update" ? `${name} using ${apiVersion}` : name;
}

/** Metadata that the server sets itself: nobody owns it. */
const unowned: FieldSet = fieldSetOf(
  ["apiVersion"],
  ["kind"],
  ["metadata"],
  ["metadata", "name"],
  ["metadata", "namespace"],
  ["metadata", "creationTimestamp"],
  ["metadata", "selfLink"],
  ["metadata", "uid"],
  ["metadata", "clusterName"],
  ["metadata", "generation"],
  ["metadata", "managedFields"],
  ["metadata", "resourceVersion"],
);

/** The set without the metadata that nobody owns. */
export function stripUnowned(set: FieldSet): FieldSet {
  return set.difference(unowned);
}

/** Merges the oldest updates of one API version into `ancient-changes` until no more than ten stand apart. */
export function capUpdates(managers: Managers): void {
  const updates = [...managers].filter(([, owned]) => owned.operation === "Update");
  if (updates.length <= updateManagersMax) return;
  updates.sort(([aKey, a], [bKey, b]) => secondsOf(a.time) - secondsOf(b.time) || compareText(aKey, bKey));
  const firsts = new Map<string, string>();
  let count = updates.length;
  for (const [key, owned] of updates) {
    if (count <= updateManagersMax) return;
    const first = firsts.get(owned.apiVersion);
    if (first === undefined) {
      firsts.set(owned.apiVersion, key);
      continue;
    }
    const bucket = {
      manager: "ancient-changes",
      operation: "Update",
      apiVersion: owned.apiVersion,
      subresource: "",
    } as const;
    const bucketKey = managerKey(bucket);
    const into = managers.get(bucketKey) ?? managers.get(first);
    if (!managers.has(bucketKey)) managers.delete(first);
    managers.set(bucketKey, { ...bucket, set: owned.set.union(into?.set ?? empty), time: owned.time });
    if (key !== bucketKey) managers.delete(key);
    count--;
  }
}

/** The entries that `fields` holds, or none. */
export function entriesOf(object: JsonObject | undefined): ManagedFieldsEntry[] {
  const metadata = object?.["metadata"];
  const entries = isObject(metadata) ? metadata["managedFields"] : undefined;
  return Array.isArray(entries) ? (entries as unknown as ManagedFieldsEntry[]) : [];
}
