// The cluster contract and its HTTP implementation: discovery, watch cache, apply.

export { type BackOff, backOffMs } from "./back-off.ts";
export type { Connection } from "./connection.ts";
export type {
  AccessQuestion,
  Answer,
  ApplyOptions,
  Cluster,
  DeleteOptions,
  Discovery,
  Identity,
  List,
  ListOptions,
  PatchBody,
  Resource,
  Status,
  Target,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from "./contract.ts";
export { refuseUnsafe } from "./foreign-kubeconfig.ts";
export { Informer, type InformerListener, type InformerOptions } from "./informer.ts";
export { type Credential, type Credentials, fixedCredentials } from "./credentials.ts";
export { discoveryOf } from "./discovery.ts";
export { pause } from "./pause.ts";
export type { ClusterFaultCode } from "./faults.ts";
export { matchesLabels } from "./label-selector.ts";
export { connectCluster, type ConnectOptions, type HttpCluster, type LogOptions } from "./http-cluster.ts";
export { inClusterConnection, type InClusterOptions, serviceAccountFolder } from "./in-cluster.ts";
export {
  connectionOf,
  type ConnectionOptions,
  type KubeConfig,
  loadKubeConfig,
  mergeKubeConfigs,
  parseKubeConfig,
} from "./kubeconfig.ts";
