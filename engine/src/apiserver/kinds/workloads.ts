// The kinds that make pods from a template: what the server adds, drops and warns of.

import type { Strategy } from "#apiserver/registry";
import { asJson, equalJson, fieldOf, isObject, type JsonObject, type Manifest, textOf } from "#kernel";
import { specOf } from "./members.ts";
import { dropPodFeaturesAt } from "./pod-features.ts";
import { nameWarnings, templateWarnings } from "./pod-warnings.ts";
import { claimSpecWarnings } from "./volume-warnings.ts";

function child(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  if (isObject(value)) return value;
  const made: JsonObject = {};
  object[name] = made;
  return made;
}

const revisionAnnotation = "deprecated.daemonset.template.generation";

/** The counter of a DaemonSet's templates, which stands in an annotation; what is no number counts as none. */
function countedTemplates({ metadata }: Manifest): number {
  const stated = metadata.annotations?.[revisionAnnotation] ?? "";
  return /^[+-]?\d+$/.test(stated) ? Number(stated) : 0;
}

function isSameTemplate(draft: Manifest, live: Manifest): boolean {
  return equalJson(specOf(draft).template ?? null, specOf(live).template ?? null);
}

/** What a kind does beside what all do that make pods. */
type Own = Pick<Strategy, "complete" | "prepareCreate" | "prepareUpdate" | "prepareStatus" | "applyDefaults"> & {
  /** More to warn of. */
  warn?: (draft: Manifest, live: Manifest | undefined) => string[];
  /** Pods of it take its name. */
  namesPods?: boolean;
  /** True when a change is worth a look at the template. */
  isChanged?: (draft: Manifest, live: Manifest) => boolean;
};

const podsNames = "Pod names and hostnames";

function wasCounted(draft: Manifest, live: Manifest): boolean {
  return draft.metadata.generation !== live.metadata.generation;
}

/** The rules of a kind whose template of pods stands at a path. */
function withTemplate(path: readonly string[], own: Own = {}): Partial<Strategy> {
  const { warn, namesPods, isChanged = wasCounted, ...rest } = own;
  const [podPath, field] = [[...path, "spec"], path.join(".")];
  return {
    ...rest,
    prepareCreate: (draft, context) => {
      own.prepareCreate?.(draft, context);
      dropPodFeaturesAt(asJson(draft), podPath, undefined);
    },
    prepareUpdate: (draft, live, context) => {
      dropPodFeaturesAt(asJson(draft), podPath, asJson(live));
      own.prepareUpdate?.(draft, live, context);
    },
    warnings: (draft, live) => [
      ...(live === undefined && namesPods === true ? nameWarnings(draft.metadata.name, podsNames) : []),
      ...(live === undefined || isChanged(draft, live) ? templateWarnings(fieldOf(draft, ...path), field) : []),
      ...(warn?.(draft, live) ?? []),
    ],
  };
}

export const daemonSetRules: Partial<Strategy> = withTemplate(["spec", "template"], {
  prepareCreate: (draft) => noteGeneration(draft, Math.max(1, countedTemplates(draft))),
  prepareUpdate: (draft, live) => {
    const before = countedTemplates(live);
    noteGeneration(draft, isSameTemplate(draft, live) ? before : before + 1);
  },
  prepareStatus: (draft, live) => noteGeneration(draft, countedTemplates(live)),
  isChanged: (draft, live) => !isSameTemplate(draft, live),
});

/** Deployments, ReplicaSets. */
export const replicatedRules: Partial<Strategy> = withTemplate(["spec", "template"], { namesPods: true });

/** Of a change, what stood there before is told. */
export const replicationControllerRules: Partial<Strategy> = {
  ...replicatedRules,
  warnings: (draft, live) =>
    live === undefined
      ? (replicatedRules.warnings?.(draft, live) ?? [])
      : wasCounted(draft, live)
        ? templateWarnings(fieldOf(live, "spec", "template"), "spec.template")
        : [],
};

export const podTemplateRules: Partial<Strategy> = withTemplate(["template"]);

const historyText =
  "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended";

