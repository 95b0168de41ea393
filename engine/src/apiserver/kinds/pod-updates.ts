// What a change of a pod may change (ValidatePodUpdate of pkg/apis/core/validation, v1.36): images, a shorter life, more tolerations,
// fewer gates, and where a pod that is held back may run.

import { type FieldError, forbidden, invalid, required } from "#api/crd";
import { equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { objectsIn, specOf, withoutNodeAffinity } from "./members.ts";
import { appArmorAnnotation } from "./pod-profiles.ts";

const mirrorAnnotation = "kubernetes.io/config.mirror";

/** Annotations that say what a pod is stay as they are. */
export function annotationErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [draft.metadata.annotations ?? {}, live.metadata.annotations ?? {}];
  const kindOf = (key: string): string | undefined =>
    key.startsWith(appArmorAnnotation)
      ? "AppArmor annotations"
      : key === mirrorAnnotation
        ? "mirror pod annotation"
        : undefined;
  const told = (key: string, verb: string): FieldError[] => {
    const kind = kindOf(key);
    return kind === undefined ? [] : [forbidden(`metadata.annotations[${key}]`, `may not ${verb} ${kind}`)];
  };
  return [
    ...Object.keys(old)
      .filter((key) => next[key] !== old[key])
      .flatMap((key) => told(key, "remove or update")),
    ...Object.keys(next)
      .filter((key) => old[key] === undefined)
      .flatMap((key) => told(key, "add")),
  ];
}

const lists = ["containers", "initContainers"] as const;

function imageErrors(spec: JsonObject, list: string): FieldError[] {
  return objectsIn(spec[list]).flatMap((container, index) => {
    const image = textOf(container, "image");
    const field = `spec.${list}[${index}].image`;
    return [
      ...(image === "" ? [required(field)] : []),
      ...(image === image.trim() ? [] : [invalid(field, image, "must not have leading or trailing whitespace")]),
    ];
  });
}

const secondsMost = 2 ** 31 - 1;

/** A deadline may be set, or come nearer. `isLast`: nothing more is looked at. */
function deadlineErrors(next: Json | undefined, old: Json | undefined): { errors: FieldError[]; isLast: boolean } {
  const field = "spec.activeDeadlineSeconds";
  if (typeof next !== "number") {
    const isLost = typeof old === "number";
    const lost = invalid(field, null, "must not update from a positive integer to nil value");
    return { errors: isLost ? [lost] : [], isLast: false };
  }
  if (next < 0 || next > secondsMost)
    return { errors: [invalid(field, next, `must be between 0 and ${secondsMost}, inclusive`)], isLast: true };
  if (typeof old !== "number" || old >= next) return { errors: [], isLast: false };
  return { errors: [invalid(field, next, "must be less than or equal to previous value")], isLast: true };
}

function tolerationErrors(next: Json | undefined, old: Json | undefined): FieldError[] {
  const timeless = ({ tolerationSeconds: _, ...rest }: JsonObject): JsonObject => rest;
  const kept = objectsIn(next).map(timeless);
  const isKept = objectsIn(old).every((one) => kept.some((other) => equalJson(timeless(one), other)));
  if (isKept) return [];
  return [forbidden("spec.tolerations", "existing toleration can not be modified except its tolerationSeconds")];
}

