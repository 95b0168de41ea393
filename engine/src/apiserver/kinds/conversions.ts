// The two built-in kinds that are served in more than one form: HorizontalPodAutoscaler v1 beside v2, and events.k8s.io
// beside core Events. What the narrower form cannot say is kept in annotations, as kube-apiserver does.

import { encodeJson, assert, asJson, isObject, type Json, type JsonObject, type Manifest } from "#kernel";

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
const metricsAnnotation = "autoscaling.alpha.kubernetes.io/metrics";
const behaviorAnnotation = "autoscaling.alpha.kubernetes.io/behavior";
const conditionsAnnotation = "autoscaling.alpha.kubernetes.io/conditions";

function isCpuUtilization(metric: Json): boolean {
  if (!isObject(metric) || metric.type !== "Resource" || !isObject(metric.resource)) return false;
  const { name, target } = metric.resource;
  return name === "cpu" && isObject(target) && target.type === "Utilization";
}

function autoscalerToV1(object: Manifest): Manifest {
  const spec = { ...(object.spec as JsonObject | undefined) };
  const status = object.status === undefined ? undefined : { ...(object.status as JsonObject) };
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  const metrics = Array.isArray(spec.metrics) ? spec.metrics : [];
  const cpu = metrics.find(isCpuUtilization) as { resource: { target: { averageUtilization?: number } } } | undefined;
  if (cpu?.resource.target.averageUtilization !== undefined) spec[cpuPercent] = cpu.resource.target.averageUtilization;
  const others = metrics.filter((metric) => metric !== (cpu as unknown));
  if (others.length > 0) annotations[metricsAnnotation] = encodeJson(others);
  if (spec.behavior !== undefined) annotations[behaviorAnnotation] = encodeJson(spec.behavior);
  delete spec.metrics;
  delete spec.behavior;
  if (status !== undefined) {
    if (status.conditions !== undefined) annotations[conditionsAnnotation] = encodeJson(status.conditions);
    delete status.conditions;
    delete status.currentMetrics;
  }
  return {
    ...object,
    apiVersion: "autoscaling/v1",
    metadata: { ...object.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) },
    spec,
    ...(status === undefined ? {} : { status }),
  };
}

function autoscalerFromV1(object: Manifest): Manifest {
  const spec = { ...(object.spec as JsonObject | undefined) };
  const status = object.status === undefined ? undefined : { ...(object.status as JsonObject) };
  const annotations: Record<string, string> = { ...object.metadata.annotations };
  const metrics: Json[] = parseList(annotations[metricsAnnotation]);
  const percent = spec[cpuPercent];
  if (percent !== undefined)
    metrics.unshift({
      type: "Resource",
      resource: { name: "cpu", target: { type: "Utilization", averageUtilization: percent } },
    });
  delete spec[cpuPercent];
  if (metrics.length > 0) spec.metrics = metrics;
  const behavior = parseJson(annotations[behaviorAnnotation]);
  if (behavior !== undefined) spec.behavior = behavior;
  const conditions = parseList(annotations[conditionsAnnotation]);
  if (status !== undefined && conditions.length > 0) status.conditions = conditions;
  for (const key of [metricsAnnotation, behaviorAnnotation, conditionsAnnotation]) delete annotations[key];
  const { annotations: _old, ...metadata } = object.metadata;
  return {
    ...object,
    apiVersion: "autoscaling/v2",
    metadata: Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations },
    spec,
    ...(status === undefined ? {} : { status }),
  };
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
