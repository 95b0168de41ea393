// Kinds that generated scripts play with: a valid object of each, parts that vary it, and parts that make it wrong.

export type Part = Record<string, unknown>;

export type Subject = {
  id: string;
  apiVersion: string;
  kind: string;
  plural: string;
  isNamespaced: boolean;
  base: Part;
  /** Merge patches that leave the object valid on creation; on an update some are refused. */
  parts: Part[];
  /** Merge patches that make it invalid, or at least odd. */
  faults: Part[];
  /** A status that a controller might write. */
  status?: Part[];
  hasScale?: boolean;
};

const container = { name: "main", image: "nginx:1.27" };
const labels = { app: "web" };
const template = { metadata: { labels }, spec: { containers: [container] } };

/** Variations of a pod's spec. */
const podParts: Part[] = [
  { containers: [{ ...container, ports: [{ containerPort: 80 }, { name: "metrics", containerPort: 9090, protocol: "TCP" }], env: [{ name: "A", value: "1" }, { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } }] }] },
  { containers: [{ ...container, resources: { requests: { cpu: "100m", memory: "64Mi" }, limits: { cpu: "1", memory: "1Gi" } } }] },
  { containers: [{ ...container, livenessProbe: { httpGet: { path: "/", port: 80 } }, readinessProbe: { tcpSocket: { port: "http" }, periodSeconds: 3 }, startupProbe: { exec: { command: ["true"] } }, ports: [{ name: "http", containerPort: 80 }] }] },
  { volumes: [{ name: "c", configMap: { name: "c" } }, { name: "s", secret: { secretName: "s" } }, { name: "e", emptyDir: {} }], containers: [{ ...container, volumeMounts: [{ name: "c", mountPath: "/c" }, { name: "s", mountPath: "/s", readOnly: true }, { name: "e", mountPath: "/e" }] }] },
  { initContainers: [{ name: "init", image: "busybox", command: ["sh", "-c", "true"] }], securityContext: { runAsNonRoot: true, runAsUser: 1000, fsGroup: 2000 } },
  { tolerations: [{ key: "a", operator: "Exists", effect: "NoSchedule" }], nodeSelector: { disk: "ssd" }, affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, podAffinityTerm: { labelSelector: { matchLabels: labels }, topologyKey: "kubernetes.io/hostname" } }] } } },
  { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: { matchLabels: labels } }], terminationGracePeriodSeconds: 5, hostNetwork: true, dnsPolicy: "ClusterFirstWithHostNet" },
  { imagePullSecrets: [{ name: "reg" }], serviceAccountName: "default", automountServiceAccountToken: false, enableServiceLinks: false },
  { containers: [{ ...container, envFrom: [{ configMapRef: { name: "x" } }, { prefix: "P_", secretRef: { name: "y", optional: true } }], securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] }, readOnlyRootFilesystem: true } }, { name: "side", image: "busybox@sha256:0123456789012345678901234567890123456789012345678901234567890123" }] },
  { volumes: [{ name: "p", projected: { sources: [{ configMap: { name: "c" } }, { serviceAccountToken: { path: "token" } }, { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } }] } }, { name: "h", hostPath: { path: "/tmp" } }] },
];
const podFaults: Part[] = [
  { containers: [] },
  { containers: [{ name: "A_b", image: "" }] },
  { containers: [container, container] },
  { containers: [{ ...container, ports: [{ containerPort: 70000 }] }] },
  { containers: [{ ...container, volumeMounts: [{ name: "none", mountPath: "/x" }] }] },
  { containers: [{ ...container, resources: { requests: { cpu: "2" }, limits: { cpu: "1" } } }] },
  { containers: [{ ...container, env: [{ name: "" }] }] },
  { containers: [{ ...container, imagePullPolicy: "Sometimes" }] },
  { restartPolicy: "Maybe" },
  { dnsPolicy: "Nope" },
  { volumes: [{ name: "a", emptyDir: {} }, { name: "a", emptyDir: {} }] },
  { volumes: [{ name: "a", emptyDir: {}, configMap: { name: "c" } }] },
  { containers: [{ ...container, livenessProbe: { httpGet: { port: 80 }, tcpSocket: { port: 80 } } }] },
  { terminationGracePeriodSeconds: -1 },
  { tolerations: [{ operator: "Exists", value: "x" }] },
  { containers: "main" },
  { containers: [{ ...container, ports: [{ containerPort: "http" }] }] },
  { containers: [{ ...container, resources: { limits: { cpu: "lots" } } }] },
  { nodeSelector: { "a b": "c" } },
  { hostname: "A.b" },
];
const inTemplate = (parts: Part[]): Part[] => parts.map((spec) => ({ spec: { template: { spec } } }));

/** A kind with what is usual of it. */
export function subject(id: string, apiVersion: string, kind: string, plural: string, rest: Partial<Subject> & { base: Part }): Subject {
  return { id, apiVersion, kind, plural, isNamespaced: true, parts: [], faults: [], ...rest };
}