function gateErrors(next: Json | undefined, old: Json | undefined): FieldError[] {
  const known = new Set(objectsIn(old).map((gate) => textOf(gate, "name")));
  return objectsIn(next).flatMap((gate, index) => {
    const name = textOf(gate, "name");
    if (known.has(name)) return [];
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`;
    return [forbidden(`spec.schedulingGates[${index}].name`, detail)];
  });
}

/** A pod that is held back may be given more labels of nodes to look for. */
function selectorErrors(next: JsonObject, old: JsonObject): FieldError[] {
  const [wanted, before] = [next.nodeSelector, old.nodeSelector].map((one) => (isObject(one) ? one : {}));
  const isMore = Object.entries(before ?? {}).every(([key, value]) => wanted?.[key] === value);
  const detail = "only additions to spec.nodeSelector are allowed (no mutations or deletions)";
  return isMore ? [] : [invalid("spec.nodeSelector", isObject(next.nodeSelector) ? next.nodeSelector : null, detail)];
}

const mandatory = "requiredDuringSchedulingIgnoredDuringExecution";

function isLonger(next: Json | undefined, old: Json | undefined): boolean {
  const [wanted, before] = [objectsIn(next), objectsIn(old)];
  return before.length === 0 || equalJson(wanted.slice(0, before.length), before);
}

/** Only more may be asked of a node, term by term. */
function isNarrower(next: JsonObject, old: JsonObject): boolean {
  const members = ["matchExpressions", "matchFields"];
  const isEmpty = (term: JsonObject): boolean => members.every((name) => objectsIn(term[name]).length === 0);
  if (isEmpty(old) && !isEmpty(next)) return false;
  return members.every((name) => isLonger(next[name], old[name]));
}

function demandsInGo(list: Json | undefined): Json {
  if (!Array.isArray(list)) return null;
  return objectsIn(list).map(({ key = "", operator = "", values = null }) => ({
    Key: key,
    Operator: operator,
    Values: values,
  }));
}

function termInGo({ matchExpressions, matchFields }: JsonObject): Json {
  return { MatchExpressions: demandsInGo(matchExpressions), MatchFields: demandsInGo(matchFields) };
}

function affinityErrors(next: JsonObject, old: JsonObject): FieldError[] {
  const termsOf = (spec: JsonObject): JsonObject[] =>
    objectsIn(fieldOf(spec, "affinity", "nodeAffinity", mandatory, "nodeSelectorTerms"));
  const [wanted, before] = [termsOf(next), termsOf(old)];
  const field = `spec.affinity.nodeAffinity.${mandatory}.nodeSelectorTerms`;
  if (before.length > 0 && before.length !== wanted.length) {
    const detail = "no additions/deletions to non-empty NodeSelectorTerms list are allowed";
    return [invalid(field, wanted.length === 0 ? null : wanted.map(termInGo), detail)];
  }
  return before.flatMap((term, index) => {
    const found = wanted[index] ?? {};
    const detail = "only additions are allowed (no mutations or deletions)";
    return isNarrower(found, term) ? [] : [invalid(`${field}[${index}]`, termInGo(found), detail)];
  });
}

const podText =
  "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)";

function withoutImages(list: Json | undefined): Json {
  return Array.isArray(list) ? list.map((one) => (isObject(one) ? { ...one, image: "" } : one)) : null;
}

/** What must stay. A gated pod's place is looked at by itself. */
function fixedPart(spec: JsonObject, isGated: boolean): JsonObject {
  const { activeDeadlineSeconds: _, tolerations: _2, schedulingGates: _3, ...rest } = spec;
  const fixed: JsonObject = { ...rest };
  for (const list of lists) fixed[list] = withoutImages(rest[list]);
  if (!isGated) return fixed;
  fixed.nodeSelector = null;
  fixed.affinity = withoutNodeAffinity(rest.affinity);
  return fixed;
}

/** A time to end that was below zero may be set right. */
function withOldGrace(next: JsonObject, old: JsonObject): JsonObject {
  const before = old.terminationGracePeriodSeconds;
  const isSetRight = typeof before === "number" && before < 0 && next.terminationGracePeriodSeconds === 1;
  return isSetRight ? { ...next, terminationGracePeriodSeconds: before } : next;
}

/** The rules beside those of every pod. */
export function podChangeErrors(draft: Manifest, live: Manifest): FieldError[] {
  const [next, old] = [specOf(draft), specOf(live)];
  const errors = annotationErrors(draft, live);
  for (const list of lists) {
    if (objectsIn(next[list]).length !== objectsIn(old[list]).length)
      return [...errors, forbidden(`spec.${list}`, "pod updates may not add or remove containers")];
    errors.push(...imageErrors(next, list));
  }
  const deadline = deadlineErrors(next.activeDeadlineSeconds, old.activeDeadlineSeconds);
  errors.push(...deadline.errors);
  if (deadline.isLast) return errors;
  errors.push(...tolerationErrors(next.tolerations, old.tolerations));
  errors.push(...gateErrors(next.schedulingGates, old.schedulingGates));
  if (equalJson(next, old)) return errors;
  const isGated = objectsIn(old.schedulingGates).length > 0;
  if (isGated) errors.push(...selectorErrors(next, old), ...affinityErrors(next, old));
  const isSame = equalJson(fixedPart(withOldGrace(next, old), isGated), fixedPart(old, isGated));
  return isSame ? errors : [...errors, forbidden("spec", podText)];
}
