// The two built-in kinds that are served in more than one form: HorizontalPodAutoscaler v1 beside v2, and events.k8s.io
// beside core Events. What the narrower form cannot say is kept in annotations, as kube-apiserver does.

import { encodeJson, assert, asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";
import { newerBehavior, newerMetric, olderBehavior, olderMetric, type Side } from "./autoscaler-metrics.ts";

type Conversion = { fromStorage: (object: Manifest) => Manifest; toStorage: (object: Manifest) => Manifest };

export function conversionOf(id: string): Conversion {
  const found = conversions[id];
  assert(found !== undefined, `no conversion is known for ${id}`);
  return found;
}

/** Renames members; what is not named stays as it is. */
function renamed(object: Manifest, names: Readonly<Record<string, string>>, apiVersion: string): Manifest {
  const result: JsonObject = {};
  for (const [key, value] of Object.entries(asJson(object))) result[names[key] ?? key] = value;
  result.apiVersion = apiVersion;
  return result as unknown as Manifest;
}

const eventNames: Readonly<Record<string, string>> = {
  involvedObject: "regarding",
  message: "note",
  source: "deprecatedSource",
  firstTimestamp: "deprecatedFirstTimestamp",
  lastTimestamp: "deprecatedLastTimestamp",
  count: "deprecatedCount",
  reportingComponent: "reportingController",
};

const eventNamesBack: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(eventNames).map(([core, own]) => [own, core]),
);

const cpuPercent = "targetCPUUtilizationPercentage";
const currentPercent = "currentCPUUtilizationPercentage";
const metricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
const currentAnnotation = "autoscaling.alpha.kubernetes.io/current-metrics";
const behaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";
const conditionsAnnotation = "autoscaling.alpha.kubernetes.io/conditions";
const ownAnnotations = [metricsAnnotation, currentAnnotation, behaviorAnnotation, conditionsAnnotation];

/** The share of the processor that a metric wants or has. */
function cpuUtilization(metric: Json, side: Side): Json | undefined {
  if (!isObject(metric) || metric.type !== "Resource" || !isObject(metric.resource)) return undefined;
  const amounts = metric.resource[side];
  return metric.resource.name === "cpu" && isObject(amounts) ? amounts.averageUtilization : undefined;
}

function cpuMetric(side: Side, share: Json): Json {
  const type = side === "target" ? { type: "Utilization" } : {};
  return { type: "Resource", resource: { name: "cpu", [side]: { ...type, averageUtilization: share } } };
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

/** In the order in which Go writes a condition. */
function orderedCondition(condition: Json): Json {
  if (!isObject(condition)) return condition;
  const { type = "", status = "", lastTransitionTime = null, reason, message } = condition;
  const said = { ...(reason === undefined ? {} : { reason }), ...(message === undefined ? {} : { message }) };
  return { type, status, lastTransitionTime, ...said };
}

function withoutOwn(annotations: Record<string, string> | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([name]) => !ownAnnotations.includes(name)));
}

function withAnnotations(object: Manifest, annotations: Record<string, string>): Manifest["metadata"] {
  const { annotations: _, ...metadata } = object.metadata;
  return Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
}

function autoscalerToV1(object: Manifest): Manifest {
  const { metrics, behavior, ...spec } = { ...(object.spec as JsonObject | undefined) };
  const { conditions, currentMetrics, ...status } = { ...(object.status as JsonObject | undefined) };
  const annotations = withoutOwn(object.metadata.annotations);
  const keep = (name: string, value: readonly Json[]): void => {
    if (value.length > 0) annotations[name] = encodeJson(value as Json);
  };
  const share = listOf(metrics).map((metric) => cpuUtilization(metric, "target"));
  const percent = share.find((one) => one !== undefined);
  if (percent !== undefined) spec[cpuPercent] = percent;
  const others = listOf(metrics).filter((_, index) => share[index] === undefined);
  keep(
    metricsAnnotation,
    others.map((metric) => olderMetric(metric, "target")),
  );
  keep(
    currentAnnotation,
    listOf(currentMetrics).map((metric) => olderMetric(metric, "current")),
  );
  if (behavior !== undefined) annotations[behaviorAnnotation] = encodeJson(olderBehavior(behavior));
  keep(conditionsAnnotation, listOf(conditions).map(orderedCondition));
  for (const metric of listOf(currentMetrics)) {
    const current = cpuUtilization(metric, "current");
    if (current !== undefined) status[currentPercent] = current;
  }
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: withAnnotations(object, annotations),
    spec,
    ...(object.status === undefined ? {} : { status }),
  };
}

function autoscalerFromV1(object: Manifest): Manifest {
  const { [cpuPercent]: percent, ...spec } = { ...(object.spec as JsonObject | undefined) };
  const { [currentPercent]: share, ...status } = { ...(object.status as JsonObject | undefined) };
  const { annotations = {} } = object.metadata;
  const metrics = parseList(annotations[metricsAnnotation]).map((metric) => newerMetric(metric, "target"));
  if (percent !== undefined) metrics.push(cpuMetric("target", percent));
  if (metrics.length > 0) spec.metrics = metrics;
  const behavior = parseJson(annotations[behaviorAnnotation]);
  if (behavior !== undefined) spec.behavior = newerBehavior(behavior);
  if (object.status !== undefined) {
    const current = parseList(annotations[currentAnnotation]).map((metric) => newerMetric(metric, "current"));
    if (current.length > 0) status.currentMetrics = current;
    else if (share !== undefined)
      status.currentMetrics = [newerMetric(olderMetric(cpuMetric("current", share), "current"), "current")];
    const conditions = parseList(annotations[conditionsAnnotation]);
    if (conditions.length > 0) status.conditions = conditions;
  }
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: withAnnotations(object, withoutOwn(annotations)),
    spec,
    ...(object.status === undefined ? {} : { status }),
  };
}

/** What the narrower form of an autoscaler says is what the wider one makes of it. */
export function wholeAutoscaler(draft: Manifest): void {
  if (draft.apiVersion !== "autoscaling/v1") return;
  Object.assign(draft, autoscalerToV1(autoscalerFromV1(draft)));
}

function parseJson(text: string | undefined): Json | undefined {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

function parseList(text: string | undefined): Json[] {
  const value = parseJson(text);
  return Array.isArray(value) ? value : [];
}

const conversions: Readonly<Record<string, Conversion>> = {
  "events.k8s.io/v1/events": {
    fromStorage: (object) => renamed(object, eventNames, "events.k8s.io/v1"),
    toStorage: (object) => renamed(object, eventNamesBack, "v1"),
  },
  "autoscaling/v1/horizontalpodautoscalers": { fromStorage: autoscalerToV1, toStorage: autoscalerFromV1 },
};
