// A status of every built-in kind that has one, with most of its fields set: what scripts change field by field.

import { flowSchema, rareSubjects, registration } from "./rare-subjects.ts";
import { type Part, type Subject, subjects } from "./subjects.ts";

const moment = "2020-01-01T00:00:00Z";
const plain = { type: "Ready", status: "True", lastTransitionTime: moment, reason: "Up", message: "m" };
const generational = { ...plain, observedGeneration: 1 };
const conditions = [plain];
const running = { running: { startedAt: moment } };
const ended = { terminated: { exitCode: 1, signal: 2, reason: "Error", message: "m", startedAt: moment, finishedAt: moment, containerID: "c://1" } };
const container = { name: "main", image: "nginx:1.27", imageID: "nginx@sha256:0", containerID: "c://2", ready: true, started: true, restartCount: 1, state: running, lastState: ended };
const point = { ports: [{ port: 80, protocol: "TCP", error: "Some.Error" }] };
const metric = { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 3, averageValue: "3m" } } };
const measured = { type: "Object", object: { metric: { name: "m" }, current: { value: "3" }, describedObject: { kind: "Service", name: "s", apiVersion: "v1" } } };

/** By the id of its subject: statuses, and what of the object itself they need. */
const statuses: Readonly<Record<string, readonly Part[]>> = {
  namespace: [{ phase: "Active", conditions }],
  node: [
    {
      capacity: { cpu: "4", "example.com/x": "3" },
      allocatable: { cpu: "3" },
      phase: "Running",
      conditions: [{ ...plain, lastHeartbeatTime: moment }],
      addresses: [{ type: "InternalIP", address: "10.0.0.1" }, { type: "Hostname", address: "n" }],
      daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
      nodeInfo: { machineID: "m", kubeletVersion: "v1.36.3" },
      images: [{ names: ["a"], sizeBytes: 3 }],
      volumesInUse: ["a/b"],
      volumesAttached: [{ name: "a", devicePath: "/dev/a" }],
      config: { active: { configMap: { namespace: "n", name: "c", uid: "u", resourceVersion: "1", kubeletConfigKey: "k" } } },
      runtimeHandlers: [{ name: "runc", features: { recursiveReadOnlyMounts: true } }],
      features: { supplementalGroupsPolicy: true },
      declaredFeatures: ["FeatureA"],
    },
  ],
  persistentvolume: [{ phase: "Available", message: "m", reason: "Up", lastPhaseTransitionTime: moment }],
  persistentvolumeclaim: [
    {
      phase: "Bound",
      accessModes: ["ReadWriteOnce"],
      capacity: { storage: "1Gi" },
      conditions: [{ ...plain, lastProbeTime: moment }],
      allocatedResources: { storage: "1Gi" },
      allocatedResourceStatuses: { storage: "ControllerResizeInProgress" },
      currentVolumeAttributesClassName: "gold",
      modifyVolumeStatus: { targetVolumeAttributesClassName: "silver", status: "Pending" },
    },
  ],
  pod: [
    {
      phase: "Running",
      observedGeneration: 1,
      conditions: [{ ...plain, lastProbeTime: moment, observedGeneration: 1 }],
      message: "m",
      reason: "Up",
      nominatedNodeName: "n",
      hostIP: "10.0.0.1",
      hostIPs: [{ ip: "10.0.0.1" }],
      podIP: "10.1.0.1",
      podIPs: [{ ip: "10.1.0.1" }],
      startTime: moment,
      containerStatuses: [container],
      qosClass: "BestEffort",
    },
    { phase: "Failed", containerStatuses: [{ ...container, state: ended, resources: { requests: { cpu: "1" } }, allocatedResources: { cpu: "1" }, volumeMounts: [{ name: "v", mountPath: "/v", readOnly: true, recursiveReadOnly: "Enabled" }], user: { linux: { uid: 1, gid: 2, supplementalGroups: [3] } }, stopSignal: "SIGTERM" }], resize: "Proposed", resourceClaimStatuses: [{ name: "c", resourceClaimName: "d" }] },
    { phase: "Pending", containerStatuses: [{ ...container, state: { waiting: { reason: "Soon", message: "m" } } }], initContainerStatuses: [container], ephemeralContainerStatuses: [container] },
  ],
  replicationcontroller: [{ replicas: 3, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 1, observedGeneration: 1, conditions }],
  replicaset: [{ replicas: 3, fullyLabeledReplicas: 2, readyReplicas: 2, availableReplicas: 1, terminatingReplicas: 1, observedGeneration: 1, conditions }],
  resourcequota: [{ hard: { pods: "10", "requests.cpu": "4" }, used: { pods: "1" } }],
  service: [{ conditions: [generational] }],
  deployment: [{ observedGeneration: 1, replicas: 3, updatedReplicas: 3, readyReplicas: 2, availableReplicas: 1, unavailableReplicas: 2, terminatingReplicas: 1, collisionCount: 1, conditions: [{ ...plain, lastUpdateTime: moment }] }],
  statefulset: [{ observedGeneration: 1, replicas: 3, readyReplicas: 2, currentReplicas: 3, updatedReplicas: 1, availableReplicas: 1, currentRevision: "a", updateRevision: "b", collisionCount: 1, conditions }],
  daemonset: [{ currentNumberScheduled: 1, numberMisscheduled: 1, desiredNumberScheduled: 1, numberReady: 1, observedGeneration: 1, updatedNumberScheduled: 1, numberAvailable: 1, numberUnavailable: 1, collisionCount: 1, conditions }],
  job: [
    { active: 1, startTime: moment, ready: 1, terminating: 1, failed: 1, succeeded: 1, uncountedTerminatedPods: { succeeded: ["a"], failed: ["b"] }, completedIndexes: "1", failedIndexes: "2" },
    { startTime: moment, completionTime: moment, succeeded: 1, conditions: [{ ...plain, type: "SuccessCriteriaMet", lastProbeTime: moment }, { ...plain, type: "Complete", lastProbeTime: moment }] },
    { startTime: moment, failed: 1, conditions: [{ ...plain, type: "FailureTarget" }, { ...plain, type: "Failed" }] },
  ],
  cronjob: [{ lastScheduleTime: moment, lastSuccessfulTime: moment, active: [{ kind: "Job", namespace: "NS", name: "j", uid: "u", apiVersion: "batch/v1", resourceVersion: "1" }] }],
  hpa: [{ observedGeneration: 1, lastScaleTime: moment, currentReplicas: 1, desiredReplicas: 2, currentMetrics: [metric, measured], conditions }],
  hpa1: [{ observedGeneration: 1, lastScaleTime: moment, currentReplicas: 1, desiredReplicas: 2, currentCPUUtilizationPercentage: 3 }],
  ingress: [{ loadBalancer: { ingress: [{ ip: "10.1.2.3", ...point }, { hostname: "lb.example.com" }] } }],
  poddisruptionbudget: [{ observedGeneration: 1, disruptedPods: { p: moment }, disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1, conditions: [generational] }],
  csr: [{ conditions: [{ ...plain, type: "Failed", lastUpdateTime: moment }, { ...plain, type: "Other" }] }],
  volumeattachment: [{ attached: true, attachmentMetadata: { a: "b" }, attachError: { time: moment, message: "m", errorCode: 3 }, detachError: { time: moment, message: "m" } }],
  servicecidr: [{ conditions: [generational] }],
  prioritylevel: [{ conditions }],
  admissionpolicy: [{ observedGeneration: 1, typeChecking: { expressionWarnings: [{ fieldRef: "spec.validations[0].expression", warning: "w" }] }, conditions: [generational] }],
  widget: [{ phase: "up", replicas: 2 }],
  gadget: [{ conditions: [{ type: "Ready", status: "True", reason: "Ok" }] }],
};

/** A Service whose balancer has answered. */
const balanced: Subject = {
  ...(subjects.find(({ id }) => id === "service") as Subject),
  id: "balanced",
  base: { spec: { type: "LoadBalancer", selector: { app: "web" }, ports: [{ port: 80 }] } },
  status: [{ loadBalancer: { ingress: [{ ip: "10.1.2.3", ipMode: "VIP", ...point }, { hostname: "lb.example.com" }] }, conditions: [generational] }],
};

/** Every kind with a status, each status one to start from. */
export const statusSubjects: readonly Subject[] = [
  ...[...subjects, ...rareSubjects, flowSchema, registration].flatMap((subject) => {
    const found = statuses[subject.id] ?? subject.status;
    return found === undefined ? [] : [{ ...subject, status: [...found] }];
  }),
  balanced,
];
