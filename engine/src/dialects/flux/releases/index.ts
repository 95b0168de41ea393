// HelmRelease v2: releases of charts, kept as their objects say (helm-controller 1.6).

export { type Releases, startReleases } from "./engine.ts";
export type { ReleaseKindFaultCode } from "./faults.ts";
export type { ReleaseSettings, ReleasesOptions } from "./options.ts";
export {
  type FieldChange,
  type ObjectChange,
  previewRelease,
  type PreviewOptions,
  type ReleasePreview,
} from "./preview.ts";
export type { ReleaseSnapshotView } from "./view.ts";
