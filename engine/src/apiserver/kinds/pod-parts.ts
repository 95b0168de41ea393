// What a write of a part of a pod may change, and what is wrong with it (pkg/registry/core/pod and pkg/apis/core/validation, v1.36):
// containers added for debugging, resources changed while it runs.

import { type FieldError, forbidden, invalid } from "#api/crd";
import type { PartRules } from "#apiserver/registry";
import { copyJson, equalJson, fieldOf, isObject, type Json, type JsonObject, type Manifest, textOf } from "#kernel";
import { specOf } from "./members.ts";
import { qualityOf } from "./quality.ts";

type Named = JsonObject & { name?: string };

function listOf(spec: JsonObject, name: string): Named[] {
  const list = spec[name];
  return Array.isArray(list) ? list.filter(isObject) : [];
}

/** All of the pod as it is, with another spec: of its metadata, only who wrote what is new. */
function keepAllBut(draft: Manifest, live: Manifest, spec: JsonObject): void {
  const { managedFields } = draft.metadata;
  draft["spec"] = spec;
  draft.metadata = copyJson(live.metadata as unknown as Json) as unknown as Manifest["metadata"];
  if (managedFields === undefined) delete draft.metadata.managedFields;
  else draft.metadata.managedFields = managedFields;
}

const mirrorAnnotation = "kubernetes.io/config.mirror";
/** A path of no name, as Go writes it. */
const noField = "[]";

const debugging: PartRules = {
  prepare: (draft, live) => {
    const { ephemeralContainers: _, ...rest } = copyJson(specOf(live)) as JsonObject;
    const { ephemeralContainers } = specOf(draft);
    keepAllBut(draft, live, ephemeralContainers === undefined ? rest : { ...rest, ephemeralContainers });
  },
  refuse: (live) =>
    live.metadata.annotations?.[mirrorAnnotation] === undefined
      ? []
      : [forbidden(noField, "static pods do not support ephemeral containers")],
  validate: (draft, live) => {
    const field = "spec.ephemeralContainers";
    const next = new Map(listOf(specOf(draft), "ephemeralContainers").map((one) => [textOf(one, "name"), one]));
    return listOf(specOf(live), "ephemeralContainers").flatMap((old) => {
      const name = textOf(old, "name");
      const found = next.get(name);
      if (found === undefined)
        return [forbidden(field, `existing ephemeral containers ${JSON.stringify(name)} may not be removed\n`)];
      if (equalJson(found, old)) return [];
      return [forbidden(field, `existing ephemeral containers ${JSON.stringify(name)} may not be changed`)];
    });
  },
};

const sized = ["containers", "initContainers"] as const;
/** Pods that are as they are. */
function fixedPod(live: Manifest): FieldError[] {
  if (live.metadata.annotations?.[mirrorAnnotation] !== undefined)
    return [forbidden(noField, "static pods cannot be resized")];
  if (fieldOf(live, "spec", "os", "name") === "windows") return [forbidden(noField, "windows pods cannot be resized")];
  return [];
}

const resizing: PartRules = {
  prepare: (draft, live) => {
    const [next, old] = [specOf(draft), specOf(live)];
    // Containers that come or go are told of, not left out.
    if (sized.some((name) => listOf(next, name).length !== listOf(old, name).length)) return;
    const spec = copyJson(old) as JsonObject;
    for (const name of sized)
      if (old[name] !== undefined) spec[name] = withSizes(listOf(next, name), listOf(old, name));
    if (next["resources"] === undefined) delete spec["resources"];
    else spec["resources"] = next["resources"];
    keepAllBut(draft, live, spec);
  },
  refuse: fixedPod,
  validate: (draft, live) => {
    const [next, old] = [specOf(draft), specOf(live)];
    const errors: FieldError[] = [];
    const quality = fieldOf(live, "status", "qosClass") ?? qualityOf(old);
    if (quality !== qualityOf(next))
      errors.push(invalid("spec", quality, "Pod QOS Class may not change as a result of resizing"));
    if (!canBeResized(live)) errors.push(forbidden("spec", "Pod running on node without support for resize"));
    errors.push(...wholeErrors(next, old));
    const moved = sized.flatMap((name) => orderErrors(listOf(next, name), listOf(old, name), name));
    if (moved.length > 0) return [...errors, ...moved];
    for (const [index, container] of listOf(next, "containers").entries())
      errors.push(...sizeErrors(container, listOf(old, "containers")[index] ?? {}, `spec.containers[${index}]`));
    for (const [index, container] of listOf(next, "initContainers").entries())
      errors.push(...initErrors(container, listOf(old, "initContainers")[index] ?? {}, index));
    return errors;
  },
};

