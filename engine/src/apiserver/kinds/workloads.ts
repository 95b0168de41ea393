// Pods, and the kinds that make them from a template: what the server adds.

import type { Strategy, WriteContext } from "#apiserver/registry";
import { asJson, equalJson, fieldOf, isObject, type JsonObject, type Manifest } from "#kernel";
import { podParts } from "./pod-parts.ts";
import { qualityOf } from "./quality.ts";

function child(object: JsonObject, name: string): JsonObject {
  const value = object[name];
  if (isObject(value)) return value;
  const made: JsonObject = {};
  object[name] = made;
  return made;
}

function specOf(object: Manifest): JsonObject {
  const spec = asJson(object).spec;
  return isObject(spec) ? spec : {};
}

const revisionAnnotation = "deprecated.daemonset.template.generation";

/** The counter of a DaemonSet's templates, which stands in an annotation; what is no number counts as none. */
function countedTemplates({ metadata }: Manifest): number {
  const stated = metadata.annotations?.[revisionAnnotation] ?? "";
  return /^[+-]?\d+$/.test(stated) ? Number(stated) : 0;
}

export const daemonSetRules: Partial<Strategy> = {
  prepareCreate: (draft) => noteGeneration(draft, Math.max(1, countedTemplates(draft))),
  prepareUpdate: (draft, live) => {
    const isSame = equalJson(specOf(draft).template ?? null, specOf(live).template ?? null);
    const before = countedTemplates(live);
    noteGeneration(draft, isSame ? before : before + 1);
  },
};

function noteGeneration(draft: Manifest, generation: number): void {
  draft.metadata.annotations = { ...draft.metadata.annotations, [revisionAnnotation]: String(generation) };
}

const uidLabel = "batch.kubernetes.io/controller-uid";

/** A Job without labels has those of its template. */
function labelAsTemplate(draft: Manifest): void {
  if (Object.keys(draft.metadata.labels ?? {}).length > 0) return;
  const labels = fieldOf(draft, "spec", "template", "metadata", "labels");
  if (isObject(labels) && Object.keys(labels).length > 0) draft.metadata.labels = labels as Record<string, string>;
}

export const jobRules: Partial<Strategy> = {
  applyDefaults: labelAsTemplate,
  prepareUpdate: labelAsTemplate,
  prepareCreate: (draft) => {
    const spec = child(asJson(draft), "spec");
    if (spec.manualSelector === true) return;
    const uid = draft.metadata.uid ?? "";
    const labels = child(child(child(spec, "template"), "metadata"), "labels");
    const name = draft.metadata.name;
    Object.assign(labels, {
      [uidLabel]: uid,
      "batch.kubernetes.io/job-name": name,
      "controller-uid": uid,
      "job-name": name,
    });
    child(child(spec, "selector"), "matchLabels")[uidLabel] = uid;
    labelAsTemplate(draft);
  },
};

export const podRules: Partial<Strategy> = {
  parts: podParts,
  prepareCreate: (draft: Manifest, _context: WriteContext) => {
    draft.status = { phase: "Pending", qosClass: qualityOf(specOf(draft)) };
  },
};
