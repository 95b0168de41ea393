// Deliveries: their one model, and the loop over each: observe → render → plan → apply → prune → assess → report.

export { startDelivery } from "./engine.ts";
export type { ArtifactView, DeliveryOptions, Engine } from "./ports.ts";
export { byWhom } from "./drift-log.ts";
export { type EventInput, EventWriter } from "./events.ts";
export { DeliveryFault, type DeliveryFaultCode } from "./faults.ts";
export {
  type Guard,
  guardMarks,
  heldRevision,
  isApproved,
  isOpen,
  readGuard,
  whyDeletionHeld,
  whyHeld,
} from "./guard.ts";
export { type Journal, type Journaled, type JournalEntry, noJournal } from "./journal.ts";
export {
  type DecryptionSpec,
  type Delivery,
  deliveryKey,
  type Dependency,
  type Dialect,
  type DriftNote,
  type Hold,
  type Outcome,
  type OutcomeWord,
  type Phase,
  type Reading,
  type Remembered,
  type Report,
  type SourceRef,
  type Substitution,
  type TargetRef,
  type VariableSource,
  type Wait,
} from "./model.ts";
export { type DecryptionOptions, Decryptions, noServices } from "./decryption.ts";
export { Identities } from "./identities.ts";
export { Kinds } from "./kinds.ts";
export { Live } from "./live.ts";
export { Masker } from "./masker.ts";
export { Delays } from "./delays.ts";
export { StatusWriter } from "./status-writer.ts";
export { Targets } from "./targets.ts";
export { withNewestStatus } from "./triggers.ts";
export { isBeingUninstalled } from "./uninstalling.ts";
export { type Build, layoutRenderer } from "./layout.ts";
export type { DeliveryLook, LastRun, Looking, ReadFiles } from "./looking.ts";
export { previewManifests, type PreviewOptions, type PreviewRendering, previewSteps } from "./preview.ts";
export type { AuthorOf } from "./touches.ts";
export type { Reach, SourceArtifact } from "./pass.ts";
export {
  InlinePool,
  type OpenTree,
  type RenderJob,
  type RenderPool,
  type Renderer,
  type SourceTree,
  sourceTreeOf,
  withNeeds,
} from "./render-desk.ts";
export { RemoteBases, type RemoteOptions } from "./remote-bases.ts";
export { builtinRenderers } from "./renderers.ts";
export { type ClosablePool, type PoolOptions, startRenderPool } from "./worker-pool.ts";
export type { DeliverySnapshot, EngineSnapshot, ObjectSnapshot } from "./snapshot.ts";
