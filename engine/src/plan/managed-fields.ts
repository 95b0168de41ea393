// Reading `metadata.managedFields`: which manager owns which field, and with what value. The nested form has `f:name`
// for members, `k:{…}` for items of keyed lists, `v:…` for items of sets and `i:n` for positions.
// https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management

import { decodeJson, equalJson, isObject, type Json, type JsonObject, type ManagedFieldsEntry } from "#kernel";

/** One owned field: where it is, and its value; undefined when the object lacks it. */
export type Field = { path: string; value: Json | undefined };

/** A member name as it is written in a path. */
export function memberPath(path: string, name: string): string {
  return /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name) ? `${path}.${name}` : `${path}[${JSON.stringify(name)}]`;
}

/** The item of a list that a `k:`, `v:` or `i:` name selects. */
function selectItem(name: string, value: Json | undefined): Json | undefined {
  if (!Array.isArray(value)) return undefined;
  if (name.startsWith("i:")) return value[Number(name.slice(2))];
  const wanted = decodeJson(name.slice(2));
  if (name.startsWith("v:")) return value.find((item) => equalJson(item, wanted));
  if (!isObject(wanted)) return undefined;
  return value.find((item) => isObject(item) && matchesKeys(item, wanted));
}

/** True when the item has the key fields; a key with a default that the item leaves out (protocol) still matches. */
export function matchesKeys(item: JsonObject, keys: JsonObject): boolean {
  return Object.entries(keys).every(
    ([key, value]) => equalJson(item[key], value) || (item[key] === undefined && key === "protocol" && value === "TCP"),
  );
}

/** The child value and its path under one name of the nested form. */
export function childOf(name: string, value: Json | undefined, path: string): Field {
  if (!name.startsWith("f:")) {
    return { path: `${path}[${itemLabel(name)}]`, value: selectItem(name, value) };
  }
  const member = name.slice(2);
  return {
    path: memberPath(path, member),
    value: isObject(value) && Object.hasOwn(value, member) ? value[member] : undefined,
  };
}

function itemLabel(name: string): string {
  if (!name.startsWith("k:")) return name.slice(2);
  const keys = decodeJson(name.slice(2));
  if (!isObject(keys)) return name.slice(2);
  return Object.entries(keys)
    .map(([key, value]) => `${key}=${String(value as string)}`)
    .join(",");
}

/** Every leaf of a field set with its value in `object`. A leaf's value is all that is below it. */
export function fieldsIn(fields: JsonObject, object: Json | undefined, path = ""): Field[] {
  const found: Field[] = [];
  for (const name of Object.keys(fields).sort()) {
    if (name === ".") continue;
    const child = childOf(name, object, path);
    const below = fields[name];
    const isLeaf = !isObject(below) || Object.keys(below).every((key) => key === ".");
    if (isLeaf) found.push(child);
    else found.push(...fieldsIn(below, child.value, child.path));
  }
  return found;
}

/** True when the entry owns fields of the object itself, not of its status or scale. */
function isOfMainResource(entry: ManagedFieldsEntry): boolean {
  return (entry.subresource ?? "") === "" && entry.fieldsV1 !== undefined;
}

/** Our own entry: what we applied. */
export function appliedEntry(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
): ManagedFieldsEntry | undefined {
  return entries?.find((entry) => entry.manager === manager && entry.operation === "Apply" && isOfMainResource(entry));
}

/** Managers whose fields are taken over: by prefix of their name. */
export type TakeOver = { prefixes: readonly string[]; except: readonly string[] };

/** Entries of people's tools, which the next apply takes over. */
export function rivalEntries(
  entries: readonly ManagedFieldsEntry[] | undefined,
  manager: string,
  takeOver: TakeOver,
): ManagedFieldsEntry[] {
  return (entries ?? []).filter((entry) => {
    const name = entry.manager ?? "";
    if (!isOfMainResource(entry) || takeOver.except.includes(name)) return false;
    // Our own name with Update is what a create or patch of an older version left behind.
    if (name === manager) return entry.operation === "Update";
    return takeOver.prefixes.some((prefix) => name.startsWith(prefix));
  });
}

/** The union of two field sets. */
function unionFields(a: JsonObject, b: JsonObject): JsonObject {
  const union: JsonObject = { ...a };
  for (const [name, below] of Object.entries(b)) {
    const present = union[name];
    union[name] = isObject(present) && isObject(below) ? unionFields(present, below) : below;
  }
  return union;
}

/** managedFields in which all that `rivals` own is ours, so that the next apply removes what the manifest lacks. */
export function takenOver(
  entries: readonly ManagedFieldsEntry[],
  rivals: readonly ManagedFieldsEntry[],
  manager: string,
): ManagedFieldsEntry[] {
  const ours = appliedEntry(entries, manager);
  const base: ManagedFieldsEntry | undefined = ours ?? rivals[0];
  if (base === undefined) return [...entries];
  const fieldsV1 = [ours, ...rivals].reduce<JsonObject>((all, entry) => unionFields(all, entry?.fieldsV1 ?? {}), {});
  const rest = entries.filter((entry) => entry !== ours && !rivals.includes(entry));
  return [...rest, { ...base, manager, operation: "Apply", fieldsType: "FieldsV1", fieldsV1 }];
}