/** How many Pods may be missing at once is a feature that is off. */
function dropUnavailable(draft: Manifest, live: Manifest | undefined): void {
  const path = ["spec", "updateStrategy", "rollingUpdate"] as const;
  if (fieldOf(draft, ...path, "maxUnavailable") === undefined) return;
  if (live !== undefined && fieldOf(live, ...path, "maxUnavailable") !== undefined) return;
  const spec = child(asJson(draft), "spec");
  const strategy = { ...child(spec, "updateStrategy") };
  const { maxUnavailable: _, ...rolling } = child(strategy, "rollingUpdate");
  spec.updateStrategy = { ...strategy, rollingUpdate: rolling };
}

export const statefulSetRules: Partial<Strategy> = withTemplate(["spec", "template"], {
  prepareCreate: (draft) => dropUnavailable(draft, undefined),
  prepareUpdate: dropUnavailable,
  warn: (draft, live) => {
    const { volumeClaimTemplates: claims, revisionHistoryLimit: limit } = specOf(draft);
    const list = Array.isArray(claims) ? claims : [];
    return [
      ...list.flatMap((claim, index) =>
        claimSpecWarnings(
          fieldOf(claim, "spec"),
          `spec.volumeClaimTemplates[${index}]${live === undefined ? "" : ".Spec"}`,
        ),
      ),
      ...(typeof limit === "number" && limit < 0 ? [historyText] : []),
    ];
  },
});

function noteGeneration(draft: Manifest, generation: number): void {
  draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: String(generation) };
}

const uidLabel = "batch.kubernetes.io/controller-uid";

/** A Job without labels has those of its template: the very same ones, so that it gets what is made for its pods, too. */
function labelAsTemplate(draft: Manifest): void {
  if (Object.keys(draft.metadata.labels ?? {}).length > 0) return;
  const labels = fieldOf(draft, "spec", "template", "metadata", "labels");
  if (isObject(labels) && Object.keys(labels).length > 0) draft.metadata.labels = labels as Record<string, string>;
}

const completionsMany = 100_000;
const parallelismMany = 10_000;
const trackingText =
  "In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail";

/** What cannot be kept track of. */
function trackingWarnings(draft: Manifest, path: readonly string[]): string[] {
  const spec = fieldOf(draft, ...path);
  const { completionMode, completions, parallelism } = isObject(spec) ? spec : {};
  const isMany =
    typeof completions === "number" &&
    completions > completionsMany &&
    typeof parallelism === "number" &&
    parallelism > parallelismMany;
  return completionMode === "Indexed" && isMany ? [`${path.join(".")}: ${trackingText}`] : [];
}

/** Labels of a Job's Pods that nobody set; those that somebody did are looked at later. */
function setMissing(labels: JsonObject, values: JsonObject): void {
  for (const name in values) labels[name] ??= values[name] as string;
}

export const jobRules: Partial<Strategy> = withTemplate(["spec", "template"], {
  namesPods: true,
  applyDefaults: labelAsTemplate,
  warn: (draft, live) => (live === undefined || wasCounted(draft, live) ? trackingWarnings(draft, ["spec"]) : []),
  prepareUpdate: labelAsTemplate,
  prepareStatus: labelAsTemplate,
  prepareCreate: (draft) => {
    const spec = child(asJson(draft), "spec");
    if (spec.manualSelector === true) return;
    const uid = draft.metadata.uid ?? "";
    const name = textOf(draft.metadata, "name");
    setMissing(child(child(child(spec, "template"), "metadata"), "labels"), {
      [uidLabel]: uid,
      "batch.kubernetes.io/job-name": name,
      "controller-uid": uid,
      "job-name": name,
    });
    setMissing(child(child(spec, "selector"), "matchLabels"), { [uidLabel]: uid });
  },
  complete: labelAsTemplate,
});

const jobPath = ["spec", "jobTemplate", "spec"];
const zoneText =
  "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details";

export const cronJobRules: Partial<Strategy> = withTemplate([...jobPath, "template"], {
  namesPods: true,
  warn: (draft, live) => {
    const hasZone = live !== undefined && textOf(specOf(draft), "schedule").includes("TZ");
    const tracking = live === undefined || wasCounted(draft, live) ? trackingWarnings(draft, jobPath) : [];
    return [...tracking, ...(hasZone ? [zoneText] : [])];
  },
});
