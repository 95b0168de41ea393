// What each built-in kind does on writes, as kube-apiserver's pkg/registry strategies of 1.36 have it.

import type { Resource } from "#cluster";
import type { Manifest } from "#kernel";
import type { Strategy, WriteContext } from "#apiserver/registry";
import { wholeAutoscaler } from "./conversions.ts";
import { definitionRules } from "./definition.ts";
import { immutableFields } from "./immutable.ts";
import { namespaceRules } from "./namespace.ts";
import {
  accountRules,
  deviceClaimRules,
  deviceSliceRules,
  certificateRules,
  leaseRules,
  nodeRules,
  serviceEntryRules,
  sliceRules,
} from "./plain.ts";
import {
  mutatingBindingErrors,
  mutatingPolicyErrors,
  validatingBindingErrors,
  validatingPolicyErrors,
} from "./policy-rules.ts";
import { balancerWarnings, statusRules } from "./status-rules.ts";
import { dropServiceFields } from "./service-fields.ts";
import { ingressWarnings, networkPolicyWarnings, serviceWarnings } from "./warnings.ts";
import { claimRules, driverRules, runtimeClassWarnings, volumeRules } from "./volumes.ts";
import { webhookErrors } from "./webhook-rules.ts";
import { podRules } from "./pods.ts";
import {
  cronJobRules,
  daemonSetRules,
  jobRules,
  podTemplateRules,
  replicatedRules,
  replicationControllerRules,
  statefulSetRules,
} from "./workloads.ts";

/** Kinds whose objects count generations (every strategy with `Generation = 1`). */
const withGeneration: ReadonlySet<string> = new Set([
  "PriorityClass",
  "IngressClass",
  "NetworkPolicy",
  "Ingress",
  "EndpointSlice",
  "PodDisruptionBudget",
  "ResourceSlice",
  "DeviceClass",
  "FlowSchema",
  "PriorityLevelConfiguration",
  "DaemonSet",
  "StatefulSet",
  "Deployment",
  "ReplicaSet",
  "Job",
  "CronJob",
  "Pod",
  "PodTemplate",
  "ReplicationController",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "MutatingWebhookConfiguration",
  "ValidatingWebhookConfiguration",
  "CustomResourceDefinition",
]);

/** Kinds older than garbage collection, whose pods stay unless a deletion says otherwise. */
const orphaning: Readonly<Record<string, string>> = {
  Job: "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove them or set propagationPolicy=Orphan to suppress this warning",
  ReplicationController: "",
};

/** Kinds that refuse an update without resourceVersion. */
const withRequiredVersion: ReadonlySet<string> = new Set([
  "CustomResourceDefinition",
  "APIService",
  "ValidatingAdmissionPolicy",
  "ValidatingAdmissionPolicyBinding",
  "MutatingAdmissionPolicy",
  "MutatingAdmissionPolicyBinding",
  "ValidatingWebhookConfiguration",
  "MutatingWebhookConfiguration",
  "Lease",
  "RuntimeClass",
  "PodDisruptionBudget",
  "CSIDriver",
  "CSINode",
  "CSIStorageCapacity",
  "VolumeAttachment",
]);

const withCreateOnUpdate: ReadonlySet<string> = new Set([
  "Endpoints",
  "Event",
  "LimitRange",
  "Service",
  "Lease",
  "Role",
  "RoleBinding",
  "ClusterRole",
  "ClusterRoleBinding",
  "RuntimeClass",
]);

/** What nobody has named is named by chance. */
function nameItself({ metadata }: Manifest, { newUid }: WriteContext): void {
  if ((metadata.name ?? "") === "") metadata.name = newUid();
}

const ownRules: Readonly<Record<string, Partial<Strategy>>> = {
  Namespace: namespaceRules,
  CustomResourceDefinition: definitionRules,
  CronJob: cronJobRules,
  DaemonSet: daemonSetRules,
  Deployment: replicatedRules,
  HorizontalPodAutoscaler: { applyDefaults: wholeAutoscaler },
  Job: jobRules,
  PodTemplate: podTemplateRules,
  ReplicaSet: replicatedRules,
  ReplicationController: replicationControllerRules,
  StatefulSet: statefulSetRules,
  Pod: podRules,
  APIService: serviceEntryRules,
  CertificateSigningRequest: certificateRules,
  ValidatingAdmissionPolicy: { validate: validatingPolicyErrors },
  MutatingAdmissionPolicy: { validate: mutatingPolicyErrors },
  ValidatingAdmissionPolicyBinding: { validate: validatingBindingErrors },
  MutatingAdmissionPolicyBinding: { validate: mutatingBindingErrors },
  ValidatingWebhookConfiguration: { validate: webhookErrors },
  MutatingWebhookConfiguration: { validate: webhookErrors },
  Service: { warnings: serviceWarnings, statusWarnings: balancerWarnings, prepareUpdate: dropServiceFields },
  EndpointSlice: sliceRules,
  Ingress: { warnings: ingressWarnings, statusWarnings: balancerWarnings },
  NetworkPolicy: { warnings: networkPolicyWarnings },
  LimitRange: { prepareCreate: nameItself },
  PersistentVolumeClaim: claimRules,
  PersistentVolume: volumeRules,
  CSIDriver: driverRules,
  Lease: leaseRules,
  Node: nodeRules,
  ServiceAccount: accountRules,
  ResourceClaim: deviceClaimRules,
  ResourceSlice: deviceSliceRules,
  RuntimeClass: { warnings: runtimeClassWarnings },
};

