// Pods, and templates of pods, whose fields are well formed each for itself and wrong together, or right together though they look wrong:
// what no schema tells. Everything but the changes of gated pods is a dry run.

import { patch, post, type Script, type Step, unseen, withQuery } from "./steps.ts";

type Part = Record<string, unknown>;

const main = { name: "main", image: "nginx:1.27" };
const one = (container: Part, more: Part = {}): Part => ({ containers: [{ ...main, ...container }], ...more });
const init = (container: Part, more: Part = {}): Part => ({ containers: [main], initContainers: [{ name: "first", image: "busybox", ...container }], ...more });
const spec = (more: Part): Part => ({ containers: [main], ...more });
const resources = (requests: Part, limits: Part = {}, more: Part = {}): Part => one({ resources: { requests, limits, ...more } });
const volumes = (...list: Part[]): Part => spec({ volumes: list });
const projected = (...sources: Part[]): Part => volumes({ name: "p", projected: { sources } });
const probe = (name: string, value: Part): Part => one({ [name]: value });
const exec = { exec: { command: ["x"] } };
const required = "requiredDuringSchedulingIgnoredDuringExecution";
const preferred = "preferredDuringSchedulingIgnoredDuringExecution";
const nodeTerms = (...terms: Part[]): Part => spec({ affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: terms } } } });
const near = (term: Part): Part => spec({ affinity: { podAffinity: { [required]: [{ topologyKey: "zone", ...term }] } } });
const spread = (...list: Part[]): Part => spec({ topologySpreadConstraints: list.map((item) => ({ maxSkew: 1, topologyKey: "zone", whenUnsatisfiable: "DoNotSchedule", labelSelector: {}, ...item })) });
const tolerates = (...tolerations: Part[]): Part => spec({ tolerations });
const secured = (context: Part, more: Part = {}): Part => spec({ securityContext: context, ...more });
const contained = (context: Part, more: Part = {}): Part => one({ securityContext: context }, more);
const named = (name: string): Part => ({ name, image: "busybox" });

const sized: Part[] = [
  resources({ cpu: "2" }, { cpu: "1500m" }),
  resources({ memory: "1Gi" }, { memory: "1024Mi" }),
  resources({ memory: "1025Mi" }, { memory: "1Gi" }),
  resources({ "hugepages-2Mi": "4Mi" }, { "hugepages-2Mi": "4Mi" }),
  resources({ "hugepages-2Mi": "4Mi", cpu: "1" }, { "hugepages-2Mi": "4Mi" }),
  resources({ cpu: "1" }, { "hugepages-2Mi": "3Mi" }),
  resources({ cpu: "1" }, { "hugepages-x": "3Mi" }),
  resources({ "example.com/gpu": "1" }),
  resources({ "example.com/gpu": "1" }, { "example.com/gpu": "2" }),
  resources({ "example.com/gpu": "1500m" }, { "example.com/gpu": "1500m" }),
  resources({ "requests.example.com/gpu": "1" }, { "requests.example.com/gpu": "1" }),
  resources({ "kubernetes.io/x": "1" }),
  resources({ pods: "1.5" }),
  resources({ storage: "1" }, { "limits.cpu": "1", nonsense: "1" }),
  resources({ memory: "100m", "ephemeral-storage": "1.5" }, { memory: "1500m" }),
  resources({}, {}, { claims: [{ name: "a" }, { name: "a" }, { name: "b", request: "A" }] }),
  one({ resources: { claims: [{ name: "a", request: "x" }, { name: "a" }] } }, { resourceClaims: [{ name: "a", resourceClaimName: "c" }] }),
  one({ resources: { claims: [{ name: "z" }] } }, { resourceClaims: [{ name: "a", resourceClaimName: "c", resourceClaimTemplateName: "t" }, { name: "a" }] }),
  one({ resources: { requests: { cpu: "2", memory: "64Mi" } } }, { resources: { requests: { cpu: "1" }, limits: { cpu: "1", memory: "32Mi" } } }),
  one({ resources: { limits: { cpu: "2" } } }, { resources: { limits: { cpu: "1" } } }),
  one({ resources: { requests: { cpu: "300m", memory: "64Mi" } } }, { resources: { limits: { cpu: "1", memory: "1Gi" } } }),
  spec({ resources: { requests: { "example.com/gpu": "1", "ephemeral-storage": "1Gi" }, claims: [{ name: "a" }] } }),
  spec({ resources: { limits: { cpu: "1" } }, os: { name: "windows" } }),
  one({ resources: { limits: { "hugepages-2Mi": "4Mi", cpu: "1" } } }, { resources: { limits: { cpu: "2", "hugepages-2Mi": "2Mi" } } }),
  one({ resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }, { resourceName: "cpu", restartPolicy: "NotRequired" }] }, { restartPolicy: "Never" }),
  one({ resizePolicy: [{ resourceName: "disk", restartPolicy: "Maybe" }] }),
];

