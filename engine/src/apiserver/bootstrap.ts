// What a new control plane holds before anybody asks for it.

import { bootstrapRoles } from "#apiserver/access";
import type { Manifest } from "#kernel";
import { createObject, Refusal, type Registry, serverCall } from "#apiserver/registry";

const namespaces = ["default", "kube-system", "kube-public", "kube-node-lease"];

const priorityClasses: readonly Manifest[] = [
  systemClass(
    "system-cluster-critical",
    2_000_000_000,
    "that must run in the cluster, but can be moved to another node if necessary.",
  ),
  systemClass("system-node-critical", 2_000_001_000, "that must not be moved from their current node."),
];

function systemClass(name: string, value: number, what: string): Manifest {
  return {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name },
    value,
    description: `Used for system critical pods ${what}`,
  };
}

/** Creates what is missing; what is there stays as it is. */
export async function bootstrap(registry: Registry): Promise<void> {
  const own = namespaces.map((name): Manifest => ({ apiVersion: "v1", kind: "Namespace", metadata: { name } }));
  await Promise.all(own.map((object) => ensure(registry, object)));
  await Promise.all([...bootstrapRoles(), ...priorityClasses].map((object) => ensure(registry, object)));
}

/** Creates an object of a built-in kind, unless it exists. */
export async function ensure(
  registry: Registry,
  object: Manifest,
  fieldManager: string = "kube-apiserver",
): Promise<void> {
  const slash = object.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : object.apiVersion.slice(0, slash);
  const served = registry.table.findKind(group, object.apiVersion.slice(slash + 1), object.kind);
  if (served === undefined) return;
  const namespace = object.metadata.namespace ?? "";
  if (registry.lookup(group, served.storage.plural, namespace, object.metadata.name) !== undefined) return;
  const call = serverCall({ served, namespace, name: "", fieldManager });
  try {
    await createObject(registry, call, object);
  } catch (error) {
    if (!(error instanceof Refusal) || error.status.reason !== "AlreadyExists") throw error;
  }
}