/** What the pod as a whole is given may change as that of a container may. */
function wholeErrors(next: JsonObject, old: JsonObject): FieldError[] {
  const isGiven = ["requests", "limits"].some((name) => [next, old].some((spec) => hasAmounts(spec, name)));
  if (!isGiven) return [];
  if (old["resources"] !== undefined && next["resources"] === undefined)
    return [forbidden("spec.resources", "pod-level resources cannot be removed")];
  const errors = old["resources"] === undefined ? [] : lossErrors(next, old, "spec.resources", "pod-level resource");
  if (equalJson(unsizedPart(next), unsizedPart(old))) return errors;
  return [...errors, forbidden("spec", "only cpu and memory resources are mutable at pod-level")];
}

function hasAmounts(owner: JsonObject, name: string): boolean {
  return Object.keys(amounts(owner, name)).length > 0;
}

/** Containers that start first may be sized otherwise; those that end, only where that does not start them again. */
function initErrors(next: JsonObject, old: JsonObject, index: number): FieldError[] {
  const field = `spec.initContainers[${index}]`;
  const errors = lossErrors(next, old, `${field}.resources`, "resource");
  if (!equalJson(unsized(next), unsized(old)))
    errors.push(forbidden(field, "only cpu and memory resources for init or sidecar containers are mutable"));
  if (old["restartPolicy"] === "Always" || equalJson(next, old)) return errors;
  const isStarted = listOf(next, "resizePolicy").some((policy) => policy["restartPolicy"] === "RestartContainer");
  const detail = "non-sidecar init containers with a resize policy of RestartContainer cannot be resized";
  return isStarted ? [...errors, forbidden(field, detail)] : errors;
}

/** The old containers with the sizes of the new ones; where names do not meet, the new ones as they are. */
function withSizes(next: readonly Named[], old: readonly Named[]): Json[] {
  if (next.some(({ name }, index) => name !== old[index]?.name)) return [...next];
  return old.map((container, index) => {
    const { resources: _, resizePolicy: _2, ...rest } = container;
    const { resources, resizePolicy } = next[index] ?? {};
    return {
      ...rest,
      ...(resources === undefined ? {} : { resources }),
      ...(resizePolicy === undefined ? {} : { resizePolicy }),
    };
  });
}

/** A kubelet that can resize says of a running container what it was given. */
function canBeResized(pod: Manifest): boolean {
  const statuses = fieldOf(pod, "status", "containerStatuses");
  const running = (Array.isArray(statuses) ? statuses : []).find(
    (one) => fieldOf(one, "state", "running") !== undefined,
  );
  return running === undefined || fieldOf(running, "resources") !== undefined;
}

function orderErrors(next: readonly Named[], old: readonly Named[], list: string): FieldError[] {
  if (next.length !== old.length) return [forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)];
  return old.flatMap(({ name }, index) =>
    next[index]?.name === name
      ? []
      : [forbidden(`spec.${list}[${index}].name`, `${list} may not be renamed or reordered on resize`)],
  );
}

function amounts(container: JsonObject, name: string): JsonObject {
  const found = fieldOf(container, "resources", name);
  return isObject(found) ? found : {};
}

/** What was asked for must still be asked for. */
// oxlint-disable-next-line max-params -- an owner of resources before and after, where they stand and what they are called
function lossErrors(next: JsonObject, old: JsonObject, field: string, title: string): FieldError[] {
  return ["requests", "limits"].flatMap((name) => {
    const isLess = Object.keys(amounts(old, name)).some((one) => amounts(next, name)[one] === undefined);
    return isLess ? [forbidden(`${field}.${name}`, `${title} ${name} cannot be removed`)] : [];
  });
}

function sizeErrors(next: JsonObject, old: JsonObject, field: string): FieldError[] {
  const errors = lossErrors(next, old, `${field}.resources`, "resource");
  const isOnlySize = equalJson(unsized(next), unsized(old));
  return isOnlySize ? errors : [...errors, forbidden("spec", "only cpu and memory resources are mutable")];
}

function unsizedPart(owner: JsonObject): JsonObject {
  const rest = (name: string): JsonObject => {
    const { cpu: _, memory: _2, ...others } = amounts(owner, name);
    return others;
  };
  return { limits: rest("limits"), requests: rest("requests"), claims: fieldOf(owner, "resources", "claims") ?? null };
}

/** What may not change: all but the amounts of cpu and memory. */
function unsized(container: JsonObject): JsonObject {
  return { ...container, resources: unsizedPart(container) };
}

/** By subresource. */
export const podParts: Readonly<Record<string, PartRules>> = { ephemeralcontainers: debugging, resize: resizing };