const lived: Part[] = [
  probe("livenessProbe", { ...exec, successThreshold: 2 }),
  probe("readinessProbe", { ...exec, successThreshold: 2, terminationGracePeriodSeconds: 3 }),
  probe("startupProbe", { ...exec, tcpSocket: { port: 80 }, terminationGracePeriodSeconds: 0 }),
  probe("livenessProbe", { grpc: { port: 0 } }),
  probe("livenessProbe", { httpGet: { port: "a_b", scheme: "FTP", httpHeaders: [{ name: "A B", value: "x" }] } }),
  one({ lifecycle: { preStop: { sleep: { seconds: 40 } }, postStart: { sleep: { seconds: -1 } } } }),
  one({ lifecycle: { preStop: { sleep: { seconds: 0 } }, postStart: {} } }),
  one({ lifecycle: { stopSignal: "SIGTERM" } }, { os: { name: "linux" } }),
  init({ livenessProbe: exec, lifecycle: { preStop: exec } }),
  init({ restartPolicy: "Always", livenessProbe: { ...exec, successThreshold: 3 }, resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] }),
  init({ restartPolicy: "OnFailure", resizePolicy: [{ resourceName: "cpu", restartPolicy: "RestartContainer" }] }),
  init({ restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [1] } }] }),
  init({ restartPolicy: "Always", restartPolicyRules: [{ action: "RestartAllContainers", exitCodes: { operator: "Odd", values: [1] } }] }),
  one({ restartPolicyRules: [{ action: "Restart", exitCodes: { operator: "In", values: [1] } }] }),
  one({ restartPolicy: "Never", restartPolicyRules: [{ action: "Odd" }, { action: "Restart", exitCodes: { operator: "NotIn" } }] }),
  one({ restartPolicy: "Never", restartPolicyRules: Array.from({ length: 21 }, () => ({ action: "Restart", exitCodes: { operator: "In", values: Array.from({ length: 256 }, (_, code) => code) } })) }),
  init({ name: "main" }),
  { containers: [main, named("main"), named("other")], initContainers: [named("other"), named("a"), named("a")] },
  { containers: [{ ...main, image: " nginx" }], initContainers: [{ ...named("a"), image: "busybox " }] },
  { containers: [{ ...main, image: "NGINX:latest" }, { ...named("a"), image: "a@sha256:00" }, { ...named("b"), image: "localhost:5000/a" }, { ...named("c"), image: "a:latest@sha256:0123456789012345678901234567890123456789012345678901234567890123" }, { ...named("d"), image: "0123456789012345678901234567890123456789012345678901234567890123" }] },
  { containers: [{ ...main, ports: [{ containerPort: 80, hostPort: 80 }] }, { ...named("a"), ports: [{ containerPort: 81, hostPort: 80 }] }, { ...named("b"), ports: [{ containerPort: 80, hostPort: 80, hostIP: "10.0.0.1" }, { containerPort: 80, protocol: "UDP" }] }] },
  { containers: [{ ...main, ports: [{ name: "a", containerPort: 80 }] }, { ...named("a"), ports: [{ name: "a", containerPort: 80 }] }] },
  one({ ports: [{ name: "a", containerPort: 80 }, { name: "a", containerPort: 81 }] }),
  one({ ports: [{ containerPort: 80, hostPort: 81 }] }, { hostNetwork: true }),
  one({ env: [{ name: "A", value: "1" }, { name: "A", value: "$(A)2" }, { name: "A", valueFrom: { fieldRef: { fieldPath: "metadata.labels['a b']" } } }, { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.annotations['x/Y']" } } }] }),
  one({ env: [{ name: "A=", valueFrom: { fieldRef: { fieldPath: "spec.restartPolicy" } } }, { name: "B", valueFrom: { fieldRef: { fieldPath: "spec.host" } } }, { name: "C", valueFrom: { fieldRef: { apiVersion: "v2", fieldPath: "metadata.name" } } }, { name: "D", valueFrom: { fieldRef: { fieldPath: "metadata.name['a']" } } }, { name: "E", valueFrom: { fieldRef: { fieldPath: "metadata.nothing" } } }] }),
  one({ env: [{ name: "A", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "2" } } }, { name: "B", valueFrom: { resourceFieldRef: { resource: "limits.memory", divisor: "1Mi" } } }, { name: "C", valueFrom: { resourceFieldRef: { resource: "requests.hugepages-2Mi", divisor: "1m" } } }, { name: "D", valueFrom: { resourceFieldRef: { resource: "odd" } } }] }),
  one({ env: [{ name: "A", value: "x", valueFrom: { configMapKeyRef: { name: "A_b", key: ".." } } }, { name: "B", valueFrom: { configMapKeyRef: { name: "a", key: "k" }, secretKeyRef: { name: "", key: "" } } }] }),
  one({ env: [{ name: "A", valueFrom: { fileKeyRef: { volumeName: "v", path: "../x", key: "a=b" } } }, { name: "B", valueFrom: { fileKeyRef: { volumeName: "none", path: "x", key: "k" } } }] }, { volumes: [{ name: "v", configMap: { name: "c" } }] }),
  one({ envFrom: [{ prefix: "a=", configMapRef: { name: "a-" } }, { configMapRef: { name: "A" }, secretRef: { name: "" } }, {}] }),
];

const mount = (value: Part, more: Part = {}): Part => one({ volumeMounts: [{ name: "v", mountPath: "/v", ...value }], ...more }, { volumes: [{ name: "v", emptyDir: {} }] });
const stored: Part[] = [
  mount({ subPath: "/a", subPathExpr: "../b" }),
  mount({ mountPropagation: "Bidirectional" }),
  mount({ mountPropagation: "Bidirectional" }, { securityContext: { privileged: true } }),
  mount({ recursiveReadOnly: "Enabled" }),
  mount({ recursiveReadOnly: "Enabled", readOnly: true, mountPropagation: "HostToContainer" }),
  one({ volumeMounts: [{ name: "v", mountPath: "/v" }, { name: "w", mountPath: "/v" }], volumeDevices: [{ name: "v", devicePath: "/v" }, { name: "v", devicePath: "../d" }, { name: "none", devicePath: "" }] }, { volumes: [{ name: "v", emptyDir: {} }, { name: "w", persistentVolumeClaim: { claimName: "c" } }] }),
  one({ volumeDevices: [{ name: "w", devicePath: "/dev/x" }] }, { hostUsers: false, volumes: [{ name: "w", persistentVolumeClaim: { claimName: "c" } }] }),
  volumes({ name: "a", hostPath: { path: "/a/../b", type: "Odd" } }, { name: "a", emptyDir: { sizeLimit: "-1" } }),
  volumes({ name: "a", configMap: { name: "c", items: [{ key: "k", path: "..a", mode: 512 }, { key: "k", path: "b" }, { key: "l", path: "b/c" }] } }),
  volumes({ name: "a", secret: { secretName: "s", items: [{ key: "k", path: "x" }, { key: "l", path: "x/" }] } }, { name: "b", downwardAPI: { items: [{ path: "a", fieldRef: { fieldPath: "metadata.name" } }, { path: "a", resourceFieldRef: { containerName: "main", resource: "limits.cpu" } }, { path: "c", fieldRef: { fieldPath: "status.podIP" } }, { path: "d" }] } }),
  volumes({ name: "a", iscsi: { targetPortal: "10.0.0.1:3260", iqn: "iqn.2001-04.com.example:x", lun: 0, initiatorName: "iqn.2001-04.com.example:y" } }, { name: "b", iscsi: { targetPortal: "x".repeat(70), iqn: "eui.0123456789abcdef", lun: 256, initiatorName: "odd", chapAuthSession: true } }),
  volumes({ name: "a", fc: { targetWWNs: ["1"], wwids: ["2"], lun: 3 } }, { name: "b", fc: { targetWWNs: ["1"] } }, { name: "c", flocker: { datasetName: "a/b", datasetUUID: "u" } }),
  volumes({ name: "a", quobyte: { registry: "a:1,b", volume: "v" } }, { name: "b", nfs: { server: "s", path: "p" } }, { name: "c", flexVolume: { driver: "a/b", options: { "x.K8s.io/y": "1", "kubernetes.io": "2" } } }),
  volumes({ name: "a", azureDisk: { diskName: "d", diskURI: "x", kind: "Managed" } }, { name: "b", azureDisk: { diskName: "d", diskURI: "/subscriptions/x", kind: "Shared", cachingMode: "Odd" } }, { name: "c", csi: { driver: "A_b", nodePublishSecretRef: { name: "A" } } }),
  volumes({ name: "a", gitRepo: { repository: "r", directory: "/d" } }, { name: "b", gcePersistentDisk: { pdName: "p", partition: 256 } }, { name: "c", storageos: { volumeName: "A", volumeNamespace: "B", secretRef: {} } }),
  volumes({ name: "a", emptyDir: {} }, { name: "b", image: { reference: "" } }, { name: "c", image: { reference: "x", pullPolicy: "Odd" } }),
  volumes({ name: "a", ephemeral: { volumeClaimTemplate: { metadata: { labels: { a: "b" }, annotations: { c: "d" } }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1500m" } } } } } }, { name: "b", persistentVolumeClaim: { claimName: "meaning-a" } }),
  volumes({ name: "x".repeat(63), ephemeral: { volumeClaimTemplate: { metadata: { name: "n", finalizers: ["a/b"] }, spec: { accessModes: ["ReadWriteOncePod", "ReadOnlyMany"], resources: { requests: { storage: "0" } }, dataSource: { kind: "Odd", name: "x" }, dataSourceRef: { apiGroup: "A", kind: "Odd", name: "y" } } } } }),
  projected({ secret: { name: "s", items: [{ key: "a", path: "x" }] } }, { configMap: { name: "c", items: [{ key: "a", path: "x" }] } }, { downwardAPI: { items: [{ path: "x", fieldRef: { fieldPath: "metadata.name" } }] } }),
  projected({ secret: { name: "s" }, configMap: { name: "c" } }, { serviceAccountToken: { path: "../t", expirationSeconds: 5 } }),
  spec({ serviceAccountName: "default", volumes: [{ name: "p", projected: { defaultMode: 999, sources: [{ serviceAccountToken: { path: "..t", expirationSeconds: 4294967297 } }] } }] }),
];

const placed: Part[] = [
  nodeTerms({ matchFields: [{ key: "metadata.name", operator: "In", values: ["a", "b"] }] }),
  nodeTerms({ matchFields: [{ key: "metadata.name", operator: "Exists" }, { key: "metadata.uid", operator: "In", values: ["A"] }] }),
  nodeTerms({ matchExpressions: [{ key: "a", operator: "Gt", values: ["1", "2"] }, { key: "a", operator: "Exists", values: ["x"] }, { key: "b", operator: "In", values: ["-"] }] }),
  spec({ affinity: { nodeAffinity: { [preferred]: [{ weight: 101, preference: { matchExpressions: [{ key: "beta.kubernetes.io/os", operator: "In", values: ["not valid"] }] } }] } }, nodeSelector: { "beta.kubernetes.io/arch": "amd64" } }),
  near({ matchLabelKeys: ["a"] }),
  near({ labelSelector: { matchLabels: { a: "b" } }, matchLabelKeys: ["a", "app"], mismatchLabelKeys: ["a", "tier"] }),
  near({ labelSelector: { matchExpressions: [{ key: "app", operator: "Exists" }] }, matchLabelKeys: ["app"] }),
  near({ labelSelector: {}, namespaces: ["A"], namespaceSelector: { matchExpressions: [{ key: "a", operator: "In", values: ["-"] }] }, topologyKey: "" }),
  spread({}, {}),
  spread({ minDomains: 0, whenUnsatisfiable: "ScheduleAnyway" }, { maxSkew: 0, topologyKey: "", nodeAffinityPolicy: "Odd" }),
  spread({ labelSelector: { matchLabels: { app: "web" } }, matchLabelKeys: ["app", "tier"] }, { topologyKey: "failure-domain.beta.kubernetes.io/zone", labelSelector: { matchExpressions: [{ key: "a", operator: "In", values: ["-"] }] } }),
  tolerates({ operator: "Exists", effect: "NoExecute", tolerationSeconds: 3 }, { key: "a", operator: "Lt", value: "3" }, { key: "a", value: "not valid" }, { operator: "Equal" }, { key: "a", operator: "Exists", value: "x", tolerationSeconds: 3, effect: "Odd" }),
  spec({ schedulingGates: [{ name: "a" }, { name: "a" }, { name: "" }] }),
  spec({ schedulingGates: [{ name: "example.com/a" }], nodeName: "n" }),
  spec({ schedulingGates: [{ name: "example.com/a" }] }),
  spec({ priorityClassName: "A", runtimeClassName: "", nodeName: "A_b", preemptionPolicy: "Never" }),
  spec({ readinessGates: [{ conditionType: "a/b/c" }], overhead: { cpu: "1", nonsense: "1" } }),
  spec({ hostname: "a", subdomain: "B", hostnameOverride: "a.b", setHostnameAsFQDN: true, hostNetwork: true }),
  spec({ hostnameOverride: "x".repeat(65) }),
  spec({ dnsPolicy: "None" }),
  spec({ dnsPolicy: "None", dnsConfig: {} }),
  spec({ dnsConfig: { nameservers: ["1.2.3.4", "01.2.3.4", "::ffff:1.2.3.4", "x"], searches: [".", "a_b.c.", "_x", "A"], options: [{ value: "1" }] } }),
  spec({ dnsConfig: { nameservers: ["2001:DB8::1"], searches: Array.from({ length: 33 }, (_, index) => `${"x".repeat(62)}.n${index}`) } }),
  spec({ hostAliases: [{ ip: "1.2.3.4", hostnames: ["a", "B"] }, { ip: "1.2.3.4" }, { ip: "" }] }),
];

const guarded: Part[] = [
  secured({ seccompProfile: { type: "Localhost" }, appArmorProfile: { type: "Localhost", localhostProfile: " x" } }),
  secured({ seccompProfile: { type: "RuntimeDefault", localhostProfile: "x" }, appArmorProfile: { type: "Unconfined", localhostProfile: "x" } }),
  secured({ seccompProfile: { type: "Localhost", localhostProfile: "../x" }, supplementalGroups: [-1, 2147483648] }),
  secured({ sysctls: [{ name: "net.core.somaxconn", value: "1" }, { name: "kernel.sem", value: "1" }, { name: "kernel/msgmax", value: "1" }, { name: "A", value: "" }, { name: "net/ipv4/a.b", value: "1" }, { name: "net.core.somaxconn", value: "2" }] }, { hostNetwork: true, hostIPC: true }),
  secured({ fsGroupChangePolicy: "Odd", supplementalGroupsPolicy: "Odd", seLinuxChangePolicy: "MountOption" }, { shareProcessNamespace: true, hostPID: true }),
  spec({ hostUsers: false, hostNetwork: true, hostPID: true }),
  contained({ procMount: "Unmasked" }),
  contained({ procMount: "Unmasked" }, { hostUsers: false }),
  contained({ privileged: true, allowPrivilegeEscalation: false, capabilities: { add: ["CAP_SYS_ADMIN"], drop: ["ALL"] }, seLinuxOptions: { level: "s0" }, runAsUser: 5 }),
  contained({ windowsOptions: { hostProcess: true, runAsUserName: "A\\B\\C", gmsaCredentialSpec: "" } }),
  contained({ windowsOptions: { hostProcess: true, runAsUserName: "a.b\\user?", gmsaCredentialSpecName: "A" } }, { hostNetwork: true, securityContext: { windowsOptions: { hostProcess: false, runAsUserName: ". ." } } }),
  { containers: [main, named("a")], initContainers: [{ ...named("b"), securityContext: { windowsOptions: { hostProcess: true } } }], hostNetwork: true },
  contained({ windowsOptions: {} }, { os: { name: "linux" }, securityContext: { windowsOptions: {} } }),
  contained({ runAsUser: 1, capabilities: {}, seccompProfile: { type: "RuntimeDefault" }, procMount: "Default", readOnlyRootFilesystem: true }, { os: { name: "windows" }, hostPID: true, hostIPC: true, hostUsers: true, shareProcessNamespace: false, securityContext: { fsGroup: 1, sysctls: [{ name: "a", value: "b" }], supplementalGroups: [1], fsGroupChangePolicy: "Always", seLinuxOptions: {} } }),
  spec({ os: { name: "" } }),
  spec({ os: { name: "beos" } }),
];

const noted: readonly (readonly [Part, Part])[] = [
  [{ "container.apparmor.security.beta.kubernetes.io/main": "runtime/default" }, spec({})],
  [{ "container.apparmor.security.beta.kubernetes.io/main": "localhost/x", "container.apparmor.security.beta.kubernetes.io/none": "odd" }, spec({})],
  [{ "container.apparmor.security.beta.kubernetes.io/main": "unconfined" }, contained({ appArmorProfile: { type: "RuntimeDefault" } })],
  [{ "container.apparmor.security.beta.kubernetes.io/main": "localhost/y" }, secured({ appArmorProfile: { type: "Localhost", localhostProfile: "x" } })],
  [{ "container.apparmor.security.beta.kubernetes.io/main": "unconfined" }, secured({ appArmorProfile: { type: "Unconfined" } })],
  [{ "seccomp.security.alpha.kubernetes.io/pod": "odd", "container.seccomp.security.alpha.kubernetes.io/main": "localhost/../x" }, spec({})],
  [{ "seccomp.security.alpha.kubernetes.io/pod": "unconfined" }, secured({ seccompProfile: { type: "RuntimeDefault" } })],
  [{ "container.seccomp.security.alpha.kubernetes.io/main": "docker/default" }, contained({ seccompProfile: { type: "Unconfined" } })],
  [{ "controller.kubernetes.io/pod-deletion-cost": "+1" }, spec({})],
  [{ "controller.kubernetes.io/pod-deletion-cost": "2147483648" }, spec({})],
  [{ "kubernetes.io/config.mirror": "x" }, spec({})],
  [{ "kubernetes.io/config.mirror": "x" }, spec({ nodeName: "n", resourceClaims: [{ name: "a", resourceClaimName: "b" }] })],
  [{ "scheduler.alpha.kubernetes.io/critical-pod": "", "security.alpha.kubernetes.io/sysctls": "x" }, spec({})],
  [{ "scheduler.alpha.kubernetes.io/tolerations": '[{"operator":"Odd"}]' }, spec({})],
];

const labels = { app: "web", tier: "front" };
const deployment = (podSpec: Part, annotations: Part = {}): Part => ({ apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "meaning" }, spec: { selector: { matchLabels: { app: "web" } }, template: { metadata: { labels, annotations }, spec: podSpec } } });
const pod = (podSpec: Part, annotations: Part = {}, name = "meaning"): Part => ({ apiVersion: "v1", kind: "Pod", metadata: { name, labels, annotations }, spec: podSpec });

function script(subject: string, list: readonly (readonly [Part, Part])[]): Script {
  const namespace = `meaning-${subject}`;
  const steps = list.flatMap(([podSpec, annotations]): Step[] => [
    post(`/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod(podSpec, annotations)),
    post(`/apis/apps/v1/namespaces/${namespace}/deployments?dryRun=All`, deployment(podSpec, annotations)),
  ]);
  return { name: `pods: ${subject}, wrong together`, steps: [...opened(namespace), ...steps] };
}

function opened(namespace: string): Step[] {
  return [unseen(post("/api/v1/namespaces", { metadata: { name: namespace } })), unseen(post(`/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: "default" } }))];
}

const plain = (list: readonly Part[]): (readonly [Part, Part])[] => list.map((podSpec) => [podSpec, {}]);

/** What of a pod that is held back may change, and of one that is not. */
function changing(): Script {
  const namespace = "meaning-changes";
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const gate = "example.com/a";
  const held = spec({ schedulingGates: [{ name: gate }, { name: "example.com/b" }], nodeSelector: { a: "b" }, ...nodeAffinity({ key: "a", operator: "Exists" }) });
  const free = spec({ tolerations: [{ key: "a", operator: "Exists" }], activeDeadlineSeconds: 100 });
  const changes: Part[] = [
    { nodeSelector: { c: "d" } },
    { nodeSelector: { a: "c" } },
    { nodeSelector: null },
    nodeAffinity({ key: "a", operator: "Exists" }, { key: "c", operator: "In", values: ["d"] }),
    nodeAffinity({ key: "b", operator: "Exists" }),
    { affinity: null },
    { affinity: { podAffinity: { [required]: [{ topologyKey: "z", labelSelector: {} }] } } },
    { schedulingGates: [{ name: gate }] },
    { schedulingGates: [{ name: gate }, { name: "example.com/c" }] },
    { tolerations: [{ key: "a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 5 }] },
    { tolerations: [] },
    { activeDeadlineSeconds: 5 },
    { activeDeadlineSeconds: 500 },
    { activeDeadlineSeconds: null },
    { activeDeadlineSeconds: -1 },
    { terminationGracePeriodSeconds: 1 },
    { nodeName: "n" },
    { containers: [{ ...main, image: "other" }] },
    { containers: [{ ...main, image: " other" }] },
    { containers: [main, named("more")] },
    { priority: 5 },
  ];
  const steps = ["held", "free"].flatMap((name) => changes.map((change) => withQuery(patch(`${path}/${name}`, "merge", { spec: change }), "dryRun=All")));
  const annotations = [{ "container.apparmor.security.beta.kubernetes.io/main": "unconfined" }, { "kubernetes.io/config.mirror": "x" }, { "controller.kubernetes.io/pod-deletion-cost": "x" }, { note: "x" }];
  return {
    name: "pods: changes, wrong together",
    steps: [...opened(namespace), post(path, pod(held, {}, "held")), post(path, pod(free, {}, "free")), ...steps, ...annotations.map((one) => withQuery(patch(`${path}/free`, "merge", { metadata: { annotations: one } }), "dryRun=All"))],
  };
}

/** Resources of pods as they run: those of all together, of containers that stay and of such that do not. */
function resizing(): Script {
  const namespace = "meaning-sizes";
  const path = `/api/v1/namespaces/${namespace}/pods`;
  const sizes = (requests: Part, limits: Part = {}): Part => ({ resources: { requests, limits } });
  const pods: readonly (readonly [string, Part])[] = [
    ["whole", { ...one(sizes({ cpu: "100m" })), ...sizes({ cpu: "200m", memory: "64Mi" }, { cpu: "1" }) }],
    ["first", init({ ...sizes({ cpu: "100m", memory: "64Mi" }) })],
    ["staying", init({ restartPolicy: "Always", ...sizes({ cpu: "100m", memory: "64Mi" }, { memory: "128Mi" }) })],
    ["windows", spec({ os: { name: "windows" }, containers: [{ ...main, ...sizes({ cpu: "100m" }) }] })],
  ];
  const changes: Part[] = [
    sizes({ cpu: "300m" }),
    { resources: { requests: { cpu: null } } },
    { resources: null },
    sizes({ cpu: "2" }),
    sizes({ memory: "32Mi" }, { "hugepages-2Mi": "2Mi" }),
    { containers: [{ name: "main", resources: { requests: { cpu: "150m" } } }] },
    { initContainers: [{ name: "first", resources: { requests: { cpu: "150m" } } }] },
    { initContainers: [{ name: "first", resources: { requests: { cpu: "150m" }, limits: { memory: null } } }] },
    { initContainers: [{ name: "first", resources: { requests: { "ephemeral-storage": "1Gi" } } }] },
    { initContainers: [{ name: "first", resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] }] },
  ];
  const steps = pods.flatMap(([name]) => changes.map((change) => withQuery(patch(`${path}/${name}/resize`, "strategic", { spec: change }), "dryRun=All")));
  return { name: "pods: sizes, wrong together", steps: [...opened(namespace), ...pods.map(([name, podSpec]) => post(path, pod(podSpec, {}, name))), ...steps] };
}

function nodeAffinity(...matchExpressions: Part[]): Part {
  return { affinity: { nodeAffinity: { [required]: { nodeSelectorTerms: [{ matchExpressions }] } } } };
}

export const podMeaningScripts: readonly Script[] = [
  script("resources", plain(sized)),
  script("containers", plain(lived)),
  script("volumes", plain(stored)),
  script("places", plain(placed)),
  script("security", plain(guarded)),
  script("annotations", noted.map(([annotations, podSpec]) => [podSpec, annotations])),
  changing(),
  resizing(),
];
