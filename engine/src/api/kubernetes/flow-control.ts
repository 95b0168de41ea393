// The priority levels and flow schemas that every API server of 1.36 holds (apiserver/pkg/apis/flowcontrol/bootstrap). The mandatory
// ones are never otherwise; the suggested ones stay as somebody changed them who says so in their annotation.

import type { JsonObject, Manifest } from "#kernel";

export const flowControlGroup = "flowcontrol.apiserver.k8s.io";
/** "true": the server keeps the spec as it was when it came. */
export const autoUpdateAnnotation = "apf.kubernetes.io/autoupdate-spec";

function object(kind: string, name: string, spec: JsonObject): Manifest {
  const metadata = { name, annotations: { [autoUpdateAnnotation]: "true" } };
  return { apiVersion: `${flowControlGroup}/v1`, kind, metadata, spec };
}

type Shares = readonly [nominalConcurrencyShares: number, lendablePercent: number];

/** A level whose requests wait in queues. */
function level(name: string, [nominalConcurrencyShares, lendablePercent]: Shares, queues: number): Manifest {
  const handSize = queues === 16 ? 4 : 6;
  const limitResponse = { type: "Queue", queuing: { queues, handSize, queueLengthLimit: 50 } };
  return object("PriorityLevelConfiguration", name, {
    type: "Limited",
    limited: { nominalConcurrencyShares, lendablePercent, limitResponse },
  });
}

const catchAllLimits = { nominalConcurrencyShares: 5, lendablePercent: 0, limitResponse: { type: "Reject" } };

const mandatoryLevels: readonly Manifest[] = [
  object("PriorityLevelConfiguration", "catch-all", { type: "Limited", limited: catchAllLimits }),
  object("PriorityLevelConfiguration", "exempt", {
    type: "Exempt",
    exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 },
  }),
];

const suggestedLevels: readonly Manifest[] = [
  level("system", [30, 33], 64),
  level("node-high", [40, 25], 64),
  level("leader-election", [10, 0], 16),
  level("workload-high", [40, 50], 128),
  level("workload-low", [100, 90], 128),
  level("global-default", [20, 50], 128),
];

const group = (name: string): JsonObject => ({ kind: "Group", group: { name } });
const user = (name: string): JsonObject => ({ kind: "User", user: { name } });
const anyone = ["system:unauthenticated", "system:authenticated"].map(group);
const manager = user("system:kube-controller-manager");
const scheduler = user("system:kube-scheduler");
const ownAccounts: JsonObject = { kind: "ServiceAccount", serviceAccount: { name: "*", namespace: "kube-system" } };

const anyResource: JsonObject = {
  verbs: ["*"],
  apiGroups: ["*"],
  resources: ["*"],
  clusterScope: true,
  namespaces: ["*"],
};
const anyPath: JsonObject = { verbs: ["*"], nonResourceURLs: ["*"] };
const everything: JsonObject = { resourceRules: [anyResource], nonResourceRules: [anyPath] };

function leases(verbs: readonly string[]): JsonObject {
  return { verbs: [...verbs], apiGroups: ["coordination.k8s.io"], resources: ["leases"], namespaces: ["*"] };
}

type Flow = {
  level: string;
  precedence: number;
  by?: "ByUser" | "ByNamespace";
  subjects: JsonObject[];
  to: JsonObject;
};

function flow(name: string, { level, precedence, by, subjects, to }: Flow): Manifest {
  return object("FlowSchema", name, {
    priorityLevelConfiguration: { name: level },
    matchingPrecedence: precedence,
    ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
    rules: [{ subjects, ...to }],
  });
}

const mandatoryFlows: readonly Manifest[] = [
  flow("exempt", { level: "exempt", precedence: 1, subjects: [group("system:masters")], to: everything }),
  flow("catch-all", { level: "catch-all", precedence: 10_000, by: "ByUser", subjects: anyone, to: everything }),
];

const healthPaths: JsonObject = { verbs: ["get"], nonResourceURLs: ["/healthz", "/readyz", "/livez"] };
const nodes: JsonObject = {
  verbs: ["*"],
  apiGroups: [""],
  resources: ["nodes", "nodes/status"],
  clusterScope: true,
  namespaces: ["*"],
};

const suggestedFlows: readonly Manifest[] = [
  flow("system-nodes", {
    level: "system",
    precedence: 500,
    by: "ByUser",
    subjects: [group("system:nodes")],
    to: everything,
  }),
  flow("system-node-high", {
    level: "node-high",
    precedence: 400,
    by: "ByUser",
    subjects: [group("system:nodes")],
    to: { resourceRules: [nodes, leases(["*"])] },
  }),
  flow("probes", { level: "exempt", precedence: 2, subjects: anyone, to: { nonResourceRules: [healthPaths] } }),
  flow("system-leader-election", {
    level: "leader-election",
    precedence: 100,
    by: "ByUser",
    subjects: [manager, scheduler, ownAccounts],
    to: { resourceRules: [leases(["get", "create", "update"])] },
  }),
  flow("kube-controller-manager", {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [manager],
    to: everything,
  }),
  flow("kube-scheduler", {
    level: "workload-high",
    precedence: 800,
    by: "ByNamespace",
    subjects: [scheduler],
    to: everything,
  }),
  flow("kube-system-service-accounts", {
    level: "workload-high",
    precedence: 900,
    by: "ByNamespace",
    subjects: [ownAccounts],
    to: everything,
  }),
  flow("service-accounts", {
    level: "workload-low",
    precedence: 9000,
    by: "ByUser",
    subjects: [group("system:serviceaccounts")],
    to: everything,
  }),
  flow("global-default", { level: "global-default", precedence: 9900, by: "ByUser", subjects: anyone, to: everything }),
];

/** What may not be otherwise. */
export const mandatoryFlowControl: readonly Manifest[] = [...mandatoryLevels, ...mandatoryFlows];
/** What is there unless somebody changed it. */
export const suggestedFlowControl: readonly Manifest[] = [...suggestedLevels, ...suggestedFlows];
