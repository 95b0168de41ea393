// Statuses of a few kinds as a controller might write them by mistake, and what an older form of an object shows of them.

import { get, patch, post, put, saved, type Script, type Step, unseen, withQuery } from "./steps.ts";
import { type Part, subjects } from "./subjects.ts";

const core = "/api/v1/namespaces";
const here = "recorded-statuses";
const moment = "2020-01-01T00:00:00Z";
const template = { metadata: { labels: { a: "b" } }, spec: { containers: [{ name: "c", image: "i" }] } };
const workload = { metadata: { name: "a" }, spec: { selector: { matchLabels: { a: "b" } }, template } };
const apps = `/apis/apps/v1/namespaces/${here}`;
const condition = { type: "Ready", status: "True", reason: "Up", message: "", lastTransitionTime: moment };

/** An object, what is first written of its status, and what is tried then. */
function tried(list: string, object: Part, first: Part, statuses: readonly unknown[]): Step[] {
  const path = `${list}/${(object["metadata"] as { name: string }).name}/status`;
  return [
    unseen(post(list, object)),
    unseen(patch(path, "merge", { status: first })),
    ...statuses.map((status) => withQuery(patch(path, "merge", { status }), "dryRun=All")),
  ];
}

const counts: readonly Part[] = [{ collisionCount: 1 }, { collisionCount: null }, { collisionCount: -1 }, { observedGeneration: -1 }, { terminatingReplicas: -1 }];
const metrics: readonly Part[] = [
  { type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 50 } } },
  { type: "Resource", resource: { name: "memory", target: { type: "AverageValue", averageValue: "1Gi" } } },
  { type: "ContainerResource", containerResource: { name: "cpu", container: "c", target: { type: "Utilization", averageUtilization: 60 } } },
  { type: "Pods", pods: { metric: { name: "m", selector: { matchLabels: { a: "b" } } }, target: { type: "AverageValue", averageValue: "3" } } },
  { type: "Object", object: { describedObject: { apiVersion: "v1", kind: "Service", name: "s" }, metric: { name: "m" }, target: { type: "Value", value: "3" } } },
  { type: "Object", object: { describedObject: { kind: "Service", name: "s" }, metric: { name: "m" }, target: { type: "AverageValue", averageValue: "3" } } },
  { type: "External", external: { metric: { name: "m", selector: { matchLabels: { a: "b" } } }, target: { type: "AverageValue", averageValue: "3" } } },
];
const measured: readonly Part[] = [
  { type: "Resource", resource: { name: "cpu", current: { averageUtilization: 50, averageValue: "5m" } } },
  { type: "ContainerResource", containerResource: { name: "cpu", container: "c", current: { averageUtilization: 60, averageValue: "6m" } } },
  { type: "Pods", pods: { metric: { name: "m" }, current: { averageValue: "3" } } },
  { type: "Object", object: { describedObject: { kind: "Service", name: "s" }, metric: { name: "m" }, current: { value: "3", averageValue: "1" } } },
  { type: "External", external: { metric: { name: "m" }, current: { value: "3" } } },
];
const autoscalers = (version: string): string => `/apis/autoscaling/${version}/namespaces/${here}/horizontalpodautoscalers`;
const behavior = { scaleDown: { stabilizationWindowSeconds: 5, policies: [{ type: "Pods", value: 1, periodSeconds: 30 }] } };
const autoscaler = { metadata: { name: "a" }, spec: { scaleTargetRef: { kind: "Deployment", name: "d" }, maxReplicas: 3, metrics, behavior } };

const policies = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies";
const resourceRules = [{ apiGroups: ["none.example.com"], apiVersions: ["v1"], operations: ["CREATE"], resources: ["nothings"] }];
const policy = { metadata: { name: here }, spec: { matchConstraints: { resourceRules }, validations: [{ expression: "true" }] } };

const addresses: readonly Part[] = [{ podIP: "10.1.2.3" }, { podIPs: [{ ip: "10.1.2.3" }, { ip: "10.1.2.4" }] }, { podIP: "10.1.2.3", podIPs: [{}] }, { podIPs: [{ ip: "10.1.2.3" }, { ip: "x" }] }];
const balanced = { metadata: { name: "s" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } };

