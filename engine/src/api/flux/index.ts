// Flux's kinds: types, names and CustomResourceDefinitions of our own writing, compatible with Flux 2.9 in fields,
// defaults, names and columns.

import type { Manifest } from "#kernel";
import { definitionOf, type FluxKind } from "./definition.ts";
import { helmReleaseKind } from "./helm-release-kind.ts";
import { imageKinds } from "./image-kinds.ts";
import { kustomizationKind } from "./kustomization-kind.ts";
import { notificationKinds } from "./notification-kinds.ts";
import { sourceKinds } from "./source-kinds.ts";

export type { Column, FluxKind } from "./definition.ts";
export { formatDuration, parseDuration } from "./duration.ts";
export {
  artifactGeneratorFinalizer,
  eventGroup,
  fluxFinalizer,
  fluxNamespace,
  fluxVersion,
  forceAtAnnotation,
  helmGroup,
  imageGroup,
  kustomizeGroup,
  kustomizeManager,
  kustomizeStatusManager,
  notificationGroup,
  ownerNameLabel,
  ownerNamespaceLabel,
  requestedAtAnnotation,
  resetAtAnnotation,
  shardLabel,
  sourceExtensionsGroup,
  sourceGroup,
  sourceStatusManager,
  watchLabel,
} from "./names.ts";
export type {
  AnyFluxObject,
  ArtifactGenerator,
  ArtifactGeneratorSpec,
  ArtifactGeneratorStatus,
  ArtifactStatus,
  Bucket,
  BucketSpec,
  CommonMetadata,
  Condition,
  DependencyRef,
  ExternalArtifact,
  ExternalArtifactSpec,
  ExternalArtifactStatus,
  FluxObject,
  GitReference,
  GitRepository,
  GitRepositorySpec,
  GitRepositoryStatus,
  HelmChart,
  HelmChartSpec,
  HelmChartStatus,
  HelmRepository,
  HelmRepositorySpec,
  HealthCheckExpression,
  HealthCheckRef,
  HistoryEntry,
  InventoryEntry,
  KindRef,
  KubeConfigRef,
  Kustomization,
  KustomizationSpec,
  KustomizationStatus,
  LayerSelector,
  LocalRef,
  OciRepository,
  OciRepositorySpec,
  OciRepositoryStatus,
  OciVerification,
  PatchSelector,
  SourceStatus,
  SubstituteReference,
} from "./types.ts";

export type {
  CrdsChoice,
  DriftIgnoreRule,
  HelmChartTemplate,
  HelmRelease,
  HelmReleaseSpec,
  HelmReleaseStatus,
  InstallSpec,
  PostRendererSpec,
  ReleaseActionSpec,
  ReleaseSnapshot,
  ReleaseTestSpec,
  RemediationSpec,
  RollbackSpec,
  ServerSideChoice,
  TestHookStatus,
  UninstallSpec,
  UpgradeSpec,
  ValuesReference,
} from "./helm-release-types.ts";

/** Every kind of Flux's API, as tables. */
export const fluxKinds: readonly FluxKind[] = [
  ...sourceKinds,
  kustomizationKind,
  helmReleaseKind,
  ...imageKinds,
  ...notificationKinds,
];

/** The CustomResourceDefinitions of all of them, ready to be applied. */
export function fluxDefinitions(): Manifest[] {
  return fluxKinds.map(definitionOf);
}
