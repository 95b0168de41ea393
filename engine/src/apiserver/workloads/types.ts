// The parts of the built-in workload kinds that the simulation reads and writes.

import type { Selector } from "#apiserver/life";
import type { Json, JsonObject, Manifest, ObjectMeta } from "#kernel";

export type Labels = { [key: string]: string };

export type Condition = {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string | null;
  lastUpdateTime?: string | null;
  lastProbeTime?: string | null;
  observedGeneration?: number;
};

export type IntOrPercent = number | string;

export type Container = {
  name: string;
  image?: string;
  restartPolicy?: string;
  resources?: JsonObject;
  env?: { name: string; [field: string]: Json }[];
  ports?: { name?: string; containerPort: number; protocol?: string }[];
};

export type PodSpec = {
  nodeName?: string;
  hostNetwork?: boolean;
  hostname?: string;
  subdomain?: string;
  restartPolicy?: string;
  nodeSelector?: Labels;
  affinity?: { nodeAffinity?: { requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector } };
  tolerations?: Toleration[];
  containers: Container[];
  initContainers?: Container[];
  /** Added for debugging while the pod runs. */
  ephemeralContainers?: Container[];
  volumes?: { name: string; persistentVolumeClaim?: { claimName: string } }[];
  readinessGates?: { conditionType: string }[];
};

type NodeTerm = { key: string; operator: string; values?: string[] };
export type NodeSelector = { nodeSelectorTerms?: { matchExpressions?: NodeTerm[]; matchFields?: NodeTerm[] }[] };

export type Toleration = { key?: string; operator?: string; value?: string; effect?: string };

export type Template = { metadata?: Partial<ObjectMeta>; spec: PodSpec };

export type ContainerState = {
  waiting?: { reason: string; message?: string };
  running?: { startedAt: string };
  terminated?: {
    exitCode: number;
    reason: string;
    startedAt: string;
    finishedAt: string;
    containerID?: string;
  };
};

export type ContainerStatus = {
  name: string;
  image: string;
  imageID: string;
  containerID?: string;
  ready: boolean;
  started?: boolean;
  restartCount: number;
  state: ContainerState;
  /** What it was given, while it runs: a pod without it cannot be resized. */
  resources?: JsonObject;
  lastState: ContainerState;
};

export type PodStatus = {
  phase?: string;
  reason?: string;
  message?: string;
  startTime?: string;
  hostIP?: string;
  podIP?: string;
  conditions?: Condition[];
  containerStatuses?: ContainerStatus[];
  initContainerStatuses?: ContainerStatus[];
  ephemeralContainerStatuses?: ContainerStatus[];
  [field: string]: unknown;
};

export type Pod = Manifest & { spec: PodSpec; status?: PodStatus };

export type ReplicaSet = Manifest & {
  spec: { replicas?: number; minReadySeconds?: number; selector: Selector; template: Template };
  status?: {
    replicas?: number;
    fullyLabeledReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    terminatingReplicas?: number;
    observedGeneration?: number;
    conditions?: Condition[];
  };
};

export type DeploymentStatus = {
  observedGeneration?: number;
  replicas?: number;
  updatedReplicas?: number;
  readyReplicas?: number;
  availableReplicas?: number;
  unavailableReplicas?: number;
  terminatingReplicas?: number;
  collisionCount?: number;
  conditions?: Condition[];
};

export type Deployment = Manifest & {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    progressDeadlineSeconds?: number;
    revisionHistoryLimit?: number;
    paused?: boolean;
    selector: Selector;
    strategy?: { type?: string; rollingUpdate?: { maxSurge?: IntOrPercent; maxUnavailable?: IntOrPercent } };
    template: Template;
  };
  status?: DeploymentStatus;
};

export type StatefulSetStatus = {
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
  currentReplicas?: number;
  updatedReplicas?: number;
  availableReplicas?: number;
  currentRevision?: string;
  updateRevision?: string;
  collisionCount?: number;
};

export type StatefulSet = Manifest & {
  spec: {
    replicas?: number;
    minReadySeconds?: number;
    serviceName?: string;
    podManagementPolicy?: string;
    revisionHistoryLimit?: number;
    ordinals?: { start?: number };
    selector: Selector;
    template: Template;
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    volumeClaimTemplates?: Manifest[];
    persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string; whenScaled?: string };
  };
  status?: StatefulSetStatus;
};

