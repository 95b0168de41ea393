// Kustomization v1 → the one model of a delivery. Defaults that Flux's controller has, not its definition, are set here.

import {
  type Kustomization,
  type KustomizationSpec,
  kustomizeGroup,
  kustomizeManager,
  ownerNameLabel,
  ownerNamespaceLabel,
  parseDuration,
  requestedAtAnnotation,
} from "#api/flux";
import type { Identity } from "#cluster";
import { type Delivery, deliveryKey, readGuard, type Remembered, type Wait } from "#delivery";
import { checkExpressions } from "#health";
import { type JsonObject, type Manifest, refOf, splitApiVersion, type VersionedRef } from "#kernel";
import { driftMark, parseInventoryEntry, type Policy, readDriftMode, readSwitches } from "#plan";
import { dependenciesOf } from "./depends-on.ts";
import { FluxFault } from "./faults.ts";
import { fallbackIntervalMs, leastTimeoutMs } from "./limits.ts";
import { selects } from "./selector.ts";

const switchPrefix = `${kustomizeGroup}/`;

export type ReadOptions = {
  /** False: a source or dependency in another namespace is refused. */
  isCrossNamespaceAllowed: boolean;
  /** False: bases and files from elsewhere are refused. */
  hasRemoteBases: boolean;
  /** The ServiceAccount that applies where a Kustomization names none. */
  defaultServiceAccount: string | undefined;
  /** The ServiceAccount that asks key services where spec.decryption names none. */
  defaultDecryptionServiceAccount: string | undefined;
  /** The ServiceAccount that asks a cloud for another cluster where its ConfigMap names none. */
  defaultKubeConfigServiceAccount: string | undefined;
  /** True: an encrypted file that was changed since is refused. */
  isMacRequired: boolean;
  /** `group/Kind` of kinds with a stage of their own. */
  stagedKinds: readonly string[];
  /** Managers whose fields are taken over, besides kubectl's. */
  overriddenManagers: readonly string[];
  dependencyRetryMs: number;
  /** False: a variable that is not set is empty text, as before Flux 2.9. */
  isSubstitutionStrict: boolean;
  /** True: a readyExpr is asked for beside the usual test, not instead of it. */
  isReadyExpressionAdditive: boolean;
  /** True: one failed object ends the wait for health. */
  failsFast: boolean;
  /** False: no object's own ServiceAccount may be an identity in a cloud; Flux's gate ObjectLevelWorkloadIdentity. */
  hasObjectIdentity: boolean;
};

/** The delivery that a Kustomization describes. Throws FluxFault for what cannot be one. */
export function readKustomization(object: Manifest, options: ReadOptions): Delivery {
  const { spec, status = {} } = object as unknown as Kustomization;
  const ref = refOf(object);
  const isDeleting = object.metadata.deletionTimestamp !== undefined;
  // What cannot be applied must still be possible to delete; of what is suspended nothing is said, as in Flux.
  if (!isDeleting && spec.suspend !== true) refuseUnsupported(spec, ref, options);
  const intervalMs = parseDuration(spec.interval) ?? fallbackIntervalMs;
  return {
    key: deliveryKey(ref),
    ref,
    uid: object.metadata.uid ?? "",
    generation: object.metadata.generation ?? 0,
    source: {
      kind: spec.sourceRef.kind,
      name: spec.sourceRef.name,
      namespace: spec.sourceRef.namespace ?? ref.namespace,
    },
    path: isDeleting ? "" : pathOf(spec),
    renderer: { name: "layout", options: renderOptions(spec) },
    target: targetOf(spec, ref, options),
    identity: identityOf(spec.serviceAccountName ?? options.defaultServiceAccount, ref.namespace),
    policy: policyOf(object, spec, options),
    stagedKinds: new Set(options.stagedKinds),
    substitution: substitutionOf(spec, ref, options),
    commonMetadata: {
      labels: spec.commonMetadata?.labels ?? {},
      annotations: spec.commonMetadata?.annotations ?? {},
    },
    decryption: decryptionOf(object, spec, options),
    leaveOut,
    watched: watchedBy(spec, ref),
    hasRemoteBases: options.hasRemoteBases,
    wait: waitOf(spec, ref),
    failsFast: options.failsFast,
    healthExpressions: spec.healthCheckExprs ?? [],
    timeoutMs: durationOr(spec.timeout, Math.max(leastTimeoutMs, intervalMs - leastTimeoutMs)),
    intervalMs,
    retryIntervalMs: durationOr(spec.retryInterval, intervalMs),
    dependencyRetryMs: options.dependencyRetryMs,
    dependsOn: dependenciesOf(object, spec, options),
    guard: readGuard(object),
    isSuspended: spec.suspend ?? false,
    isDeleting,
    deletion: deletionOf(spec),
    request: object.metadata.annotations?.[requestedAtAnnotation],
    remembered: rememberedOf(status, object.metadata.generation ?? 0),
  };
}

