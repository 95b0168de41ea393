// Names that Kubernetes itself gives to what this folder makes.

/** The field manager of kube-controller-manager, whose work this is. */
export const fieldManager = "kube-controller-manager";

export const foregroundFinalizer = "foregroundDeletion";
export const orphanFinalizer = "orphan";

/** Present in every cluster; the server refuses to delete the first three. */
export const systemNamespaces: readonly string[] = ["default", "kube-system", "kube-public", "kube-node-lease"];

export const rootCertificateName = "kube-root-ca.crt";
