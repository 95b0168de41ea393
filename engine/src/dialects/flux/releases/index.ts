// HelmRelease v2: releases of charts, kept as their objects say (helm-controller 1.6).

export { type Releases, startReleases } from "./engine.ts";
export type { ReleaseKindFaultCode } from "./faults.ts";
export {
  givenValues,
  type ReleaseLook,
  type ReleaseLooking,
  type StatedRelease,
  stepsBetween,
  titleOf,
} from "./looking.ts";
export { rollBackRelease, type RollBackWish } from "./roll-back.ts";
export { namedValuesFiles } from "./values-files.ts";
export type { TemplatePlace } from "./template-places.ts";
export type { ReleaseSettings, ReleasesOptions } from "./options.ts";
export {
  type FieldChange,
  type ObjectChange,
  previewRelease,
  type PreviewOptions,
  type ReleasePreview,
} from "./preview.ts";
export type { ReleaseSnapshotView } from "./view.ts";
