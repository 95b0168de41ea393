// Ownership and merging of plain data by schema: server-side apply, managedFields, strategic merge patch.

export {
  applyManifest,
  fitsType,
  type ApplyRequest,
  type ApplyResult,
  type ConflictCause,
  isSameButTimes,
  setEntries,
  trackUpdate,
  type UpdateRequest,
  withoutManagedFields,
  type WriteContext,
} from "./apply.ts";
export {
  decodeFieldsV1,
  empty as emptyFieldSet,
  encodeFieldsV1,
  FieldSet,
  fieldSetOf,
  formatPath,
  setOfPaths,
} from "./field-set.ts";
export { lastAppliedAnnotation } from "./last-applied.ts";
export {
  decodeManagers,
  describeManager,
  encodeManagers,
  type Manager,
  managerKey,
  type Managers,
  type Owned,
} from "./managers.ts";
export type { Conflict } from "./ownership.ts";
export { formatElement, fieldElement, parseElement, type PathElement } from "./path-element.ts";
export { type ObjectType, type Shape, shapeOf } from "./shape.ts";
export { compareTyped, type Comparison } from "./typed-compare.ts";
export { fieldsOf } from "./typed-fields.ts";
export { mergeTyped } from "./typed-merge.ts";
export { removeFields } from "./typed-remove.ts";
export { parentManagers, scaleManagers, type ScaleRequest } from "./scale.ts";
export { strategicMerge, type StrategicResult } from "./strategic.ts";
export { mergePatchBetween, threeWayMergePatch, threeWayStrategicPatch } from "./strategic-diff.ts";
export { fillZeros, zeroOf } from "./zero.ts";
export { formatTypeErrors, type TypeError, validateShape } from "./typed-validate.ts";
export { formatGo, goTypeOf } from "./go-text.ts";
