// Namespaces, Nodes, Events, Leases and RuntimeClasses (v1.36).

import {
  type FieldError,
  invalid,
  labelErrors,
  labelValueErrors,
  notSupported,
  qualifiedNameErrors,
  required,
} from "#api/crd";
import { equalJson, type JsonObject } from "#kernel";
import { atLeastZero, cidrErrors, forbidden, invalidAll, itemsOf, part, requiredTexts, textOf } from "./fields.ts";

export function runtimeClassRules(object: JsonObject): FieldError[] {
  const handler = textOf(object["handler"]);
  if (handler === "") return [required("handler")];
  return labelErrors(handler).map((message) => invalid("handler", handler, message));
}

/** An Event of the old group keeps to what clients of old wrote; one with a time of its own, and any of the new group, says more. */
export function eventRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const isOfNewGroup = object["apiVersion"] === "events.k8s.io/v1";
  if (isOfNewGroup && live !== undefined) return fixedEventErrors(object, live);
  return [...sharedEventErrors(object, isOfNewGroup), ...(isOfNewGroup ? newEventErrors(object) : [])];
}

function sharedEventErrors(object: JsonObject, isOfNewGroup: boolean): FieldError[] {
  const isTimed = textOf(object["eventTime"]) !== "";
  const own = textOf(part(object, "metadata")["namespace"]);
  const other = textOf(part(object, isOfNewGroup ? "regarding" : "involvedObject")["namespace"]);
  const isWrong = isTimed
    ? other === "" && own !== "default" && own !== "kube-system"
    : other === ""
      ? own !== "" && own !== "default"
      : own !== other;
  const errors = isWrong ? [invalid("involvedObject.namespace", other, "does not match event.namespace")] : [];
  if (!isTimed) return errors;
  const reporter = isOfNewGroup ? "reportingController" : "reportingComponent";
  const name = textOf(object[reporter]);
  if (name === "") errors.push(required(reporter));
  errors.push(...invalidAll(reporter, name, qualifiedNameErrors(name)));
  errors.push(...requiredTexts(object, "", ["reportingInstance", "action", "reason"]));
  return errors;
}

function newEventErrors(object: JsonObject): FieldError[] {
  const errors: FieldError[] = [];
  if (textOf(object["eventTime"]) === "") errors.push(required("eventTime"));
  const type = textOf(object["type"]);
  if (type !== "Normal" && type !== "Warning") errors.push(invalid("type", "", `has invalid value: ${type}`));
  for (const [name, field] of [
    ["deprecatedFirstTimestamp", "firstTimestamp"],
    ["deprecatedLastTimestamp", "lastTimestamp"],
    ["deprecatedCount", "count"],
  ] as const)
    if ((object[name] ?? 0) !== 0) errors.push(invalid(field, "", "needs to be unset"));
  const source = part(object, "deprecatedSource");
  if (textOf(source["component"]) !== "" || textOf(source["host"]) !== "")
    errors.push(invalid("source", "", "needs to be unset"));
  return errors;
}

/** Fields of an Event of the new group, as the errors name them; only its series goes on. */
const fixedEventFields = {
  regarding: "involvedObject",
  reason: "reason",
  note: "message",
  type: "type",
  eventTime: "eventTime",
  action: "action",
  related: "related",
  reportingController: "reportingController",
  reportingInstance: "reportingInstance",
};

function fixedEventErrors(object: JsonObject, live: JsonObject): FieldError[] {
  return [
    ...sharedEventErrors(object, true),
    ...Object.entries(fixedEventFields).flatMap(([name, field]) =>
      equalJson(object[name] ?? null, live[name] ?? null)
        ? []
        : [invalid(field, object[name] ?? (name === "eventTime" ? null : ""), "field is immutable")],
    ),
  ];
}

export function leaseRules(object: JsonObject): FieldError[] {
  const { leaseDurationSeconds, leaseTransitions } = part(object, "spec");
  const errors: FieldError[] = [];
  if (typeof leaseDurationSeconds === "number" && leaseDurationSeconds <= 0)
    errors.push(invalid("spec.leaseDurationSeconds", leaseDurationSeconds, "must be greater than 0"));
  return [...errors, ...atLeastZero(leaseTransitions, "spec.leaseTransitions")];
}

const standardFinalizers: ReadonlySet<string> = new Set(["kubernetes"]);

export function namespaceRules(object: JsonObject): FieldError[] {
  const finalizers = part(object, "spec")["finalizers"];
  const field = "spec.finalizers";
  return (Array.isArray(finalizers) ? finalizers.map(textOf) : []).flatMap((name) => {
    const errors = invalidAll(field, name, qualifiedNameErrors(name));
    if (errors.length > 0 || name.includes("/") || standardFinalizers.has(name)) return errors;
    return [invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified")];
  });
}

const taintEffects = ["NoSchedule", "PreferNoSchedule", "NoExecute"];

export function nodeRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const ranges = Array.isArray(spec["podCIDRs"]) ? spec["podCIDRs"] : [];
  const before = live === undefined ? [] : part(live, "spec")["podCIDRs"];
  const hasOther = Array.isArray(before) && before.length > 0 && !equalJson(before, ranges);
  return [
    ...itemsOf(spec["taints"], "metadata.taints").flatMap(({ item, field }) => taintErrors(item, field)),
    ...ranges.flatMap((range, index) => cidrErrors(range, `spec.podCIDRs[${index}]`)),
    ...(hasOther ? [forbidden("spec.podCIDRs", 'node updates may not change podCIDR except from "" to valid')] : []),
  ];
}

function taintErrors(taint: JsonObject, field: string): FieldError[] {
  const [key, value, effect] = [textOf(taint["key"]), textOf(taint["value"]), textOf(taint["effect"])];
  return [
    ...invalidAll(`${field}.key`, key, qualifiedNameErrors(key)),
    ...invalidAll(`${field}.value`, value, labelValueErrors(value)),
    ...(effect === ""
      ? [required(`${field}.effect`)]
      : taintEffects.includes(effect)
        ? []
        : [notSupported(`${field}.effect`, effect, taintEffects)]),
  ];
}
