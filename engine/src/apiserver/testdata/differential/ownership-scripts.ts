// Whom a field belongs to, and which changes are counted, where a list has items without its key or a kind drops what it was sent.

import { applied, get, patch, post, put, type Script, type Step, unseen } from "./steps.ts";

type Part = Record<string, unknown>;

const core = "/api/v1/namespaces";
const slices = "/apis/resource.k8s.io/v1/resourceslices";
const levels = "/apis/flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations";

function script(name: string, steps: (namespace: string) => Step[]): Script {
  const namespace = `owned-${name.replaceAll(" ", "-")}`;
  return { name: `ownership: ${name}`, steps: [unseen(post(core, { metadata: { name: namespace } })), ...steps(namespace)] };
}

function slice(device: Part): Part {
  const spec = { driver: "a.example.com", nodeName: "n", pool: { name: "p", generation: 1, resourceSliceCount: 1 }, devices: [{ name: "d", ...device }] };
  return { metadata: { name: "owned-slice" }, spec };
}

function endpoints(endpoint: Part, labels: Part = {}): Part {
  return { metadata: { name: "e", labels }, addressType: "IPv4", endpoints: [{ addresses: ["10.0.0.1"], ...endpoint }] };
}

export const ownershipScripts: readonly Script[] = [
  script("items without a key", (ns) => {
    const accounts = `${core}/${ns}/serviceaccounts`;
    return [
      post(accounts, { metadata: { name: "a" }, secrets: [{ namespace: "n" }] }),
      put(`${accounts}/a`, { metadata: { name: "a", labels: { a: "b" } }, secrets: [{ name: "s" }] }),
      applied(`${accounts}/a`, "one", { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "a" }, imagePullSecrets: [{ name: "p" }] }),
      post(accounts, { metadata: { name: "b" }, secrets: [{ name: "s" }] }),
      patch(`${accounts}/b`, "merge", { secrets: [{ name: "s" }, { namespace: "n" }] }),
      patch(`${accounts}/b`, "merge", { metadata: { labels: { a: "b" } } }),
      post(accounts, { metadata: { name: "c" }, imagePullSecrets: [{}] }),
    ];
  }),
  script("conditions without a type", () => [
    unseen(post(levels, { metadata: { name: "owned-level" }, spec: { type: "Limited", limited: { limitResponse: { type: "Reject" } } } })),
    put(`${levels}/owned-level/status`, { metadata: { name: "owned-level" }, status: { conditions: [{ status: "True" }] } }),
    patch(`${levels}/owned-level/status`, "merge", { status: { conditions: [{ type: "A", status: "True" }, { status: "True" }] } }),
    unseen({ method: "DELETE", path: `${levels}/owned-level` }),
  ]),
  script("changes that are dropped", (ns) => {
    const list = `/apis/discovery.k8s.io/v1/namespaces/${ns}/endpointslices`;
    return [
      post(slices, slice({ capacity: { memory: {} } })),
      put(`${slices}/owned-slice`, slice({ capacity: { memory: {} } })),
      put(`${slices}/owned-slice`, slice({ capacity: { memory: {} }, nodeAllocatableResourceMappings: { cpu: {} } })),
      put(`${slices}/owned-slice`, slice({ capacity: { memory: {} }, attributes: { a: { int: 1, ints: [1] } } })),
      unseen({ method: "DELETE", path: `${slices}/owned-slice` }),
      post(list, endpoints({ deprecatedTopology: { zone: "a" } })),
      put(`${list}/e`, endpoints({ deprecatedTopology: { zone: "a" } })),
      put(`${list}/e`, endpoints({})),
      put(`${list}/e`, endpoints({}, { a: "b" })),
      get(`${list}/e`),
    ];
  }),
];
