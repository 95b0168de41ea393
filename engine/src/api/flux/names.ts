// The words that Flux fixed for everyone who reads its objects: groups, marks, managers, reasons.

export const sourceGroup = "source.toolkit.fluxcd.io";
export const sourceExtensionsGroup = "source.extensions.fluxcd.io";
export const kustomizeGroup = "kustomize.toolkit.fluxcd.io";
export const helmGroup = "helm.toolkit.fluxcd.io";
export const imageGroup = "image.toolkit.fluxcd.io";
export const notificationGroup = "notification.toolkit.fluxcd.io";
/** An annotation prefix and an event payload; no kind is served in it. */
export const eventGroup = "event.toolkit.fluxcd.io";

/** On everything that Flux reconciles, but for ArtifactGenerator. */
export const fluxFinalizer = "finalizers.fluxcd.io";
export const artifactGeneratorFinalizer = "source.extensions.fluxcd.io/finalizer";

export const requestedAtAnnotation = "reconcile.fluxcd.io/requestedAt";
export const forceAtAnnotation = "reconcile.fluxcd.io/forceAt";
export const resetAtAnnotation = "reconcile.fluxcd.io/resetAt";
/** `Enabled` on a ConfigMap or Secret: what refers to it is reconciled as soon as it changes. */
export const watchLabel = "reconcile.fluxcd.io/watch";
export const shardLabel = "sharding.fluxcd.io/key";

/** Owner marks on every object that a Kustomization applies. */
export const ownerNameLabel = "kustomize.toolkit.fluxcd.io/name";
export const ownerNamespaceLabel = "kustomize.toolkit.fluxcd.io/namespace";

/** Field managers: of applied objects, and of the status of Flux's own objects. */
export const kustomizeManager = "kustomize-controller";
export const kustomizeStatusManager = "gotk-kustomize-controller";
export const sourceStatusManager = "gotk-source-controller";

/** Where Flux's own objects stand unless said otherwise. */
export const fluxNamespace = "flux-system";

/** The Flux release whose fields and defaults these kinds have; `flux check` reads it off the CRDs. */
export const fluxVersion = "v2.9.4";
