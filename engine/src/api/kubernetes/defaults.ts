// Defaults of built-in kinds that the schema does not tell: the rules of Kubernetes 1.36's own defaulting functions
// (pkg/apis/*/v1/defaults.go), by the type they are for. A rule changes the copy it is given, before its members are looked at.

import { encodeUtf8, isObject, type Json, type JsonObject } from "#kernel";
import { encodeBase64 } from "./base64.ts";
import { pullPolicyOf } from "./image-names.ts";
import { containerSums, sumText } from "./pod-resources.ts";

type Rule = (object: JsonObject) => void;

function isUnset(value: Json | undefined): boolean {
  return value === undefined || value === null || value === "";
}

function set(object: JsonObject, name: string, value: Json): void {
  if (isUnset(object[name])) object[name] = value;
}

/** A rule that fills plain values. */
function fill(values: JsonObject): Rule {
  return (object) => {
    for (const name in values) set(object, name, values[name] as Json);
  };
}

/** For members that Go holds by a pointer: an empty text was stated, and is not filled. */
function fillAbsent(values: JsonObject): Rule {
  return (object) => {
    for (const name in values) object[name] ??= values[name] as Json;
  };
}

/** For numbers held in place: zero counts as unset. */
function fillZero(values: JsonObject): Rule {
  return (object) => {
    for (const name in values) if (isUnset(object[name]) || object[name] === 0) object[name] = values[name] as Json;
  };
}

/** A copy of a member that may be changed; an empty one where there is none. */
function own(object: JsonObject, name: string): JsonObject {
  const member = object[name];
  // What has a wrong type is told of by the decoder.
  if (member !== undefined && member !== null && !isObject(member)) return {};
  const copy = isObject(member) ? { ...member } : {};
  object[name] = copy;
  return copy;
}

/** Changes a copy of the spec. */
function inSpec(rule: Rule): Rule {
  return (object) => rule(own(object, "spec"));
}