function refuseUnsupported(spec: KustomizationSpec, ref: VersionedRef, options: ReadOptions): void {
  for (const expressions of spec.healthCheckExprs ?? []) {
    const message = checkExpressions(expressions);
    if (message !== undefined) throw badExpression(message);
  }
  if (spec.decryption?.serviceAccountName !== undefined && !options.hasObjectIdentity) throw gateClosed();
  if (options.isCrossNamespaceAllowed) return;
  // As in Flux, a dependency elsewhere is waited for; but an expression could ask after everything that its spec says.
  const asking = (spec.dependsOn ?? []).filter((dependency) => (dependency.readyExpr ?? "") !== "");
  for (const other of [spec.sourceRef, ...asking.map((dependency) => ({ kind: ref.kind, ...dependency }))]) {
    const { kind, namespace = ref.namespace, name } = other;
    if (namespace !== ref.namespace) throw accessDenied(`${kind}/${namespace}/${name}`);
  }
}

function accessDenied(label: string): FluxFault {
  return new FluxFault({
    code: "access-denied",
    disposition: "stall",
    message: `can't access '${label}', cross-namespace references have been blocked`,
    hint: "move both into one namespace",
  });
}

/** In the words of kustomize-controller 1.9. */
function gateClosed(): FluxFault {
  const gate = "ObjectLevelWorkloadIdentity";
  return new FluxFault({
    code: "gate-closed",
    disposition: "stall",
    message: `to use spec.decryption.serviceAccountName for decryption authentication please enable the ${gate} feature gate in the controller`,
    hint: `start with --feature-gates ${gate}=true, or take the field out`,
  });
}

function badExpression(message: string): FluxFault {
  return new FluxFault({
    code: "expression-invalid",
    disposition: "stall",
    at: "spec.healthCheckExprs",
    message,
    hint: "correct the expression",
  });
}

