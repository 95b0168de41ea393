// The Flux objects as the engine reads and writes them: plain data in Flux's own shape.

import type { Json, JsonObject, ObjectMeta } from "#kernel";

export type Condition = {
  type: string;
  status: "True" | "False" | "Unknown";
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
};

/** status.artifact of every source kind. */
export type ArtifactStatus = {
  path: string;
  url: string;
  revision: string;
  digest?: string;
  lastUpdateTime: string;
  size?: number;
  metadata?: { [key: string]: string };
};

export type LocalRef = { name: string };
export type KindRef = { apiVersion?: string; kind: string; name: string; namespace?: string };
export type DependencyRef = { name: string; namespace?: string; readyExpr?: string };
export type CommonMetadata = { labels?: { [key: string]: string }; annotations?: { [key: string]: string } };
export type KubeConfigRef = { secretRef?: { name: string; key?: string }; configMapRef?: LocalRef };

export type PatchSelector = {
  group?: string;
  version?: string;
  kind?: string;
  name?: string;
  namespace?: string;
  labelSelector?: string;
  annotationSelector?: string;
};

/** A Flux object of any kind. */
export type FluxObject<Spec, Status> = {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
  spec: Spec;
  status?: Status;
};

export type GitReference = { branch?: string; tag?: string; semver?: string; name?: string; commit?: string };

export type GitRepositorySpec = {
  url: string;
  interval: string;
  timeout?: string;
  secretRef?: LocalRef;
  provider?: string;
  serviceAccountName?: string;
  ref?: GitReference;
  verify?: { mode?: "head" | "HEAD" | "Tag" | "TagAndHEAD"; secretRef: LocalRef };
  proxySecretRef?: LocalRef;
  ignore?: string;
  suspend?: boolean;
  recurseSubmodules?: boolean;
  include?: { repository: LocalRef; fromPath?: string; toPath?: string }[];
  sparseCheckout?: string[];
};

export type GitRepositoryStatus = {
  observedGeneration?: number;
  conditions?: Condition[];
  artifact?: ArtifactStatus;
  includedArtifacts?: ArtifactStatus[];
  observedIgnore?: string;
  observedRecurseSubmodules?: boolean;
  observedInclude?: { repository: LocalRef; fromPath?: string; toPath?: string }[];
  observedSparseCheckout?: string[];
  sourceVerificationMode?: string;
  lastHandledReconcileAt?: string;
};

export type GitRepository = FluxObject<GitRepositorySpec, GitRepositoryStatus>;

export type OciVerification = {
  provider: string;
  secretRef?: LocalRef;
  trustedRootSecretRef?: LocalRef;
  matchOIDCIdentity?: { issuer: string; subject: string }[];
};

export type LayerSelector = { mediaType?: string; operation?: "extract" | "copy" };

export type OciRepositorySpec = {
  url: string;
  interval: string;
  timeout?: string;
  ref?: { digest?: string; semver?: string; semverFilter?: string; tag?: string };
  layerSelector?: LayerSelector;
  provider?: string;
  secretRef?: LocalRef;
  verify?: OciVerification;
  serviceAccountName?: string;
  certSecretRef?: LocalRef;
  proxySecretRef?: LocalRef;
  ignore?: string;
  insecure?: boolean;
  suspend?: boolean;
};

/** Status that all sources with one artifact have. */
export type SourceStatus = {
  observedGeneration?: number;
  conditions?: Condition[];
  artifact?: ArtifactStatus;
  url?: string;
  lastHandledReconcileAt?: string;
};

export type OciRepositoryStatus = SourceStatus & { observedIgnore?: string; observedLayerSelector?: LayerSelector };

export type OciRepository = FluxObject<OciRepositorySpec, OciRepositoryStatus>;

export type HelmRepositorySpec = {
  url: string;
  type?: "default" | "oci";
  secretRef?: LocalRef;
  certSecretRef?: LocalRef;
  passCredentials?: boolean;
  interval?: string;
  insecure?: boolean;
  timeout?: string;
  suspend?: boolean;
  provider?: string;
};

export type HelmRepository = FluxObject<HelmRepositorySpec, SourceStatus>;

export type HelmChartSpec = {
  chart: string;
  version?: string;
  sourceRef: KindRef;
  interval: string;
  reconcileStrategy?: "ChartVersion" | "Revision";
  valuesFiles?: string[];
  ignoreMissingValuesFiles?: boolean;
  suspend?: boolean;
  verify?: OciVerification;
};