export type DaemonSet = Manifest & {
  spec: {
    minReadySeconds?: number;
    revisionHistoryLimit?: number;
    selector: Selector;
    template: Template;
    updateStrategy?: { type?: string; rollingUpdate?: { maxUnavailable?: IntOrPercent; maxSurge?: IntOrPercent } };
  };
  status?: {
    observedGeneration?: number;
    currentNumberScheduled?: number;
    desiredNumberScheduled?: number;
    numberMisscheduled?: number;
    numberReady?: number;
    updatedNumberScheduled?: number;
    numberAvailable?: number;
    numberUnavailable?: number;
    collisionCount?: number;
  };
};

export type ControllerRevision = Manifest & { revision: number; data?: JsonObject };

export type JobStatus = {
  startTime?: string;
  completionTime?: string;
  active?: number;
  ready?: number;
  terminating?: number;
  succeeded?: number;
  failed?: number;
  completedIndexes?: string;
  failedIndexes?: string;
  uncountedTerminatedPods?: JsonObject;
  conditions?: Condition[];
};

export type Job = Manifest & {
  spec: {
    completions?: number;
    parallelism?: number;
    completionMode?: string;
    backoffLimit?: number;
    backoffLimitPerIndex?: number;
    maxFailedIndexes?: number;
    podReplacementPolicy?: string;
    podFailurePolicy?: {
      rules: {
        action: "Ignore" | "Count" | "FailIndex" | "FailJob";
        onExitCodes?: { containerName?: string; operator: string; values: number[] };
        onPodConditions?: { type: string; status: string }[];
      }[];
    };
    successPolicy?: { rules: { succeededIndexes?: string; succeededCount?: number }[] };
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    suspend?: boolean;
    selector?: Selector;
    template: Template;
  };
  status?: JobStatus;
};

export type CronJob = Manifest & {
  spec: {
    schedule: string;
    timeZone?: string;
    suspend?: boolean;
    concurrencyPolicy?: string;
    startingDeadlineSeconds?: number;
    successfulJobsHistoryLimit?: number;
    failedJobsHistoryLimit?: number;
    jobTemplate: { metadata?: Partial<ObjectMeta>; spec: Job["spec"] };
  };
  status?: { lastScheduleTime?: string; lastSuccessfulTime?: string; active?: JsonObject[] };
};

export type Node = Manifest & {
  spec?: { podCIDR?: string; unschedulable?: boolean; taints?: { key: string; value?: string; effect: string }[] };
  status?: { addresses?: { type: string; address: string }[]; [field: string]: unknown };
};

export type ServicePort = {
  name?: string;
  port: number;
  protocol?: string;
  targetPort?: number | string;
  appProtocol?: string;
};

export type Service = Manifest & {
  spec: {
    type?: string;
    clusterIP?: string;
    selector?: Labels;
    ports?: ServicePort[];
    loadBalancerIP?: string;
    publishNotReadyAddresses?: boolean;
    externalName?: string;
  };
  status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string; ipMode?: string }[] } };
};

export type Claim = Manifest & {
  spec: {
    storageClassName?: string;
    volumeName?: string;
    accessModes?: string[];
    volumeMode?: string;
    resources?: { requests?: { storage?: string } };
    selector?: Selector;
  };
  status?: { phase?: string; accessModes?: string[]; capacity?: { storage?: string } };
};

export type Volume = Manifest & {
  spec: {
    storageClassName?: string;
    accessModes?: string[];
    volumeMode?: string;
    capacity?: { storage?: string };
    persistentVolumeReclaimPolicy?: string;
    claimRef?: {
      name?: string;
      namespace?: string;
      uid?: string;
      apiVersion?: string;
      kind?: string;
      resourceVersion?: string;
    };
    [field: string]: unknown;
  };
  status?: { phase?: string };
};

export type StorageClass = Manifest & { volumeBindingMode?: string; reclaimPolicy?: string; provisioner?: string };

export type DisruptionBudget = Manifest & {
  spec: { selector?: Selector; minAvailable?: IntOrPercent; maxUnavailable?: IntOrPercent };
  status?: { [field: string]: Json };
};

export type Ingress = Manifest & { status?: { loadBalancer?: { ingress?: { ip?: string; hostname?: string }[] } } };
