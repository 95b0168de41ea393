// What `flux bootstrap` would have put into the cluster: the flux-system Namespace, GitRepository and Kustomization, which
// lead to everything else.

import { kustomizeGroup, sourceGroup } from "#api/flux";
import type { Cluster, Target } from "#cluster";
import type { Manifest } from "#kernel";
import { discover, resourceOf, valueIfFound, valueOf } from "./answers.ts";

export type FleetRoot = { url: string; branch: string; path: string; targetNamespace?: string };

/** Field manager of the three objects. */
export const fleetRootManager = "keelson-up";
const metadata = { name: "flux-system", namespace: "flux-system" };

/**
 * The three objects. When the repository has a gotk-sync.yaml, that takes over what it states; but the address and branch
 * asked for here stay, by a patch on the Kustomization that gotk-sync.yaml does not state: a fork, a local copy or a
 * branch must not send the home back to the original.
 */
export function fleetRootManifests(root: FleetRoot): Manifest[] {
  const source = { url: root.url, ref: { branch: root.branch } };
  const namespace = root.targetNamespace;
  const pin = [
    { op: "add", path: "/spec/url", value: root.url },
    { op: "add", path: "/spec/ref", value: source.ref },
  ];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "flux-system" } },
    ...(namespace === undefined ? [] : [{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }]),
    {
      apiVersion: `${sourceGroup}/v1`,
      kind: "GitRepository",
      metadata,
      spec: { interval: "1m0s", ...source },
    },
    {
      apiVersion: `${kustomizeGroup}/v1`,
      kind: "Kustomization",
      metadata,
      spec: {
        interval: "10m0s",
        path: root.path,
        prune: true,
        ...(namespace === undefined ? {} : { targetNamespace: namespace }),
        sourceRef: { kind: "GitRepository", name: "flux-system" },
        patches: [{ target: { kind: "GitRepository", ...metadata }, patch: JSON.stringify(pin) }],
      },
    },
  ];
}

/** Applies the three; what is as asked already is not written. */
export async function applyFleetRoot(cluster: Cluster, root: FleetRoot): Promise<void> {
  const discovery = await discover(cluster);
  for (const manifest of fleetRootManifests(root)) {
    const [group, version] = splitGroup(manifest.apiVersion);
    const resource = resourceOf(discovery, { group, kind: manifest.kind, version });
    const target: Target = { resource, namespace: manifest.metadata.namespace ?? "", name: manifest.metadata.name };
    const applied = await cluster.apply(target, manifest, { fieldManager: fleetRootManager, isForced: true });
    valueOf(applied, `applying ${manifest.kind} flux-system`);
  }
}

/** The GitRepository that a home was started with before, if any. */
export async function readFleetRoot(cluster: Cluster): Promise<Manifest | undefined> {
  const resource = resourceOf(await discover(cluster), { group: sourceGroup, kind: "GitRepository" });
  const target = { resource, namespace: "flux-system", name: "flux-system" };
  return valueIfFound(await cluster.get(target), "reading GitRepository flux-system");
}

function splitGroup(apiVersion: string): [string, string] {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? ["", apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
}
