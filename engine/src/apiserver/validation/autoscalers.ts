// HorizontalPodAutoscalers: bounds, metrics and behaviour (pkg/apis/autoscaling/validation, v1.36).

import { type FieldError, invalid, labelErrors, notSupported, pathSegmentErrors, required } from "#api/crd";
import { isObject, type Json, type JsonObject } from "#kernel";
import { containerResourceErrors, forbidden, invalidAll, itemsOf, nanos, part, textOf } from "./fields.ts";

const stabilizationSecondsMost = 3600;
const periodSecondsMost = 1800;

export function autoscalerRules(object: JsonObject): FieldError[] {
  const spec = part(object, "spec");
  const metrics = itemsOf(spec["metrics"], "spec.metrics");
  const percent = spec["targetCPUUtilizationPercentage"];
  const behavior = part(spec, "behavior");
  return [
    ...replicaErrors(spec, metrics),
    ...referenceErrors(part(spec, "scaleTargetRef"), "spec.scaleTargetRef"),
    ...groupErrors(part(spec, "scaleTargetRef"), "spec.scaleTargetRef"),
    // The old version's one metric stands among the others once it is decoded.
    ...(typeof percent === "number" && percent <= 0
      ? [invalid("spec.metrics[0].resource.target.averageUtilization", percent, "must be greater than 0")]
      : []),
    ...metrics.flatMap(({ item, field }) => metricErrors(item, field)),
    ...["scaleUp", "scaleDown"].flatMap((name) => scalingErrors(behavior[name], `spec.behavior.${name}`)),
  ];
}

type Items = ReturnType<typeof itemsOf>;

function replicaErrors(spec: JsonObject, metrics: Items): FieldError[] {
  const [least, most] = [Number(spec["minReplicas"] ?? 1), Number(spec["maxReplicas"] ?? 0)];
  const atLeastOne = "must be greater than or equal to 1";
  const canBeIdle = metrics.some(({ item }) => ["Object", "External"].includes(textOf(item["type"])));
  const errors: FieldError[] = least < 1 ? [invalid("spec.minReplicas", least, atLeastOne)] : [];
  if (most === 0) errors.push(required("spec.maxReplicas", "must be set and greater than 0"));
  if (most < 0) errors.push(invalid("spec.maxReplicas", most, atLeastOne));
  if (most < least) errors.push(invalid("spec.maxReplicas", most, "must be greater than or equal to `minReplicas`"));
  if (least === 0 && !canBeIdle)
    errors.push(
      forbidden(
        "spec.metrics",
        "must specify at least one Object or External metric to support scaling to zero replicas",
      ),
    );
  return errors;
}

/** An object of any kind, by group, kind and name. */
function referenceErrors(reference: JsonObject, field: string): FieldError[] {
  return [...segmentErrors(reference["kind"], `${field}.kind`), ...segmentErrors(reference["name"], `${field}.name`)];
}

/** What is scaled is of some group; what is measured may be of the core one, too. */
function groupErrors(reference: JsonObject, field: string): FieldError[] {
  const apiVersion = textOf(reference["apiVersion"]);
  const isOfGroup = /^[^/]+\/[^/]+$/.test(apiVersion);
  return isOfGroup ? [] : [invalid(`${field}.apiVersion`, apiVersion, "apiVersion must specify API group")];
}

function segmentErrors(value: Json | undefined, field: string, detail = ""): FieldError[] {
  const text = textOf(value);
  return text === "" ? [required(field, detail)] : invalidAll(field, text, pathSegmentErrors(text));
}

const metricTypes = ["ContainerResource", "External", "Object", "Pods", "Resource"];

/** Members of a metric by its type, in the order in which the first that is there is looked at. */
const sources: readonly (readonly [string, string, (source: JsonObject, field: string) => FieldError[]])[] = [
  ["object", "Object", objectErrors],
  ["external", "External", externalErrors],
  ["pods", "Pods", podsErrors],
  ["resource", "Resource", resourceErrors],
  ["containerResource", "ContainerResource", containerErrors],
];

function metricErrors(metric: JsonObject, field: string): FieldError[] {
  const type = textOf(metric["type"]);
  const present = sources.filter(([member]) => isObject(metric[member]));
  const wanted = sources.find(([, one]) => one === type)?.[0];
  const errors = type === "" ? [required(`${field}.type`, "must specify a metric source type")] : [];
  if (!metricTypes.includes(type)) errors.push(notSupported(`${field}.type`, type, metricTypes));
  const [first] = present;
  if (first !== undefined) errors.push(...first[2](part(metric, first[0]), `${field}.${first[0]}`));
  if (wanted !== undefined && !isObject(metric[wanted]))
    errors.push(required(`${field}.${wanted}`, "must populate information for the given metric source"));
  if (present.length === 1) return errors;
  const others = present.filter(([member]) => member !== wanted);
  return [
    ...errors,
    ...others.map(([member]) => forbidden(`${field}.${member}`, "must populate the given metric source only")),
  ];
}

function objectErrors(source: JsonObject, field: string): FieldError[] {
  const target = part(source, "target");
  return [
    ...referenceErrors(part(source, "describedObject"), `${field}.describedObject`),
    ...identifiedErrors(source, field),
    ...oneTargetErrors(target, ["value", "averageValue"], field, "must set either a target value or averageValue"),
  ];
}

