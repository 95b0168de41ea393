// The words every room shares: pure data and pure functions, no I/O, no clock, no randomness.

export { assert, Bug, unreachable } from "./assert.ts";
export { dayNames, isTimeZone, monthNames, zoneOffsetSeconds } from "./calendar.ts";
export { type Clock, formatAge, formatGoTime, formatMicroTime, formatTime, ManualClock } from "./clock.ts";
export { type Condition, conditionOf, conditionsOf } from "./conditions.ts";
export { type Disposition, Fault, type FaultOptions, faultFrom, formatFault } from "./fault.ts";
export {
  baseName,
  type Entry,
  type EntryType,
  fileAbsent,
  type FileTree,
  joinPath,
  memoryTree,
  Missing,
  type Need,
  parentPath,
} from "./file-tree.ts";
export {
  canonicalJson,
  copyJson,
  decodeJson,
  deepFreeze,
  encodeJson,
  equalJson,
  fieldOf,
  isObject,
  type Json,
  type JsonObject,
  setOwn,
  textOf,
} from "./json.ts";
export {
  asJson,
  asManifest,
  formatRef,
  joinApiVersion,
  type ManagedFieldsEntry,
  type Manifest,
  type ObjectMeta,
  type ObjectRef,
  type OwnerReference,
  refKey,
  refOf,
  splitApiVersion,
  type VersionedRef,
} from "./manifest.ts";
export { platformModule } from "./platform.ts";
export { type Input, type Read, readKey, readsHold, RecordingTree } from "./reads.ts";
export type { Issue, Rendering } from "./rendering.ts";
export { formatRevision, parseRevision, type Revision, type RevisionParts, shortRevision } from "./revision.ts";
export type { SchemaNode, SchemaRef, SchemaSet, SchemaType } from "./schema.ts";
export { sha1Hex, sha256Hex } from "./sha256.ts";
export { changedReads } from "./tree-changes.ts";
export { decodeUtf8, decodeUtf8Strict, encodeUtf8 } from "./utf8.ts";