function list(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function pullPolicy(image: Json | undefined): string {
  return pullPolicyOf(typeof image === "string" ? image : "");
}

const container: Rule = (object) => {
  set(object, "imagePullPolicy", pullPolicy(object["image"]));
  set(object, "terminationMessagePath", "/dev/termination-log");
  set(object, "terminationMessagePolicy", "File");
};

const podSpec: Rule = (object) => {
  fill({
    dnsPolicy: "ClusterFirst",
    restartPolicy: "Always",
    securityContext: {},
    terminationGracePeriodSeconds: 30,
    schedulerName: "default-scheduler",
  })(object);
  // The old name of the field is kept in step with the new one.
  const name = isUnset(object["serviceAccountName"]) ? object["serviceAccount"] : object["serviceAccountName"];
  if (!isUnset(name)) Object.assign(object, { serviceAccountName: name, serviceAccount: name });
};

/** On the host's network a container's port is the host's. */
function withHostPorts(one: JsonObject): JsonObject {
  if (!Array.isArray(one["ports"])) return one;
  const ports = one["ports"].map((port) =>
    isObject(port) && !port["hostPort"] ? { ...port, hostPort: port["containerPort"] ?? 0 } : port,
  );
  return { ...one, ports };
}

/** Requests that are not stated are the limits: in Pods, not in templates. */
function withRequests(one: JsonObject): JsonObject {
  const resources = isObject(one["resources"]) ? one["resources"] : {};
  if (!isObject(resources["limits"])) return one;
  const requests = { ...resources["limits"], ...(isObject(resources["requests"]) ? resources["requests"] : {}) };
  return { ...one, resources: { ...resources, requests } };
}

/** The resources that a pod may be given as a whole. */
function isOfPods(name: string): boolean {
  return name === "cpu" || name === "memory" || name.startsWith("hugepages-");
}

/** What a pod as a whole does not say of its resources follows from its containers, and its requests from its limits. */
function withOwnResources(spec: JsonObject): void {
  if (!isObject(spec["resources"])) return;
  const resources = own(spec, "resources");
  const limits: JsonObject = { ...(isObject(resources["limits"]) ? resources["limits"] : {}) };
  const requests: JsonObject = { ...(isObject(resources["requests"]) ? resources["requests"] : {}) };
  if (Object.keys(limits).length + Object.keys(requests).length === 0) return;
  for (const [name, sum] of containerSums(spec, "limits"))
    if (name.startsWith("hugepages-") && requests[name] === undefined) limits[name] ??= sumText(sum);
  if (Object.keys(limits).length === 0) return;
  resources["limits"] = limits;
  for (const [name, sum] of containerSums(spec, "requests"))
    if (name === "cpu" || name === "memory") requests[name] ??= sumText(sum);
  for (const name in limits) if (isOfPods(name)) requests[name] ??= limits[name] as Json;
  if (Object.keys(requests).length > 0) resources["requests"] = requests;
}

const pod: Rule = inSpec((spec) => {
  set(spec, "enableServiceLinks", true);
  // What is less than nothing is as short as can be: in Pods, not in templates.
  const grace = spec["terminationGracePeriodSeconds"];
  if (typeof grace === "number" && grace < 0) spec["terminationGracePeriodSeconds"] = 1;
  const isOnHost = spec["hostNetwork"] === true;
  for (const member of ["containers", "initContainers"]) {
    if (!Array.isArray(spec[member])) continue;
    spec[member] = spec[member].map((one) => {
      if (!isObject(one)) return one;
      return isOnHost ? withHostPorts(withRequests(one)) : withRequests(one);
    });
  }
  withOwnResources(spec);
});

const volumeMembers: ReadonlySet<string> = new Set(["name"]);

const volume: Rule = (object) => {
  if (Object.keys(object).every((name) => volumeMembers.has(name) || object[name] === null)) object["emptyDir"] = {};
  if (!isObject(object["image"])) return;
  const image = own(object, "image");
  set(image, "pullPolicy", pullPolicy(image["reference"]));
};

const service: Rule = inSpec((spec) => {
  fill({ sessionAffinity: "None", type: "ClusterIP" })(spec);
  if (spec["sessionAffinity"] === "None") delete spec["sessionAffinityConfig"];
  else if (spec["sessionAffinity"] === "ClientIP")
    set(own(own(spec, "sessionAffinityConfig"), "clientIP"), "timeoutSeconds", 10800);
  if (Array.isArray(spec["ports"]))
    spec["ports"] = spec["ports"].map((port) => (isObject(port) ? withTarget(port) : port));
  const type = spec["type"];
  const isReachable =
    type === "LoadBalancer" ||
    type === "NodePort" ||
    (type === "ClusterIP" &&
      list(spec["externalIPs"]).length + (Array.isArray(spec["externalIPs"]) ? spec["externalIPs"].length : 0) > 0);
  if (isReachable) set(spec, "externalTrafficPolicy", "Cluster");
  // An empty policy was stated; it is refused, not filled in.
  if (type !== "ExternalName") spec["internalTrafficPolicy"] ??= "Cluster";
  if (type === "LoadBalancer") set(spec, "allocateLoadBalancerNodePorts", true);
});

/** Where a load balancer is reached by an address, it stands behind it unless it says otherwise. */
const balanced: Rule = (object) => {
  const { spec, status } = object;
  const balancer = isObject(status) ? status["loadBalancer"] : undefined;
  if (!isObject(spec) || spec["type"] !== "LoadBalancer" || !isObject(balancer)) return;
  const points = balancer["ingress"];
  if (!Array.isArray(points)) return;
  own(own(object, "status"), "loadBalancer")["ingress"] = points.map((point) =>
    isObject(point) && !isUnset(point["ip"]) ? { ...point, ipMode: point["ipMode"] ?? "VIP" } : point,
  );
};

function withTarget(port: JsonObject): JsonObject {
  const target =
    isUnset(port["targetPort"]) || port["targetPort"] === 0 ? (port["port"] ?? 0) : (port["targetPort"] as Json);
  return { ...port, protocol: isUnset(port["protocol"]) ? "TCP" : (port["protocol"] as Json), targetPort: target };
}

/** Counts or shares; an empty text is one, though none that is let through. */
function setRolling(strategy: JsonObject, values: JsonObject): void {
  const rolling = own(strategy, "rollingUpdate");
  for (const name in values) rolling[name] ??= values[name] as Json;
}

const deployment: Rule = inSpec((spec) => {
  fill({ replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })(spec);
  const strategy = own(spec, "strategy");
  set(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") setRolling(strategy, { maxUnavailable: "25%", maxSurge: "25%" });
});

/** Whoever leaves the counter of templates out has changed it, as managers are told, before it is set right. */
const daemonSet: Rule = (object) => {
  set(own(own(object, "metadata"), "annotations"), templateGeneration, "0");
  daemonSetSpec(object);
};

const daemonSetSpec: Rule = inSpec((spec) => {
  set(spec, "revisionHistoryLimit", 10);
  const strategy = own(spec, "updateStrategy");
  set(strategy, "type", "RollingUpdate");
  if (strategy["type"] === "RollingUpdate") setRolling(strategy, { maxUnavailable: 1, maxSurge: 0 });
  // What nothing is said of counts as nothing, once there is a place to say it.
  else if (isObject(strategy["rollingUpdate"])) setRolling(strategy, { maxUnavailable: 0, maxSurge: 0 });
});

const statefulSet: Rule = inSpec((spec) => {
  if (Array.isArray(spec["volumeClaimTemplates"]))
    spec["volumeClaimTemplates"] = spec["volumeClaimTemplates"].map(withKind);
  fill({ podManagementPolicy: "OrderedReady", replicas: 1, revisionHistoryLimit: 10 })(spec);
  const strategy = own(spec, "updateStrategy");
  if (isUnset(strategy["type"])) {
    strategy["type"] = "RollingUpdate";
    own(strategy, "rollingUpdate");
  }
  if (strategy["type"] === "RollingUpdate" && isObject(strategy["rollingUpdate"]))
    fill({ partition: 0 })(own(strategy, "rollingUpdate"));
  fill({ whenDeleted: "Retain", whenScaled: "Retain" })(own(spec, "persistentVolumeClaimRetentionPolicy"));
});

/** Claims in a template are written as objects of their own. */
function withKind(claim: Json): Json {
  return isObject(claim) ? { ...claim, apiVersion: "v1", kind: "PersistentVolumeClaim" } : claim;
}

const templateGeneration = "deprecated.daemonset.template.generation";

/** What is given as text joins the data, encoded. */
const secret: Rule = (object) => {
  set(object, "type", "Opaque");
  const given = object["stringData"];
  if (!isObject(given)) return;
  delete object["stringData"];
  const data = own(object, "data");
  for (const [name, text] of Object.entries(given))
    if (typeof text === "string") data[name] = encodeBase64(encodeUtf8(text));
};

function templateLabels(object: JsonObject): JsonObject | undefined {
  const spec = isObject(object["spec"]) ? object["spec"] : {};
  const template = isObject(spec["template"]) ? spec["template"] : {};
  const metadata = isObject(template["metadata"]) ? template["metadata"] : {};
  return isObject(metadata["labels"]) ? metadata["labels"] : undefined;
}

/** An object without labels takes those of its template. */
function takeLabels(object: JsonObject): JsonObject | undefined {
  const labels = templateLabels(object);
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const isBare = !isObject(metadata["labels"]) || Object.keys(metadata["labels"]).length === 0;
  if (labels !== undefined && isBare) own(object, "metadata")["labels"] = labels;
  return labels;
}

const job: Rule = (object) => {
  const spec = own(object, "spec");
  if (isUnset(spec["completions"]) && isUnset(spec["parallelism"])) spec["completions"] = 1;
  const perIndex = !isUnset(spec["backoffLimitPerIndex"]);
  const replaced = isUnset(spec["podFailurePolicy"]) ? "TerminatingOrFailed" : "Failed";
  fill({
    parallelism: 1,
    backoffLimit: perIndex ? 2147483647 : 6,
    suspend: false,
    manualSelector: false,
  })(spec);
  spec["completionMode"] ??= "NonIndexed";
  spec["podReplacementPolicy"] ??= replaced;
  // A Job without labels shares those of its template, which only its server can: its rules do.
};

const replicationController: Rule = (object) => {
  const labels = takeLabels(object);
  const spec = own(object, "spec");
  set(spec, "replicas", 1);
  const isSelected = isObject(spec["selector"]) && Object.keys(spec["selector"]).length > 0;
  if (labels !== undefined && !isSelected) spec["selector"] = labels;
};

const networkPolicy: Rule = inSpec((spec) => {
  if (Array.isArray(spec["policyTypes"]) && spec["policyTypes"].length > 0) return;
  const hasEgress = Array.isArray(spec["egress"]) && spec["egress"].length > 0;
  spec["policyTypes"] = hasEgress ? ["Ingress", "Egress"] : ["Ingress"];
});

const autoscaler: Rule = inSpec((spec) => {
  set(spec, "minReplicas", 1);
  if (!Array.isArray(spec["metrics"]) || spec["metrics"].length === 0)
    spec["metrics"] = [
      { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } } },
    ];
  if (!isObject(spec["behavior"])) return;
  const behavior = own(spec, "behavior");
  const up = own(behavior, "scaleUp");
  fill({ stabilizationWindowSeconds: 0, selectPolicy: "Max" })(up);
  set(up, "policies", [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ]);
  const down = own(behavior, "scaleDown");
  set(down, "selectPolicy", "Max");
  set(down, "policies", [{ type: "Percent", value: 100, periodSeconds: 15 }]);
});

