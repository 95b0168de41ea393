// Fields that a delivery's ignore rules leave to others, by JSON pointer. As in Flux (fluxcd/pkg/ssa, DriftIgnoreRules): they
// are part of what is created, count in no comparison, and whatever else is applied leaves their live values as they are.

import {
  asJson,
  asManifest,
  decodeJson,
  equalJson,
  isObject,
  type Json,
  type JsonObject,
  type ManagedFieldsEntry,
  type Manifest,
} from "#kernel";
import { matchesKeys } from "./managed-fields.ts";

/** The object without the fields at the pointers; itself where there are none. */
export function withoutFields(object: Manifest, pointers: readonly string[]): Manifest {
  if (pointers.length === 0) return object;
  return asManifest(pointers.reduce<Json>((value, pointer) => removeAt(value, partsOf(pointer)), asJson(object)));
}

/**
 * What is to be applied onto a live object: an ignored field that differs there is not stated where another applier owns
 * it, and stated with its live value where nobody else does, since leaving it out would remove it.
 */
export function adaptedTo(
  desired: Manifest,
  live: Manifest,
  options: { pointers: readonly string[]; manager: string },
): Manifest {
  const others = (live.metadata.managedFields ?? []).filter(
    (entry) => entry.operation === "Apply" && entry.manager !== options.manager && (entry.subresource ?? "") === "",
  );
  let adapted: Json = asJson(desired);
  for (const pointer of options.pointers) {
    const parts = partsOf(pointer);
    const present = valueAt(asJson(live), parts);
    if (equalJson(present, valueAt(adapted, parts))) continue;
    const isForeign = others.some((entry) => owns(entry, live, parts));
    adapted = present === undefined || isForeign ? removeAt(adapted, parts) : setAt(adapted, parts, present);
  }
  return asManifest(adapted);
}

function partsOf(pointer: string): string[] {
  return pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function valueAt(value: Json | undefined, parts: readonly string[]): Json | undefined {
  let current = value;
  for (const part of parts) {
    if (Array.isArray(current)) current = current[Number(part)];
    else if (isObject(current) && Object.hasOwn(current, part)) current = current[part];
    else return undefined;
  }
  return current;
}

function removeAt(value: Json, parts: readonly string[]): Json {
  const [head, ...rest] = parts;
  if (head === undefined) return value;
  if (Array.isArray(value)) {
    const index = Number(head);
    if (rest.length === 0) return value.filter((_, at) => at !== index);
    return value.map((item, at) => (at === index ? removeAt(item, rest) : item));
  }
  if (!isObject(value) || !Object.hasOwn(value, head)) return value;
  const { [head]: member, ...others } = value;
  return rest.length === 0 ? others : { ...others, [head]: removeAt(member as Json, rest) };
}

/** Parents that are not there are made, as objects; an item beyond the end of a list is not. */
function setAt(value: Json | undefined, parts: readonly string[], put: Json): Json {
  const [head, ...rest] = parts;
  if (head === undefined) return put;
  if (Array.isArray(value)) return value.map((item, at) => (at === Number(head) ? setAt(item, rest, put) : item));
  const object = isObject(value) ? value : {};
  return { ...object, [head]: setAt(object[head], rest, put) };
}

/** True when the entry names the field itself; what is below a field owned as a whole does not count. */
function owns(entry: ManagedFieldsEntry, live: Manifest, parts: readonly string[]): boolean {
  let fields: JsonObject | undefined = entry.fieldsV1;
  let value: Json | undefined = asJson(live);
  for (const part of parts) {
    const name: string | undefined = Array.isArray(value) ? itemName(fields ?? {}, value[Number(part)]) : `f:${part}`;
    const below: Json | undefined = name === undefined ? undefined : fields?.[name];
    if (!isObject(below)) return false;
    fields = below;
    value = valueAt(value, [part]);
  }
  return true;
}

function itemName(fields: JsonObject, item: Json | undefined): string | undefined {
  return Object.keys(fields).find((name) => {
    const keys = name.startsWith("k:") ? decodeJson(name.slice(2)) : undefined;
    return isObject(item) && isObject(keys) && matchesKeys(item, keys);
  });
}
