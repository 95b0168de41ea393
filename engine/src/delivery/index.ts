// Deliveries: their one model, and the loop over each: observe → render → plan → apply → prune → assess → report.

export { startDelivery } from "./engine.ts";
export type { ArtifactView, DeliveryOptions, Engine } from "./ports.ts";
export { byWhom } from "./drift-log.ts";
export type { EventInput } from "./events.ts";
export { DeliveryFault, type DeliveryFaultCode } from "./faults.ts";
export { type Guard, guardMarks, readGuard } from "./guard.ts";
export type { Journal, JournalEntry } from "./journal.ts";
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
  type VariableSource,
  type Wait,
} from "./model.ts";
export type { DecryptionOptions } from "./decryption.ts";
export { type Build, layoutRenderer } from "./layout.ts";
export type { DeliveryLook, LastRun, Looking, ReadFiles } from "./looking.ts";
export { previewManifests, type PreviewOptions, previewSteps } from "./preview.ts";
export type { AuthorOf } from "./touches.ts";
export type { SourceArtifact } from "./pass.ts";
export {
  InlinePool,
  type OpenTree,
  type RenderJob,
  type RenderPool,
  type Renderer,
  type SourceTree,
  sourceTreeOf,
} from "./render-desk.ts";
export { RemoteBases, type RemoteOptions } from "./remote-bases.ts";
export { builtinRenderers } from "./renderers.ts";
export { type ClosablePool, type PoolOptions, startRenderPool } from "./worker-pool.ts";
export type { DeliverySnapshot, EngineSnapshot, ObjectSnapshot } from "./snapshot.ts";
