// What a status must not say (pkg/apis/*/validation, v1.36): counts below zero, more of a part than of the whole.

import { type FieldError, invalid } from "#api/crd";
import {
  addressErrors,
  addressWarnings,
  balancerHostErrors,
  balancerPointErrors,
  conditionErrors,
  deviceClaimStatusErrors,
  nodeAmountErrors,
  nodeChangeErrors,
  quotaStatusErrors,
} from "#apiserver/validation";
import { asJson, isObject, type JsonObject, type Manifest, textOf } from "#kernel";
import { jobStatusErrors } from "./job-status.ts";
import { podStatusErrors } from "./pod-status.ts";
import { attachmentErrors, claimStatusErrors } from "./volumes.ts";

type Rule = (object: Manifest, live: Manifest) => FieldError[];

/** `[part, whole, words]`: the part may not be more than the whole. */
type Bound = readonly [string, string, string];

function counts(names: readonly string[], bounds: readonly Bound[]): Rule {
  return (object) => {
    const status = statusOf(object);
    const count = (name: string): number => (typeof status[name] === "number" ? status[name] : 0);
    return [
      ...names
        .filter((name) => count(name) < 0)
        .map((name) => invalid(`status.${name}`, count(name), "must be greater than or equal to 0")),
      ...bounds
        .filter(([part, whole]) => count(part) > count(whole))
        .map(([part, , words]) => invalid(`status.${part}`, count(part), `cannot be greater than ${words}`)),
    ];
  };
}

function statusOf(object: Manifest): JsonObject {
  const { status } = asJson(object);
  return isObject(status) ? status : {};
}

const ofReplicas = (part: string): Bound => [part, "replicas", "status.replicas"];

const deployment = counts(
  ["observedGeneration", "replicas", "updatedReplicas", "readyReplicas", "availableReplicas", "unavailableReplicas"],
  [
    ofReplicas("updatedReplicas"),
    ofReplicas("readyReplicas"),
    ofReplicas("availableReplicas"),
    ["availableReplicas", "readyReplicas", "readyReplicas"],
  ],
);

const replicas = counts(
  ["replicas", "fullyLabeledReplicas", "readyReplicas", "availableReplicas", "observedGeneration"],
  [
    ofReplicas("fullyLabeledReplicas"),
    ofReplicas("readyReplicas"),
    ofReplicas("availableReplicas"),
    ["availableReplicas", "readyReplicas", "readyReplicas"],
  ],
);

const statefulSet = counts(
  ["replicas", "readyReplicas", "currentReplicas", "updatedReplicas", "availableReplicas"],
  [
    ofReplicas("readyReplicas"),
    ofReplicas("currentReplicas"),
    ofReplicas("updatedReplicas"),
    ofReplicas("availableReplicas"),
    ["availableReplicas", "readyReplicas", "status.readyReplicas"],
  ],
);

const daemonSet = counts(
  [
    "currentNumberScheduled",
    "numberMisscheduled",
    "desiredNumberScheduled",
    "numberReady",
    "observedGeneration",
    "updatedNumberScheduled",
    "numberAvailable",
    "numberUnavailable",
  ],
  [],
);

/** Where a load balancer is reached. */
function pointsOf(object: Manifest): JsonObject[] {
  const balancer = statusOf(object).loadBalancer;
  const points = isObject(balancer) && Array.isArray(balancer.ingress) ? balancer.ingress : [];
  return points.map((point) => (isObject(point) ? point : {}));
}

const pointsField = "status.loadBalancer.ingress";

function service(object: Manifest, live: Manifest): FieldError[] {
  const points = pointsOf(object);
  const known = pointsOf(live).map((point) => textOf(point, "ip"));
  const { spec } = asJson(object);
  if (points.length === 0 || (isObject(spec) && spec.type === "LoadBalancer"))
    return points.flatMap((point, index) => balancerPointErrors(point, `${pointsField}[${index}]`, known));
  const detail = "may only be used when `spec.type` is 'LoadBalancer'";
  return [{ type: "Forbidden", field: pointsField, detail }];
}

function ingress(object: Manifest, live: Manifest): FieldError[] {
  const known = pointsOf(live).map((point) => textOf(point, "ip"));
  return pointsOf(object).flatMap((point, index) => {
    const [address, field] = [textOf(point, "ip"), `${pointsField}[${index}]`];
    return [
      ...(address === "" ? [] : addressErrors(address, `${field}.ip`, known)),
      ...balancerHostErrors(textOf(point, "hostname"), `${field}.hostname`),
    ];
  });
}

/** What a client is told of addresses in the status of a Service or an Ingress. */
export function balancerWarnings(object: Manifest): string[] {
  return pointsOf(object).flatMap((point, index) => {
    const address = textOf(point, "ip");
    return address === "" ? [] : addressWarnings(address, `${pointsField}[${index}]`);
  });
}

/** The phase of a namespace follows from whether it is being deleted. */
function namespace(object: Manifest): FieldError[] {
  const { phase = "" } = statusOf(object);
  const isGoing = (object.metadata.deletionTimestamp ?? "") !== "";
  if (phase === (isGoing ? "Terminating" : "Active")) return [];
  const detail = isGoing
    ? "may only be 'Terminating' if `deletionTimestamp` is not empty"
    : "may only be 'Active' if `deletionTimestamp` is empty";
  return [invalid("status.Phase", phase, detail)];
}

/** Conditions of their own kind, each once. */
function conditions(object: Manifest): FieldError[] {
  const found = statusOf(object).conditions;
  const types = (Array.isArray(found) ? found : []).map((one) => textOf(one, "type"));
  return types.flatMap((type, index): FieldError[] => {
    const field = `status.conditions[${index}].type`;
    return [
      ...(types.indexOf(type) < index ? [{ type: "Duplicate" as const, field, value: type, detail: "" }] : []),
      ...(type === "" ? [{ type: "Required" as const, field, detail: "" }] : []),
    ];
  });
}

function node(object: Manifest, live: Manifest): FieldError[] {
  return [...nodeAmountErrors(statusOf(object)), ...nodeChangeErrors(asJson(object), asJson(live))];
}

const budgetCounts = counts(["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], []);

function budget(object: Manifest, live: Manifest): FieldError[] {
  return [...conditionErrors(statusOf(object).conditions, "status.conditions"), ...budgetCounts(object, live)];
}

/** By kind. */
export const statusRules: Readonly<Record<string, Rule>> = {
  DaemonSet: daemonSet,
  Deployment: deployment,
  FlowSchema: conditions,
  Ingress: ingress,
  Job: jobStatusErrors,
  Namespace: namespace,
  Node: node,
  PersistentVolumeClaim: claimStatusErrors,
  PriorityLevelConfiguration: conditions,
  ReplicaSet: replicas,
  ReplicationController: replicas,
  ResourceClaim: (object, live) => deviceClaimStatusErrors(asJson(object), asJson(live)),
  ResourceQuota: (object) => quotaStatusErrors(statusOf(object)),
  Service: service,
  StatefulSet: statefulSet,
  VolumeAttachment: attachmentErrors,
  Pod: podStatusErrors,
  PodDisruptionBudget: budget,
};