export type HelmChartStatus = SourceStatus & {
  observedSourceArtifactRevision?: string;
  observedChartName?: string;
  observedValuesFiles?: string[];
};

export type HelmChart = FluxObject<HelmChartSpec, HelmChartStatus>;

export type BucketSpec = {
  provider?: string;
  bucketName: string;
  endpoint: string;
  sts?: { provider: string; endpoint: string; secretRef?: LocalRef; certSecretRef?: LocalRef };
  insecure?: boolean;
  region?: string;
  prefix?: string;
  secretRef?: LocalRef;
  serviceAccountName?: string;
  certSecretRef?: LocalRef;
  proxySecretRef?: LocalRef;
  interval: string;
  timeout?: string;
  ignore?: string;
  suspend?: boolean;
};

export type Bucket = FluxObject<BucketSpec, SourceStatus & { observedIgnore?: string }>;

export type ExternalArtifactSpec = { sourceRef?: KindRef };
export type ExternalArtifactStatus = { artifact?: ArtifactStatus; conditions?: Condition[] };
export type ExternalArtifact = FluxObject<ExternalArtifactSpec, ExternalArtifactStatus>;

export type ArtifactGeneratorSpec = {
  commonMetadata?: CommonMetadata;
  pathPattern?: string;
  sources: { alias: string; kind: string; name: string; namespace?: string }[];
  artifacts: {
    name: string;
    revision?: string;
    originRevision?: string;
    copy: { from: string; to: string; exclude?: string[]; strategy?: "Overwrite" | "Merge" | "Extract" }[];
  }[];
};

export type ArtifactGeneratorStatus = {
  conditions?: Condition[];
  observedSourcesDigest?: string;
  lastHandledReconcileAt?: string;
  inventory?: { name: string; namespace: string; digest: string; filename: string }[];
};

export type ArtifactGenerator = FluxObject<ArtifactGeneratorSpec, ArtifactGeneratorStatus>;

export type HealthCheckRef = { apiVersion?: string; kind: string; name: string; namespace?: string };

export type HealthCheckExpression = {
  apiVersion: string;
  kind?: string;
  current: string;
  inProgress?: string;
  failed?: string;
};

export type SubstituteReference = { kind: "Secret" | "ConfigMap"; name: string; optional?: boolean };

export type KustomizationSpec = {
  buildMetadata?: string[];
  commonMetadata?: CommonMetadata;
  components?: string[];
  decryption?: { provider: string; secretRef?: LocalRef; serviceAccountName?: string };
  deletionPolicy?: "MirrorPrune" | "Delete" | "WaitForTermination" | "Orphan";
  dependsOn?: DependencyRef[];
  force?: boolean;
  healthCheckExprs?: HealthCheckExpression[];
  healthChecks?: HealthCheckRef[];
  ignore?: { paths: string[]; target?: PatchSelector }[];
  ignoreMissingComponents?: boolean;
  images?: { name: string; newName?: string; newTag?: string; digest?: string }[];
  interval: string;
  kubeConfig?: KubeConfigRef;
  namePrefix?: string;
  nameSuffix?: string;
  patches?: { patch: string; target?: PatchSelector }[];
  path?: string;
  postBuild?: {
    substitute?: { [name: string]: string };
    substituteFrom?: SubstituteReference[];
    substituteStrategy?: "WithVariables" | "Always";
  };
  prune: boolean;
  retryInterval?: string;
  serviceAccountName?: string;
  sourceRef: KindRef;
  suspend?: boolean;
  targetNamespace?: string;
  timeout?: string;
  wait?: boolean;
};

export type HistoryEntry = {
  digest: string;
  firstReconciled: string;
  lastReconciled: string;
  lastReconciledDuration: string;
  lastReconciledStatus: string;
  totalReconciliations: number;
  metadata?: { [key: string]: string };
};

export type InventoryEntry = { id: string; v: string };

export type KustomizationStatus = {
  observedGeneration?: number;
  conditions?: Condition[];
  lastAttemptedRevision?: string;
  lastAppliedRevision?: string;
  lastAppliedOriginRevision?: string;
  inventory?: { entries: InventoryEntry[] };
  history?: HistoryEntry[];
  lastHandledReconcileAt?: string;
};

export type Kustomization = FluxObject<KustomizationSpec, KustomizationStatus>;

/** An object of one of the kinds that are read for their conditions alone. */
export type AnyFluxObject = FluxObject<
  JsonObject,
  { conditions?: Condition[]; [field: string]: Json | undefined | Condition[] }
>;
