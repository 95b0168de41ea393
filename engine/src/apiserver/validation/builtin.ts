// Validation of built-in objects, as far as clients meet it: required and closed values, selectors, pod specifications, ports, keys
// (pkg/apis/*/validation, v1.36). What an update may change is `kinds/immutable.ts`. Takes a decoded, defaulted object.

import { autoscalerRules } from "./autoscalers.ts";
import type { FieldError } from "#api/crd";
import { encodeJson, type JsonObject } from "#kernel";
import { bindingRules, certificateRules, roleRules } from "./access.ts";
import { limitRangeRules, priorityClassRules, quotaRules } from "./bounds.ts";
import { budgetRules } from "./budgets.ts";
import { claimOfDevicesRules, claimTemplateRules } from "./device-claims.ts";
import { deviceClassRules } from "./device-parts.ts";
import { sliceOfDevicesRules } from "./device-slices.ts";
import { endpointsRules } from "./endpoints.ts";
import { eventRules, leaseRules, namespaceRules } from "./cluster.ts";
import { nodeRules, runtimeClassRules } from "./nodes.ts";
import { configMapRules, secretRules } from "./configuration.ts";
import { part, type Rule } from "./fields.ts";
import { flowSchemaRules, priorityLevelRules } from "./flow-control.ts";
import { ingressClassRules, ingressRules } from "./ingresses.ts";
import { cronJobRules, jobRules } from "./jobs.ts";
import { networkPolicyRules } from "./network-policies.ts";
import { validatePod, validateTemplate } from "./pods.ts";
import { endpointSliceRules } from "./endpoint-slices.ts";
import { registrationRules } from "./registrations.ts";
import { addressObjectRules, serviceNetworkRules } from "./service-networks.ts";
import { serviceRules } from "./services.ts";
import { volumeRules } from "./persistent-volumes.ts";
import {
  attachmentRules,
  attributesClassRules,
  capacityRules,
  claimRules,
  driverRules,
  nodeDriverRules,
  storageClassRules,
} from "./storage.ts";
import {
  controllerRevisionRules,
  daemonSetRules,
  deploymentRules,
  replicaSetRules,
  replicationControllerRules,
  statefulSetRules,
} from "./workloads.ts";

/** By group and kind. */
const rules: { readonly [groupKind: string]: Rule } = {
  "/ConfigMap": configMapRules,
  "/Endpoints": endpointsRules,
  "/Event": eventRules,
  "/LimitRange": limitRangeRules,
  "/Namespace": namespaceRules,
  "/Node": nodeRules,
  "/PersistentVolume": volumeRules,
  "/PersistentVolumeClaim": claimRules,
  "/Pod": validatePod,
  "/PodTemplate": (object, live) =>
    validateTemplate(part(object, "template"), "template", live && part(live, "template")),
  "/ReplicationController": replicationControllerRules,
  "/ResourceQuota": quotaRules,
  "/Secret": secretRules,
  "/Service": serviceRules,
  "apiregistration.k8s.io/APIService": registrationRules,
  "apps/ControllerRevision": controllerRevisionRules,
  "apps/DaemonSet": daemonSetRules,
  "apps/Deployment": deploymentRules,
  "apps/ReplicaSet": replicaSetRules,
  "apps/StatefulSet": statefulSetRules,
  "autoscaling/HorizontalPodAutoscaler": autoscalerRules,
  "batch/CronJob": cronJobRules,
  "batch/Job": jobRules,
  "certificates.k8s.io/CertificateSigningRequest": certificateRules,
  "coordination.k8s.io/Lease": leaseRules,
  "discovery.k8s.io/EndpointSlice": endpointSliceRules,
  "events.k8s.io/Event": eventRules,
  "flowcontrol.apiserver.k8s.io/FlowSchema": flowSchemaRules,
  "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": priorityLevelRules,
  "networking.k8s.io/IPAddress": addressObjectRules,
  "networking.k8s.io/Ingress": ingressRules,
  "networking.k8s.io/IngressClass": ingressClassRules,
  "networking.k8s.io/NetworkPolicy": networkPolicyRules,
  "networking.k8s.io/ServiceCIDR": serviceNetworkRules,
  "node.k8s.io/RuntimeClass": runtimeClassRules,
  "policy/PodDisruptionBudget": budgetRules,
  "rbac.authorization.k8s.io/ClusterRole": roleRules(false),
  "rbac.authorization.k8s.io/ClusterRoleBinding": bindingRules(["ClusterRole"]),
  "rbac.authorization.k8s.io/Role": roleRules(true),
  "rbac.authorization.k8s.io/RoleBinding": bindingRules(["Role", "ClusterRole"]),
  "resource.k8s.io/DeviceClass": deviceClassRules,
  "resource.k8s.io/ResourceClaim": claimOfDevicesRules,
  "resource.k8s.io/ResourceClaimTemplate": claimTemplateRules,
  "resource.k8s.io/ResourceSlice": sliceOfDevicesRules,
  "scheduling.k8s.io/PriorityClass": priorityClassRules,
  "storage.k8s.io/CSIDriver": driverRules,
  "storage.k8s.io/CSINode": nodeDriverRules,
  "storage.k8s.io/CSIStorageCapacity": capacityRules,
  "storage.k8s.io/StorageClass": storageClassRules,
  "storage.k8s.io/VolumeAttachment": attachmentRules,
  "storage.k8s.io/VolumeAttributesClass": attributesClassRules,
};

/** What is wrong with an object of a built-in kind; nothing is known of kinds that have no rules here. */
export function validateBuiltin(
  { group, kind }: { group: string; kind: string },
  object: JsonObject,
  live?: JsonObject,
): FieldError[] {
  const key = `${group}/${kind}`;
  const errors = Object.hasOwn(rules, key) ? (rules[key]?.(object, live) ?? []) : [];
  if (errors.length < 2) return errors;
  const told = new Map(errors.map((error) => [encodeJson(error), error]));
  return [...told.values()];
}
