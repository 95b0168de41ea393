// Helm releases: what a chart sees of its cluster, the records, and what is done with them.

export type { ChartRenderer, LookupAnswer } from "./chart-renderer.ts";
export { type ChartThreads, startChartThreads } from "./chart-threads.ts";
export { ClusterView } from "./cluster-view.ts";
export type {
  HookProgress,
  ReleaseAction,
  ReleaseProgress,
  ActionResult,
  ApplyFlags,
  ChartInput,
  CommonOptions,
  CrdsPolicy,
  HookPhase,
  InstallOptions,
  ObjectAction,
  ObjectOutcome,
  PendingPolicy,
  Release,
  ReleaseActions,
  ReleaseContext,
  ReleaseEvent,
  ReleaseHook,
  ReleaseInfo,
  ReleaseObjects,
  ReleaseStatus,
  ReleaseStorage,
  RenderAgainOptions,
  RenderFlags,
  RenderedAgain,
  RenderedRelease,
  RollbackOptions,
  ServerSide,
  StorageDriver,
  StoredChart,
  StoredFile,
  TestOptions,
  UninstallOptions,
  UpgradeOptions,
  ValuesPolicy,
  WaitStrategy,
} from "./contract.ts";
export { releaseActions } from "./actions.ts";
export { computedValues, releaseObjects } from "./reading.ts";
export { lookedUpLabel } from "./lookups.ts";
export { setOwnerOf } from "./objects.ts";
export { recordName } from "./record.ts";
export { releaseStorage, type StorageOptions } from "./storage.ts";
export type { ReleaseFaultCode } from "./faults.ts";
