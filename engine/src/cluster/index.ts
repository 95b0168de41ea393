// The cluster contract and its HTTP implementation: discovery, watch cache, apply.

export { type BackOff, backOffMs } from "./back-off.ts";
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
export { Informer, type InformerListener, type InformerOptions } from "./informer.ts";
