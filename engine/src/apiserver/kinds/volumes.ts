// Claims, volumes and drivers on writes: what is dropped in silence, what is filled in, what is warned of (pkg/registry/core and storage,
// pkg/api/persistentvolume*, v1.36).

import { type FieldError, invalid, notSupported, qualifiedNameErrors } from "#api/crd";
import { attachmentStatusErrors } from "#apiserver/validation";
import { quantityNanos } from "#api/kubernetes";
import type { Strategy } from "#apiserver/registry";
import { encodeJson, equalJson, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { partOf } from "./members.ts";
import { oldLabels } from "./pod-warnings.ts";

function isSomething(value: Json | undefined): boolean {
  return value !== undefined && value !== null;
}

/** Only these could be named before there was a reference of its own; all else was dropped, and still is. */
function isOldSource(source: Json | undefined): boolean {
  const [group, kind] = [textOf(source, "apiGroup"), textOf(source, "kind")];
  if (kind === "PersistentVolumeClaim") return group === "";
  return kind === "VolumeSnapshot" && group === "snapshot.storage.k8s.io";
}

/** What a claim is filled from is said in two fields, of which a client may know one; other namespaces are not reached. */
function alignSources(spec: JsonObject, before: JsonObject): void {
  if (textOf(spec.dataSourceRef, "namespace") !== "" && !isSomething(before.dataSourceRef)) delete spec.dataSourceRef;
  const wasFilled = isSomething(before.dataSource) || isSomething(before.dataSourceRef);
  if (!wasFilled && !isSomething(spec.dataSourceRef) && !isOldSource(spec.dataSource)) delete spec.dataSource;
  const copy = (source: JsonObject): JsonObject => {
    const { apiGroup = null, kind = "", name = "" } = source;
    return { apiGroup, kind, name };
  };
  const { dataSource, dataSourceRef } = spec;
  if (isObject(dataSource) && !isSomething(dataSourceRef)) {
    const { apiGroup, ...rest } = copy(dataSource);
    spec.dataSourceRef = isSomething(apiGroup) ? { apiGroup: apiGroup as Json, ...rest } : { apiGroup: null, ...rest };
  } else if (isObject(dataSourceRef) && !isSomething(dataSource) && textOf(dataSourceRef, "namespace") === "")
    spec.dataSource = copy(dataSourceRef);
}

const classAnnotation = "volume.beta.kubernetes.io/storage-class";
const optionsAnnotation = "volume.beta.kubernetes.io/mount-options";
const classText = 'deprecated since v1.8; use "storageClassName" attribute instead';

function annotationWarnings(draft: Manifest, texts: Readonly<Record<string, string>>): string[] {
  const annotations = draft.metadata.annotations ?? {};
  return Object.entries(texts)
    .filter(([name]) => Object.hasOwn(annotations, name))
    .map(([name, text]) => `metadata.annotations[${name}]: ${text}`);
}

const nanosOfMilli = 1_000_000n;

/** Bytes come whole. */
function fractionWarnings(resources: Json | undefined, field: string): string[] {
  return ["requests", "limits"].flatMap((name) => {
    const amounts = isObject(resources) ? resources[name] : undefined;
    const amount = textOf(amounts, "storage");
    const milli = (quantityNanos(amount) ?? 0n) / nanosOfMilli;
    if (milli % 1000n === 0n) return [];
    return [
      `${field}.${name}[storage]: fractional byte value ${JSON.stringify(amount)} is invalid, must be an integer`,
    ];
  });
}

export const claimRules: Partial<Strategy> = {
  prepareCreate: (draft) => {
    draft.status = { phase: "Pending" };
    alignSources(partOf(draft, "spec"), {});
  },
  prepareUpdate: (draft, live) => alignSources(partOf(draft, "spec"), partOf(live, "spec")),
  warnings: (draft) => [
    ...annotationWarnings(draft, { [classAnnotation]: classText }),
    ...fractionWarnings(partOf(draft, "spec").resources, "spec.resources"),
  ],
};

/** Volumes that no server mounts any more. */
const retired: readonly (readonly [string, string, string])[] = [
  ["cephfs", "cephfs", "deprecated in v1.28, non-functional in v1.31+"],
  ["photonPersistentDisk", "photonPersistentDisk", "deprecated in v1.11, non-functional in v1.16+"],
  ["scaleIO", "scaleIO", "deprecated in v1.16, non-functional in v1.22+"],
  ["storageos", "storageOS", "deprecated in v1.22, non-functional in v1.25+"],
  ["glusterfs", "glusterfs", "deprecated in v1.25, non-functional in v1.26+"],
  ["rbd", "rbd", "deprecated in v1.28, non-functional in v1.31+"],
];

/** What is told of the nodes that a RuntimeClass chooses. */
export function runtimeClassWarnings(draft: Manifest): string[] {
  const selector = partOf(draft, "scheduling").nodeSelector;
  return Object.keys(isObject(selector) ? selector : {})
    .filter((key) => Object.hasOwn(oldLabels, key))
    .map((key) => `scheduling.nodeSelector: ${oldLabels[key]}`);
}

function nodeTermWarnings(affinity: Json | undefined): string[] {
  const nodes = isObject(affinity) ? affinity.required : undefined;
  const objects = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
  return objects(isObject(nodes) ? nodes.nodeSelectorTerms : undefined).flatMap((term, index) =>
    objects(isObject(term) ? term.matchExpressions : undefined).flatMap((expression, at) => {
      const key = textOf(expression, "key");
      if (!Object.hasOwn(oldLabels, key)) return [];
      const field = `spec.nodeAffinity.required.nodeSelectorTerms[${index}].matchExpressions[${at}].key`;
      return [`${field}: ${key} is ${oldLabels[key]}`];
    }),
  );
}

const recycleText =
  "The Recycle reclaim policy is deprecated. Instead, the recommended approach is to use dynamic provisioning.";

export const volumeRules: Partial<Strategy> = {
  prepareCreate: (draft, { now }) => {
    draft.status = { phase: "Pending", lastPhaseTransitionTime: now };
  },
  prepareStatus: (draft, live, { now }) => {
    const [next, old] = [partOf(draft, "status"), partOf(live, "status")];
    const isUntold = next.lastPhaseTransitionTime === undefined;
    const isSameTime = next.lastPhaseTransitionTime === old.lastPhaseTransitionTime;
    if (next.phase !== old.phase) {
      if (isUntold || isSameTime) draft.status = { ...next, lastPhaseTransitionTime: now };
    } else if (isUntold && old.lastPhaseTransitionTime !== undefined)
      draft.status = { ...next, lastPhaseTransitionTime: old.lastPhaseTransitionTime };
  },
  warnings: (draft) => {
    const spec = partOf(draft, "spec");
    const optionsText = 'deprecated since v1.31; use "mountOptions" attribute instead';
    return [
      ...annotationWarnings(draft, { [classAnnotation]: classText, [optionsAnnotation]: optionsText }),
      ...(spec.persistentVolumeReclaimPolicy === "Recycle"
        ? [`spec.persistentVolumeReclaimPolicy: ${recycleText}`]
        : []),
      ...nodeTermWarnings(spec.nodeAffinity),
      ...retired.filter(([member]) => isObject(spec[member])).map(([, name, text]) => `spec.${name}: ${text}`),
    ];
  },
};

const tokensText =
  "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

/** A gate that is off drops its field. */
function dropUnserved(draft: Manifest): void {
  delete partOf(draft, "spec").preventPodSchedulingIfMissing;
}

export const driverRules: Partial<Strategy> = {
  prepareCreate: dropUnserved,
  prepareUpdate: dropUnserved,
  warnings: (draft, live) => {
    const { tokenRequests, serviceAccountTokenInSecrets } = partOf(draft, "spec");
    const before = live === undefined ? undefined : partOf(live, "spec").tokenRequests;
    const isTold =
      !Array.isArray(tokenRequests) || tokenRequests.length === 0 || isSomething(serviceAccountTokenInSecrets);
    return isTold || (live !== undefined && equalJson(before ?? null, tokenRequests)) ? [] : [tokensText];
  },
};

const resizeStates = [
  "ControllerResizeInProgress",
  "ControllerResizeInfeasible",
  "NodeResizeInProgress",
  "NodeResizeInfeasible",
  "NodeResizePending",
].sort();

/** The whole units of an amount, rounded up as Go does. */
function wholeUnits(amount: Json): bigint {
  const nanos = quantityNanos(typeof amount === "string" ? amount : encodeJson(amount)) ?? 0n;
  const whole = nanos / 1_000_000_000n;
  return nanos > whole * 1_000_000_000n ? whole + 1n : nanos < whole * 1_000_000_000n ? whole - 1n : whole;
}

function amountErrors(amounts: Json | undefined, field: string): FieldError[] {
  return Object.entries(isObject(amounts) ? amounts : {}).flatMap(([name, amount]) => {
    const whole = wholeUnits(amount);
    return whole < 0n ? [invalid(`${field}[${name}]`, Number(whole), "must be a valid resource quantity")] : [];
  });
}

/** A name of a resource that a claim can be given: storage, or somebody's own. */
function resourceErrors(name: string, field: string): FieldError[] {
  const wrong = qualifiedNameErrors(name);
  if (wrong.length > 0) return wrong.map((message) => invalid(field, name, message));
  const isOwn = name.includes("/") && !name.includes("kubernetes.io/");
  return isOwn || name === "storage" ? [] : [notSupported(field, name, ["storage"])];
}

export function claimStatusErrors(draft: Manifest): FieldError[] {
  const { capacity, allocatedResources, allocatedResourceStatuses: states } = partOf(draft, "status");
  const [statesAt, amountsAt] = ["status.allocatedResourceStatuses", "status.allocatedResources"];
  return [
    ...amountErrors(capacity, "status.capacity"),
    ...Object.entries(isObject(states) ? states : {}).flatMap(([name, state]) => [
      ...resourceErrors(name, statesAt),
      ...(resizeStates.includes(state as string) ? [] : [notSupported(statesAt, name, resizeStates)]),
    ]),
    ...Object.entries(isObject(allocatedResources) ? allocatedResources : {}).flatMap(([name, amount]) => {
      const wrong = resourceErrors(name, amountsAt);
      return wrong.length > 0 ? wrong : amountErrors({ [name]: amount }, amountsAt);
    }),
  ];
}

export function attachmentErrors(draft: Manifest): FieldError[] {
  return attachmentStatusErrors(partOf(draft, "status"));
}
