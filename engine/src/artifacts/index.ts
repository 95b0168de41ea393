// What sources have fetched: kept, served, collected; the loops over the objects that describe sources.

export { type BaseContext, reachBase, withSubmodules } from "./bases.ts";
export type { ArtifactFaultCode } from "./faults.ts";
export { commitsMark, type CommitRequest, type PastCommit, type SourceHistory } from "./history.ts";
export { type Artifacts, type ArtifactsOptions, startArtifacts } from "./start.ts";
export {
  type Artifact,
  type ArtifactFile,
  type ArtifactListener,
  ArtifactStore,
  type ArtifactView,
  type OpenableTree,
  openableTree,
  type SourceName,
  type StoredFile,
  type TreeArtifact,
} from "./store.ts";
