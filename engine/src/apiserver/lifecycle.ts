// Namespaces hold their objects: nothing is created in one that is missing or on its way out, and some cannot be deleted.

import type { Manifest } from "#kernel";
import { type Admission, forbidden, notFound, Refusal, type Registry } from "#apiserver/registry";

const immortal: ReadonlySet<string> = new Set(["default", "kube-system", "kube-public"]);

export function namespaceLifecycle(registry: Registry): Admission {
  return {
    mutate: (draft, live, call) => {
      if (live === undefined && call.served.resource.isNamespaced && call.subresource === "")
        refuseClosedNamespace(registry, call.served.resource, call.namespace, draft.metadata.name);
    },
    validate: (draft, _live, call) => {
      const { group, plural } = call.served.resource;
      if (draft === undefined && group === "" && plural === "namespaces" && immortal.has(call.name))
        throw forbidden(call.served.resource, call.name, "this namespace may not be deleted");
    },
  };
}

function refuseClosedNamespace(
  registry: Registry,
  resource: { group: string; plural: string },
  namespace: string,
  name: string,
): void {
  const found = registry.lookup("", "namespaces", "", namespace);
  if (found === undefined) throw notFound({ group: "", plural: "namespaces" }, namespace);
  if (!isTerminating(found)) return;
  const refusal = forbidden(
    resource,
    name,
    `unable to create new content in namespace ${namespace} because it is being terminated`,
  );
  const cause = {
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
    field: "metadata.namespace",
  };
  throw new Refusal({ ...refusal.status, details: { ...refusal.status.details, causes: [cause] } });
}

function isTerminating(namespace: Manifest): boolean {
  return (
    namespace.metadata.deletionTimestamp !== undefined ||
    (namespace.status as { phase?: string } | undefined)?.phase === "Terminating"
  );
}