const namespace: Rule = (object) => {
  const metadata = isObject(object["metadata"]) ? object["metadata"] : {};
  const name = metadata["name"];
  if (typeof name === "string" && name !== "")
    own(own(object, "metadata"), "labels")["kubernetes.io/metadata.name"] = name;
};

const limitRangeItem: Rule = (object) => {
  if (object["type"] !== "Container") return;
  const amounts = (name: string): JsonObject => (isObject(object[name]) ? object[name] : {});
  object["default"] = { ...amounts("max"), ...amounts("default") };
  object["defaultRequest"] = { ...amounts("min"), ...amounts("default"), ...amounts("defaultRequest") };
};

const subject: Rule = (object) => {
  if (object["kind"] === "User" || object["kind"] === "Group") set(object, "apiGroup", "rbac.authorization.k8s.io");
};

const roleBinding: Rule = (object) => set(own(object, "roleRef"), "apiGroup", "rbac.authorization.k8s.io");

const webhook = {
  failurePolicy: "Fail",
  matchPolicy: "Equivalent",
  namespaceSelector: {},
  objectSelector: {},
  timeoutSeconds: 10,
};

const definitionNames: Rule = inSpec((spec) => {
  const names = own(spec, "names");
  const kind = typeof names["kind"] === "string" ? names["kind"] : "";
  set(names, "singular", kind.toLowerCase());
  if (kind !== "") set(names, "listKind", `${kind}List`);
  if (isUnset(spec["conversion"])) spec["conversion"] = { strategy: "None" };
  const conversion = own(spec, "conversion");
  if (conversion["strategy"] === "Webhook" && isObject(conversion["webhook"])) {
    const config = own(own(conversion, "webhook"), "clientConfig");
    if (isObject(config["service"])) set(own(config, "service"), "port", 443);
  }
});

