// The columns of `kubectl get` for the built-in kinds, as kube-apiserver's printers define them. A kind that is not here has a
// name and an age.

import { metricTargets } from "./metric-targets.ts";
import { formatAge, type Json, type Manifest } from "#kernel";
import { age, labelText, selectorText } from "./human.ts";
import { findAll } from "./json-path.ts";
import { podCells, type PodLike } from "./pod-row.ts";
import { defaultMarked, rareColumns } from "./rare-columns.ts";
import { recordedColumns } from "./recorded-columns.ts";

/** `cell` gives a string, number or boolean; priority 1 is shown by -o wide alone. */
export type Column = {
  name: string;
  type: string;
  format?: string;
  priority: number;
  description?: string;
  cell: (object: Manifest, nowMs: number) => Json;
};

type Cell = Column["cell"];

function column(name: string, cell: Cell, options: { type?: string; isWide?: boolean } = {}): Column {
  return { name, type: options.type ?? "string", priority: options.isWide === true ? 1 : 0, cell };
}

const wide = { isWide: true };
const integer = { type: "integer" };

export const nameColumn: Column = { ...column("Name", (object) => object.metadata.name ?? ""), format: "name" };
export const ageColumn: Column = column("Age", (object, now) => age(object.metadata.creationTimestamp, now));

/** The value at a path, or what stands for nothing. */
function at(path: string, absent: Json = ""): Cell {
  return (object) => findAll(object as unknown as Json, path)[0] ?? absent;
}

/** A text that somebody has told. */
function told(path: string): Cell {
  return (object) => textAt(object, path) || "<unknown>";
}

/** A value as text: what is no text, number or boolean is nothing. */
function plain(value: unknown): string {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : "";
}

/** The value at a path, as text. */
function textAt(object: Manifest, path: string, absent: Json = ""): string {
  return plain(at(path, absent)(object, 0));
}

function number(name: string, path: string): Column {
  return column(name, at(path, 0), integer);
}

function count(path: string): Cell {
  return (object) => {
    const value = findAll(object as unknown as Json, path)[0];
    return typeof value === "object" && value !== null ? Object.keys(value).length : 0;
  };
}

function counts(...paths: string[]): Cell {
  return (object) => paths.reduce((sum, path) => sum + Number(count(path)(object, 0)), 0);
}

function joined(path: string): Cell {
  return (object) =>
    findAll(object as unknown as Json, path)
      .map(plain)
      .join(",");
}

function labels(path: string): Cell {
  return (object) => labelText(findAll(object as unknown as Json, path)[0]);
}

function selector(path: string): Cell {
  return (object) => selectorText(findAll(object as unknown as Json, path)[0]);
}

function containers(path: string): Column[] {
  return [
    column("Containers", joined(`${path}.containers[*].name`), wide),
    column("Images", joined(`${path}.containers[*].image`), wide),
  ];
}

const template = "spec.template.spec";

const replicas: Column[] = [
  number("Desired", "spec.replicas"),
  number("Current", "status.replicas"),
  number("Ready", "status.readyReplicas"),
];

function fraction(ready: string, wanted: string): Cell {
  return (object) => `${textAt(object, ready, 0)}/${textAt(object, wanted, 0)}`;
}

function since(path: string, absent: string): Cell {
  return (object, now) => {
    const value = at(path, null)(object, now);
    return typeof value === "string" ? age(value, now) : absent;
  };
}

function hasCondition(object: Manifest, type: string): boolean {
  return at(`status.conditions[?(@.type=="${type}")].status`)(object, 0) === "True";
}

function jobStatus(object: Manifest): string {
  const { deletionTimestamp } = object.metadata;
  if (hasCondition(object, "Complete")) return "Complete";
  if (hasCondition(object, "Failed")) return "Failed";
  if (deletionTimestamp !== undefined) return "Terminating";
  return ["Suspended", "FailureTarget", "SuccessCriteriaMet"].find((type) => hasCondition(object, type)) ?? "Running";
}