/** The kind's own checks, and those of fields that may not change. */
function validation(kind: string): Pick<Strategy, "validate"> {
  const own = ownRules[kind]?.validate;
  const fixed = immutableFields[kind];
  if (own === undefined && fixed === undefined) return {};
  return {
    validate: (draft, live) => [
      ...(own?.(draft, live) ?? []),
      ...(live === undefined ? [] : (fixed?.(draft, live) ?? [])),
    ],
  };
}

const metadataToo = { status: ["spec", "metadata"] };

/** What writes cannot set, where it is not the usual (GetResetFields of each strategy). */
const resetFields: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  Deployment: { status: ["spec", "metadata.labels"] },
  Pod: { status: ["spec", "metadata.deletionTimestamp", "metadata.ownerReferences"] },
  CertificateSigningRequest: {
    "": ["spec", "status"],
    status: ["spec", "status.conditions"],
    approval: ["spec", "status.certificate"],
  },
  ServiceCIDR: metadataToo,
  ResourceClaim: metadataToo,
  VolumeAttachment: metadataToo,
  FlowSchema: metadataToo,
  PriorityLevelConfiguration: metadataToo,
  ValidatingAdmissionPolicy: metadataToo,
  StorageVersionMigration: metadataToo,
};

/** What a client is told that uses a version at all. */
const deprecations: Readonly<Record<string, string>> = {
  Endpoints: "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice",
  ComponentStatus: "v1 ComponentStatus is deprecated in v1.19+",
};

/** The strategy of a kind before its own defaults and rules. */
export function basicStrategy({
  group,
  kind,
  subresources,
}: Pick<Resource, "group" | "kind" | "subresources">): Strategy {
  const hasStatus = subresources.includes("status");
  const selectable = kind === "Event" ? eventFields(group) : selectableFields[kind];
  return {
    hasStatus,
    hasGeneration: withGeneration.has(kind),
    ...(kind === "PriorityClass" ? { countsChanges: false } : kind === "CSIDriver" ? { countsChanges: true } : {}),
    ...(orphaning[kind] === undefined ? {} : { orphansByDefault: orphaning[kind] }),
    allowsUnconditionalUpdate: !withRequiredVersion.has(kind),
    allowsCreateOnUpdate: withCreateOnUpdate.has(kind),
    ...(selectable === undefined ? {} : { selectableFields: selectable }),
    ...ownRules[kind],
    ...validation(kind),
    ...(statusRules[kind] === undefined ? {} : { validateStatus: statusRules[kind] }),
    ...(kind === "Node" ? { keepsNewStatus: true } : {}),
    ...(kind.endsWith("WebhookConfiguration") ? { countsWhenEmpty: "webhooks" } : {}),
    ...(kind === "NetworkPolicy" ? { countsWhenEmpty: "spec" } : {}),
    ...(kind === "Pod" ? { graceSeconds: podGraceSeconds } : {}),
    ...(kind === "EndpointSlice" ? { countsLabels: true } : {}),
    ...(kind === "Deployment" ? { countsAnnotations: true } : {}),
    ...(resetFields[kind] === undefined ? {} : { resetFields: resetFields[kind] }),
    ...(deprecations[kind] === undefined ? {} : { deprecation: deprecations[kind] }),
  };
}

/** A pod that no node runs is gone at once, as is one that has ended. */
function podGraceSeconds(pod: Manifest): number {
  const spec = pod.spec as { nodeName?: string; terminationGracePeriodSeconds?: number } | undefined;
  const phase = (pod.status as { phase?: string } | undefined)?.phase;
  if ((spec?.nodeName ?? "") === "" || phase === "Succeeded" || phase === "Failed") return 0;
  return spec?.terminationGracePeriodSeconds ?? 30;
}

type Fields = (object: Manifest) => Readonly<Record<string, string>>;

/** Each path gives one selectable field, named as the path is. */
function fieldsAt(...paths: string[]): Fields {
  const split = paths.map((path) => ({ path, parts: path.split(".") }));
  return (object) => {
    const fields: Record<string, string> = {};
    for (const { path, parts } of split) {
      let value: unknown = object;
      for (const part of parts) value = (value as Record<string, unknown> | undefined)?.[part];
      fields[path] = value === undefined || value === null ? "" : String(value as string | number | boolean);
    }
    return fields;
  };
}

/** Events of the new group name what they regard otherwise. */
const eventFields =
  (group: string): Fields =>
  (object) => {
    const regarding = (object.involvedObject ?? object.regarding ?? {}) as Record<string, string | undefined>;
    const source = (object.source ?? object.deprecatedSource ?? {}) as { component?: string };
    const reporter = object.reportingComponent ?? object.reportingController;
    const component = source.component ?? (typeof reporter === "string" ? reporter : "");
    const fields: Record<string, string> = {
      reason: textOf(object.reason),
      type: textOf(object.type),
      source: component,
      reportingComponent: component,
    };
    for (const part of ["kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath"]) {
      fields[`${group === "" ? "involvedObject" : "regarding"}.${part}`] = regarding[part] ?? "";
    }
    return fields;
  };

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

const selectableFields: Readonly<Record<string, Fields>> = {
  Pod: fieldsAt(
    "spec.nodeName",
    "spec.restartPolicy",
    "spec.schedulerName",
    "spec.serviceAccountName",
    "spec.hostNetwork",
    "status.phase",
    "status.podIP",
    "status.nominatedNodeName",
  ),
  Namespace: fieldsAt("status.phase"),
  Secret: fieldsAt("type"),
  Service: fieldsAt("spec.clusterIP", "spec.type"),
  Node: fieldsAt("spec.unschedulable"),
  ReplicationController: fieldsAt("status.replicas"),
  Job: fieldsAt("status.successful"),
  CertificateSigningRequest: fieldsAt("spec.signerName"),
  ResourceSlice: fieldsAt("spec.nodeName", "spec.driver"),
};
