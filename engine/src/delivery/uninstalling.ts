// Whether a describing kind itself is going away. Deleting a definition deletes every object of it; that means that the tool
// is removed, and never that all it ever delivered should be.

import type { Resource } from "#cluster";
import type { Reach } from "./pass.ts";

/** True when the definition of the kind is gone or being deleted. */
export async function isBeingUninstalled({ cluster, kinds }: Reach, resource: Resource): Promise<boolean> {
  const definition = await kinds.find({ group: "apiextensions.k8s.io", kind: "CustomResourceDefinition" });
  if (definition === undefined) return false;
  const name = `${resource.plural}.${resource.group}`;
  const found = await cluster.get({ resource: definition, namespace: "", name });
  if (!found.ok) return found.status.code === 404;
  return found.value.metadata.deletionTimestamp !== undefined;
}
