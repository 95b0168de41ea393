// What an account must be allowed to do to install Keelson.

import type { AccessQuestion } from "#cluster";

/** Asked of the server, one by one; a cluster administrator may do all of it. */
export function questionsOfInstalling(namespace: string): AccessQuestion[] {
  const clusterWide: [string, string][] = [
    ["", "namespaces"],
    ["apiextensions.k8s.io", "customresourcedefinitions"],
    ["rbac.authorization.k8s.io", "clusterroles"],
    ["rbac.authorization.k8s.io", "clusterrolebindings"],
  ];
  const namespaced: [string, string][] = [
    ["", "serviceaccounts"],
    ["", "services"],
    ["", "secrets"],
    ["apps", "deployments"],
    ["networking.k8s.io", "networkpolicies"],
  ];
  return ["create", "patch"].flatMap((verb) => [
    ...clusterWide.map(([group, resource]) => ({ verb, group, resource })),
    ...namespaced.map(([group, resource]) => ({ verb, group, resource, namespace })),
  ]);
}
