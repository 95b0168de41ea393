// What kinds of resource.k8s.io share: names of drivers, pools and attributes, taints and what they are borne with, selectors and
// settings of devices, lists with a bound (pkg/apis/resource/validation, v1.36).

import {
  type FieldError,
  invalid,
  labelValueErrors,
  notSupported,
  qualifiedNameErrors,
  required,
  subdomainErrors,
} from "#api/crd";
import { deviceVariables, inspectCel } from "#formats/cel";
import { encodeJson, isObject, type Json, type JsonObject } from "#kernel";
import { duplicate, invalidAll, itemsOf, part, textOf, textsOf } from "./fields.ts";
import { checkDriverName } from "./pods/volume-sources.ts";

/** As the real server has them. */
const most = { pool: 253, identifier: 32, text: 10_240, selectors: 32, config: 32, conditions: 4 };

export function tooLong(field: string, limit: number): FieldError {
  return { type: "TooLong", field, detail: `may not be more than ${limit} bytes` };
}

function tooMany(field: string, count: number, limit: number): FieldError {
  return { type: "TooMany", field, value: count, detail: `must have at most ${limit} items` };
}

type Item = { item: JsonObject; field: string };

/** Each of a list, unless there are too many; `key`: what may be there once. */
export function listErrors(
  value: Json | undefined,
  field: string,
  { limit, check, key }: { limit: number; check: (one: Item) => FieldError[]; key?: (item: JsonObject) => Json },
): FieldError[] {
  const items = itemsOf(value, field);
  if (limit >= 0 && items.length > limit) return [tooMany(field, items.length, limit)];
  const errors = items.flatMap(check);
  if (key === undefined) return errors;
  const keys = items.map(({ item }) => encodeJson(key(item)));
  for (const [index, one] of items.entries())
    if (keys.indexOf(keys[index] as string) < index) errors.push(duplicate(one.field, key(one.item)));
  return errors;
}

/** The same of a list of texts, each once. */
export function textListErrors(
  value: Json | undefined,
  field: string,
  { limit, check }: { limit: number; check: (text: string, field: string) => FieldError[] },
): FieldError[] {
  const texts = textsOf(value);
  if (texts.length > limit) return [tooMany(field, texts.length, limit)];
  return texts.flatMap((text, index) => [
    ...check(text, `${field}[${index}]`),
    ...(texts.indexOf(text) < index ? [duplicate(`${field}[${index}]`, text)] : []),
  ]);
}

/** The same of a map. */
export function mapErrors(
  value: Json | undefined,
  field: string,
  { limit, key, check }: { limit: number; key: (name: string) => FieldError[]; check: (one: Item) => FieldError[] },
): FieldError[] {
  const entries = Object.entries(isObject(value) ? value : {});
  if (limit >= 0 && entries.length > limit) return [tooMany(field, entries.length, limit)];
  return entries.flatMap(([name, item]) => [
    ...key(name),
    ...check({ item: isObject(item) ? item : {}, field: `${field}[${name}]` }),
  ]);
}

export function driverNameErrors(value: Json | undefined, field: string): FieldError[] {
  const errors: FieldError[] = [];
  checkDriverName(errors, value, field);
  return errors;
}

export function poolNameErrors(value: Json | undefined, field: string): FieldError[] {
  const name = textOf(value);
  if (name === "") return [required(field)];
  return [
    ...(name.length > most.pool ? [tooLong(field, most.pool)] : []),
    ...name.split("/").flatMap((segment) => invalidAll(field, segment, subdomainErrors(segment))),
  ];
}

const identifierText =
  "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName', regex used for validation is '[A-Za-z_][A-Za-z0-9_]*')";

function identifierErrors(name: string, field: string): FieldError[] {
  return [
    ...(name.length > most.identifier ? [tooLong(field, most.identifier)] : []),
    ...(/^[A-Za-z_][A-Za-z0-9_]*$/.test(name) ? [] : [invalid(field, name, identifierText)]),
  ];
}

/** A name, with the domain of whoever gave it its meaning. */
export function attributeNameErrors(name: string, field: string): FieldError[] {
  const parts = name.split("/");
  const [first = "", second = ""] = parts;
  if (parts.length === 1) return identifierErrors(first, field);
  if (parts.length > 2) return [];
  return [
    ...(first === "" ? [invalid(field, "", "the domain must not be empty")] : driverNameErrors(first, field)),
    ...(second === "" ? [invalid(field, "", "the name must not be empty")] : identifierErrors(second, field)),
  ];
}

/** The same where the domain must be there. */
export function fullAttributeErrors(name: string, field: string): FieldError[] {
  const detail = "a fully qualified name must be a domain and a name separated by a slash";
  return [...attributeNameErrors(name, field), ...(name.includes("/") ? [] : [invalid(field, name, detail)])];
}

const effects = ["NoExecute", "NoSchedule", "None"];

export function deviceTaintErrors({ item, field }: Item): FieldError[] {
  const [key, value, effect] = [textOf(item["key"]), textOf(item["value"]), textOf(item["effect"])];
  return [
    ...invalidAll(`${field}.key`, key, qualifiedNameErrors(key)),
    ...invalidAll(`${field}.value`, value, labelValueErrors(value)),
    ...(effect === "" ? [required(`${field}.effect`)] : []),
    ...(effect === "" || effects.includes(effect) ? [] : [notSupported(`${field}.effect`, effect, effects)]),
  ];
}

