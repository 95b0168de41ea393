// What an autoscaler aims at beside what it has seen, as `kubectl get hpa` shows it: `cpu: <unknown>/80%, memory: 300Mi/500Mi`.

import { isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";

/** Metrics shown before the rest is counted. */
const shownMost = 2;

const unknown = "<unknown>";

export function metricTargets(object: Manifest): string {
  const spec = part(object as unknown as JsonObject, "spec");
  const metrics = listOf(spec, "metrics");
  const seen = listOf(part(object as unknown as JsonObject, "status"), "currentMetrics");
  const percent = spec.targetCPUUtilizationPercentage;
  if (typeof percent === "number") {
    const current = part(object as unknown as JsonObject, "status").currentCPUUtilizationPercentage;
    const one = `cpu: ${typeof current === "number" ? `${current}%` : unknown}/${percent}%`;
    return metrics.length === 0
      ? one
      : [one, ...metrics.map((metric, index) => targetOf(metric, seen[index + 1]))].join(", ");
  }
  if (metrics.length === 0) return "<none>";
  const shown = metrics.slice(0, shownMost).map((metric, index) => targetOf(metric, seen[index]));
  const more = metrics.length - shown.length;
  return `${shown.join(", ")}${more > 0 ? ` + ${more} more...` : ""}`;
}

/** The member of a metric that its type names: `ContainerResource` → `containerResource`. */
function targetOf(metric: JsonObject, seen: JsonObject | undefined): string {
  const type = textOf(metric, "type");
  const name = `${type.slice(0, 1).toLowerCase()}${type.slice(1)}`;
  if (metric[name] === undefined) return "<unknown type>";
  const own = part(metric, name);
  const target = part(own, "target");
  const current = part(part(seen ?? {}, name), "current");
  const label = type === "Resource" || type === "ContainerResource" ? `${textOf(own, "name")}: ` : "";
  if (typeof target.averageUtilization === "number")
    return `${label}${shownPercent(current.averageUtilization)}/${target.averageUtilization}%`;
  const isAverage = target.averageValue !== undefined;
  const wanted = isAverage ? target.averageValue : target.value;
  const found = isAverage ? current.averageValue : current.value;
  const mark = isAverage && (type === "Object" || type === "External") ? " (avg)" : "";
  return `${label}${shown(found)}/${shown(wanted)}${mark}`;
}

function shownPercent(value: Json | undefined): string {
  return typeof value === "number" ? `${value}%` : unknown;
}

function shown(value: Json | undefined): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : unknown;
}

function part(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  return isObject(value) ? value : {};
}

function listOf(object: JsonObject, name: string): JsonObject[] {
  const value = object[name];
  return Array.isArray(value) ? value.filter(isObject) : [];
}
