// What of Flux or Keelson a cluster has: definitions, controllers, and who brought them.

import type { Cluster, Discovery, Resource } from "#cluster";
import { ownerNameLabel } from "#api/flux";
import type { Manifest } from "#kernel";
import { discover, valueOf } from "../answers.ts";
import { managedByLabel, partOfLabel } from "./manifests.ts";

export type Installation = {
  /** CustomResourceDefinitions of Flux's kinds. */
  definitions: readonly Manifest[];
  /** Deployments that are part of Flux, Keelson's own among them. */
  deployments: readonly Manifest[];
  /** The GitRepository definition comes from a repository: the installation was bootstrapped. */
  isBootstrapped: boolean;
};

/** Looks in one namespace for controllers, and in the cluster for definitions. */
export async function findInstallation(cluster: Cluster, namespace: string): Promise<Installation> {
  const discovery = await discover(cluster);
  const definitions = await listPartOfFlux(cluster, definitionResource(discovery), "");
  const deployments = await listPartOfFlux(cluster, discovery.byKind("apps", "Deployment"), namespace);
  const root = definitions.find((each) => each.metadata.name === "gitrepositories.source.toolkit.fluxcd.io");
  return { definitions, deployments, isBootstrapped: root?.metadata.labels?.[ownerNameLabel] !== undefined };
}

/** The kind of definitions, which every cluster serves. */
export function definitionResource(discovery: Discovery): Resource | undefined {
  return discovery.byKind("apiextensions.k8s.io", "CustomResourceDefinition");
}

/** True for what Keelson brought, and so may remove. */
export function isOurs(object: Manifest): boolean {
  return object.metadata.labels?.[managedByLabel] === "keelson";
}

async function listPartOfFlux(
  cluster: Cluster,
  resource: Resource | undefined,
  namespace: string,
): Promise<readonly Manifest[]> {
  if (resource === undefined) return [];
  const list = await cluster.list(resource, { namespace, labelSelector: `${partOfLabel}=flux` });
  return valueOf(list, `listing ${resource.plural}`).items;
}