export function deviceTolerationErrors({ item, field }: Item): FieldError[] {
  const [key, value, effect] = [textOf(item["key"]), textOf(item["value"]), textOf(item["effect"])];
  const operator = textOf(item["operator"]);
  const at = `${field}.operator`;
  const ofValue = `${field}.value`;
  const errors = key === "" ? [] : invalidAll(`${field}.key`, key, qualifiedNameErrors(key));
  if (operator === "") errors.push(required(at));
  else if (operator === "Equal") errors.push(...invalidAll(ofValue, value, labelValueErrors(value)));
  else if (operator !== "Exists") errors.push(notSupported(at, operator, ["Equal", "Exists"]));
  else if (value !== "") errors.push(invalid(ofValue, value, "must be empty for operator `Exists`"));
  if (effect !== "" && !effects.includes(effect)) errors.push(notSupported(`${field}.effect`, effect, effects));
  return errors;
}

/** Expressions that choose devices. */
export function selectorListErrors(value: Json | undefined, field: string): FieldError[] {
  return listErrors(value, field, { limit: most.selectors, check: selectorErrors });
}

function selectorErrors({ item, field }: Item): FieldError[] {
  if (!isObject(item["cel"])) return [required(`${field}.cel`)];
  const expression = textOf(item["cel"]["expression"]);
  const at = `${field}.cel.expression`;
  if (expression.length > most.text) return [tooLong(at, most.text)];
  const checked = inspectCel(expression, deviceVariables());
  if (!checked.ok) return [invalid(at, expression, `compilation failed: ${checked.message}`)];
  if (checked.type === "bool" || checked.type === "any" || checked.type === "dyn") return [];
  return [invalid(at, expression, `must evaluate to bool or the unknown type, not ${checked.type}`)];
}

/** What a driver is told of devices, in words of its own. */
export function configurationErrors({ item, field }: Item): FieldError[] {
  if (!isObject(item["opaque"])) return [required(`${field}.opaque`)];
  const { driver, parameters } = item["opaque"];
  return [
    ...driverNameErrors(driver, `${field}.opaque.driver`),
    ...rawErrors(parameters, `${field}.opaque.parameters`),
  ];
}

/** Data that nobody but its owner reads: an object. */
export function rawErrors(value: Json | undefined, field: string): FieldError[] {
  if ((value ?? null) === null) return [required(field)];
  if (encodeJson(value).length > most.text) return [tooLong(field, most.text)];
  return isObject(value) ? [] : [invalid(field, "<value omitted>", "must be a valid JSON object")];
}

/** A resource that is somebody's own, as containers ask for it. */
function isExtendedName(name: string): boolean {
  if (!name.includes("/") || name.includes("kubernetes.io/") || name.startsWith("requests.")) return false;
  return qualifiedNameErrors(`requests.${name}`).length === 0;
}

export function deviceClassRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const name = spec["extendedResourceName"];
  const field = "spec.extendedResourceName";
  return [
    ...selectorListErrors(spec["selectors"], "spec.selectors"),
    ...listErrors(spec["config"], "spec.config", { limit: most.config, check: configurationErrors }),
    ...(name === undefined || isExtendedName(textOf(name))
      ? []
      : [invalid(field, textOf(name), "must be a valid extended resource name")]),
  ];
}

/** What must be so before a pod is bound to a device, and what gives it up. */
export function deviceBindingErrors(device: JsonObject, field: string): FieldError[] {
  const [wanted, failed] = [textsOf(device["bindingConditions"]), textsOf(device["bindingFailureConditions"])];
  const [wantedAt, failedAt] = [`${field}.bindingConditions`, `${field}.bindingFailureConditions`];
  const overlap = "bindingFailureConditions must not overlap with bindingConditions";
  return [
    ...conditionNameErrors(wanted, wantedAt),
    ...conditionNameErrors(failed, failedAt),
    ...failed.flatMap((one, index) => (wanted.includes(one) ? [invalid(`${failedAt}[${index}]`, one, overlap)] : [])),
    ...(wanted.length === 0 && failed.length > 0
      ? [invalid(wantedAt, null, "bindingConditions are required to use bindingFailureConditions")]
      : []),
    ...(failed.length === 0 && wanted.length > 0
      ? [invalid(failedAt, null, "bindingFailureConditions are required to use bindingConditions")]
      : []),
  ];
}

function conditionNameErrors(names: readonly string[], field: string): FieldError[] {
  const twice = names.flatMap((name, index) =>
    names.indexOf(name) < index ? [duplicate(`${field}[${index}]`, name)] : [],
  );
  if (names.length > most.conditions)
    return [
      { type: "TooMany", field, value: names.length, detail: `must have at most ${most.conditions} items` },
      ...twice,
    ];
  return [
    ...names.flatMap((name, index) => invalidAll(`${field}[${index}]`, name, qualifiedNameErrors(name))),
    ...twice,
  ];
}