function jobCompletions(object: Manifest): string {
  const succeeded = textAt(object, "status.succeeded", 0);
  const completions = at("spec.completions", null)(object, 0);
  if (completions !== null) return `${succeeded}/${plain(completions)}`;
  const parallelism = Number(at("spec.parallelism", 0)(object, 0));
  return parallelism > 1 ? `${succeeded}/1 of ${parallelism}` : `${succeeded}/1`;
}

function jobDuration(object: Manifest, now: number): string {
  const started = at("status.startTime", null)(object, now);
  if (typeof started !== "string") return "";
  const ended = at("status.completionTime", null)(object, now);
  return formatAge((typeof ended === "string" ? Date.parse(ended) : now) - Date.parse(started));
}

type Port = { port: number; nodePort?: number; protocol?: string };

function servicePorts(object: Manifest): string {
  const ports = ((object.spec as { ports?: Port[] } | undefined)?.ports ?? []).map(({ port, nodePort, protocol }) =>
    (nodePort ?? 0) > 0 ? `${port}:${nodePort}/${protocol ?? "TCP"}` : `${port}/${protocol ?? "TCP"}`,
  );
  return ports.join(",") || "<none>";
}

function isStated(object: Manifest, path: string): boolean {
  return (findAll(object as unknown as Json, path)[0] ?? null) !== null;
}

function suspension(object: Manifest): string {
  if (!isStated(object, "spec.suspend")) return "<unset>";
  return at("spec.suspend")(object, 0) === true ? "True" : "False";
}

function serviceAddress(object: Manifest): string {
  const spec = (object.spec ?? {}) as { type?: string; externalIPs?: string[]; externalName?: string };
  const own = spec.externalIPs ?? [];
  if (spec.type === "ExternalName") return spec.externalName ?? "";
  if (spec.type === undefined) return "<unknown>";
  if (spec.type !== "LoadBalancer") return own.join(",") || "<none>";
  return [...loadBalancerPoints(object), ...own].join(",") || "<pending>";
}

function loadBalancerPoints(object: Manifest): string[] {
  const points = findAll(object as unknown as Json, "status.loadBalancer.ingress[*]") as {
    ip?: string;
    hostname?: string;
  }[];
  return points.map((point) => point.ip ?? point.hostname ?? "").filter((text) => text !== "");
}

function ingressHosts(object: Manifest): string {
  const hosts = findAll(object as unknown as Json, "spec.rules[*].host")
    .map(plain)
    .filter((host) => host !== "");
  return hosts.length === 0 ? "*" : hosts.join(",");
}

function nodeStatus(object: Manifest): string {
  const ready = at('status.conditions[?(@.type=="Ready")].status')(object, 0);
  const word = ready === "True" ? "Ready" : ready === "" ? "Unknown" : "NotReady";
  return at("spec.unschedulable", false)(object, 0) === true ? `${word},SchedulingDisabled` : word;
}

function nodeRoles(object: Manifest): string {
  const prefix = "node-role.kubernetes.io/";
  const roles = Object.keys(object.metadata.labels ?? {}).filter((key) => key.startsWith(prefix));
  return (
    roles
      .map((key) => key.slice(prefix.length))
      .sort()
      .join(",") || "<none>"
  );
}

function endpointsText(object: Manifest): string {
  const subsets = (object.subsets ?? []) as { addresses?: { ip: string }[]; ports?: { port: number }[] }[];
  const all = subsets.flatMap(({ addresses, ports }) =>
    (ports ?? []).flatMap(({ port }) => (addresses ?? []).map(({ ip }) => `${ip}:${port}`)),
  );
  if (all.length === 0) return "<none>";
  return all.length > 3 ? `${all.slice(0, 3).join(",")} + ${all.length - 3} more...` : all.join(",");
}

