// Helm releases: what a chart sees of its cluster.

export { ClusterView } from "./cluster-view.ts";
export type { ReleaseFaultCode } from "./faults.ts";
