// What can fail before a cluster can be asked at all. What the cluster itself refuses is a Status, no Fault.

/** Codes of this folder's faults. */
export type ClusterFaultCode =
  | "kubeconfig-missing"
  | "kubeconfig-invalid"
  | "kubeconfig-context-unknown"
  | "kubeconfig-refused"
  | "credential-plugin-failed"
  | "credential-file-unreadable";