const deviceRequest: Rule = (object) => {
  set(object, "allocationMode", "ExactCount");
  if (object["allocationMode"] === "ExactCount") fillZero({ count: 1 })(object);
};

/** The older form names one metric; without it, and without others in the annotation that keeps them, it is the processor's. */
const olderAutoscaler: Rule = (object) => {
  const metadata = object["metadata"];
  const notes = isObject(metadata) && isObject(metadata["annotations"]) ? metadata["annotations"] : {};
  const spec = own(object, "spec");
  set(spec, "minReplicas", 1);
  if (notes["autoscaling.alpha.kubernetes.io/metrics"] === undefined) set(spec, "targetCPUUtilizationPercentage", 80);
};

/** By the end of the definition's name: group, version and type. */
const rules: { readonly [type: string]: Rule } = {
  "core.v1.Container": container,
  "core.v1.EphemeralContainer": container,
  "core.v1.PodSpec": podSpec,
  "core.v1.Pod": pod,
  "core.v1.Volume": volume,
  "core.v1.Probe": fillZero({ timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  "core.v1.HTTPGetAction": fill({ path: "/", scheme: "HTTP" }),
  "core.v1.SecretVolumeSource": fill({ defaultMode: 420 }),
  "core.v1.ConfigMapVolumeSource": fill({ defaultMode: 420 }),
  "core.v1.DownwardAPIVolumeSource": fill({ defaultMode: 420 }),
  "core.v1.ProjectedVolumeSource": fill({ defaultMode: 420 }),
  "core.v1.ServiceAccountTokenProjection": fill({ expirationSeconds: 3600 }),
  "core.v1.HostPathVolumeSource": (object) => {
    object["type"] ??= "";
  },
  "core.v1.ISCSIVolumeSource": fill({ iscsiInterface: "default" }),
  "core.v1.ISCSIPersistentVolumeSource": fill({ iscsiInterface: "default" }),
  "core.v1.RBDPersistentVolumeSource": fill({ pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" }),
  "core.v1.ScaleIOPersistentVolumeSource": fill({ storageMode: "ThinProvisioned", fsType: "xfs" }),
  "core.v1.RBDVolumeSource": fill({ pool: "rbd", user: "admin", keyring: "/etc/ceph/keyring" }),
  "core.v1.AzureDiskVolumeSource": fillAbsent({
    cachingMode: "ReadWrite",
    kind: "Shared",
    fsType: "ext4",
    readOnly: false,
  }),
  "core.v1.ScaleIOVolumeSource": fill({ storageMode: "ThinProvisioned", fsType: "xfs" }),
  "core.v1.ObjectFieldSelector": fill({ apiVersion: "v1" }),
  "core.v1.ResourceFieldSelector": fill({ divisor: "0" }),
  "core.v1.Secret": secret,
  "core.v1.Service": (object) => {
    service(object);
    balanced(object);
  },
  "core.v1.ReplicationController": replicationController,
  "core.v1.PersistentVolume": (object) => {
    fill({ persistentVolumeReclaimPolicy: "Retain" })(own(object, "spec"));
    fillAbsent({ volumeMode: "Filesystem" })(own(object, "spec"));
    set(own(object, "status"), "phase", "Pending");
  },
  "core.v1.PersistentVolumeClaim": (object) => set(own(object, "status"), "phase", "Pending"),
  "core.v1.PersistentVolumeClaimSpec": fillAbsent({ volumeMode: "Filesystem" }),
  "core.v1.EndpointPort": fill({ protocol: "TCP" }),
  "core.v1.Namespace": namespace,
  "core.v1.NamespaceStatus": fill({ phase: "Active" }),
  // Of a node's networks the first stands by itself as well; which of the two says otherwise is taken at its word there.
  "core.v1.NodeSpec": (object) => {
    const first = object["podCIDR"];
    const all = Array.isArray(object["podCIDRs"]) ? object["podCIDRs"] : [];
    if (!isUnset(first) && all[0] !== first) object["podCIDRs"] = [first as Json];
    else if (isUnset(first) && !isUnset(all[0])) object["podCIDR"] = all[0] as Json;
  },
  "core.v1.NodeStatus": (object) => {
    const { capacity, allocatable = null } = object;
    const isNone = allocatable === null || (isObject(allocatable) && Object.keys(allocatable).length === 0);
    if (isObject(capacity) && isNone) object["allocatable"] = capacity;
  },
  "core.v1.LimitRangeItem": limitRangeItem,
  "apps.v1.Deployment": deployment,
  "apps.v1.DaemonSet": daemonSet,
  "apps.v1.StatefulSet": statefulSet,
  "apps.v1.ReplicaSet": inSpec(fill({ replicas: 1 })),
  "batch.v1.Job": job,
  "batch.v1.CronJob": inSpec(
    fill({ concurrencyPolicy: "Allow", suspend: false, successfulJobsHistoryLimit: 3, failedJobsHistoryLimit: 1 }),
  ),
  "batch.v1.PodFailurePolicyOnPodConditionsPattern": fill({ status: "True" }),
  "networking.v1.NetworkPolicy": networkPolicy,
  "networking.v1.NetworkPolicyPort": fill({ protocol: "TCP" }),
  "networking.v1.IngressClassParametersReference": fill({ scope: "Cluster" }),
  "rbac.v1.RoleBinding": roleBinding,
  "rbac.v1.ClusterRoleBinding": roleBinding,
  "rbac.v1.Subject": subject,
  "storage.v1.StorageClass": fillAbsent({ reclaimPolicy: "Delete", volumeBindingMode: "Immediate" }),
  "storage.v1.CSIDriver": inSpec((spec) => {
    fillAbsent({
      attachRequired: true,
      podInfoOnMount: false,
      storageCapacity: false,
      fsGroupPolicy: "ReadWriteOnceWithFSType",
      requiresRepublish: false,
      seLinuxMount: false,
    })(spec);
    if (!Array.isArray(spec["volumeLifecycleModes"]) || spec["volumeLifecycleModes"].length === 0)
      spec["volumeLifecycleModes"] = ["Persistent"];
  }),
  "autoscaling.v2.HorizontalPodAutoscaler": autoscaler,
  "autoscaling.v1.HorizontalPodAutoscaler": olderAutoscaler,
  "admissionregistration.v1.ValidatingWebhook": fillAbsent(webhook),
  "admissionregistration.v1.MutatingWebhook": fillAbsent({ ...webhook, reinvocationPolicy: "Never" }),
  "admissionregistration.v1.RuleWithOperations": fillAbsent({ scope: "*" }),
  "admissionregistration.v1.NamedRuleWithOperations": fillAbsent({ scope: "*" }),
  "admissionregistration.v1.ServiceReference": fillAbsent({ port: 443 }),
  "admissionregistration.v1.ValidatingAdmissionPolicySpec": fillAbsent({ failurePolicy: "Fail" }),
  "admissionregistration.v1.MutatingAdmissionPolicySpec": fillAbsent({ failurePolicy: "Fail" }),
  "admissionregistration.v1.MatchResources": fillAbsent({
    matchPolicy: "Equivalent",
    namespaceSelector: {},
    objectSelector: {},
  }),
  "apiregistration.v1.ServiceReference": fill({ port: 443 }),
  "apiextensions.v1.CustomResourceDefinition": definitionNames,
  "scheduling.v1.PriorityClass": fillAbsent({ preemptionPolicy: "PreemptLowerPriority" }),
  "discovery.v1.EndpointPort": (object) => {
    object["name"] ??= "";
    set(object, "protocol", "TCP");
  },
  "flowcontrol.v1.FlowSchemaSpec": fillZero({ matchingPrecedence: 1000 }),
  "flowcontrol.v1.ExemptPriorityLevelConfiguration": fill({ nominalConcurrencyShares: 0, lendablePercent: 0 }),
  "flowcontrol.v1.LimitedPriorityLevelConfiguration": fill({ nominalConcurrencyShares: 30, lendablePercent: 0 }),
  "flowcontrol.v1.QueuingConfiguration": fillZero({ handSize: 8, queues: 64, queueLengthLimit: 50 }),
  "resource.v1.ExactDeviceRequest": deviceRequest,
  "resource.v1.DeviceSubRequest": deviceRequest,
};

const byDefinition = new Map<string, Rule | undefined>();

/** The rule for a definition by its full name. */
export function defaultsOf(definition: string): Rule | undefined {
  if (!byDefinition.has(definition)) {
    const key = definition.split(".").slice(-3).join(".");
    byDefinition.set(definition, Object.hasOwn(rules, key) ? rules[key] : undefined);
  }
  return byDefinition.get(definition);
}
