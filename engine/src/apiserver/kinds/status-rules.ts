// What a status must not say (pkg/apis/*/validation, v1.36): counts below zero, more of a part than of the whole.

import { type FieldError, invalid, required } from "#api/crd";
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
import { certificateStatusErrors } from "./certificate-status.ts";
import { jobStatusErrors } from "./job-status.ts";
import { statusOf } from "./members.ts";
import { podStatusErrors } from "./pod-status.ts";
import { attachmentErrors, claimStatusErrors } from "./volumes.ts";

type Rule = (object: Manifest, live: Manifest, subresource: string) => FieldError[];

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

const ofReplicas = (part: string): Bound => [part, "replicas", "status.replicas"];

const deployment = counts(
  [
    "observedGeneration",
    "replicas",
    "updatedReplicas",
    "readyReplicas",
    "availableReplicas",
    "unavailableReplicas",
    "terminatingReplicas",
    "collisionCount",
  ],
  [
    ofReplicas("updatedReplicas"),
    ofReplicas("readyReplicas"),
    ofReplicas("availableReplicas"),
    ["availableReplicas", "readyReplicas", "readyReplicas"],
  ],
);

const replicas = counts(
  [
    "replicas",
    "fullyLabeledReplicas",
    "readyReplicas",
    "availableReplicas",
    "observedGeneration",
    "terminatingReplicas",
  ],
  [
    ofReplicas("fullyLabeledReplicas"),
    ofReplicas("readyReplicas"),
    ofReplicas("availableReplicas"),
    ["availableReplicas", "readyReplicas", "readyReplicas"],
  ],
);

const statefulSet = counts(
  [
    "replicas",
    "readyReplicas",
    "currentReplicas",
    "updatedReplicas",
    "availableReplicas",
    "observedGeneration",
    "collisionCount",
  ],
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
    "collisionCount",
  ],
  [],
);

/** Names that were taken are counted upwards. */
function withCollisions(rule: Rule): Rule {
  return (object, live, subresource) => {
    const [next = 0, old] = [object, live].map((one) => statusOf(one).collisionCount);
    const isLess = typeof next === "number" && typeof old === "number" && next < old;
    const isGone = typeof old === "number" && statusOf(object).collisionCount === undefined;
    const errors = rule(object, live, subresource);
    return isLess || isGone ? [...errors, invalid("status.collisionCount", next, "cannot be decremented")] : errors;
  };
}

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

/** Warnings of a policy's expressions say what they are about. */
function policy(object: Manifest): FieldError[] {
  const { typeChecking, conditions: found } = statusOf(object);
  const warnings = isObject(typeChecking) ? typeChecking.expressionWarnings : undefined;
  return [
    ...(Array.isArray(warnings) ? warnings : []).flatMap((warning, index) =>
      ["warning", "fieldRef"]
        .filter((name) => textOf(warning, name).trim() === "")
        .map((name) => required(`status.typeChecking.expressionWarnings[${index}].${name}`)),
    ),
    ...conditionErrors(found, "status.conditions"),
  ];
}

const budgetCounts = counts(["disruptionsAllowed", "currentHealthy", "desiredHealthy", "expectedPods"], []);

function budget(object: Manifest, live: Manifest, subresource: string): FieldError[] {
  return [
    ...conditionErrors(statusOf(object).conditions, "status.conditions"),
    ...budgetCounts(object, live, subresource),
  ];
}

/** By kind. */
export const statusRules: Readonly<Record<string, Rule>> = {
  CertificateSigningRequest: certificateStatusErrors,
  DaemonSet: withCollisions(daemonSet),
  Deployment: withCollisions(deployment),
  FlowSchema: conditions,
  HorizontalPodAutoscaler: counts(["currentReplicas", "desiredReplicas"], []),
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
  StatefulSet: withCollisions(statefulSet),
  ValidatingAdmissionPolicy: policy,
  VolumeAttachment: attachmentErrors,
  Pod: podStatusErrors,
  PodDisruptionBudget: budget,
};
