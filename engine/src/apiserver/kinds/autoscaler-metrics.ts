// Metrics of autoscalers in the form of autoscaling/v2, and in the older one that autoscaling/v1 keeps in annotations
// (pkg/apis/autoscaling/v1/conversion.go, v1.36).

import { isObject, type Json, type JsonObject } from "#kernel";

/** What the metrics of a spec want, or those of a status have. */
export type Side = "target" | "current";

function partOf(object: Json | undefined, name: string): JsonObject {
  const part = isObject(object) ? object[name] : undefined;
  return isObject(part) ? part : {};
}

/** The members that are there, in this order. */
function members(all: Readonly<Record<string, Json | undefined>>): JsonObject {
  const result: JsonObject = {};
  for (const [name, value] of Object.entries(all)) if (value !== undefined) result[name] = value;
  return result;
}

const kinds = ["object", "pods", "resource", "containerResource", "external"] as const;
type Kind = (typeof kinds)[number];

/** A metric in the older form. */
export function olderMetric(metric: Json, side: Side): Json {
  const found = kinds.filter((kind) => isObject(metric) && isObject(metric[kind]));
  const parts = found.map((kind) => [kind, olderPart(kind, partOf(metric, kind), side)] as const);
  return { type: isObject(metric) ? (metric["type"] ?? "") : "", ...Object.fromEntries(parts) };
}

function olderPart(kind: Kind, part: JsonObject, side: Side): JsonObject {
  const { name, selector } = partOf(part, "metric");
  const { value, averageValue, averageUtilization } = partOf(part, side);
  const isStatus = side === "current";
  const metricName = name ?? "";
  const least = isStatus ? "0" : undefined;
  switch (kind) {
    case "object": {
      const { kind: of, name: named, apiVersion } = partOf(part, "describedObject");
      const target = members({ kind: of ?? "", name: named ?? "", apiVersion });
      return members({ target, metricName, [`${side}Value`]: value ?? "0", selector, averageValue });
    }
    case "pods":
      return members({ metricName, [`${side}AverageValue`]: averageValue ?? "0", selector });
    case "resource":
    case "containerResource":
      return members({
        name: part["name"] ?? "",
        [`${side}AverageUtilization`]: averageUtilization,
        [`${side}AverageValue`]: averageValue ?? least,
        container: part["container"],
      });
    case "external":
      return members({
        metricName,
        metricSelector: selector,
        [`${side}Value`]: value ?? least,
        [`${side}AverageValue`]: averageValue,
      });
  }
}

/** A metric of the older form as autoscaling/v2 has it. */
export function newerMetric(metric: Json, side: Side): Json {
  const found = kinds.filter((kind) => isObject(metric) && isObject(metric[kind]));
  const parts = found.map((kind) => [kind, newerPart(kind, partOf(metric, kind), side)] as const);
  return { type: isObject(metric) ? (metric["type"] ?? "") : "", ...Object.fromEntries(parts) };
}

function newerPart(kind: Kind, part: JsonObject, side: Side): JsonObject {
  const { metricName = "", selector, metricSelector } = part;
  const [value, averageValue] = [part[`${side}Value`], part[`${side}AverageValue`]];
  const utilization = part[`${side}AverageUtilization`];
  const isStatus = side === "current";
  const typed = (type: string, amounts: Readonly<Record<string, Json | undefined>>): JsonObject =>
    members({ type: isStatus ? undefined : type, ...amounts });
  const metric = (one: Json | undefined): JsonObject => members({ name: metricName, selector: one });
  switch (kind) {
    case "object": {
      const average = part["averageValue"];
      const isPlain = average === undefined || isStatus || (value !== undefined && value !== "0");
      const type = average === undefined ? "Value" : "AverageValue";
      const amounts = typed(type, { value: isPlain ? (value ?? "0") : undefined, averageValue: average });
      return { describedObject: part["target"] ?? {}, metric: metric(selector), [side]: amounts };
    }
    case "pods":
      return { metric: metric(selector), [side]: typed("AverageValue", { averageValue: averageValue ?? "0" }) };
    case "resource":
    case "containerResource": {
      const type = utilization === undefined ? "AverageValue" : "Utilization";
      const average = averageValue ?? (isStatus ? "0" : undefined);
      const amounts = typed(type, { averageValue: average, averageUtilization: utilization });
      return members({ name: part["name"] ?? "", [side]: amounts, container: part["container"] });
    }
    case "external": {
      const type = value === undefined ? "AverageValue" : "Value";
      const amounts = typed(type, { value: value ?? (isStatus ? "0" : undefined), averageValue });
      return { metric: metric(metricSelector), [side]: amounts };
    }
  }
}

const ruleMembers = ["StabilizationWindowSeconds", "SelectPolicy", "Policies", "Tolerance"];

/** How fast to scale, as Go writes its own struct: its members by the names that they have there. */
export function olderBehavior(behavior: Json): Json {
  const rules = (direction: string): Json => {
    const found = isObject(behavior) ? behavior[direction] : undefined;
    if (!isObject(found)) return null;
    const given = capitalised(found);
    const policies = Array.isArray(given["Policies"]) ? given["Policies"].map((one) => capitalised(one)) : null;
    return { ...Object.fromEntries(ruleMembers.map((name) => [name, given[name] ?? null])), Policies: policies };
  };
  return { ScaleUp: rules("scaleUp"), ScaleDown: rules("scaleDown") };
}

function capitalised(value: Json): JsonObject {
  if (!isObject(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [`${name[0]?.toUpperCase() ?? ""}${name.slice(1)}`, member]),
  );
}

/** The way back: names by their first letters, nothing where there was nothing. */
export function newerBehavior(value: Json): Json {
  if (Array.isArray(value)) return value.map(newerBehavior);
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, member]) => member !== null)
      .map(([name, member]) => [`${name[0]?.toLowerCase() ?? ""}${name.slice(1)}`, newerBehavior(member)]),
  );
}
