// Pods: what the server adds to a new one, what it drops, and what it warns of (pkg/registry/core/pod/strategy.go, v1.36).

import type { Strategy, WriteContext } from "#apiserver/registry";
import { asJson, equalJson, fieldOf, isObject, type Json, type JsonObject, textOf } from "#kernel";
import { specOf } from "./members.ts";
import { dropPodFeaturesAt } from "./pod-features.ts";
import { podParts } from "./pod-parts.ts";
import { appArmorAnnotation, appArmorProfileOf } from "./pod-profiles.ts";
import { alignAddresses, keepPodStatus, podStatusWarnings } from "./pod-status.ts";
import { podWarnings } from "./pod-warnings.ts";
import { qualityOf } from "./quality.ts";

type Labels = Readonly<Record<string, string>>;

function demands(keys: Json | undefined, operator: string, labels: Labels): Json[] {
  const list = Array.isArray(keys) ? keys : [];
  return list.flatMap((key) => {
    const value = labels[String(key as string)];
    return value === undefined ? [] : [{ key, operator, values: [value] }];
  });
}

/** A term with what the pod's own labels ask for by key. */
function withOwnLabels(term: Json, labels: Labels): Json {
  if (!isObject(term) || !isObject(term.labelSelector)) return term;
  const { labelSelector: selector, matchLabelKeys, mismatchLabelKeys } = term;
  const more = [...demands(matchLabelKeys, "In", labels), ...demands(mismatchLabelKeys, "NotIn", labels)];
  if (more.length === 0) return term;
  const before = Array.isArray(selector.matchExpressions) ? selector.matchExpressions : [];
  return { ...term, labelSelector: { ...selector, matchExpressions: [...before, ...more] } };
}

function hasKeys(term: Json): boolean {
  return isObject(term) && (term.matchLabelKeys !== undefined || term.mismatchLabelKeys !== undefined);
}

function affinityWithLabels(affinity: Json | undefined, labels: Labels): Json | undefined {
  if (!isObject(affinity)) return affinity;
  const {
    requiredDuringSchedulingIgnoredDuringExecution: must,
    preferredDuringSchedulingIgnoredDuringExecution: wish,
  } = affinity;
  const next = { ...affinity };
  if (Array.isArray(must))
    next.requiredDuringSchedulingIgnoredDuringExecution = must.map((term) => withOwnLabels(term, labels));
  if (Array.isArray(wish))
    next.preferredDuringSchedulingIgnoredDuringExecution = wish.map((one) =>
      isObject(one) ? { ...one, podAffinityTerm: withOwnLabels(one.podAffinityTerm ?? null, labels) } : one,
    );
  return next;
}

/** Selectors by the pod's own labels say what these are. */
function applyLabelKeys(spec: JsonObject, labels: Labels): void {
  const { topologySpreadConstraints: spread, affinity } = spec;
  if (Array.isArray(spread) && spread.some(hasKeys))
    spec.topologySpreadConstraints = spread.map((one) => withOwnLabels(one, labels));
  if (!isObject(affinity)) return;
  const next = { ...affinity };
  for (const name of ["podAffinity", "podAntiAffinity"]) {
    const found = affinityWithLabels(affinity[name], labels);
    if (found !== undefined) next[name] = found;
  }
  spec.affinity = next;
}

const localProfileMost = 4095;

/** The profile an annotation gives a container; undefined: none that may be one. */
function profileFrom(annotation: string): JsonObject | undefined {
  const profile = appArmorProfileOf(annotation);
  const local = profile === undefined ? "" : textOf(profile, "localhostProfile");
  return local !== local.trim() || local.length > localProfileMost ? undefined : profile;
}

type Pod = { annotations: Labels; ofPod: Json | undefined; warn: WriteContext["warn"] };

function withProfile(container: Json, { annotations, ofPod, warn }: Pod): Json {
  if (!isObject(container)) return container;
  const key = `${appArmorAnnotation}${textOf(container, "name")}`;
  const annotation = annotations[key];
  if (annotation === undefined || fieldOf(container, "securityContext", "appArmorProfile") !== undefined)
    return container;
  const profile = profileFrom(annotation);
  const isSame = profile !== undefined && equalJson(profile, ofPod ?? null);
  if (!isSame) warn(`metadata.annotations[${key}]: deprecated since v1.30; use the "appArmorProfile" field instead`);
  if (profile === undefined || isSame) return container;
  const context = isObject(container.securityContext) ? container.securityContext : {};
  return { ...container, securityContext: { ...context, appArmorProfile: profile } };
}

/** The older annotations of containers become fields. */
function applyProfiles(spec: JsonObject, annotations: Labels, warn: WriteContext["warn"]): void {
  const isMeant = Object.keys(annotations).some((key) => key.startsWith(appArmorAnnotation));
  if (!isMeant || fieldOf(spec, "os", "name") === "windows") return;
  const pod = { annotations, ofPod: fieldOf(spec, "securityContext", "appArmorProfile"), warn };
  for (const list of ["initContainers", "containers", "ephemeralContainers"])
    if (Array.isArray(spec[list])) spec[list] = spec[list].map((one) => withProfile(one, pod));
}

/** A pod that is held back says so from the start. */
function gatedCondition(now: string): JsonObject {
  return {
    type: "PodScheduled",
    status: "False",
    lastProbeTime: null,
    lastTransitionTime: now,
    reason: "SchedulingGated",
    message: "Scheduling is blocked due to non-empty scheduling gates",
  };
}

function isGated(spec: JsonObject): boolean {
  return Array.isArray(spec.schedulingGates) && spec.schedulingGates.length > 0;
}

export const podRules: Partial<Strategy> = {
  parts: podParts,
  prepareCreate: (draft, { now, warn }) => {
    dropPodFeaturesAt(asJson(draft), ["spec"], undefined);
    const spec = specOf(draft);
    const { labels = {}, annotations = {} } = draft.metadata;
    applyLabelKeys(spec, labels);
    applyProfiles(spec, annotations, warn);
    draft.status = {
      phase: "Pending",
      ...(isGated(spec) ? { conditions: [gatedCondition(now)] } : {}),
      qosClass: qualityOf(spec),
    };
  },
  applyDefaults: alignAddresses,
  prepareStatus: keepPodStatus,
  statusWarnings: podStatusWarnings,
  prepareUpdate: (draft, live) => dropPodFeaturesAt(asJson(draft), ["spec"], asJson(live)),
  warnings: (draft, live) => (live === undefined ? podWarnings(asJson(draft)) : []),
};
