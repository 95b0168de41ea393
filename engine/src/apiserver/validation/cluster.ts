// Namespaces, Events and Leases (v1.36).

import { type FieldError, invalid, qualifiedNameErrors, required } from "#api/crd";
import { equalJson, isObject, type Json, type JsonObject } from "#kernel";
import { atLeastZero, invalidAll, part, requiredTexts, textOf } from "./fields.ts";

/** An Event of the old group keeps to what clients of old wrote; one with a time of its own, and any of the new group, says more. */
export function eventRules(object: JsonObject, live?: JsonObject): FieldError[] {
  const isOfNewGroup = object["apiVersion"] === "events.k8s.io/v1";
  if (isOfNewGroup && live !== undefined) return fixedEventErrors(object, live);
  return [
    ...sharedEventErrors(object, isOfNewGroup),
    ...(isOfNewGroup ? [...seriesErrors(object["series"]), ...newEventErrors(object)] : []),
  ];
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
  for (const [member, field, most] of eventLengths(isOfNewGroup))
    if (textOf(object[member]).length > most) errors.push(invalid(field, "", `can have at most ${most} characters`));
  return errors;
}

/** What an Event with a time of its own says at length, and at most. */
function eventLengths(isOfNewGroup: boolean): readonly (readonly [string, string, number])[] {
  return [
    ["reportingInstance", "reportingInstance", 128],
    ["action", "action", 128],
    ["reason", "reason", 128],
    [isOfNewGroup ? "note" : "message", "message", 1024],
  ];
}

/** Events that go on are told again with their count. */
function seriesErrors(series: Json | undefined): FieldError[] {
  if (!isObject(series)) return [];
  return [
    ...(Number(series["count"] ?? 0) < 2 ? [invalid("series.count", "", "should be at least 2")] : []),
    ...(textOf(series["lastObservedTime"]) === "" ? [required("series.lastObservedTime")] : []),
  ];
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

/** Texts of an Event of the new group, as the errors name them; only its series goes on. */
const fixedEventTexts = {
  reason: "reason",
  note: "message",
  type: "type",
  action: "action",
  reportingController: "reportingController",
  reportingInstance: "reportingInstance",
};

/** What else does not change, and how Go shows it. */
const fixedEventParts: readonly (readonly [string, string, (value: Json | undefined) => Json])[] = [
  ["regarding", "involvedObject", referenceInGo],
  ["related", "related", (value) => (value === undefined ? null : referenceInGo(value))],
  ["deprecatedSource", "source", sourceInGo],
  ["deprecatedFirstTimestamp", "firstTimestamp", (value) => value ?? null],
  ["deprecatedLastTimestamp", "lastTimestamp", (value) => value ?? null],
  ["deprecatedCount", "count", (value) => value ?? 0],
  ["eventTime", "eventTime", (value) => value ?? null],
];

function inGo(value: Json | undefined, names: Readonly<Record<string, string>>): JsonObject {
  const object = isObject(value) ? value : {};
  return Object.fromEntries(Object.entries(names).map(([shown, name]) => [shown, textOf(object[name])]));
}

function referenceInGo(value: Json | undefined): Json {
  return inGo(value, {
    Kind: "kind",
    Namespace: "namespace",
    Name: "name",
    UID: "uid",
    APIVersion: "apiVersion",
    ResourceVersion: "resourceVersion",
    FieldPath: "fieldPath",
  });
}

function sourceInGo(value: Json | undefined): Json {
  return inGo(value, { Component: "component", Host: "host" });
}

function fixedEventErrors(object: JsonObject, live: JsonObject): FieldError[] {
  const isSame = equalJson(object["series"] ?? null, live["series"] ?? null);
  return [
    ...sharedEventErrors(object, true),
    ...(isSame ? [] : seriesErrors(object["series"])),
    ...Object.entries(fixedEventTexts).flatMap(([name, field]) =>
      textOf(object[name]) === textOf(live[name]) ? [] : [invalid(field, textOf(object[name]), "field is immutable")],
    ),
    ...fixedEventParts.flatMap(([name, field, shown]) =>
      equalJson(shown(object[name]), shown(live[name]))
        ? []
        : [invalid(field, shown(object[name]), "field is immutable")],
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
    if (name.includes("/") || standardFinalizers.has(name)) return errors;
    return [...errors, invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified")];
  });
}
