// HelmRelease v2 as the engine reads and writes it: plain data in Flux's own shape.

import type { JsonObject } from "#kernel";
import type {
  CommonMetadata,
  Condition,
  DependencyRef,
  FluxObject,
  HealthCheckExpression,
  InventoryEntry,
  KindRef,
  KubeConfigRef,
  LocalRef,
  PatchSelector,
} from "./types.ts";

export type ValuesReference = {
  kind: "Secret" | "ConfigMap";
  name: string;
  valuesKey?: string;
  targetPath?: string;
  optional?: boolean;
  literal?: boolean;
};

export type HelmChartTemplate = {
  metadata?: CommonMetadata;
  spec: {
    chart: string;
    version?: string;
    sourceRef: KindRef;
    interval?: string;
    reconcileStrategy?: string;
    valuesFiles?: string[];
    ignoreMissingValuesFiles?: boolean;
    verify?: { provider: string; secretRef?: LocalRef };
  };
};

export type CrdsChoice = "Skip" | "Create" | "CreateReplace";

type ActionStrategy = { name: string; retryInterval?: string };

/** What install and upgrade have in common. */
export type ReleaseActionSpec = {
  timeout?: string;
  strategy?: ActionStrategy;
  disableWait?: boolean;
  disableWaitForJobs?: boolean;
  disableHooks?: boolean;
  disableOpenAPIValidation?: boolean;
  disableSchemaValidation?: boolean;
  disableTakeOwnership?: boolean;
  crds?: CrdsChoice;
};

export type RemediationSpec = {
  retries?: number;
  ignoreTestFailures?: boolean;
  remediateLastFailure?: boolean;
  strategy?: "rollback" | "uninstall";
};

export type InstallSpec = ReleaseActionSpec & {
  remediation?: RemediationSpec;
  createNamespace?: boolean;
  replace?: boolean;
  serverSideApply?: boolean;
};

export type ServerSideChoice = "enabled" | "disabled" | "auto";

export type UpgradeSpec = ReleaseActionSpec & {
  remediation?: RemediationSpec;
  force?: boolean;
  preserveValues?: boolean;
  cleanupOnFail?: boolean;
  serverSideApply?: ServerSideChoice;
  chartNameChangeStrategy?: "Reinstall" | "InPlaceUpdate";
};

export type RollbackSpec = {
  /** Without effect since Helm 4. */
  recreate?: boolean;
  timeout?: string;
  disableWait?: boolean;
  disableWaitForJobs?: boolean;
  disableHooks?: boolean;
  force?: boolean;
  cleanupOnFail?: boolean;
  serverSideApply?: ServerSideChoice;
};

export type UninstallSpec = {
  timeout?: string;
  disableWait?: boolean;
  disableHooks?: boolean;
  keepHistory?: boolean;
  deletionPropagation?: "background" | "foreground" | "orphan";
};

export type ReleaseTestSpec = {
  enable?: boolean;
  timeout?: string;
  ignoreFailures?: boolean;
  filters?: { name: string; exclude?: boolean }[];
};

export type DriftIgnoreRule = { paths: string[]; target?: PatchSelector };

export type PostRendererSpec = { kustomize?: { patches?: JsonObject[]; images?: JsonObject[] } };

export type HelmReleaseSpec = {
  chart?: HelmChartTemplate;
  chartRef?: KindRef;
  interval: string;
  suspend?: boolean;
  timeout?: string;
  dependsOn?: DependencyRef[];
  serviceAccountName?: string;
  kubeConfig?: KubeConfigRef;
  persistentClient?: boolean;
  releaseName?: string;
  targetNamespace?: string;
  storageNamespace?: string;
  maxHistory?: number;
  values?: JsonObject;
  valuesFrom?: ValuesReference[];
  install?: InstallSpec;
  upgrade?: UpgradeSpec;
  rollback?: RollbackSpec;
  uninstall?: UninstallSpec;
  test?: ReleaseTestSpec;
  driftDetection?: { mode?: "enabled" | "warn" | "disabled"; ignore?: DriftIgnoreRule[] };
  commonMetadata?: CommonMetadata;
  postRenderers?: PostRendererSpec[];
  postRenderStrategy?: "combined" | "nohooks" | "separate";
  waitStrategy?: { name: "poller" | "legacy" };
  healthCheckExprs?: HealthCheckExpression[];
};

export type TestHookStatus = { lastStarted?: string; lastCompleted?: string; phase?: string };

/** One release as Flux's history holds it. */
export type ReleaseSnapshot = {
  apiVersion?: string;
  digest: string;
  name: string;
  namespace: string;
  version: number;
  status: string;
  action?: string;
  chartName: string;
  chartVersion: string;
  appVersion?: string;
  configDigest: string;
  firstDeployed: string;
  lastDeployed: string;
  deleted?: string;
  testHooks?: { [name: string]: TestHookStatus };
  ociDigest?: string;
};

export type HelmReleaseStatus = {
  observedGeneration?: number;
  observedPostRenderersDigest?: string;
  observedCommonMetadataDigest?: string;
  lastAttemptedGeneration?: number;
  conditions?: Condition[];
  helmChart?: string;
  storageNamespace?: string;
  history?: ReleaseSnapshot[];
  inventory?: { entries: InventoryEntry[] };
  lastAttemptedReleaseAction?: "install" | "upgrade";
  lastAttemptedReleaseActionDuration?: string;
  failures?: number;
  installFailures?: number;
  upgradeFailures?: number;
  lastAttemptedRevision?: string;
  lastAttemptedRevisionDigest?: string;
  lastAttemptedConfigDigest?: string;
  lastHandledReconcileAt?: string;
  lastHandledForceAt?: string;
  lastHandledResetAt?: string;
};

export type HelmRelease = FluxObject<HelmReleaseSpec, HelmReleaseStatus>;