/** As in Flux nothing leads out of the source: what climbs stays at its root. */
function pathOf(spec: KustomizationSpec): string {
  const parts: string[] = [];
  for (const part of (spec.path ?? "").split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return parts.join("/");
}

/** What is merged into the folder's own kustomization. */
function renderOptions(spec: KustomizationSpec): JsonObject {
  const { targetNamespace, namePrefix, nameSuffix, patches, images, components, buildMetadata } = spec;
  const given = {
    targetNamespace,
    namePrefix,
    nameSuffix,
    patches,
    images,
    components,
    buildMetadata,
    ignoreMissingComponents: spec.ignoreMissingComponents,
  };
  return JSON.parse(JSON.stringify(given)) as JsonObject;
}

export function identityOf(serviceAccount: string | undefined, namespace: string): Identity | undefined {
  if (serviceAccount === undefined || serviceAccount === "") return undefined;
  return {
    user: `system:serviceaccount:${namespace}:${serviceAccount}`,
    groups: ["system:serviceaccounts", `system:serviceaccounts:${namespace}`, "system:authenticated"],
  };
}

function policyOf(object: Manifest, spec: KustomizationSpec, options: ReadOptions): Policy {
  const { name, namespace = "" } = object.metadata;
  const prefixes = ["kubectl", "before-first-apply", ...options.overriddenManagers];
  return {
    manager: kustomizeManager,
    takeOver: { prefixes, except: ["flux-client-side-apply"] },
    marks: { [ownerNameLabel]: name, [ownerNamespaceLabel]: namespace },
    switches: (manifest) => readSwitches(manifest, switchPrefix),
    ignoredFields: (manifest) =>
      (spec.ignore ?? []).flatMap((rule) => (selects(rule.target, manifest) ? rule.paths : [])),
    isForced: spec.force ?? false,
    isPruned: spec.prune,
    drift: readDriftMode(object.metadata.annotations?.[driftMark]?.toLowerCase()) ?? "heal",
  };
}

function substitutionOf(spec: KustomizationSpec, ref: VersionedRef, options: ReadOptions): Delivery["substitution"] {
  const { postBuild } = spec;
  if (postBuild === undefined) return undefined;
  return {
    values: postBuild.substitute ?? {},
    from: (postBuild.substituteFrom ?? []).map((source) => ({
      kind: source.kind,
      namespace: ref.namespace,
      name: source.name,
      isOptional: source.optional ?? false,
    })),
    isAlways: postBuild.substituteStrategy === "Always",
    mark: `${switchPrefix}substitute`,
    isStrict: options.isSubstitutionStrict,
  };
}

function watchedBy(spec: KustomizationSpec, { namespace }: VersionedRef): Delivery["watched"] {
  const { postBuild, decryption, kubeConfig } = spec;
  const variables = (postBuild?.substituteFrom ?? []).map(({ kind, name }) => ({ kind, namespace, name }));
  const keys = decryption?.secretRef === undefined ? [] : [decryption.secretRef.name];
  if (kubeConfig?.secretRef !== undefined) keys.push(kubeConfig.secretRef.name);
  const clusters = kubeConfig?.configMapRef === undefined ? [] : [kubeConfig.configMapRef.name];
  return [
    ...variables,
    ...keys.map((name) => ({ kind: "Secret" as const, namespace, name })),
    ...clusters.map((name) => ({ kind: "ConfigMap" as const, namespace, name })),
  ];
}

/** An annotation by which one Kustomization refuses what was changed after encryption. */
const macMark = "keelson.dev/sops-mac";

function targetOf({ kubeConfig }: KustomizationSpec, ref: VersionedRef, options: ReadOptions): Delivery["target"] {
  const { namespace } = ref;
  const { secretRef, configMapRef } = kubeConfig ?? {};
  const defaultServiceAccount = options.defaultKubeConfigServiceAccount;
  if (secretRef !== undefined) {
    return { kind: "Secret", namespace, name: secretRef.name, key: secretRef.key, defaultServiceAccount };
  }
  if (configMapRef === undefined) return undefined;
  return { kind: "ConfigMap", namespace, name: configMapRef.name, key: undefined, defaultServiceAccount };
}

function decryptionOf(object: Manifest, spec: KustomizationSpec, options: ReadOptions): Delivery["decryption"] {
  const { decryption } = spec;
  const { namespace = "", annotations = {} } = object.metadata;
  if (decryption === undefined) return undefined;
  const account = decryption.serviceAccountName ?? options.defaultDecryptionServiceAccount ?? "";
  return {
    secret: decryption.secretRef === undefined ? undefined : { namespace, name: decryption.secretRef.name },
    serviceAccount: account === "" ? undefined : { namespace, name: account },
    mark: `${switchPrefix}decrypt`,
    isMacRequired: options.isMacRequired || annotations[macMark]?.toLowerCase() === "required",
  };
}

/** Flux's own controllers in a bootstrapped repository: their work is done here. */
function leaveOut(manifest: Manifest): string | undefined {
  const labels = manifest.metadata.labels ?? {};
  if (manifest.kind !== "Deployment" || labels["app.kubernetes.io/part-of"] !== "flux") return undefined;
  // Keelson's own, which `keelson bootstrap` has put beside the definitions.
  if (labels["app.kubernetes.io/managed-by"] === "keelson") return undefined;
  return "is one of Flux's own controllers, whose work Keelson does";
}

function waitOf(spec: KustomizationSpec, ref: VersionedRef): Wait {
  if (spec.wait === true) return { kind: "all" };
  const checks = spec.healthChecks ?? [];
  if (checks.length === 0) return { kind: "none" };
  const refs = checks.map((check) => {
    const { group, version } = splitApiVersion(check.apiVersion ?? "apps/v1");
    const namespace = check.namespace ?? spec.targetNamespace ?? ref.namespace;
    return { group, version, kind: check.kind, namespace, name: check.name };
  });
  return { kind: "some", refs };
}

function deletionOf(spec: KustomizationSpec): Delivery["deletion"] {
  const policy = spec.deletionPolicy ?? "MirrorPrune";
  return {
    isPruned: policy === "Delete" || policy === "WaitForTermination" || (policy === "MirrorPrune" && spec.prune),
    isAwaited: policy === "WaitForTermination",
  };
}

function rememberedOf(status: NonNullable<Kustomization["status"]>, generation: number): Remembered {
  const ready = status.conditions?.find((condition) => condition.type === "Ready");
  return {
    inventory: (status.inventory?.entries ?? []).flatMap((entry) => parseInventoryEntry(entry) ?? []),
    appliedRevision: status.lastAppliedRevision,
    attemptedRevision: status.lastAttemptedRevision,
    observedGeneration: status.observedGeneration ?? -1,
    handledRequest: status.lastHandledReconcileAt,
    isReady: ready?.status === "True" && status.observedGeneration === generation,
    appliedDigest: status.history?.find(
      (entry) =>
        entry.lastReconciledStatus === "ReconciliationSucceeded" &&
        entry.metadata?.["revision"] === status.lastAppliedRevision,
    )?.digest,
  };
}

function durationOr(text: string | undefined, byDefault: number): number {
  return (text === undefined ? undefined : parseDuration(text)) ?? byDefault;
}
