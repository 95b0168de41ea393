// What is wrong with a claim on a volume's specification, wherever it stands: a claim itself, a StatefulSet's template of one, a
// pod's ephemeral volume (pkg/apis/core/validation, v1.36).

import { type FieldError, forbidden, invalid, labelErrors, notSupported, required, subdomainErrors } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { invalidAll, nanos, oneOf, part, textOf } from "./fields.ts";
import { selectorErrors } from "./selectors.ts";

const accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];
const volumeModes = ["Block", "Filesystem"];

/** Everything wrong with the specification at `field`. */
export function claimSpecErrors(spec: JsonObject, field: string): FieldError[] {
  const errors: FieldError[] = modeErrors(spec["accessModes"], spec["selector"], field);
  const amount = part(part(spec, "resources"), "requests")["storage"];
  const place = `${field}.resources[storage]`;
  if (amount === undefined) errors.push(required(place));
  else if (nanos(amount) <= 0n) errors.push(invalid(place, amount, "must be greater than zero"));
  errors.push(...classErrors(spec["storageClassName"], `${field}.storageClassName`));
  if (typeof spec["volumeMode"] === "string" && !volumeModes.includes(spec["volumeMode"]))
    errors.push(notSupported(`${field}.volumeMode`, spec["volumeMode"], volumeModes));
  return [
    ...errors,
    ...sourceErrors(spec, field),
    ...classErrors(spec["volumeAttributesClassName"], `${field}.volumeAttributesClassName`),
  ];
}

function modeErrors(modes: Json | undefined, selector: Json | undefined, field: string): FieldError[] {
  const list = Array.isArray(modes) ? modes : [];
  const place = `${field}.accessModes`;
  const errors = list.length > 0 ? [] : [required(place, "at least 1 access mode is required")];
  errors.push(...selectorErrors(selector, `${field}.selector`));
  for (const mode of list)
    errors.push(...(mode === "" ? [notSupported(place, "", accessModes)] : oneOf(mode, place, accessModes)));
  const isShared = list.some((mode) => mode !== "ReadWriteOncePod" && accessModes.includes(textOf(mode)));
  if (isShared && list.includes("ReadWriteOncePod"))
    errors.push(forbidden(place, "may not use ReadWriteOncePod with other access modes"));
  return errors;
}

function classErrors(name: Json | undefined, field: string): FieldError[] {
  const text = textOf(name);
  return text === "" ? [] : invalidAll(field, text, subdomainErrors(text));
}

/** What the volume is filled from, which is told twice and must be told alike. */
function sourceErrors(spec: JsonObject, field: string): FieldError[] {
  const { dataSource: old, dataSourceRef: next } = spec;
  const errors: FieldError[] = [];
  if (isObject(old)) errors.push(...referenceErrors(old, `${field}.dataSource`));
  if (isObject(next)) errors.push(...referenceErrors(next, `${field}.dataSourceRef`));
  const space = isObject(next) ? textOf(next["namespace"]) : "";
  if (space !== "") errors.push(...invalidAll(`${field}.dataSourceRef.namespace`, space, labelErrors(space)));
  if (!isObject(old) || !isObject(next)) return errors;
  const isEqual = ["apiGroup", "kind", "name"].every((name) => (old[name] ?? "") === (next[name] ?? ""));
  // Go shows an empty object here: the path itself, of which nothing can be seen.
  if (space !== "") errors.push(invalid(field, {}, "may not be specified when dataSourceRef.namespace is specified"));
  else if (!isEqual) errors.push(invalid(field, {}, "must match dataSourceRef"));
  return errors;
}

function referenceErrors(reference: JsonObject, field: string): FieldError[] {
  const [group, kind] = [textOf(reference["apiGroup"]), textOf(reference["kind"])];
  const errors = ["name", "kind"]
    .filter((name) => textOf(reference[name]) === "")
    .map((name) => required(`${field}.${name}`));
  if (group === "" && kind !== "PersistentVolumeClaim")
    errors.push(invalid(field, kind, "must be 'PersistentVolumeClaim' when referencing the default apiGroup"));
  if (group !== "") errors.push(...invalidAll(`${field}.apiGroup`, group, subdomainErrors(group)));
  return errors;
}