const metadataParts: Part[] = [
  { metadata: { labels: { a: "1", b: "2" } } },
  { metadata: { annotations: { note: "x", "example.com/y": "z" } } },
  { metadata: { finalizers: ["example.com/hold"] } },
  { metadata: { labels: { a: "2" }, annotations: { note: "y" } } },
  { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "00000000-0000-0000-0000-000000000001" }] } },
];
const metadataFaults: Part[] = [
  { metadata: { labels: { "": "x" } } },
  { metadata: { labels: { a: "-" } } },
  { metadata: { labels: { "x/y/z": "1" } } },
  { metadata: { annotations: { "A B": "1" } } },
  { metadata: { finalizers: ["bad finalizer"] } },
  { metadata: { finalizers: ["plain"] } },
  { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "", name: "", uid: "" }] } },
  { metadata: { ownerReferences: [{ apiVersion: "v1", kind: "A", name: "a", uid: "1", controller: true }, { apiVersion: "v1", kind: "A", name: "b", uid: "2", controller: true }] } },
  { metadata: { labels: { a: 1 } } },
  { metadata: { annotations: ["a"] } },
];
export { metadataFaults, metadataParts };

export const subjects: readonly Subject[] = [
  subject("configmap", "v1", "ConfigMap", "configmaps", {
    base: { data: { a: "1" } },
    parts: [{ data: { b: "2" } }, { data: { a: "3", c: null } }, { binaryData: { z: "AAE=" } }, { immutable: true }, { data: null }],
    faults: [{ data: { "a b": "1" } }, { binaryData: { a: "AAE=" } }, { data: { a: 1 } }, { binaryData: { z: "%" } }, { data: { "..": "1" } }],
  }),
  subject("secret", "v1", "Secret", "secrets", {
    base: { data: { a: "MQ==" } },
    parts: [{ stringData: { b: "2" } }, { data: { c: "Mw==" } }, { immutable: true }, { type: "example.com/x" }],
    faults: [{ data: { a: "x" } }, { type: "kubernetes.io/tls" }, { type: "kubernetes.io/basic-auth" }, { type: "kubernetes.io/service-account-token" }, { type: "kubernetes.io/dockerconfigjson", data: { ".dockerconfigjson": "bm8=" } }, { data: { "a b": "MQ==" } }],
  }),
  subject("service", "v1", "Service", "services", {
    base: { spec: { selector: labels, ports: [{ port: 80 }] } },
    parts: [
      { spec: { ports: [{ name: "http", port: 80, targetPort: 8080 }, { name: "https", port: 443, targetPort: "https" }] } },
      { spec: { type: "NodePort" } },
      { spec: { type: "LoadBalancer" } },
      { spec: { clusterIP: "None" } },
      { spec: { type: "ExternalName", externalName: "example.com", ports: null, selector: null } },
      { spec: { sessionAffinity: "ClientIP" } },
      { spec: { externalTrafficPolicy: "Local", type: "NodePort" } },
      { spec: { ports: [{ port: 80, protocol: "UDP" }] } },
      { spec: { publishNotReadyAddresses: true, internalTrafficPolicy: "Local" } },
      { spec: { externalIPs: ["1.2.3.4"] } },
      { spec: { ipFamilyPolicy: "SingleStack", ipFamilies: ["IPv4"] } },
    ],
    faults: [
      { spec: { ports: [] } },
      { spec: { ports: [{ port: 0 }] } },
      { spec: { ports: [{ port: 80 }, { port: 81 }] } },
      { spec: { type: "Funny" } },
      { spec: { clusterIP: "1.2.3" } },
      { spec: { sessionAffinity: "Sticky" } },
      { spec: { ports: [{ port: 80, protocol: "ICMP" }] } },
      { spec: { ports: [{ port: 80, targetPort: "A_B" }] } },
      { spec: { selector: { "a b": "c" } } },
      { spec: { type: "ExternalName" } },
      { spec: { ports: [{ name: "a", port: 80 }, { name: "a", port: 81 }] } },
      { spec: { ports: [{ name: "a", port: 80 }, { name: "b", port: 80 }] } },
      { spec: { externalTrafficPolicy: "Local" } },
      { spec: { ports: "x" } },
      { spec: { ipFamilyPolicy: "RequireDualStack" } },
      { spec: { internalTrafficPolicy: "Far" } },
      { spec: { loadBalancerSourceRanges: ["1.2.3.4"] } },
    ],
    status: [{ loadBalancer: { ingress: [{ ip: "10.1.2.3" }] } }, { conditions: [{ type: "A", status: "True", reason: "B", message: "", lastTransitionTime: "2020-01-01T00:00:00Z" }] }],
  }),
  subject("serviceaccount", "v1", "ServiceAccount", "serviceaccounts", {
    base: {},
    parts: [{ automountServiceAccountToken: false }, { imagePullSecrets: [{ name: "a" }] }, { secrets: [{ name: "b" }] }],
    faults: [{ imagePullSecrets: "a" }],
  }),
  subject("pod", "v1", "Pod", "pods", {
    base: { spec: { containers: [container] } },
    parts: podParts.map((spec) => ({ spec })),
    faults: podFaults.map((spec) => ({ spec })),
    status: [{ phase: "Running", conditions: [{ type: "Ready", status: "True" }] }, { phase: "Succeeded" }],
  }),
  subject("replicationcontroller", "v1", "ReplicationController", "replicationcontrollers", {
    base: { spec: { replicas: 1, selector: labels, template } },
    parts: [{ spec: { replicas: 3 } }, { spec: { minReadySeconds: 5 } }, { spec: { selector: null } }],
    faults: [{ spec: { selector: { app: "other" } } }, { spec: { replicas: -1 } }, { spec: { template: null } }],
    status: [{ replicas: 1, readyReplicas: 1 }],
    hasScale: true,
  }),
  subject("podtemplate", "v1", "PodTemplate", "podtemplates", { base: { template }, parts: inTemplate(podParts.slice(0, 2)).map((one) => (one as { spec: Part }).spec), faults: [{ template: { spec: { containers: [] } } }] }),
  subject("endpoints", "v1", "Endpoints", "endpoints", {
    base: { subsets: [{ addresses: [{ ip: "10.0.0.1" }], ports: [{ port: 80 }] }] },
    parts: [{ subsets: [{ addresses: [{ ip: "10.0.0.2" }, { ip: "10.0.0.1" }], ports: [{ name: "a", port: 80 }, { name: "b", port: 81 }] }] }, { subsets: [] }],
    faults: [{ subsets: [{ addresses: [{ ip: "x" }], ports: [{ port: 80 }] }] }, { subsets: [{ ports: [{ port: 80 }] }] }, { subsets: [{ addresses: [{ ip: "127.0.0.1" }] }] }],
  }),
  subject("persistentvolumeclaim", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", {
    base: { spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } },
    parts: [{ spec: { storageClassName: "fast" } }, { spec: { volumeMode: "Block" } }, { spec: { selector: { matchLabels: { a: "b" } } } }, { spec: { resources: { requests: { storage: "2Gi" } } } }, { spec: { storageClassName: "" } }],
    faults: [{ spec: { accessModes: [] } }, { spec: { accessModes: ["Sometimes"] } }, { spec: { resources: { requests: { storage: "0" } } } }, { spec: { resources: null } }, { spec: { volumeMode: "Odd" } }, { spec: { storageClassName: "A_B" } }, { spec: { accessModes: ["ReadWriteOncePod", "ReadWriteOnce"] } }],
    status: [{ phase: "Bound", accessModes: ["ReadWriteOnce"], capacity: { storage: "1Gi" } }],
  }),
  subject("limitrange", "v1", "LimitRange", "limitranges", {
    base: { spec: { limits: [{ type: "Container", default: { cpu: "500m" }, defaultRequest: { cpu: "100m" }, max: { cpu: "2" } }] } },
    parts: [{ spec: { limits: [{ type: "Pod", max: { memory: "1Gi" } }] } }, { spec: { limits: [{ type: "PersistentVolumeClaim", min: { storage: "1Gi" }, max: { storage: "5Gi" } }] } }],
    faults: [{ spec: { limits: [{ type: "Container", max: { cpu: "1" }, min: { cpu: "2" } }] } }, { spec: { limits: [{ type: "" }] } }, { spec: { limits: [{ type: "Pod", default: { cpu: "1" } }] } }],
  }),
  subject("resourcequota", "v1", "ResourceQuota", "resourcequotas", {
    base: { spec: { hard: { pods: "10", "requests.cpu": "4" } } },
    parts: [{ spec: { hard: { "count/configmaps": "20" } } }, { spec: { scopes: ["BestEffort"], hard: { "requests.cpu": null } } }],
    faults: [{ spec: { hard: { pods: "-1" } } }, { spec: { hard: { nonsense: "1" } } }, { spec: { scopes: ["Odd"] } }, { spec: { hard: { pods: "1.5" } } }],
    status: [{ hard: { pods: "10" }, used: { pods: "1" } }],
  }),
  subject("event", "v1", "Event", "events", {
    base: { involvedObject: { kind: "Pod", name: "p", namespace: "NS" }, reason: "Did", message: "it", type: "Normal", source: { component: "me" }, firstTimestamp: "2020-01-01T00:00:00Z", lastTimestamp: "2020-01-01T00:00:00Z", count: 1 },
    parts: [{ count: 2 }, { message: "more" }],
    faults: [{ involvedObject: { namespace: "elsewhere" } }],
  }),
  subject("deployment", "apps/v1", "Deployment", "deployments", {
    base: { spec: { replicas: 1, selector: { matchLabels: labels }, template } },
    parts: [
      { spec: { replicas: 3 } },
      { spec: { strategy: { type: "Recreate" } } },
      { spec: { strategy: { rollingUpdate: { maxSurge: "50%", maxUnavailable: 0 } } } },
      { spec: { minReadySeconds: 10, revisionHistoryLimit: 2, progressDeadlineSeconds: 60 } },
      { spec: { paused: true } },
      { spec: { replicas: null } },
      ...inTemplate(podParts),
    ],
    faults: [
      { spec: { selector: null } },
      { spec: { selector: { matchLabels: { app: "other" } } } },
      { spec: { replicas: -1 } },
      { spec: { strategy: { type: "Fast" } } },
      { spec: { strategy: { type: "Recreate", rollingUpdate: { maxSurge: 1 } } } },
      { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
      { spec: { strategy: { rollingUpdate: { maxSurge: "x%" } } } },
      { spec: { progressDeadlineSeconds: 5, minReadySeconds: 10 } },
      { spec: { selector: { matchExpressions: [{ key: "app", operator: "Odd" }] } } },
      { spec: { selector: {} } },
      { spec: { replicas: "three" } },
      { spec: { template: { spec: { restartPolicy: "Never" } } } },
      ...inTemplate(podFaults),
    ],
    status: [{ replicas: 1, readyReplicas: 1, observedGeneration: 1 }, { replicas: -1 }, { conditions: [{ type: "Available", status: "True", lastUpdateTime: "2020-01-01T00:00:00Z", lastTransitionTime: "2020-01-01T00:00:00Z", reason: "r", message: "m" }] }],
    hasScale: true,
  }),
  subject("replicaset", "apps/v1", "ReplicaSet", "replicasets", {
    base: { spec: { selector: { matchLabels: labels }, template } },
    parts: [{ spec: { replicas: 2 } }, { spec: { minReadySeconds: 3 } }, ...inTemplate(podParts.slice(0, 4))],
    faults: [{ spec: { selector: { matchLabels: { app: "x" } } } }, { spec: { replicas: -2 } }, { spec: { template: null } }],
    status: [{ replicas: 1, readyReplicas: 2 }, { replicas: 2, availableReplicas: 1, readyReplicas: 1 }],
    hasScale: true,
  }),
  subject("statefulset", "apps/v1", "StatefulSet", "statefulsets", {
    base: { spec: { serviceName: "web", replicas: 1, selector: { matchLabels: labels }, template } },
    parts: [
      { spec: { replicas: 2 } },
      { spec: { podManagementPolicy: "Parallel" } },
      { spec: { updateStrategy: { type: "OnDelete" } } },
      { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: 1 } } } },
      { spec: { volumeClaimTemplates: [{ metadata: { name: "data" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }] } },
      { spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } } },
      { spec: { ordinals: { start: 2 } } },
      { spec: { minReadySeconds: 3 } },
    ],
    faults: [{ spec: { podManagementPolicy: "Odd" } }, { spec: { updateStrategy: { type: "Odd" } } }, { spec: { serviceName: "A_B" } }, { spec: { replicas: -1 } }, { spec: { selector: null } }, { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { partition: -1 } } } }],
    status: [{ replicas: 1, readyReplicas: 1, currentRevision: "a" }],
    hasScale: true,
  }),
  subject("daemonset", "apps/v1", "DaemonSet", "daemonsets", {
    base: { spec: { selector: { matchLabels: labels }, template } },
    parts: [{ spec: { updateStrategy: { type: "OnDelete" } } }, { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "20%" } } } }, { spec: { minReadySeconds: 3 } }, ...inTemplate(podParts.slice(0, 4))],
    faults: [{ spec: { updateStrategy: { type: "Odd" } } }, { spec: { updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0 } } } }, { spec: { selector: null } }, { spec: { template: { spec: { restartPolicy: "Never" } } } }],
    status: [{ currentNumberScheduled: 1, numberMisscheduled: 0, desiredNumberScheduled: 1, numberReady: 1 }],
  }),
  subject("controllerrevision", "apps/v1", "ControllerRevision", "controllerrevisions", { base: { revision: 1, data: { a: 1 } }, parts: [{ revision: 2 }], faults: [{ data: { a: 2 } }, { revision: -1 }] }),
  subject("job", "batch/v1", "Job", "jobs", {
    base: { spec: { template: { spec: { restartPolicy: "Never", containers: [container] } } } },
    parts: [
      { spec: { backoffLimit: 2 } },
      { spec: { parallelism: 2, completions: 4 } },
      { spec: { suspend: true } },
      { spec: { ttlSecondsAfterFinished: 10 } },
      { spec: { completionMode: "Indexed", completions: 2 } },
      { spec: { activeDeadlineSeconds: 100 } },
      { spec: { podFailurePolicy: { rules: [{ action: "Ignore", onPodConditions: [{ type: "DisruptionTarget", status: "True" }] }] } } },
    ],
    faults: [{ spec: { template: { spec: { restartPolicy: "Always" } } } }, { spec: { parallelism: -1 } }, { spec: { completionMode: "Indexed" } }, { spec: { selector: { matchLabels: { a: "b" } } } }, { spec: { completionMode: "Odd" } }, { spec: { backoffLimit: -1 } }],
    status: [{ active: 1, startTime: "2020-01-01T00:00:00Z" }],
  }),
  subject("cronjob", "batch/v1", "CronJob", "cronjobs", {
    base: { spec: { schedule: "*/5 * * * *", jobTemplate: { spec: { template: { spec: { restartPolicy: "OnFailure", containers: [container] } } } } } },
    parts: [{ spec: { suspend: true } }, { spec: { concurrencyPolicy: "Forbid" } }, { spec: { timeZone: "Europe/Berlin" } }, { spec: { successfulJobsHistoryLimit: 1, failedJobsHistoryLimit: 0 } }, { spec: { startingDeadlineSeconds: 10 } }, { spec: { schedule: "@hourly" } }],
    faults: [{ spec: { schedule: "" } }, { spec: { schedule: "x" } }, { spec: { schedule: "61 * * * *" } }, { spec: { concurrencyPolicy: "Odd" } }, { spec: { timeZone: "Nowhere" } }, { spec: { schedule: "TZ=UTC * * * * *" } }, { spec: { successfulJobsHistoryLimit: -1 } }],
    status: [{ lastScheduleTime: "2020-01-01T00:00:00Z" }],
  }),
  subject("hpa", "autoscaling/v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers", {
    base: { spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 3 } },
    parts: [{ spec: { minReplicas: 2 } }, { spec: { metrics: [{ type: "Resource", resource: { name: "memory", target: { type: "Utilization", averageUtilization: 70 } } }] } }, { spec: { behavior: { scaleDown: { stabilizationWindowSeconds: 60 } } } }],
    faults: [{ spec: { maxReplicas: 0 } }, { spec: { minReplicas: 5 } }, { spec: { scaleTargetRef: { kind: "" } } }, { spec: { metrics: [{ type: "Odd" }] } }, { spec: { minReplicas: 0 } }],
    status: [{ currentReplicas: 1, desiredReplicas: 2 }],
  }),
  subject("hpa1", "autoscaling/v1", "HorizontalPodAutoscaler", "horizontalpodautoscalers", {
    base: { spec: { scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" }, maxReplicas: 3 } },
    parts: [{ spec: { minReplicas: 2 } }, { spec: { targetCPUUtilizationPercentage: 50 } }],
    faults: [{ spec: { maxReplicas: 0 } }, { spec: { targetCPUUtilizationPercentage: -1 } }],
  }),
  subject("ingress", "networking.k8s.io/v1", "Ingress", "ingresses", {
    base: { spec: { rules: [{ host: "a.example.com", http: { paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] } }] } },
    parts: [{ spec: { ingressClassName: "nginx" } }, { spec: { tls: [{ hosts: ["a.example.com"], secretName: "tls" }] } }, { spec: { defaultBackend: { service: { name: "web", port: { name: "http" } } } } }],
    faults: [{ spec: { rules: null } }, { spec: { rules: [{ http: { paths: [{ path: "/", backend: { service: { name: "web", port: { number: 80 } } } }] } }] } }, { spec: { rules: [{ http: { paths: [{ path: "x", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80 } } } }] } }] } }, { spec: { rules: [{ host: "A_b", http: { paths: [] } }] } }, { spec: { rules: [{ http: { paths: [{ path: "/", pathType: "Exact", backend: {} }] } }] } }, { spec: { ingressClassName: "A_B" } }],
    status: [{ loadBalancer: { ingress: [{ hostname: "lb.example.com" }] } }],
  }),
  subject("ingressclass", "networking.k8s.io/v1", "IngressClass", "ingressclasses", { isNamespaced: false, base: { spec: { controller: "example.com/x" } }, parts: [{ metadata: { annotations: { "ingressclass.kubernetes.io/is-default-class": "false" } } }], faults: [{ spec: { controller: "x" } }, { spec: { controller: "" } }] }),
  subject("networkpolicy", "networking.k8s.io/v1", "NetworkPolicy", "networkpolicies", {
    base: { spec: { podSelector: {} } },
    parts: [{ spec: { ingress: [{ from: [{ podSelector: { matchLabels: labels } }], ports: [{ port: 80 }] }] } }, { spec: { egress: [{ to: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.1.0.0/16"] } }] }], policyTypes: ["Egress"] } }, { spec: { policyTypes: ["Ingress", "Egress"] } }],
    faults: [{ spec: { policyTypes: ["Odd"] } }, { spec: { ingress: [{ from: [{}] }] } }, { spec: { egress: [{ to: [{ ipBlock: { cidr: "x" } }] }] } }, { spec: { ingress: [{ ports: [{ port: 70000 }] }] } }],
  }),
  subject("poddisruptionbudget", "policy/v1", "PodDisruptionBudget", "poddisruptionbudgets", {
    base: { spec: { minAvailable: 1, selector: { matchLabels: labels } } },
    parts: [{ spec: { minAvailable: "50%" } }, { spec: { minAvailable: null, maxUnavailable: 1 } }, { spec: { unhealthyPodEvictionPolicy: "AlwaysAllow" } }],
    faults: [{ spec: { maxUnavailable: 1 } }, { spec: { minAvailable: -1 } }, { spec: { minAvailable: "x" } }, { spec: { minAvailable: "200%" } }, { spec: { unhealthyPodEvictionPolicy: "Odd" } }],
    status: [{ observedGeneration: 1, disruptionsAllowed: 1, currentHealthy: 1, desiredHealthy: 1, expectedPods: 1 }],
  }),
  subject("role", "rbac.authorization.k8s.io/v1", "Role", "roles", { base: { rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] }, parts: [{ rules: [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] }, { rules: [] }, { rules: null }], faults: [{ rules: [{ verbs: [], apiGroups: [""], resources: ["pods"] }] }, { rules: [{ verbs: ["get"], apiGroups: [""] }] }, { rules: [{ verbs: ["get"], resources: ["pods"] }] }, { rules: [{ verbs: ["get"], nonResourceURLs: ["/x"] }] }] }),
  subject("clusterrole", "rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", { isNamespaced: false, base: { rules: [{ verbs: ["get"], apiGroups: [""], resources: ["pods"] }] }, parts: [{ rules: [{ verbs: ["get"], nonResourceURLs: ["/x"] }] }, { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { agg: "nothing" } }] } }], faults: [{ rules: [{ verbs: ["get"], nonResourceURLs: ["/x"], resources: ["pods"], apiGroups: [""] }] }, { aggregationRule: { clusterRoleSelectors: [] } }, { rules: [{ verbs: [] }] }] }),
  subject("rolebinding", "rbac.authorization.k8s.io/v1", "RoleBinding", "rolebindings", { base: { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" }, subjects: [{ kind: "User", name: "u" }] }, parts: [{ subjects: [{ kind: "ServiceAccount", name: "s" }, { kind: "Group", name: "g" }] }, { subjects: [] }, { subjects: [{ kind: "ServiceAccount", name: "s", namespace: "x" }] }], faults: [{ roleRef: { name: "edit" } }, { subjects: [{ kind: "Odd", name: "x" }] }, { subjects: [{ kind: "User", name: "" }] }, { roleRef: { kind: "Odd" } }, { subjects: [{ kind: "User", name: "x", apiGroup: "odd" }] }] }),
  subject("clusterrolebinding", "rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "clusterrolebindings", { isNamespaced: false, base: { roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "view" }, subjects: [{ kind: "User", name: "nobody-at-all" }] }, parts: [{ subjects: [{ kind: "Group", name: "no-group-at-all" }] }], faults: [{ roleRef: { kind: "Role" } }, { subjects: [{ kind: "ServiceAccount", name: "x" }] }] }),
  subject("namespace", "v1", "Namespace", "namespaces", { isNamespaced: false, base: {}, parts: [], faults: [{ spec: { finalizers: ["x"] } }], status: [{ phase: "Terminating" }] }),
  subject("node", "v1", "Node", "nodes", {
    isNamespaced: false,
    base: {},
    parts: [{ spec: { podCIDR: "10.1.0.0/24", podCIDRs: ["10.1.0.0/24"] } }, { spec: { unschedulable: true } }, { spec: { taints: [{ key: "a", effect: "NoSchedule" }] } }, { spec: { providerID: "x://1" } }],
    faults: [{ spec: { taints: [{ key: "a", effect: "Odd" }] } }, { spec: { podCIDRs: ["x"] } }],
    status: [{ capacity: { cpu: "4" }, conditions: [{ type: "Ready", status: "True" }] }],
  }),
  subject("persistentvolume", "v1", "PersistentVolume", "persistentvolumes", {
    isNamespaced: false,
    base: { spec: { capacity: { storage: "1Gi" }, accessModes: ["ReadWriteOnce"], hostPath: { path: "/tmp/x" } } },
    parts: [{ spec: { persistentVolumeReclaimPolicy: "Delete" } }, { spec: { storageClassName: "slow" } }, { spec: { capacity: { storage: "2Gi" } } }],
    faults: [{ spec: { capacity: null } }, { spec: { accessModes: [] } }, { spec: { hostPath: null } }, { spec: { persistentVolumeReclaimPolicy: "Odd" } }, { spec: { nfs: { server: "a", path: "/" } } }],
    status: [{ phase: "Available" }],
  }),
  subject("storageclass", "storage.k8s.io/v1", "StorageClass", "storageclasses", { isNamespaced: false, base: { provisioner: "example.com/x" }, parts: [{ parameters: { a: "b" } }, { reclaimPolicy: "Retain" }, { volumeBindingMode: "WaitForFirstConsumer" }, { allowVolumeExpansion: true }, { mountOptions: ["ro"] }], faults: [{ provisioner: "" }, { reclaimPolicy: "Odd" }, { volumeBindingMode: "Odd" }] }),
  subject("csidriver", "storage.k8s.io/v1", "CSIDriver", "csidrivers", { isNamespaced: false, base: { spec: {} }, parts: [{ spec: { attachRequired: false } }, { spec: { podInfoOnMount: true } }, { spec: { volumeLifecycleModes: ["Ephemeral"] } }], faults: [{ spec: { volumeLifecycleModes: ["Odd"] } }, { spec: { fsGroupPolicy: "Odd" } }] }),
  subject("priorityclass", "scheduling.k8s.io/v1", "PriorityClass", "priorityclasses", { isNamespaced: false, base: { value: 10 }, parts: [{ description: "x" }, { preemptionPolicy: "Never" }, { value: 20 }], faults: [{ value: 2000000000 }, { preemptionPolicy: "Odd" }] }),
  subject("runtimeclass", "node.k8s.io/v1", "RuntimeClass", "runtimeclasses", { isNamespaced: false, base: { handler: "runc" }, parts: [{ overhead: { podFixed: { cpu: "10m" } } }, { scheduling: { nodeSelector: { a: "b" } } }], faults: [{ handler: "A_B" }, { handler: "" }, { handler: "other" }] }),
  subject("lease", "coordination.k8s.io/v1", "Lease", "leases", { base: { spec: { holderIdentity: "a", leaseDurationSeconds: 15, renewTime: "2020-01-01T00:00:00.000000Z" } }, parts: [{ spec: { holderIdentity: "b" } }, { spec: { leaseTransitions: 2 } }], faults: [{ spec: { leaseDurationSeconds: 0 } }, { spec: { leaseTransitions: -1 } }, { spec: { renewTime: "yesterday" } }] }),
  subject("endpointslice", "discovery.k8s.io/v1", "EndpointSlice", "endpointslices", { base: { addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"] }], ports: [{ name: "http", port: 80 }] }, parts: [{ endpoints: [{ addresses: ["10.0.0.2"], conditions: { ready: true } }] }, { endpoints: [] }, { ports: [{ name: "", port: 80 }] }], faults: [{ addressType: "IPv6" }, { addressType: "Odd" }, { endpoints: [{ addresses: [] }] }, { endpoints: [{ addresses: ["x"] }] }, { ports: [{ name: "a", port: 1 }, { name: "a", port: 2 }] }] }),
  subject("eventv1", "events.k8s.io/v1", "Event", "events", { base: { eventTime: "2020-01-01T00:00:00.000000Z", reportingController: "example.com/me", reportingInstance: "me-1", action: "Did", reason: "Done", type: "Normal", regarding: { kind: "ConfigMap", name: "x", namespace: "NS" }, note: "it" }, parts: [{ series: { count: 2, lastObservedTime: "2020-01-01T00:00:01.000000Z" } }], faults: [{ eventTime: null }, { reportingController: "" }, { type: "Odd" }, { action: "" }] }),
  subject("mutatingwebhook", "admissionregistration.k8s.io/v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations", { isNamespaced: false, base: { webhooks: [] }, parts: [{ webhooks: [{ name: "a.example.com", clientConfig: { url: "https://127.0.0.1:1/x" }, rules: [{ operations: ["CREATE"], apiGroups: ["none.example.com"], apiVersions: ["v1"], resources: ["nothings"] }], sideEffects: "None", admissionReviewVersions: ["v1"] }] }], faults: [{ webhooks: [{ name: "a", clientConfig: { url: "https://127.0.0.1:1/x" }, sideEffects: "None", admissionReviewVersions: ["v1"] }] }, { webhooks: [{ name: "a.example.com", clientConfig: { url: "http://x" }, sideEffects: "Some", admissionReviewVersions: [] }] }] }),
  subject("validatingwebhook", "admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations", { isNamespaced: false, base: { webhooks: [] }, parts: [{ webhooks: [{ name: "a.example.com", clientConfig: { service: { name: "s", namespace: "n" } }, rules: [{ operations: ["*"], apiGroups: ["none.example.com"], apiVersions: ["v1"], resources: ["nothings/*"] }], sideEffects: "None", admissionReviewVersions: ["v1"] }] }], faults: [{ webhooks: [{ name: "a.example.com", clientConfig: {}, sideEffects: "None", admissionReviewVersions: ["v1"] }] }, { webhooks: [{ name: "a.example.com", clientConfig: { url: "https://x" }, sideEffects: "None", admissionReviewVersions: ["v2"], failurePolicy: "Odd" }] }] }),
  subject("admissionpolicy", "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicy", "validatingadmissionpolicies", {
    isNamespaced: false,
    base: { spec: { matchConstraints: { resourceRules: [{ apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nothings"] }] }, validations: [{ expression: "object.spec.x > 1" }] } },
    parts: [{ spec: { failurePolicy: "Ignore" } }, { spec: { variables: [{ name: "a", expression: "1" }] } }, { spec: { matchConditions: [{ name: "x", expression: "true" }] } }, { spec: { auditAnnotations: [{ key: "k", valueExpression: "'v'" }] } }, { spec: { paramKind: { apiVersion: "v1", kind: "ConfigMap" } } }],
    faults: [{ spec: { validations: [{ expression: "object.x +" }] } }, { spec: { validations: [] } }, { spec: { matchConstraints: null } }, { spec: { failurePolicy: "Odd" } }, { spec: { validations: [{ expression: "1" }] } }, { spec: { validations: [{ expression: "nothing.x" }] } }, { spec: { validations: [{ expression: "true", reason: "Odd" }] } }],
  }),
  subject("admissionpolicybinding", "admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding", "validatingadmissionpolicybindings", { isNamespaced: false, base: { spec: { policyName: "none-such", validationActions: ["Deny"] } }, parts: [{ spec: { validationActions: ["Warn", "Audit"] } }, { spec: { matchResources: { namespaceSelector: { matchLabels: { a: "b" } } } } }], faults: [{ spec: { validationActions: [] } }, { spec: { validationActions: ["Deny", "Warn"] } }, { spec: { policyName: "" } }, { spec: { validationActions: ["Odd"] } }] }),
  subject("csr", "certificates.k8s.io/v1", "CertificateSigningRequest", "certificatesigningrequests", { isNamespaced: false, base: { spec: { request: "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0KTUlIZU1JR0VBZ0VBTUNJeEVEQU9CZ05WQkFNTUIzTnZiV1Z2Ym1VeERqQU1CZ05WQkFvTUJXZHliM1Z3TUZrdwpFd1lIS29aSXpqMENBUVlJS29aSXpqMERBUWNEUWdBRVVlL3JmRFA3eTJ1UlptcDQ5MjQ2a2FnR250QWk4cERIClZDZ1ZFRDdPQ3FQS1UxdG9SaHZ0K2xySEhGb240V0EvSjVMczBodVlKRFJGY1NpL2JSVlM4YUFBTUFvR0NDcUcKU000OUJBTUNBMGtBTUVZQ0lRRE8vcU90Vm1QQ2FKRUhxYW5xWVhDUWZjdkkyTUZ0L3VRQlB3YUpmbGRSYlFJaApBTUFpWHU0aXlSaDdyZUVpdTV5RkxsaEhha1orNGxQdDdGSXNHYXdlNmJDNAotLS0tLUVORCBDRVJUSUZJQ0FURSBSRVFVRVNULS0tLS0K", signerName: "example.com/sign", usages: ["digital signature", "client auth"] } }, parts: [{ spec: { expirationSeconds: 3600 } }], faults: [{ spec: { request: "eA==" } }, { spec: { signerName: "x" } }, { spec: { usages: ["odd"] } }, { spec: { usages: [] } }, { spec: { expirationSeconds: 1 } }] }),
  subject("widget", "example.com/v1", "Widget", "widgets", {
    base: { spec: { size: 1 } },
    parts: [{ spec: { color: "green" } }, { spec: { replicas: 2 } }, { spec: { items: [{ name: "a", value: "1" }, { name: "b" }] } }, { spec: { size: 3, items: [{ name: "b", value: "2" }] } }, { spec: { extra: 1 } }],
    faults: [{ spec: { size: 0 } }, { spec: { size: 10 } }, { spec: { size: "x" } }, { spec: { color: "blue" } }, { spec: { size: 4 } }, { spec: null }, { spec: { items: [{ name: "a" }, { name: "a" }] } }, { spec: { items: [{}] } }, { spec: { size: 1.5 } }],
    status: [{ phase: "up", replicas: 2 }, { replicas: "x" }],
    hasScale: true,
  }),
  subject("gadget", "example.com/v2", "Gadget", "gadgets", {
    isNamespaced: false,
    base: { spec: { mode: "slow", ports: [{ name: "a", port: 1 }] } },
    parts: [
      { spec: { mode: "fast" } },
      { spec: { ports: [{ name: "a", port: 1 }, { name: "b", port: 2, protocol: "UDP" }] } },
      { spec: { tags: ["x", "y"] } },
      { spec: { amount: "50%" } },
      { spec: { amount: 3 } },
      { spec: { free: { anything: { goes: [1, "2", null] } } } },
      { spec: { limits: { cpu: 1, memory: 2 } } },
      { spec: { window: { start: "10s" } } },
      { spec: { nothing: null } },
      { spec: { point: { x: 1, y: 2 } } },
      { spec: { when: "2020-01-01T00:00:00Z", email: "a@example.com" } },
      { spec: { embedded: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" }, data: { a: "b" } } } },
    ],
    faults: [
      { spec: { mode: "odd" } },
      { spec: { ports: [{ port: 1 }] } },
      { spec: { ports: [{ name: "a", port: 1 }, { name: "a", port: 2 }] } },
      { spec: { tags: ["x", "x"] } },
      { spec: { amount: true } },
      { spec: { limits: { cpu: "1" } } },
      { spec: { limits: { a: 1, b: 2, c: 3, d: 4 } } },
      { spec: { point: { x: 3, y: 1 } } },
      { spec: { when: "yesterday", email: "x" } },
      { spec: { ports: [{ name: "toolong-name", port: 99999 }] } },
      { spec: { embedded: { kind: "ConfigMap" } } },
      { spec: { nothing: 5 } },
      { spec: { mode: null } },
      { spec: { tags: ["1", "2", "3", "4", "5", "6"] } },
      { spec: { window: { start: "5", end: "x" } } },
    ],
    status: [{ conditions: [{ type: "Ready", status: "True", reason: "Ok" }] }, { conditions: [{ type: "Ready", status: "Odd" }] }, { observed: 1 }],
  }),
  subject("gadget1", "example.com/v1", "Gadget", "gadgets", { isNamespaced: false, base: { spec: { mode: "slow" } }, parts: [{ spec: { mode: "fast" } }, { spec: { note: "n" } }], faults: [{ spec: { mode: 1 } }] }),
];
