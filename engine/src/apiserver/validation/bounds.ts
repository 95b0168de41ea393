// What bounds others: quotas, limits, priorities (v1.36).

import { type FieldError, invalid, qualifiedNameErrors, required } from "#api/crd";
import { type Json, type JsonObject } from "#kernel";
import { forbidden, itemsOf, nanos, oneOf, part, textOf } from "./fields.ts";

const priorityMost = 1_000_000_000;

export function priorityClassRules(object: JsonObject, live?: JsonObject): FieldError[] {
  // Of a change, only what may not change is looked at.
  if (live !== undefined) return [];
  const isSystem = textOf(part(object, "metadata")["name"]).startsWith("system-");
  const isTooHigh = typeof object["value"] === "number" && object["value"] > priorityMost && !isSystem;
  return [
    ...(isTooHigh ? [forbidden("value", `maximum allowed value of a user defined priority is ${priorityMost}`)] : []),
    ...(object["preemptionPolicy"] === "" ? [required("preemptionPolicy")] : []),
    ...oneOf(object["preemptionPolicy"], "preemptionPolicy", ["PreemptLowerPriority", "Never"]),
  ];
}

const quotaNames: ReadonlySet<string> = new Set(
  "cpu memory ephemeral-storage requests.cpu requests.memory requests.storage requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage pods resourcequotas services services.nodeports services.loadbalancers replicationcontrollers secrets configmaps persistentvolumeclaims".split(
    " ",
  ),
);
const integerNames: ReadonlySet<string> = new Set(
  "pods resourcequotas services services.nodeports services.loadbalancers replicationcontrollers secrets configmaps persistentvolumeclaims".split(
    " ",
  ),
);
const quotaScopes: ReadonlySet<string> = new Set([
  "Terminating",
  "NotTerminating",
  "BestEffort",
  "NotBestEffort",
  "PriorityClass",
  "CrossNamespacePodAffinity",
  "VolumeAttributesClass",
]);

export function quotaRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const errors = Object.entries(part(spec, "hard")).flatMap(([name, value]) => quotaErrors(name, value));
  const scopes = Array.isArray(spec["scopes"]) ? spec["scopes"] : [];
  for (const scope of scopes) {
    if (!quotaScopes.has(textOf(scope))) errors.push(invalid("spec.scopes", scopes, "unsupported scope"));
    for (const name of Object.keys(part(spec, "hard")).sort())
      if (quotaNames.has(name) && !isScopeFor(textOf(scope), name))
        errors.push(invalid("spec.scopes", scopes, "unsupported scope applied to resource"));
  }
  return errors;
}

function quotaErrors(name: string, value: Json): FieldError[] {
  const field = `spec.hard[${name}]`;
  const errors = qualifiedNameErrors(name).map((message) => invalid(field, name, message));
  const isPlain = !name.includes("/");
  if (errors.length === 0 && isPlain && !quotaNames.has(name) && !name.startsWith("requests.hugepages-")) {
    errors.push(invalid(field, name, "must be a standard resource type or fully qualified"));
    errors.push(invalid(field, name, "must be a standard resource for quota"));
  }
  if (nanos(value) < 0n) errors.push(invalid(field, value, "must be greater than or equal to 0"));
  if (integerNames.has(name) && nanos(value) % 1_000_000_000n !== 0n)
    errors.push(invalid(field, value, "must be an integer"));
  return errors;
}

const computeNames: ReadonlySet<string> = new Set(
  "pods cpu memory ephemeral-storage requests.cpu requests.memory requests.ephemeral-storage limits.cpu limits.memory limits.ephemeral-storage".split(
    " ",
  ),
);

function isScopeFor(scope: string, name: string): boolean {
  switch (scope) {
    case "Terminating":
    case "NotTerminating":
    case "NotBestEffort":
    case "PriorityClass":
    case "CrossNamespacePodAffinity":
      return computeNames.has(name);
    case "BestEffort":
      return name === "pods";
    default:
      return true;
  }
}

const limitTypes: ReadonlySet<string> = new Set(["Pod", "Container", "PersistentVolumeClaim"]);

export function limitRangeRules(object: JsonObject): FieldError[] {
  const seen = new Set<string>();
  return itemsOf(part(object, "spec")["limits"], "spec.limits").flatMap(({ item, field }) => {
    const type = textOf(item["type"]);
    const errors = qualifiedNameErrors(type).map((message) => invalid(`${field}.type`, type, message));
    if (errors.length === 0 && !type.includes("/") && !limitTypes.has(type))
      errors.push(invalid(`${field}.type`, type, "must be a standard limit type or fully qualified"));
    if (seen.has(type)) errors.push({ type: "Duplicate", field: `${field}.type`, value: type, detail: "" });
    seen.add(type);
    return [...errors, ...limitErrors(item, field, type)];
  });
}

/** `[smaller, larger, shown at, value shown, words]`: the smaller may not be more than the larger. */
const orders = [
  ["min", "max", "min", "min", "min value", "max value"],
  ["min", "defaultRequest", "defaultRequest", "defaultRequest", "min value", "default request value"],
  ["defaultRequest", "max", "defaultRequest", "defaultRequest", "default request value", "max value"],
  ["defaultRequest", "default", "defaultRequest", "defaultRequest", "default request value", "default limit value"],
  ["min", "default", "default", "min", "min value", "default value"],
  ["default", "max", "default", "max", "default value", "max value"],
] as const;

function limitErrors(limit: JsonObject, field: string, type: string): FieldError[] {
  const errors: FieldError[] = [];
  const isPod = type === "Pod";
  if (isPod)
    for (const name of ["default", "defaultRequest"])
      if (Object.keys(part(limit, name)).length > 0)
        errors.push(forbidden(`${field}.${name}`, "may not be specified when `type` is 'Pod'"));
  if (type === "PersistentVolumeClaim" && part(limit, "min")["storage"] === undefined)
    if (part(limit, "max")["storage"] === undefined)
      errors.push(
        required(`${field}.limits`, "either minimum or maximum storage value is required, but neither was provided"),
      );
  const names = new Set(["min", "max", "default", "defaultRequest"].flatMap((name) => Object.keys(part(limit, name))));
  for (const name of names)
    for (const [small, large, at, shown, smallWord, largeWord] of orders) {
      if (isPod && (small.startsWith("default") || large.startsWith("default"))) continue;
      const [least, most] = [part(limit, small)[name], part(limit, large)[name]];
      if (least === undefined || most === undefined || nanos(least) <= nanos(most)) continue;
      const words = `${smallWord} ${textOf(least)} is greater than ${largeWord} ${textOf(most)}`;
      errors.push(invalid(`${field}.${at}[${name}]`, shown === small ? least : most, words));
    }
  return errors;
}
