// Flux's own controllers on the same cluster: two engines on the same objects would undo each other's work.

import type { Cluster, Discovery, Resource } from "#cluster";
import { Fault, type Manifest } from "#kernel";
import { discover, valueOf } from "./answers.ts";
import type { CliCode } from "./faults.ts";
import { fieldOf } from "./flux-objects.ts";

/** Whose work the engine does. Others (helm, image, notification) may go on beside it. */
const replaced = ["kustomize-controller", "source-controller", "source-watcher"];

export type Neighbour = { namespace: string; name: string };

/** Controllers of Flux that run and would do the same work. */
export async function findNeighbours(cluster: Cluster): Promise<Neighbour[]> {
  const resource = deployments(await discover(cluster));
  if (resource === undefined) return [];
  const list = await cluster.list(resource, { labelSelector: "app.kubernetes.io/part-of=flux" });
  return valueOf(list, "looking for Flux's controllers")
    .items.filter((object) => replaced.includes(object.metadata.name) && fieldOf(object, "spec", "replicas") !== 0)
    .map((object) => ({ namespace: object.metadata.namespace ?? "", name: object.metadata.name }));
}

/** Fault `busy`, with the way out. */
export function refuseNeighbours(neighbours: readonly Neighbour[]): Fault<CliCode> {
  const names = neighbours.map(({ namespace, name }) => `${namespace}/${name}`).join(", ");
  return new Fault<CliCode>({
    code: "busy",
    disposition: "stall",
    message: `Flux's controllers run on this cluster: ${names}`,
    hint: "--take-over scales them to zero first; scaling them up again later hands everything back",
  });
}

/** Scales the controllers to zero, which hands their objects over unchanged. */
export async function stopNeighbours(cluster: Cluster, neighbours: readonly Neighbour[]): Promise<void> {
  const resource = deployments(await discover(cluster));
  if (resource === undefined) return;
  for (const { namespace, name } of neighbours) {
    const patch = { spec: { replicas: 0 } };
    const answer = await cluster.patch(
      { resource, namespace, name },
      { type: "merge", patch },
      { fieldManager: "keelson-cli" },
    );
    valueOf<Manifest>(answer, `scaling ${namespace}/${name} to zero`);
  }
}

function deployments(discovery: Discovery): Resource | undefined {
  return discovery.byKind("apps", "Deployment");
}
