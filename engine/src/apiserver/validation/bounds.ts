// What bounds others: quotas, limits, priorities (v1.36).

import { type FieldError, invalid, qualifiedNameErrors, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { forbidden, itemsOf, nanos, oneOf, part, textOf, textsOf } from "./fields.ts";
import { amountErrors } from "./nodes.ts";
import { canBeShared, checkContainerResource, checkResourceName } from "./pods/resources.ts";

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
  return [...amountsErrors(spec["hard"], "spec.hard"), ...scopesErrors(spec), ...scopeSelectorErrors(spec)];
}

/** Amounts by what is bounded, in a quota or its status. */
function amountsErrors(amounts: Json | undefined, field: string): FieldError[] {
  return Object.entries(isObject(amounts) ? amounts : {}).flatMap(([name, amount]) => {
    const at = `${field}[${name}]`;
    const errors: FieldError[] = [];
    checkResourceName(errors, name, at);
    if (!name.includes("/") && !isQuotaName(name))
      errors.push(invalid(at, name, "must be a standard resource for quota"));
    return [...errors, ...amountErrors(name, amount, at)];
  });
}

function isQuotaName(name: string): boolean {
  return quotaNames.has(name) || /^(requests\.)?hugepages-/.test(name);
}

export function quotaStatusErrors(status: JsonObject): FieldError[] {
  return [...amountsErrors(status["hard"], "status.hard"), ...amountsErrors(status["used"], "status.used")];
}

const exclusive = [
  ["BestEffort", "NotBestEffort"],
  ["Terminating", "NotTerminating"],
];

/** Names of what a quota bounds that its scopes have nothing to say of. */
function unfitCount(spec: JsonObject, scope: string): number {
  return Object.keys(part(spec, "hard")).filter((name) => isQuotaName(name) && !isScopeFor(scope, name)).length;
}

function scopesErrors(spec: JsonObject): FieldError[] {
  const scopes = textsOf(spec["scopes"]);
  const tell = (detail: string): FieldError => invalid("spec.scopes", scopes, detail);
  return [
    ...scopes.flatMap((scope) => [
      ...(quotaScopes.has(scope) ? [] : [tell("unsupported scope")]),
      ...(unfitCount(spec, scope) > 0 ? [tell("unsupported scope applied to resource")] : []),
    ]),
    ...exclusive.filter((pair) => pair.every((one) => scopes.includes(one))).map(() => tell("conflicting scopes")),
  ];
}

const existing: ReadonlySet<string> = new Set([
  "BestEffort",
  "NotBestEffort",
  "Terminating",
  "NotTerminating",
  "CrossNamespacePodAffinity",
]);
const existsText =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

function scopeSelectorErrors(spec: JsonObject): FieldError[] {
  const field = "spec.scopeSelector.matchExpressions";
  const demands = itemsOf(part(spec, "scopeSelector")["matchExpressions"], field).map(({ item }) => ({
    ScopeName: textOf(item["scopeName"]),
    Operator: textOf(item["operator"]),
    Values: Array.isArray(item["values"]) && item["values"].length > 0 ? textsOf(item["values"]) : null,
  }));
  const names = demands.map(({ ScopeName }) => ScopeName);
  const scopes = Array.isArray(spec["scopes"]) ? spec["scopes"] : null;
  return [
    ...demands.flatMap((demand) => [
      ...(quotaScopes.has(demand.ScopeName)
        ? []
        : [invalid(`${field}.scopeName`, demand.ScopeName, "unsupported scope")]),
      ...(unfitCount(spec, demand.ScopeName) > 0
        ? [invalid(field, { MatchExpressions: demands }, "unsupported scope applied to resource")]
        : []),
      ...scopeDemandErrors(demand, field),
    ]),
    ...exclusive
      .filter((pair) => pair.every((one) => names.includes(one)))
      .map(() => invalid(field, scopes, "conflicting scopes")),
  ];
}

type ScopeDemand = { ScopeName: string; Operator: string; Values: string[] | null };

function scopeDemandErrors({ ScopeName, Operator, Values }: ScopeDemand, field: string): FieldError[] {
  const at = `${field}.values`;
  const errors: FieldError[] = [];
  if (existing.has(ScopeName) && Operator !== "Exists") errors.push(invalid(`${field}.operator`, Operator, existsText));
  if (Operator === "In" || Operator === "NotIn") {
    if (Values === null)
      errors.push(required(at, "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"));
  } else if (Operator === "Exists" || Operator === "DoesNotExist") {
    if (Values !== null)
      errors.push(
        invalid(at, Values, "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"),
      );
  } else errors.push(invalid(`${field}.operator`, Operator, "not a valid selector operator"));
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
    case "VolumeAttributesClass":
      return name === "persistentvolumeclaims" || name === "requests.storage";
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

/** The names of what is bounded: those of containers where it is theirs. */
function limitNameErrors(limit: JsonObject, field: string, type: string): FieldError[] {
  const errors: FieldError[] = [];
  const isOfPods = type === "Pod" || type === "Container";
  const lists = ["max", "min", ...(type === "Pod" ? [] : ["default", "defaultRequest"]), "maxLimitRequestRatio"];
  for (const list of lists)
    for (const name of Object.keys(part(limit, list))) {
      const at = `${field}.${list}[${name}]`;
      if (isOfPods) checkContainerResource(errors, name, at);
      else checkResourceName(errors, name, at);
    }
  return errors;
}

/** How far a limit may be above its request. */
function ratioErrors(limit: JsonObject, field: string, name: string): FieldError[] {
  const ratio = part(limit, "maxLimitRequestRatio")[name];
  if (ratio === undefined) return [];
  const at = `${field}.maxLimitRequestRatio[${name}]`;
  const [least, largest] = [part(limit, "min")[name], part(limit, "max")[name]];
  const errors = nanos(ratio) < 1_000_000_000n ? [invalid(at, ratio, `ratio ${textOf(ratio)} is less than 1`)] : [];
  if (least === undefined || largest === undefined) return errors;
  const bound = Number(nanos(largest)) / Number(nanos(least));
  if (Number(nanos(ratio)) / 1e9 <= bound) return errors;
  const detail = `ratio ${textOf(ratio)} is greater than max/min = ${bound.toFixed(6)}`;
  return [...errors, invalid(at, ratio, detail)];
}

/** What nobody can have more of than they asked for is given as it is asked for. */
function sharedErrors(limit: JsonObject, field: string, name: string): FieldError[] {
  if (limit["type"] === "Pod" || canBeShared(name)) return [];
  const [given, asked] = [part(limit, "default")[name], part(limit, "defaultRequest")[name]];
  if (given === undefined || asked === undefined || nanos(given) === nanos(asked)) return [];
  const words = `default value ${textOf(given)} must equal to defaultRequest value ${textOf(asked)} in ${name}`;
  return [invalid(`${field}.defaultRequest[${name}]`, asked, words)];
}

function limitErrors(limit: JsonObject, field: string, type: string): FieldError[] {
  const errors: FieldError[] = limitNameErrors(limit, field, type);
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
  const lists = ["min", "max", "default", "defaultRequest", "maxLimitRequestRatio"];
  const names = new Set(lists.flatMap((list) => Object.keys(part(limit, list))));
  for (const name of names) errors.push(...ratioErrors(limit, field, name), ...sharedErrors(limit, field, name));
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