function externalErrors(source: JsonObject, field: string): FieldError[] {
  const target = part(source, "target");
  const names = ["value", "averageValue"];
  const hasBoth = names.every((name) => target[name] !== undefined);
  return [
    ...identifiedErrors(source, field),
    ...oneTargetErrors(target, names, field, "must set either a target value for metric or a per-pod target"),
    ...(hasBoth
      ? [forbidden(`${field}.target.value`, "may not set both a target value for metric and a per-pod target")]
      : []),
  ];
}

function podsErrors(source: JsonObject, field: string): FieldError[] {
  const target = part(source, "target");
  return [
    ...identifiedErrors(source, field),
    ...oneTargetErrors(target, ["averageValue"], field, "must specify a positive target averageValue"),
  ];
}

/** The metric's name, and what is wanted of it. */
function identifiedErrors(source: JsonObject, field: string): FieldError[] {
  const name = part(source, "metric")["name"];
  return [
    ...segmentErrors(name, `${field}.metric.name`, "must specify a metric name"),
    ...targetErrors(part(source, "target"), `${field}.target`),
  ];
}

// oxlint-disable-next-line max-params -- what is wanted, of which one must be there, and how that is told
function oneTargetErrors(target: JsonObject, names: readonly string[], field: string, detail: string): FieldError[] {
  return names.some((name) => target[name] !== undefined) ? [] : [required(`${field}.target.averageValue`, detail)];
}

function resourceErrors(source: JsonObject, field: string): FieldError[] {
  const isNamed = textOf(source["name"]) !== "";
  return [
    ...(isNamed ? [] : [required(`${field}.name`, "must specify a resource name")]),
    ...shareErrors(source, field),
  ];
}

function containerErrors(source: JsonObject, field: string): FieldError[] {
  const [name, container] = [textOf(source["name"]), textOf(source["container"])];
  return [
    ...(name === ""
      ? [required(`${field}.name`, "must specify a resource name")]
      : containerResourceErrors(name, `${field}.name`)),
    ...(container === ""
      ? [required(`${field}.container`, "must specify a container")]
      : invalidAll(`${field}.container`, container, labelErrors(container))),
    ...shareErrors(source, field),
  ];
}

/** So much of a resource, or such a share of what was requested. */
function shareErrors(source: JsonObject, field: string): FieldError[] {
  const target = part(source, "target");
  const [share, amount] = [target["averageUtilization"], target["averageValue"]];
  const errors = targetErrors(target, `${field}.target`);
  if (share === undefined && amount === undefined)
    errors.push(
      required(`${field}.target.averageUtilization`, "must set either a target raw value or a target utilization"),
    );
  if (share !== undefined && amount !== undefined)
    errors.push(
      forbidden(`${field}.target.averageValue`, "may not set both a target raw value and a target utilization"),
    );
  return errors;
}

const targetTypes = ["Utilization", "Value", "AverageValue"];

function targetErrors(target: JsonObject, field: string): FieldError[] {
  const type = textOf(target["type"]);
  const share = target["averageUtilization"];
  return [
    ...(type === "" ? [required(`${field}.type`, "must specify a metric target type")] : []),
    ...(targetTypes.includes(type)
      ? []
      : [invalid(`${field}.type`, type, "must be either Utilization, Value, or AverageValue")]),
    ...["value", "averageValue"].flatMap((name) => {
      const amount = target[name];
      return amount === undefined || nanos(amount) > 0n
        ? []
        : [invalid(`${field}.${name}`, amount, "must be positive")];
    }),
    ...(typeof share === "number" && share < 1
      ? [invalid(`${field}.averageUtilization`, share, "must be greater than 0")]
      : []),
  ];
}

const selectPolicies = ["Disabled", "Max", "Min"];

function scalingErrors(rules: Json | undefined, field: string): FieldError[] {
  if (!isObject(rules)) return [];
  const { stabilizationWindowSeconds: seconds, selectPolicy, tolerance } = rules;
  const at = `${field}.stabilizationWindowSeconds`;
  const errors: FieldError[] = [];
  if (typeof seconds === "number" && seconds < 0)
    errors.push(invalid(at, seconds, "must be greater than or equal to zero"));
  if (typeof seconds === "number" && seconds > stabilizationSecondsMost)
    errors.push(invalid(at, seconds, `must be less than or equal to ${stabilizationSecondsMost}`));
  if (selectPolicy !== undefined && !selectPolicies.includes(textOf(selectPolicy)))
    errors.push(notSupported(`${field}.selectPolicy`, textOf(selectPolicy), selectPolicies));
  const policies = itemsOf(rules["policies"], `${field}.policies`);
  if (policies.length === 0) errors.push(required(`${field}.policies`, "must specify at least one Policy"));
  errors.push(...policies.flatMap((one) => policyErrors(one.item, one.field)));
  if (tolerance !== undefined && nanos(tolerance) < 0n)
    errors.push(invalid(`${field}.tolerance`, tolerance, "must be greater than or equal to 0"));
  return errors;
}

function policyErrors(policy: JsonObject, field: string): FieldError[] {
  const type = textOf(policy["type"]);
  const seconds = Number(policy["periodSeconds"] ?? 0);
  const errors = ["Percent", "Pods"].includes(type) ? [] : [notSupported(`${field}.type`, type, ["Percent", "Pods"])];
  const value = Number(policy["value"] ?? 0);
  if (value <= 0) errors.push(invalid(`${field}.value`, value, "must be greater than zero"));
  if (seconds <= 0) errors.push(invalid(`${field}.periodSeconds`, seconds, "must be greater than zero"));
  if (seconds > periodSecondsMost)
    errors.push(invalid(`${field}.periodSeconds`, seconds, `must be less than or equal to ${periodSecondsMost}`));
  return errors;
}