function eventObject(object: Manifest): string {
  const { kind, name } = (object.involvedObject ?? object.regarding ?? {}) as { kind?: string; name?: string };
  return kind === undefined || kind === "" ? (name ?? "") : `${kind.toLowerCase()}/${name ?? ""}`;
}

function eventLast(object: Manifest, now: number): string {
  for (const path of ["series.lastObservedTime", "lastTimestamp", "deprecatedLastTimestamp", "eventTime"]) {
    const value = at(path, null)(object, now);
    if (typeof value === "string") return age(value, now);
  }
  return "<unknown>";
}

function eventCount(object: Manifest, now: number): Json {
  for (const path of ["series.count", "count", "deprecatedCount"]) {
    const value = at(path, 0)(object, now);
    if (value !== 0) return value;
  }
  return 1;
}

/** The component and its host; an event of the newer form names its controller and that one's instance. */
function eventSource(object: Manifest): string {
  const source = object.source ?? object.deprecatedSource ?? {};
  const { component = "", host = "" } = source as { component?: string; host?: string };
  const name = component || plain(object.reportingComponent ?? object.reportingController);
  const place = host || plain(object.reportingInstance);
  return place === "" ? name : `${name}, ${place}`;
}

function roleText(object: Manifest): string {
  const { kind, name } = (object.roleRef ?? {}) as { kind?: string; name?: string };
  return `${kind ?? ""}/${name ?? ""}`;
}

function accessModes(object: Manifest, path: string): string {
  const short: Record<string, string> = {
    ReadWriteOnce: "RWO",
    ReadOnlyMany: "ROX",
    ReadWriteMany: "RWX",
    ReadWriteOncePod: "RWOP",
  };
  return findAll(object as unknown as Json, path)
    .map((mode) => short[plain(mode)] ?? plain(mode))
    .join(",");
}

/** Of a claim that has a volume. */
function ofBound(cell: Cell): Cell {
  return (object, nowMs) =>
    (object.spec as { volumeName?: string } | undefined)?.volumeName ? cell(object, nowMs) : "";
}

function claimPhase(object: Manifest): Json {
  return object.metadata.deletionTimestamp === undefined ? at("status.phase")(object, 0) : "Terminating";
}

function budget(path: string): Cell {
  return (object) => textAt(object, path, "N/A");
}

const podColumns: Column[] = [
  column("Ready", (object, now) => podCells(object as unknown as PodLike, now).ready),
  column("Status", (object, now) => podCells(object as unknown as PodLike, now).status),
  column("Restarts", (object, now) => podCells(object as unknown as PodLike, now).restarts),
  ageColumn,
  column("IP", at("status.podIP", "<none>"), wide),
  column("Node", at("spec.nodeName", "<none>"), wide),
  column("Nominated Node", at("status.nominatedNodeName", "<none>"), wide),
  column("Readiness Gates", () => "<none>", wide),
];

const eventColumns: Column[] = [
  column("Last Seen", eventLast),
  column("Type", at("type")),
  column("Reason", at("reason")),
  column("Object", eventObject),
  column("Subobject", at("involvedObject.fieldPath"), wide),
  column("Source", eventSource, wide),
  column("Message", (object) => plain(object.message ?? object.note).trim()),
  column("First Seen", since("firstTimestamp", "<unknown>"), wide),
  column("Count", eventCount, wide),
  { ...nameColumn, priority: 1 },
];

