// desired + live → Plan: order, prune, drift. Pure: it asks for what it needs and decides everything.

export { compareObjects, type FieldChange, formatChange, shownPath, showValue } from "./changes.ts";
export { adaptedTo } from "./ignored.ts";
export { type InventoryEntry, inventoryEntry, inventoryId, parseInventoryEntry, uniqueRefs } from "./inventory.ts";
export { appliedEntry, fieldsIn, rivalEntries, type TakeOver } from "./managed-fields.ts";
export { compareForApply, stageOf, stagesCount } from "./order.ts";
export {
  type Action,
  type Claimant,
  decide,
  type Decision,
  driftModeOf,
  formatStep,
  hashManifest,
  listChanges,
  type Policy,
  type Prediction,
  type Refusal,
  rulesFor,
  type Step,
  type Subject,
} from "./plan.ts";
export { departed, hasMarks, planPrune, type PruneInput } from "./prune.ts";
export { driftFrom, managersOf, type OwnershipRules, type Reference, referenceOf } from "./reference.ts";
export { type ApplyMode, type DriftMode, driftMark, readDriftMode, readSwitches, type Switches } from "./switches.ts";
export { takeOverPatch } from "./take-over.ts";