const requests = "/apis/certificates.k8s.io/v1/certificatesigningrequests";
const request = { ...subjects.find(({ id }) => id === "csr")?.base, metadata: { name: here } };
const decided = (...types: string[]): Part => ({ status: { conditions: types.map((type) => ({ type, status: "True" })) } });
const key = Buffer.from("-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n").toString("base64");

export const statusScripts: readonly Script[] = [
  {
    name: "statuses: counts, conditions and addresses",
    steps: [
      unseen(post(core, { metadata: { name: here } })),
      unseen(post(`${core}/${here}/serviceaccounts`, { metadata: { name: "default" } })),
      ...["deployments", "statefulsets", "daemonsets", "replicasets"].flatMap((plural) => tried(`${apps}/${plural}`, workload, { collisionCount: 2 }, counts)),
      ...tried(policies, policy, {}, [{ conditions: [{}] }, { conditions: [condition, condition] }, { typeChecking: { expressionWarnings: [{}] } }]),
      ...tried(`${core}/${here}/pods`, { metadata: { name: "p" }, spec: template.spec }, {}, addresses),
      ...tried(`${core}/${here}/services`, balanced, {}, [{ loadBalancer: { ingress: [{ ip: "10.1.2.3" }] } }]),
      ...tried(`${core}/${here}/persistentvolumeclaims`, { metadata: { name: "c" }, spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } } }, {}, ["x", []]),
      saved("q", unseen(post(`${core}/${here}/resourcequotas`, { metadata: { name: "q" } }))),
      put(`${core}/${here}/resourcequotas/q/status?dryRun=All`, { metadata: { name: "q" }, status: { hard: { pods: null } } }),
    ],
  },
  {
    name: "statuses: an autoscaler in both of its forms",
    steps: [
      unseen(post(core, { metadata: { name: here } })),
      unseen(post(autoscalers("v2"), autoscaler)),
      unseen(patch(`${autoscalers("v2")}/a/status`, "merge", { status: { currentReplicas: 1, desiredReplicas: 2, currentMetrics: measured, conditions: [condition] } })),
      get(`${autoscalers("v1")}/a`),
      patch(`${autoscalers("v1")}/a`, "merge", { metadata: { labels: { a: "b" } } }),
      get(`${autoscalers("v2")}/a`),
      patch(`${autoscalers("v1")}/a/status`, "merge", { status: { currentCPUUtilizationPercentage: 7 } }),
      patch(`${autoscalers("v1")}/a/status`, "merge", { metadata: { annotations: { "autoscaling.alpha.kubernetes.io/current-metrics": null } }, status: { currentCPUUtilizationPercentage: 7 } }),
      patch(`${autoscalers("v1")}/a/status`, "merge", { status: { currentReplicas: -1, desiredReplicas: -1 } }),
      get(`${autoscalers("v2")}/a`),
    ],
  },
  {
    name: "statuses: a certificate that is asked for",
    steps: [
      unseen(post(requests, request)),
      ...["status", "approval"].flatMap((part) =>
        [decided("Approved"), decided("Approved", "Denied"), decided("Failed", "Failed"), decided(""), { status: { conditions: [{ type: "Denied", status: "False" }, { type: "A" }] } }].map((body) =>
          withQuery(patch(`${requests}/${here}/${part}`, "merge", body), "dryRun=All"),
        ),
      ),
      ...["YQ==", key].map((certificate) => patch(`${requests}/${here}/status`, "merge", { status: { certificate } })),
      patch(`${requests}/${here}/approval`, "merge", decided("Approved")),
      patch(`${requests}/${here}/status`, "merge", { status: { conditions: [{ type: "Approved", status: "True", reason: "Other" }, { type: "Failed", status: "True" }] } }),
      ...["status", "approval"].map((part) => patch(`${requests}/${here}/${part}`, "merge", { status: { conditions: null } })),
      unseen({ method: "DELETE", path: `${requests}/${here}` }),
    ],
  },
];