const byKind: Readonly<Record<string, readonly Column[]>> = {
  Pod: [nameColumn, ...podColumns],
  Deployment: [
    nameColumn,
    column("Ready", fraction("status.readyReplicas", "spec.replicas")),
    number("Up-to-date", "status.updatedReplicas"),
    number("Available", "status.availableReplicas"),
    ageColumn,
    ...containers(template),
    column(
      "Selector",
      (object) => (isStated(object, "spec.selector") ? selector("spec.selector")(object, 0) : ""),
      wide,
    ),
  ],
  ReplicaSet: [
    nameColumn,
    ...replicas,
    ageColumn,
    ...containers(template),
    column("Selector", selector("spec.selector"), wide),
  ],
  ReplicationController: [
    nameColumn,
    ...replicas,
    ageColumn,
    ...containers(template),
    column("Selector", labels("spec.selector"), wide),
  ],
  StatefulSet: [
    nameColumn,
    column("Ready", fraction("status.readyReplicas", "spec.replicas")),
    ageColumn,
    ...containers(template),
  ],
  DaemonSet: [
    nameColumn,
    number("Desired", "status.desiredNumberScheduled"),
    number("Current", "status.currentNumberScheduled"),
    number("Ready", "status.numberReady"),
    number("Up-to-date", "status.updatedNumberScheduled"),
    number("Available", "status.numberAvailable"),
    column("Node Selector", labels(`${template}.nodeSelector`)),
    ageColumn,
    ...containers(template),
    column("Selector", selector("spec.selector"), wide),
  ],
  Job: [
    nameColumn,
    column("Status", jobStatus),
    column("Completions", jobCompletions),
    column("Duration", jobDuration),
    ageColumn,
    ...containers(template),
    column("Selector", selector("spec.selector"), wide),
  ],
  CronJob: [
    nameColumn,
    column("Schedule", at("spec.schedule")),
    column("Timezone", at("spec.timeZone", "<none>")),
    column("Suspend", suspension, {
      type: "boolean",
    }),
    column("Active", count("status.active"), integer),
    column("Last Schedule", since("status.lastScheduleTime", "<none>")),
    ageColumn,
    ...containers("spec.jobTemplate.spec.template.spec"),
    column("Selector", selector("spec.jobTemplate.spec.selector"), wide),
  ],
  Service: [
    nameColumn,
    column("Type", at("spec.type")),
    column("Cluster-IP", at("spec.clusterIP", "<none>")),
    column("External-IP", serviceAddress),
    column("Port(s)", servicePorts),
    ageColumn,
    column("Selector", labels("spec.selector"), wide),
  ],
  Ingress: [
    nameColumn,
    column("Class", at("spec.ingressClassName", "<none>")),
    column("Hosts", ingressHosts),
    column("Address", (object) => loadBalancerPoints(object).join(",")),
    column("Ports", (object) => (Number(count("spec.tls")(object, 0)) > 0 ? "80, 443" : "80")),
    ageColumn,
  ],
  Endpoints: [nameColumn, column("Endpoints", endpointsText), ageColumn],
  Node: [
    nameColumn,
    column("Status", nodeStatus),
    column("Roles", nodeRoles),
    ageColumn,
    column("Version", at("status.nodeInfo.kubeletVersion")),
    column("Internal-IP", at('status.addresses[?(@.type=="InternalIP")].address', "<none>"), wide),
    column("External-IP", at('status.addresses[?(@.type=="ExternalIP")].address', "<none>"), wide),
    column("OS-Image", told("status.nodeInfo.osImage"), wide),
    column("Kernel-Version", told("status.nodeInfo.kernelVersion"), wide),
    column("Container-Runtime", told("status.nodeInfo.containerRuntimeVersion"), wide),
  ],
  Event: eventColumns,
  Namespace: [nameColumn, column("Status", at("status.phase")), ageColumn],
  Secret: [nameColumn, column("Type", at("type")), column("Data", count("data"), integer), ageColumn],
  ConfigMap: [nameColumn, column("Data", counts("data", "binaryData"), integer), ageColumn],
  ServiceAccount: [nameColumn, column("Secrets", count("secrets"), integer), ageColumn],
  PersistentVolume: [
    nameColumn,
    column("Capacity", at("spec.capacity.storage", "0")),
    column("Access Modes", (object) => accessModes(object, "spec.accessModes[*]")),
    column("Reclaim Policy", at("spec.persistentVolumeReclaimPolicy")),
    column("Status", claimPhase),
    column("Claim", (object) =>
      findAll(object as unknown as Json, "spec.claimRef")
        .map((ref) => `${(ref as { namespace: string }).namespace}/${(ref as { name: string }).name}`)
        .join(""),
    ),
    column("StorageClass", at("spec.storageClassName")),
    column("VolumeAttributesClass", at("spec.volumeAttributesClassName", "<unset>")),
    column("Reason", at("status.reason")),
    ageColumn,
    column("VolumeMode", at("spec.volumeMode", "<unset>"), wide),
  ],
  PersistentVolumeClaim: [
    nameColumn,
    column("Status", claimPhase),
    column("Volume", at("spec.volumeName")),
    column("Capacity", ofBound(at("status.capacity.storage"))),
    column(
      "Access Modes",
      ofBound((object) => accessModes(object, "status.accessModes[*]")),
    ),
    column("StorageClass", at("spec.storageClassName")),
    column("VolumeAttributesClass", at("spec.volumeAttributesClassName", "<unset>")),
    ageColumn,
    column("VolumeMode", at("spec.volumeMode", "<unset>"), wide),
  ],
  StorageClass: [
    column("Name", (object) => defaultMarked(object, "storageclass.kubernetes.io/is-default-class")),
    column("Provisioner", at("provisioner")),
    column("ReclaimPolicy", at("reclaimPolicy", "Delete")),
    column("VolumeBindingMode", at("volumeBindingMode", "Immediate")),
    column("AllowVolumeExpansion", at("allowVolumeExpansion", false)),
    ageColumn,
  ],
  HorizontalPodAutoscaler: [
    nameColumn,
    column(
      "Reference",
      (object) => `${textAt(object, "spec.scaleTargetRef.kind")}/${textAt(object, "spec.scaleTargetRef.name")}`,
    ),
    column("Targets", metricTargets),
    column("MinPods", (object) => textAt(object, "spec.minReplicas", "<unset>")),
    number("MaxPods", "spec.maxReplicas"),
    number("Replicas", "status.currentReplicas"),
    ageColumn,
  ],
  PodDisruptionBudget: [
    nameColumn,
    column("Min Available", budget("spec.minAvailable")),
    column("Max Unavailable", budget("spec.maxUnavailable")),
    number("Allowed Disruptions", "status.disruptionsAllowed"),
    ageColumn,
  ],
  NetworkPolicy: [nameColumn, column("Pod-Selector", selector("spec.podSelector")), ageColumn],
  RoleBinding: [column("Role", roleText)],
  ClusterRoleBinding: [column("Role", roleText)],
  Lease: [nameColumn, column("Holder", at("spec.holderIdentity")), ageColumn],
  PriorityClass: [
    nameColumn,
    number("Value", "value"),
    column("Global-Default", at("globalDefault", false), { type: "boolean" }),
    ageColumn,
    column("PreemptionPolicy", at("preemptionPolicy")),
  ],
  APIService: [
    nameColumn,
    column("Service", at("spec.service.name", "Local")),
    column("Available", at('status.conditions[?(@.type=="Available")].status', "Unknown")),
    ageColumn,
  ],
};

const created: Column = column("Created At", at("metadata.creationTimestamp", "0001-01-01T00:00:00Z"));

/** What a column of any kind shows by its name, where the kind has no rule of its own. */
const byName: Readonly<Record<string, Column>> = { Name: nameColumn, Age: ageColumn, "Created At": created };

/** The columns of a resource: named, typed and described as the real server does, filled by the rules of the kind. */
export function builtinColumns(resource: { group: string; version: string; plural: string; kind: string }): Column[] {
  const rules = [...(byKind[resource.kind] ?? []), ...(rareColumns[resource.kind] ?? [])];
  const recorded = recordedColumns(resource);
  if (recorded === undefined) return rules.length === 0 ? [nameColumn, ageColumn] : rules;
  return recorded.map((definition) => {
    const rule = rules.find((one) => one.name === definition.name) ?? byName[definition.name];
    return { ...definition, cell: rule?.cell ?? ((): Json => "<none>") };
  });
}
